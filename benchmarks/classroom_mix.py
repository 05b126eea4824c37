"""The mixed class: its Specs, their costs, and their programs, compiled before the class begins."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from ganlab import Spec
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
from ganlab.live.system import memory_settings
from ganlab.presets import DEFAULTS

# page and query; the costs of an update differ about tenfold
MIX = (
    ("one", ""),
    ("one", "target=gaussians&k=5&latent_dim=4&g_hidden=64,64&d_hidden=64,64"),
    ("one", "target=two_gaussians&g_hidden=16&d_hidden=16&batch=64"),
    ("two", ""),
    ("two", "target=grid&k=2&latent_dim=8&g_hidden=128,128&d_hidden=128,128&g_lr=0.001"),
    ("two", "target=spiral&k=3&latent_dim=2&g_hidden=64,64,64&d_hidden=64,64,64&batch=512"),
)

# CPU seconds of an iteration of each Spec, in calls as short as those of a class, each of another
# run: its data is no longer in the cache, which costs quick updates more than slow ones. Without
# what prepares the calls of a program, for which nobody is charged.
_COSTS = """
import sys, time, torch
from ganlab import Run, Spec
from ganlab.engine.native.program import Program
torch.set_num_threads(1)
spent, play = 0.0, Program.play
def timed(*arguments):
    global spent
    start = time.thread_time()
    made = play(*arguments)
    spent += time.thread_time() - start
    return made
Program.play = timed
specs = [Spec.from_query(query) for query in sys.argv[3:]]
runs = [Run(spec.replace(seed=seed)) for seed in range(3) for spec in specs]  # half a class
counts = []
for run in runs:
    if sys.argv[1] == "compiled":
        run.compile()
    run.make(64)
    start = time.thread_time()
    run.make(64)
    counts.append(max(1, int(64 * 0.002 / (time.thread_time() - start))))
print(flush=True)
sys.stdin.readline()
times, made = [0.0] * len(runs), [0] * len(runs)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    for i, run in enumerate(runs):
        start, spent = time.thread_time(), 0.0
        made[i] += run.make(counts[i])
        times[i] += spent or time.thread_time() - start
print(*(t / n * run.turns.each for t, n, run in zip(times, made, runs)))
"""


def spec_of(page: str, query: str) -> Spec:
    """The Spec that a page shows for a query."""
    return Spec.from_query(query) if query else DEFAULTS[{"one": 1, "two": 2}[page]]


def warm(mix: Sequence[tuple[str, str]] = MIX) -> str:
    """Compile all programs of the mix, as `ganlab warm` does; returns in words how long it took.

    Raises RuntimeError if one fails.
    """
    started, compiled = time.monotonic(), 0
    structures = dict.fromkeys(Structure.of(spec_of(page, query)) for page, query in mix)
    for structure in structures:
        request = CompileQueue().ask(structure)
        if request.wait() is None:
            raise RuntimeError(f"not compiled: {request.reason}")
        compiled += request.seconds > 0
    took = time.monotonic() - started
    return f"{len(structures)} programs, {compiled} of them compiled now: {took:.0f} s"


def costs_of(backend: str, seconds: float) -> list[float]:
    """CPU seconds per iteration of each Spec of the mix, "eager" or "compiled".

    They are measured on all cores at once, for some seconds, as a class uses them, in processes
    that allocate memory like a server's.
    """
    queries = [spec_of(page, query).to_query() for page, query in MIX]
    command = [sys.executable, "-c", _COSTS, backend, str(seconds), *queries]
    pipe, environment = subprocess.PIPE, os.environ | memory_settings()
    each = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        for _ in range(os.cpu_count() or 1)
    ]
    for process in each:
        process.stdout.readline()  # it is ready
    for process in each:
        process.stdin.write("\n")
        process.stdin.flush()
    found = [float(cost) for process in each for cost in process.communicate()[0].split()]
    return [statistics.mean(found[i :: len(MIX)]) for i in range(len(MIX))]
