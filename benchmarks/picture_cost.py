"""The CPU time of one picture and of its metrics, as the live view's processes make them.

As a program, for Specs given by their queries, with the time of a compiled iteration:

    python -m benchmarks.picture_cost "target=ring" "target=ring&minibatch_discrimination=4"
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

from ganlab import Run, Spec
from ganlab.engine.snapshot import points_for, take
from ganlab.live.computing import Runs
from ganlab.live.messages import picture

_BEFORE = 50  # iterations, so that G is not at its start
_EAGERLY = 30  # calls that are not counted: after some of them the functions are traced
_CALLS = 300


class Cost(NamedTuple):
    """Milliseconds of CPU time, medians."""

    picture: float
    metrics: float


def cost(spec: Spec) -> Cost:
    """Measure a Spec alone, on one thread, with the kernels in C if its program is compiled."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run, runs = Run(spec), Runs((spec,))
        run.advance(_BEFORE)
        runs.find_kernels()
        game, state, points = run.game, run.state, points_for(run.game)

        def measure() -> None:
            take(game, state, runs.specs, [None], picture=False, points=points)

        def paint() -> None:
            picture(game, state, runs.specs, 0, "G", points)

        return Cost(_median(paint), _median(measure))
    finally:
        torch.set_num_threads(threads)


def _median(call: Callable[[], None]) -> float:
    """Milliseconds of this thread's CPU time in a call."""
    times = []
    for _ in range(_EAGERLY + _CALLS):
        started = time.thread_time()
        call()
        times.append(time.thread_time() - started)
    return 1000 * statistics.median(times[_EAGERLY:])


def iteration(spec: Spec) -> float:
    """Milliseconds of this thread's CPU time in a compiled iteration, the median of nine calls."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run, times = Run(spec), []
        run.compile()
        for _ in range(10):
            started = time.thread_time()
            done = run.advance(200)
            times.append((time.thread_time() - started) / done)
        return 1000 * statistics.median(times[1:])
    finally:
        torch.set_num_threads(threads)


def main() -> None:
    """Print a line for each query in the command."""
    print("CPU ms: picture, metrics, a compiled iteration")
    for query in sys.argv[1:]:
        spec = Spec.from_query(query)
        alone, made = iteration(spec), cost(spec)
        print(f"{made.picture:6.2f} {made.metrics:6.2f} {alone:6.3f}  {query}", flush=True)


if __name__ == "__main__":
    main()
