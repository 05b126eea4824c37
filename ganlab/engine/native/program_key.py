"""The key of a compiled program: all that its machine code depends on, as a hash."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

import torch

from ganlab import variants
from ganlab.engine.native import build
from ganlab.engine.structure import Structure

_SOURCES = (
    *(f"engine/{n}.py" for n in ("structure", "inputs", "costs", "rules", "one_update")),
    "losses",
    "networks",
    "optim",
    "stabilisers",
    "update_rules",
)


@cache
def surroundings() -> str:
    """A hash of all that updates depend on besides their Structure: sources, torch, the CPU."""
    package = Path(__file__).parents[2]
    here = Path(__file__).parent
    seen = hashlib.sha256()
    sources = [package / name for name in _SOURCES]
    paths = [q for p in sources for q in (sorted(p.glob("*.py")) if p.is_dir() else [p])]
    for path in (*paths, here / "build.py", *(here / name for name in build.SOURCES)):
        seen.update(path.read_bytes())
    # The C++ compiler uses all instructions of this CPU.
    flags = ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next((x for x in lines if x.startswith(("flags", "Features"))), "")
    except OSError:
        pass
    capability = torch.backends.cpu.get_cpu_capability()
    for part in (torch.__version__, platform.platform(), platform.machine(), capability, flags):
        seen.update(f"|{part}".encode())
    return seen.hexdigest()


def key(structure: Structure) -> str:
    """The name of a Structure's folder."""
    text = build.to_json(structure) + surroundings()
    if outside := structure.outside:
        text += variants.digest(outside)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
