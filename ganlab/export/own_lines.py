"""The lines of an exported script that hold the user's own data, and draw from them."""

from __future__ import annotations

import base64
import textwrap
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ganlab.own_data import to_text
from ganlab.spec import Spec
from ganlab.targets import make_target
from ganlab.targets.function import LINE_TABLE, PLANE_TABLE, Function1D, Function2D
from ganlab.targets.kernels import Kernels

_WIDTH = 96
_UNPACK = '''\
def unpacked(text, dtype):
    """Numbers that were compressed for this script."""
    return torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=dtype)
'''


def packed(name: str, values: torch.Tensor) -> str:
    """A line that makes the constant `name`, a flat tensor of `values`, compressed."""
    content = base64.b64encode(zlib.compress(values.contiguous().numpy().tobytes(), 9)).decode()
    lines = "\n".join(textwrap.wrap(content, _WIDTH))
    return f'{name} = unpacked("""\n{lines}\n""", {values.dtype})'


def kernels(target: str) -> Callable[..., str]:
    """The lines for a registered target whose build makes `Kernels`."""

    def lines(**params: Any) -> str:
        made = make_target(target, params)
        assert isinstance(made, Kernels)
        nodes, reached, std = made.mixture
        out = [
            _UNPACK,
            packed("CENTRES", nodes) + f".view(-1, {made.dim})",
            packed("REACHED", reached) + "  # sums of their weights",
            f"KERNEL = torch.tensor({[float(s) for s in std]})  # standard deviations",
        ]
        if made.units is not None:
            centre, spread, axes = made.units
            words = ", ".join(ascii(axis) for axis in axes)[:60]
            out.append(f"# x * SPREAD + CENTRE is in the units of the data: {words}.")
            out.append(f"SPREAD = torch.tensor({spread.tolist()}, dtype=torch.float64)")
            out.append(f"CENTRE = torch.tensor({centre.tolist()}, dtype=torch.float64)")
        out += [
            "",
            "def data(n, dim, random):",
            "    u = torch.rand(n, generator=random, dtype=torch.float64)",
            "    which = torch.searchsorted(REACHED, u, right=True)",
            "    return torch.randn(n, dim, generator=random) * KERNEL + CENTRES[which]\n",
        ]
        return "\n".join(out)

    return lines


def function(**params: Any) -> str:
    """The lines for a density on the line that is given by a formula."""
    return _of_formula(make_target("function", params))


def function_2d(**params: Any) -> str:
    """The lines for a density in the plane that is given by a formula."""
    return _of_formula(make_target("function_2d", params))


def _of_formula(made: Any) -> str:
    assert isinstance(made, (Function1D, Function2D))
    source, low, high, ends = made.table()
    line = isinstance(made, Function1D)
    cells = LINE_TABLE if line else PLANE_TABLE
    place = "cell" if line else f"torch.stack([cell // {cells}, cell % {cells}], 1)"
    wrapped = "\n".join(textwrap.wrap(source, 90, break_long_words=False))
    middles = "AT" if line else f"AT.repeat_interleave({cells}), AT.repeat({cells})"
    return f"""\
STEP = ({high} - {low}) / {cells}
AT = {low} + (torch.arange({cells}, dtype=torch.float64) + 0.5) * STEP

def density({", ".join(made.names)}):  # not normalised
    return (
{textwrap.indent(wrapped, "        ")}
    )

REACHED = density({middles}).clamp(min=0).cumsum(0)

def data(n, dim, random):
    u = torch.rand({1 + made.dim}, n, generator=random, dtype=torch.float64)
    cell = torch.searchsorted(REACHED, u[0] * REACHED[-1], right=True)
    x = {low} + ({place} + {"u[1]" if line else "u[1:].T"}) * STEP
    return x.float().clamp{ends}{"[:, None]" if line else ""}
"""


def kept(specs: Sequence[Spec]) -> list[str]:
    """Lines for a script with ganlab that keep the own data of its Specs, if they are small."""
    names = dict.fromkeys(name for spec in specs for name in spec.own_data)
    out = []
    for name in names:
        text = to_text(name)
        if text is None:
            out.append(f"# The data {name} must be here: open the run's file first,")
            out.append('# ganlab.RunFile.load("run.ganlab"), as Export saves it.')
        else:
            lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(text, 90))
            out.append(f"STORE.put(from_text(\n{lines}\n))")
    needed = any(line.startswith("STORE") for line in out)
    return (["from ganlab.own_data import STORE, from_text", ""] if needed else []) + out
