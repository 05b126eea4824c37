"""From a Code to a folder of machine code: d.so and g.so (the updates) and runner.so (the loop).

Run as `python -m ganlab.engine.native.build FOLDER CODE_JSON`, since compiling takes half a minute
and holds the interpreter: `ganlab.engine.native.workshop` starts it as a process of low priority.
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

import torch

from ganlab.engine.step import Code, Rules
from ganlab.optim import OPTIMIZERS, Hyper

PARTS = ("d.so", "g.so", "runner.so")


def count_numbers(code: Code) -> int:
    """How many numbers one update of the optimiser takes."""
    return len(OPTIMIZERS[code.optimizer].numbers(1, Hyper(0.0, 0.0, 0.0, 0.0)))


def updates(code: Code) -> dict[str, tuple[Callable, tuple[torch.Tensor, ...]]]:
    """For D and G: a function of tensors only, and arguments of the right shapes.

    Arguments, R = 1: g, d, the player's slots, numbers (1, n), then D: real, z; G: z and, if D
    is unrolled, D's slots and real. Numbers of an unrolled G: its own, then D's for each step.
    Results: parameters, slots, check.
    """
    rules, slots, n = Rules(code, thin=True), OPTIMIZERS[code.optimizer].slots, count_numbers(code)

    def row(numbers: torch.Tensor, i: int) -> tuple[torch.Tensor, ...]:
        return tuple(numbers[:, i * n + j : i * n + j + 1] for j in range(n))

    def d_update(g, d, *rest):
        numbers, real, z = rest[slots:]
        made = rules.d_update(g, d, rest[:slots], row(numbers, 0), real, z)
        return made.params, *made.slots, made.check

    def g_update(g, d, *rest):
        numbers, z = rest[slots : slots + 2]
        ahead: tuple = ()
        if code.unroll:
            steps = [row(numbers, 1 + i) for i in range(code.unroll)]
            ahead = (rest[slots + 2 : -1], steps, rest[-1])
        made = rules.g_update(g, d, rest[:slots], row(numbers, 0), z, ahead)
        return made.params, *made.slots, made.check

    def some(*shape: int) -> torch.Tensor:
        return torch.rand(1, *shape) * 0.1 + 0.1

    batch, latent, dim = code.batch, code.g_sizes[0], code.d_sizes[0]
    g, d, x, z = some(rules.G.size), some(rules.D.size), some(batch, dim), some(batch, latent)
    d_slots = tuple(some(rules.D.size) for _ in range(slots))
    g_slots = tuple(some(rules.G.size) for _ in range(slots))
    g_args = (g, d, *g_slots, some(n * (1 + code.unroll)), z)
    return {
        "d": (d_update, (g, d, *d_slots, some(n), x, z)),
        "g": (g_update, (*g_args, *d_slots, x) if code.unroll else g_args),
    }


class _Module(torch.nn.Module):
    def __init__(self, graph: torch.nn.Module):
        super().__init__()
        self.graph = graph

    def forward(self, *args):
        return self.graph(*args)


def compile_update(function: Callable, args: tuple[torch.Tensor, ...], out: Path) -> None:
    """Write the shared library of one update to `out`."""
    from torch._inductor import aoti_compile_and_package
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(function)(*args)
    package = out.with_suffix(".pt2")
    with torch.no_grad():
        exported = torch.export.export(_Module(graph), args)
        aoti_compile_and_package(
            exported, package_path=str(package), inductor_configs={"cpp.threads": 1}
        )
    with zipfile.ZipFile(package) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".so")]
        with archive.open(name) as source, open(out, "wb") as target:
            shutil.copyfileobj(source, target)
    package.unlink()


def compile_runner(out: Path) -> None:
    """Compile runner.c with the compiler that AOTInductor uses."""
    from torch._inductor.cpp_builder import get_cpp_compiler

    source = Path(__file__).with_name("runner.c")
    command = [get_cpp_compiler(), "-x", "c", "-O2", "-shared", "-fPIC", str(source), "-lm"]
    subprocess.run([*command, "-o", str(out)], check=True, capture_output=True, text=True)


def build(code: Code, folder: Path) -> None:
    """Compile all parts of `code` into `folder`. Raises whatever the compiler does."""
    torch.set_num_threads(1)
    compile_runner(folder / "runner.so")
    for name, (function, args) in updates(code).items():
        compile_update(function, args, folder / f"{name}.so")


def to_json(code: Code) -> str:
    """A Code as JSON."""
    return json.dumps(dataclasses.asdict(code), sort_keys=True)


def from_json(text: str) -> Code:
    """The inverse of `to_json`."""
    items = json.loads(text)
    return Code(**{n: tuple(v) if isinstance(v, list) else v for n, v in items.items()})


def main() -> None:
    """Build the Code given on the command line."""
    if hasattr(os, "nice"):
        os.nice(19)
    build(from_json(sys.argv[2]), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
