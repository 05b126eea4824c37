"""How a run ended, in one word, by rules on its curves.

The rules are tried in the order of `VERDICTS`; the first one that applies decides. "Late" are the
checks in the last half of the run, "the end" those in its last quarter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ganlab.languages import _

Series = Mapping[str, NDArray[np.float64]]  # of one run, (checks,) each

NEAR = 0.05  # nats: a JSD below this is hardly visible in a picture
SMALL = 0.05  # of the largest distance before the end, where p_data has no density
LED = 0.5  # the share of samples that the leading mode must have for G to hop
HOPS = 2  # changes of the leading mode
MOVES = 0.2  # of the median distance: a smaller range does not count as moving
SHRINKS = 0.5  # an orbit's range at the end, as a share of its range before
FALLS = 0.1  # of the late median: a smaller fall does not count as one
LEAST = 8  # checks, of which four are late


class Verdict(NamedTuple):
    """A verdict's name, and the number of modes that are held if it is about those, else -1."""

    name: str
    modes: int = -1

    @property
    def words(self) -> str:
        """The verdict as pages show it."""
        called = VERDICTS[self.name].title if self.name in VERDICTS else self.name
        if self.modes < 0:
            return called
        if self.modes == 1:
            return _("{called} (1 mode)", called=called)
        return _("{called} ({modes} modes)", called=called, modes=self.modes)

    def __str__(self) -> str:
        return str(self.words)


@dataclass(frozen=True)
class Rule:
    """What a page says about a verdict: its title and its rule."""

    name: str
    title: str
    rule: str


VERDICTS = {
    rule.name: rule
    for rule in (
        Rule("diverged", _("diverged"), _("A parameter or a cost is not finite any more.")),
        Rule(
            "converged",
            _("converged"),
            _(
                "At the end the median JSD is below {near} nats and all modes are held; if "
                "p_data has no density, the median W₁ is below {small:.0%} of its largest "
                "value before the end.",
                near=NEAR,
                small=SMALL,
            ),
        ),
        Rule(
            "hops",
            _("hops"),
            _(
                "Late in the run the mode nearest to most samples changes at least {hops} "
                "times, and it has at least {led:.0%} of the samples (median).",
                hops=HOPS,
                led=LED,
            ),
        ),
        Rule(
            "collapsed",
            _("collapsed"),
            _("Late in the run some modes of p_data are held, but not all (median of the checks)."),
        ),
        Rule(
            "orbits",
            _("orbits"),
            _(
                "The distance (W₁, or else the JSD) turns back at least twice late in the "
                "run, its range is above {moves:.0%} of its median, and at the end it is at "
                "least {shrinks:.0%} of what it was in the quarter before.",
                moves=MOVES,
                shrinks=SHRINKS,
            ),
        ),
        Rule(
            "unfinished",
            _("still falling"),
            _(
                "From the third to the last quarter of the run the median distance falls by "
                "more than {falls:.0%}.",
                falls=FALLS,
            ),
        ),
        Rule(
            "stalled",
            _("stalled"),
            _("None of the others: it stays where it is, away from p_data."),
        ),
    )
}


def verdict(
    series: Series, modes: int = 0, diverged: bool = False, density: bool = True
) -> Verdict:
    """The verdict on one run.

    series: jsd and w1, and for a mixture held and leader and lead, (checks,) each, in time. modes:
    the number of modes of p_data; 0 if it has none. density: whether p_data has one. A run that is
    measured fewer than `LEAST` times can only have diverged, converged or collapsed, or else it is
    unfinished. Raises ValueError if there is no check.
    """
    jsd, w1 = (np.asarray(series[name], np.float64) for name in ("jsd", "w1"))
    if not len(jsd):
        raise ValueError("a verdict needs at least one check")
    if diverged:
        return Verdict("diverged")
    n = len(jsd)
    late, end, third = slice(n // 2, n), slice(n - max(1, n // 4), n), slice(n // 2, n - n // 4)
    held = int(np.median(series["held"][late])) if modes else 0
    distances = np.isfinite(w1).any()  # symbols have none, and an exact JSD
    if (density or not distances) and np.isfinite(jsd).any():
        near = bool(np.nanmedian(jsd[end]) < NEAR)
    else:
        # Of a run that grows to the end, a share of the last value says nothing.
        earlier = w1[: n - max(1, n // 4)] if n > 1 else w1
        least = SMALL * np.nanmax(earlier) if distances else np.nan
        near = bool(np.nanmedian(w1[end]) < least)
    if near and held >= modes:
        return Verdict("converged")
    if modes and n >= LEAST:
        leader, lead = series["leader"][late], series["lead"][late]
        if np.count_nonzero(np.diff(leader)) >= HOPS and np.median(lead) >= LED:
            return Verdict("hops")
    if 0 < held < modes:
        return Verdict("collapsed", held)
    if n < LEAST:
        return Verdict("unfinished")
    far = w1 if np.isfinite(w1).all() else jsd
    if _orbits(far, late, third, end):
        return Verdict("orbits")
    before, after = np.median(far[third]), np.median(far[end])
    return Verdict("unfinished" if after < (1 - FALLS) * before else "stalled")


def _orbits(far: NDArray[np.float64], late: slice, third: slice, end: slice) -> bool:
    seen = far[late]
    if np.ptp(seen) <= MOVES * np.median(seen):
        return False
    steps = np.sign(np.diff(seen))
    steps = steps[steps != 0]
    if np.count_nonzero(np.diff(steps)) < 2:
        return False
    return bool(np.ptp(far[end]) >= SHRINKS * np.ptp(far[third]))
