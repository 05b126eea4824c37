"""From a Structure to a folder of machine code: d.so and g.so (the updates), runner.so, layers.so.

runner.so contains the loop over updates and parts of the metrics; layers.so evaluates an MLP.

`main`, with the arguments FOLDER and STRUCTURE_JSON, is executed in a process of low priority that
`ganlab.engine.native.compile_queue` starts: compiling takes half a minute and holds the interpreter
lock.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure

Tensors = tuple[torch.Tensor, ...]
Function = Callable[..., Tensors]

RUNNER, LAYERS = "runner.so", "layers.so"
# The C files of each, and how they are compiled: no fused sums in metrics, as NumPy.
_LIBRARIES = {
    RUNNER: (("runner.c", "measures.c"), ("-O2", "-ffp-contract=off")),
    LAYERS: (("layers.c",), ("-O3", "-ffp-contract=fast", "-fexceptions")),
}
_ALL_INSTRUCTIONS = "-march=native"  # which some compilers do not know on some processors
SOURCES = tuple(name for names, _ in _LIBRARIES.values() for name in names)
PARTS = ("d.so", "g.so", *_LIBRARIES)
SCRATCH = "scratch"  # a folder in that of a program which is being compiled
SPENT = "cpu-seconds"  # a file in it
# Tensors of one call share one block: the C library's allocator would take 5 % of an update.
_CONFIG = {"cpp.threads": 1, "memory_planning": True, "memory_pool": "combined"}


def inputs(rules: Rules, player: str) -> dict[str, tuple[int, ...]]:
    """Shapes (rows, columns) of an update's inputs besides parameters and slots, in order.

    numbers: see `Rules.numbers`; then the draws; fixed: the reference batch, if there is one.
    """
    shapes = {"numbers": (1, rules.count), **rules.draws(player)}
    return shapes if rules.reference is None else shapes | {"fixed": rules.reference}


def updates(structure: Structure) -> dict[str, tuple[Function, Tensors]]:
    """For D and G: a function of tensors only, and arguments of the right shapes.

    Arguments, R = 1: g, d, G's slots, D's slots, then `inputs`, (1, rows, columns) each.
    Results: parameters, slots, check.
    """
    rules = Rules(structure, thin=True)

    def some(*shape: int) -> torch.Tensor:
        return torch.rand(1, *shape) * 0.1 + 0.1

    def update(player: str) -> tuple[Function, Tensors]:
        shapes, counts = inputs(rules, player), [len(rules.slots(p)) for p in "GD"]

        def function(g: torch.Tensor, d: torch.Tensor, *rest: torch.Tensor) -> Tensors:
            g_slots, rest = rest[: counts[0]], rest[counts[0] :]
            d_slots, rest = rest[: counts[1]], rest[counts[1] :]
            drawn = dict(zip(shapes, rest, strict=True))
            numbers = drawn.pop("numbers")
            row = [numbers[:, 0, i : i + 1] for i in range(numbers.shape[2])]
            fixed = drawn.pop("fixed", None)
            made = rules.update(player, g, d, g_slots, d_slots, row, drawn, fixed)
            # Copy slots that are only moved: outputs must not be inputs.
            return made.params, *(s.clone() for s in made.slots), made.check

        slots = [some(rules.G.size) for _ in range(counts[0])]
        slots += [some(rules.D.size) for _ in range(counts[1])]
        rest = [some(*shape) for shape in shapes.values()]
        return function, (some(rules.G.size), some(rules.D.size), *slots, *rest)

    return {"d": update("D"), "g": update("G")}


class _Module(torch.nn.Module):
    def __init__(self, graph: torch.nn.Module):
        super().__init__()
        self.graph = graph

    def forward(self, *args: torch.Tensor) -> Any:
        return self.graph(*args)


def compile_update(function: Function, args: Tensors, out: Path) -> None:
    """Write the shared library of one update to `out`."""
    from torch._inductor import aoti_compile_and_package
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(function)(*args)
    package = out.with_suffix(".pt2")
    with torch.no_grad():
        exported = torch.export.export(_Module(graph), args)
        aoti_compile_and_package(exported, package_path=str(package), inductor_configs=_CONFIG)
    with zipfile.ZipFile(package) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".so")]
        with archive.open(name) as source, open(out, "wb") as target:
            shutil.copyfileobj(source, target)
    package.unlink()


def compile_library(out: Path) -> None:
    """Compile `RUNNER` or `LAYERS`, by the name of `out`, with the compiler of AOTInductor."""
    from torch._inductor.cpp_builder import get_cpp_compiler

    names, flags = _LIBRARIES[out.name]
    # The language holds for the next file only.
    sources = [x for name in names for x in ("-x", "c", str(Path(__file__).with_name(name)))]
    command = [get_cpp_compiler(), *sources, *flags, "-shared", "-fPIC", "-lm", "-o", str(out)]
    if out.name == LAYERS:
        done = subprocess.run([*command, _ALL_INSTRUCTIONS], capture_output=True, text=True)
        if done.returncode == 0:
            return
    subprocess.run(command, check=True, capture_output=True, text=True)


def build(structure: Structure, folder: Path) -> None:
    """Compile all parts of `structure` into `folder`. Raises whatever the compiler raises."""
    torch.set_num_threads(1)
    for library in _LIBRARIES:
        compile_library(folder / library)
    for name, (function, args) in updates(structure).items():
        compile_update(function, args, folder / f"{name}.so")


def to_json(structure: Structure) -> str:
    """A Structure as JSON."""
    return json.dumps(dataclasses.asdict(structure), sort_keys=True)


def from_json(text: str) -> Structure:
    """The inverse of `to_json`."""
    items: dict[str, Any] = json.loads(text)
    items |= {n: tuple(v) for n, v in items.items() if isinstance(v, list)}
    return Structure(**items)


def main() -> None:
    """Build the Structure in the command's arguments, and write the CPU seconds that it took."""
    folder = Path(sys.argv[1])
    build(from_json(sys.argv[2]), folder)
    used = os.times()
    spent = used.user + used.system + used.children_user + used.children_system
    (folder / SCRATCH / SPENT).write_text(str(spent))
