"""The cost of unrolling D: time and memory of an iteration by the number K of unrolled steps.

Differentiating through K of D's updates keeps K graphs, so both should grow linearly in K. The last
columns test that: the increase over K = 0 per step of K, divided by that for the largest K (1:
linear).

    python benchmarks/unrolling.py
    python benchmarks/unrolling.py --eager --batch 512 --g 128,128 --d 128

Each K is measured in a process of its own. MiB is the largest resident size during eager training,
minus the size after two iterations without unrolling. Time is CPU time, the median of rounds, on
one thread; compiled times need `Run.compile` (half a minute for each K, more for a large one, the
first time).
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch

from ganlab import Run, Spec


def resident() -> float:
    """The largest resident size so far, MiB (Linux counts in KiB, macOS in bytes)."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 2 ** (20 if sys.platform == "darwin" else 10)


def seconds(run: Run, rounds: int) -> float:
    """Median CPU seconds per iteration of rounds of about a tenth of a second each."""
    run.advance(2)
    start = time.process_time()
    run.advance(2)
    count = max(2, int(0.1 / (time.process_time() - start) * 2))
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run.advance(count)
        times.append((time.process_time() - start) / count)
    return statistics.median(times)


def measure(spec: Spec, rounds: int, compiled: bool) -> dict[str, float]:
    """Seconds per iteration, eager and compiled, and MiB, of one Spec in this process."""
    torch.set_num_threads(1)
    Run(spec.replace(unroll=0)).advance(2)
    before = resident()
    run = Run(spec)
    out = {"eager": seconds(run, rounds), "memory": resident() - before}
    if compiled:
        run.compile()
        out["compiled"] = seconds(run, rounds)
    return out


def apart(spec: Spec, rounds: int, compiled: bool) -> dict[str, float]:
    """`measure` in a separate process."""
    command = [sys.executable, __file__, "--one", spec.to_json(), "--rounds", str(rounds)]
    command += [] if compiled else ["--eager"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def table(spec: Spec, depths: tuple[int, ...], rounds: int, compiled: bool) -> None:
    """Print a row for each K of `depths`, the first of which is 0."""
    columns = ["eager", *(["compiled"] if compiled else []), "memory"]
    rows = {k: apart(spec.replace(unroll=k), rounds, compiled) for k in depths}
    heads = [f"{'MiB' if c == 'memory' else c + ' ms':>12}" for c in columns]
    print("K".rjust(3), *heads, *(f"{c + ' /linear':>16}" for c in columns))
    last = depths[-1]
    for k, row in rows.items():
        cells = [f"{row[c] * (1 if c == 'memory' else 1e3):12.2f}" for c in columns]
        for c in columns if k else ():
            steps = [(rows[n][c] - rows[0][c]) / n for n in (k, last)]
            cells.append(f"{steps[0] / steps[1]:16.2f}")
        print(f"{k:3}", *cells)


def numbers(text: str) -> tuple[int, ...]:
    """Numbers such as 32,32."""
    return tuple(int(n) for n in text.split(",") if n)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--depths", type=numbers, default=(0, 1, 2, 5, 10, 20), help="K, from 0 up")
    parser.add_argument("--target", default="ring")
    parser.add_argument("--g", type=numbers, default=(128, 128), help="G's hidden widths")
    parser.add_argument("--d", type=numbers, default=(128,), help="D's hidden widths")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--optimizer", default="adam")
    parser.add_argument("--eager", action="store_true", help="without compiling")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one = measure(Spec.from_json(options.one), options.rounds, not options.eager)
        print(json.dumps(one))
        return
    spec = Spec(
        target=options.target,
        latent_dim=2,
        g_hidden=options.g,
        d_hidden=options.d,
        batch=options.batch,
        optimizer=options.optimizer,
        g_lr=1e-4,
        d_lr=1e-4,
    )
    print(
        f"torch {torch.__version__}, {spec.target}, G {spec.g_hidden}, D {spec.d_hidden}, ", end=""
    )
    print(f"batch {spec.batch}, {spec.optimizer}, {options.rounds} rounds")
    table(spec, options.depths, options.rounds, not options.eager)


if __name__ == "__main__":
    main()
