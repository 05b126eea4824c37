"""Texts within a picture: p_g beyond the axes, its tails, and where D has no value.

They are written once, for the canvas and for the still figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganlab.languages import _, capital, joined, listed

LEAST = 0.005  # the share of p_g beyond the axes from which a text is shown
LIGHT, HEAVY = 0.5, 2.0  # tails are wrong if their reach over p_data's is below or above these
_ARROWS = {"left": "←", "right": "→", "bottom": "↓", "top": "↑"}


def _number(value: float) -> str:
    return (f"{value:.2e}" if abs(value) >= 1e5 else f"{value:.3g}").replace("-", "−")


def percent(share: float) -> str:
    """A share in whole percent; never 0 % if there is some, never 100 % if some is missing."""
    if 0 < share < 0.01:
        return _("under 1 %")
    return f"{min(round(100 * share), 99 if share < 1 else 100)} %"


def beyond(rows: np.ndarray, sides: Sequence[str]) -> list[dict[str, Any]]:
    """The texts for the sides of one run's `Domain.beyond` (sides, 1 + dim), the fullest first.

    Each has: side, share, at (the mean), text, brief (for small pictures).
    """
    out = []
    for side, (share, *mean) in zip(sides, rows.tolist(), strict=True):
        if share < LEAST:
            continue
        where = _number(mean[0])
        if len(mean) > 1:
            where = f"({where}, {_number(mean[1])})"
        words, arrow = (
            _("{percent} of p_g is beyond: mean {where}", percent=percent(share), where=where),
            _ARROWS[side],
        )
        brief = _("{share}: {where}", share=percent(share), where=where)
        if side == "right":
            words, brief = joined(" ", (words, arrow)), joined(" ", (brief, arrow))
        else:
            words, brief = joined(" ", (arrow, words)), joined(" ", (arrow, brief))
        out.append({"side": side, "share": share, "at": mean, "text": words, "brief": brief})
    return sorted(out, key=lambda one: -one["share"])


def tails(reach: float) -> dict[str, str] | None:
    """The text about p_g's tails, whose reach over p_data's is `reach`: text, brief; None if right.

    The JSD does not show this error, because it weighs tails by their mass.
    """
    if reach < LIGHT:
        how, far = _("light"), percent(reach)
    elif reach > HEAVY:
        how, far = _("heavy"), _("{reach} times", reach=_number(reach))
    else:
        return None
    words = _("G's tails are too {how}: they reach {far} as far as p_data's", how=how, far=far)
    return {"text": words, "brief": _("G's tails too {how}: {far}", how=how, far=far)}


def missing(d: np.ndarray, grad: np.ndarray | None) -> str:
    """Where D and the push on G have no finite value, in a sentence; "" if they are finite.

    d: D on the picture's cells; grad (n, ...): displacements of generated points.
    """
    said = []
    none = 1 - np.isfinite(d).mean()
    if none > 0:
        said.append(_("D has no finite value in {percent} of the picture", percent=percent(none)))
    if grad is not None:
        lost = 1 - np.isfinite(grad.reshape(len(grad), -1)).all(1).mean()
        if lost > 0:
            said.append(_("the push has none for {percent} of the arrows", percent=percent(lost)))
    return _("{text}.", text=capital(listed(said))) if said else ""
