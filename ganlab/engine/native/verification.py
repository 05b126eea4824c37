"""A compiled program compared with the eager updates, before it is used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ganlab.engine.native.program import Program
from ganlab.engine.rules import Rules

_TOLERANCE = 1e-4
_NORMAL = ("data", "latent", "noise", "fixed")


def verify(program: Program) -> None:
    """Compare one update of D and of G with the eager ones. Raises RuntimeError if they differ."""
    rules, draw = Rules(program.structure), torch.Generator().manual_seed(1)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(1, *shape, generator=draw) * 0.3

    g, d = some(rules.G.size), some(rules.D.size)
    slots = {"G": [some(rules.G.size).abs() for _ in rules.slots("G")]}
    slots["D"] = [some(rules.D.size).abs() for _ in rules.slots("D")]
    given = {
        player: {
            # Uniform draws and numbers are between 0 and 1.
            name: some(*shape) if name.endswith(_NORMAL) else some(*shape).abs().clamp(0.05, 0.1)
            for name, shape in program.inputs[player].items()
        }
        for player in "DG"
    }
    mine = [g.clone(), d.clone()]
    mine += [torch.cat(slots[p], 1) if slots[p] else torch.empty(1, 0) for p in "GD"]
    addresses = {
        player: {name: np.array([x.data_ptr()], np.uint64) for name, x in inputs.items()}
        for player, inputs in given.items()
    }
    if program.play(b"DG", mine, addresses) != [2]:
        raise RuntimeError("a compiled program gave values that are not finite")
    params = {"D": d, "G": g}
    now: dict[str, Sequence[torch.Tensor]] = {**slots}
    for player in "DG":
        drawn = dict(given[player])
        numbers = tuple(drawn.pop("numbers")[0, 0].view(-1, 1, 1))
        made = rules.update(
            player,
            params["G"],
            params["D"],
            tuple(now["G"]),
            tuple(now["D"]),
            numbers,
            drawn,
            drawn.pop("fixed", None),
        )
        params[player], now[player] = made.params, made.slots
    for name, a, b in zip("gd", mine, (params["G"], params["D"]), strict=False):
        if not (a - b).abs().max() <= _TOLERANCE * b.abs().max():
            raise RuntimeError(f"a compiled update of {name.upper()} differs from the eager one")
