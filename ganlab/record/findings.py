"""What happened in a run, found in its measurements: one function for each kind of moment.

Rows are what was measured of one run, as arrays (n,) by name: "iteration", ascending, and metrics
of `Snapshot`. Each function returns the iterations at which its kind of moment begins, ascending.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from ganlab.engine import Divergence
from ganlab.languages import _

Rows = Mapping[str, np.ndarray]

LASTING = 3  # measurements for which something must last to count
MAJORITY = 0.5  # the share of G's mass that makes a mode the one that G is on
NEARLY_ALL = 0.9  # the share of G's mass that makes it collapsed
WON = 0.99  # D's accuracy above which D has won
LONG = 100  # iterations for which it must stay there


MEASURED = ("held", "leader", "lead", "d_accuracy")  # the metrics that are read


class Found(NamedTuple):
    """A moment of a run: the iteration, and a word for what happened."""

    iteration: int
    text: str


def mode_lost(rows: Rows) -> list[int]:
    """G has fewer modes than before, for `LASTING` measurements: each of these has fewer.

    A mode counts as held with a quarter of its fair share near it (metric `held`).
    """
    return [at for at, change in _levels(rows) if change < 0]


def mode_found(rows: Rows) -> list[int]:
    """G has more modes than before, for `LASTING` measurements; not where a run begins."""
    return [at for at, change in _levels(rows) if change > 0]


def collapse(rows: Rows) -> list[int]:
    """One mode has `NEARLY_ALL` of G's mass in `LASTING` measurements, perhaps not always the same.

    Not where a run begins with that, and again only once no mode has had `MAJORITY`.
    """
    lead, iteration = _numbers(rows, "lead").tolist(), rows["iteration"]
    out, free = [], not (lead and lead[0] >= NEARLY_ALL)
    for i in range(len(lead)):
        free = free or lead[i] < MAJORITY
        some = lead[i : i + LASTING]
        if free and len(some) == LASTING and min(some) >= NEARLY_ALL:
            out.append(int(iteration[i]))
            free = False
    return out


def hop(rows: Rows) -> list[int]:
    """The mode that holds most of G's mass is another one than before.

    Between the two there may be measurements in which no mode has `MAJORITY`.
    """
    leader, lead = _numbers(rows, "leader"), _numbers(rows, "lead")
    out: list[int] = []
    on: float | None = None
    columns = (rows["iteration"].tolist(), leader.tolist(), lead.tolist())
    for at, mode, share in zip(*columns, strict=True):
        if not share >= MAJORITY:  # NaN: there are no modes
            continue
        if on is not None and mode != on:
            out.append(int(at))
        on = mode
    return out


def d_won(rows: Rows) -> list[int]:
    """D's accuracy is above `WON` for `LONG` iterations, and `LASTING` measurements, or more."""
    out, iteration = [], rows["iteration"]
    won = _numbers(rows, "d_accuracy") > WON
    edges = np.flatnonzero(np.diff(np.concatenate([[False], won, [False]])))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first >= LASTING and iteration[end - 1] - iteration[first] >= LONG:
            out.append(int(iteration[first]))
    return out


def divergence(diverged: Divergence | None) -> list[int]:
    """The iteration in which a result was not finite, so that the run stopped."""
    return [] if diverged is None else [diverged.iteration]


KINDS: dict[str, Callable[[Rows], list[int]]] = {
    _("mode lost"): mode_lost,
    _("mode found"): mode_found,
    _("collapse"): collapse,
    _("hop"): hop,
    _("D won"): d_won,
}


def found(rows: Rows, diverged: Divergence | None = None) -> list[Found]:
    """All that was found in the rows of one run, in the order of iterations."""
    at = {kind: find(rows) for kind, find in KINDS.items()}
    at[_("divergence")] = divergence(diverged)
    return sorted(Found(one, kind) for kind, those in at.items() for one in those)


def _numbers(rows: Rows, name: str) -> np.ndarray:
    """A column; NaN if it was not measured."""
    return rows[name] if name in rows else np.full(len(rows["iteration"]), np.nan)


def _lasting(rows: Rows) -> list[tuple[int, float]]:
    """The numbers of modes that lasted, each with the iteration at which it began.

    Among measurements that are all above, or all below, the number before, it is the nearest one
    to that number, so that a fluctuation counts as little as possible.
    """
    column = _numbers(rows, "held")
    known = np.isfinite(column)
    held, iteration = column[known].tolist(), rows["iteration"][known].tolist()
    if len(held) < LASTING:
        return []
    level = float(np.median(held[:LASTING]))
    out = [(int(iteration[0]), level)]
    for i in range(1, len(held) - LASTING + 1):
        if held[i] == level:
            continue
        some = held[i : i + LASTING]
        if min(some) > level or max(some) < level:
            level = min(some) if held[i] > level else max(some)
            out.append((int(iteration[i]), level))
    return out


def _levels(rows: Rows) -> list[tuple[int, float]]:
    """The changes of the number of modes that lasted, by iteration."""
    levels = _lasting(rows)
    pairs = zip(levels[:-1], levels[1:], strict=True)
    return [(at, now - before) for (_, before), (at, now) in pairs]
