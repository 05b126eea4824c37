"""The mixed class: its Specs, their costs, and their programs, compiled before the class begins."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from ganlab import Spec
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
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

# CPU seconds of an iteration of each Spec, alone in a process.
_COSTS = """
import sys, time, torch
from ganlab import Run, Spec
torch.set_num_threads(1)
for query in sys.argv[3:]:
    run = Run(Spec.from_query(query))
    if sys.argv[1] == "compiled":
        run.compile()
    count = 1
    for _ in range(20):  # calls as long as in a class: shorter ones cost more
        start = time.thread_time()
        run.advance(count)
        count = max(1, min(2 * count, int(count * 0.005 / (time.thread_time() - start))))
    costs = []
    for _ in range(int(sys.argv[2])):  # the least: others change the caches
        start, done = time.thread_time(), 0
        while time.thread_time() < start + 0.15:
            done += run.advance(count)
        costs.append((time.thread_time() - start) / done)
    print(min(costs))
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


def costs_of(backend: str, repeats: int) -> list[float]:
    """CPU seconds per iteration of each Spec of the mix, "eager" or "compiled"."""
    queries = [spec_of(page, query).to_query() for page, query in MIX]
    command = [sys.executable, "-c", _COSTS, backend, str(repeats), *queries]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(line) for line in done.stdout.split()]
