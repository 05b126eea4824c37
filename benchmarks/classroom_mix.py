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

# CPU seconds of an iteration, alone in a process; its program is on disk from then on.
_COST = """
import sys, time, torch
from ganlab import Run, Spec
torch.set_num_threads(1)
run = Run(Spec.from_query(sys.argv[1]))
if sys.argv[2] == "compiled":
    run.compile()
count = 1
for _ in range(20):  # calls as long as in a class: shorter ones cost more
    start = time.thread_time()
    run.advance(count)
    count = max(1, min(2 * count, int(count * 0.005 / (time.thread_time() - start))))
costs = []
for _ in range(12):  # the least: what others do to the caches is no cost of its own
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


def cost_of(page: str, query: str, backend: str) -> float:
    """CPU seconds per iteration of a Spec of the mix, "eager" or "compiled"."""
    spec = spec_of(page, query)
    command = [sys.executable, "-c", _COST, spec.to_query(), backend]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
