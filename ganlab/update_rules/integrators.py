"""Rules that follow the flow of both players: integrators of differential equations."""

from __future__ import annotations

import torch

from ganlab.languages import _
from ganlab.update_rules.entry import Found, RuleEntry, Turn, not_plain


def _heun(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    first = {player: turn.gradient(player, g, d) for player in "DG"}
    g, d = turn.moved(g, d, first["G"].grad, first["D"].grad, 1.0)
    own = first[turn.player]
    return own._replace(grad=(own.grad + turn.gradient(turn.player, g, d).grad) / 2)


def _runge_kutta(turn: Turn, g: torch.Tensor, d: torch.Tensor) -> Found:
    first = {player: turn.gradient(player, g, d) for player in "DG"}
    own, now = first[turn.player], {p: found.grad for p, found in first.items()}
    total = own.grad
    for share, weight in ((0.5, 2), (0.5, 2), (1.0, 1)):
        at = turn.moved(g, d, now["G"], now["D"], share)
        wanted = "DG" if weight == 2 else turn.player
        now = {player: turn.gradient(player, *at).grad for player in wanted}
        total = total + weight * now[turn.player]
    return own._replace(grad=total / 6)


ENTRIES = (
    RuleEntry(
        "heun",
        _("Heun"),
        r"\theta' = \theta - \tfrac{\eta}{2}\,(v(\theta) + v(\theta - \eta\,v(\theta)))",
        _(
            "A second-order step along the flow of both players: orbits spiral out far "
            "less than with simultaneous steps."
        ),
        cite="Qin et al. 2020; Heun 1900",
        both=True,
        work=3,
        find=_heun,
        refuse=not_plain,
    ),
    RuleEntry(
        "rk4",
        _("Runge-Kutta 4"),
        r"\theta' = \theta - \tfrac{\eta}{6}\,(k_1 + 2 k_2 + 2 k_3 + k_4),\ k_1 = v(\theta),\ "
        r"k_{2,3} = v(\theta - \tfrac{\eta}{2} k_{1,2}),\ k_4 = v(\theta - \eta k_3)",
        _(
            "A fourth-order step: the run follows the flow closely, and circles stay "
            "circles. Any rotation that is left is the game's, not the discretisation's."
        ),
        cite="Qin et al. 2020; Kutta 1901",
        both=True,
        work=7,
        find=_runge_kutta,
        refuse=not_plain,
    ),
)
