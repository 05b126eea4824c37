"""CPU time of a turn in a process that computes half a class, by part, with and without settings.

Runs of the 2-D lab take turns: ten updates and a picture, and every twelfth time metrics, all as in
a server's process, without the server. Two processes alternate: one allocates memory as glibc does
by default, the other one as a server's processes do (`ganlab.live.system.memory_settings`).

    python benchmarks/turn_cost.py --rounds 4
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

from benchmarks.classroom_mix import warm
from benchmarks.limits import Table, machine, parse
from ganlab.live.system import memory_settings
from ganlab.presets import DEFAULTS

PARTS = ("updates", "picture", "metrics", "the rest")
RUNS = 15  # of a class of thirty, on two processes

# Prints, for each line it reads, the CPU milliseconds of a turn's parts.
_TURNS = """
import gc, sys, time, torch
from ganlab.live import computing, messages
from ganlab.live.picture_request import PictureRequest
from ganlab.presets import DEFAULTS
from ganlab.engine import Run
torch.set_num_threads(1)
every, kept = [], []
for seed in range(int(sys.argv[1])):
    specs = (DEFAULTS[2].replace(seed=seed),)
    runs = computing.Runs(specs)
    runs.find_kernels()
    every.append(runs)
    kept.append([Run(specs).state])
arrows = [None] * len(every)
gc.freeze()
for line in sys.stdin:
    parts, turns = [0.0] * 4, 0
    for number in range(int(line)):
        for i, runs in enumerate(every):
            began = time.process_time()
            fresh = None if number % 4 == 0 else arrows[i]
            request = PictureRequest(1, messages.POINTS, "coarse", None, fresh)
            state, _, painted, seconds = computing._play(
                runs, kept[i][-1], [True], b"DG" * 5, True, request
            )
            arrows[i] = messages.arrows_of(painted.picture)
            kept[i].append(state)
            if len(kept[i]) > 300:
                del kept[i][137]
            parts[3] += time.process_time() - began - seconds - painted.seconds
            parts[0] += seconds
            parts[1] += painted.seconds
            if (number + i) % 12 == 0:
                began = time.process_time()
                computing._see(runs, state, None, messages.POINTS, {})
                parts[2] += time.process_time() - began
            turns += 1
    print(*(1000 * part / turns for part in parts), flush=True)
"""


class Process:
    """A process that takes turns when it is asked to."""

    def __init__(self, settings: dict[str, str]):
        pipe, command = subprocess.PIPE, [sys.executable, "-c", _TURNS, str(RUNS)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"} | settings
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment
        )
        self.turns(12)  # the first ones trace functions and fill caches

    def turns(self, times: int) -> list[float]:
        """Let every run take so many turns: milliseconds of a turn's parts."""
        self._process.stdin.write(f"{times}\n")
        self._process.stdin.flush()
        return [float(value) for value in self._process.stdout.readline().split()]

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(10)


def main() -> None:
    """Print medians of all rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    options = parse(parser, {"rounds": 3})
    print(f"{machine()}\n{warm([('two', DEFAULTS[2].to_query())])}\n")
    table = Table()
    processes = {"by default": Process({}), "with the settings": Process(memory_settings())}
    found = {name: [] for name in processes}
    for _ in range(options.rounds):
        for name, process in processes.items():
            found[name].append(process.turns(24))
    for name, process in processes.items():
        process.close()
        parts = [statistics.median(values) for values in zip(*found[name], strict=True)]
        text = ", ".join(f"{part} {value:.2f}" for part, value in zip(PARTS, parts, strict=True))
        table.row(f"{name}: ms of a turn", sum(parts), text=f"{sum(parts):.2f}: {text}")
    table.finish(options.quick)


if __name__ == "__main__":
    main()
