"""Phenomena of rotation: the bilinear game as the smallest GAN, and what makes its orbit shrink.

G(z) = w z + b, and D is the critic a(x) = v x + c with the Wasserstein costs. With m = b - E x, the
cost of D is m v and the cost of G is -m v, up to terms that the player does not control. Every
number claimed here has a closed form in m and v.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ganlab.languages import _
from ganlab.presets.counts import Counts
from ganlab.presets.measures import off
from ganlab.presets.preset import CURES, MOVES, PRESETS, Preset, Trace
from ganlab.spec import Spec
from ganlab.update_rules import RULES as UPDATES

RATE = 0.1  # of both players: one turn takes 63 iterations


def bilinear(**more: Any) -> Spec:
    """The bilinear game as a Spec; `more` replaces fields."""
    fields: dict[str, Any] = dict(
        target_params={"mean": 2.0, "std": 0.5},
        g_hidden=(),
        d_hidden=(),
        init_gain=0.5,
        loss="wasserstein",
        optimizer="sgd",
        g_lr=RATE,
        d_lr=RATE,
        batch=512,
    )
    return Spec(**(fields | more))


def growth(trace: Trace) -> float:
    """The largest amplitude in a run's last third over that in its first third."""
    size, third = np.abs(trace["off"]), len(trace["off"]) // 3
    return float(size[-third:].max() / size[:third].max())


def _kept(trace: Trace) -> bool:
    return 0.8 <= growth(trace) <= 1.25


RULES = ("simultaneous", "alternating", "extragradient", "optimistic")
PRESETS.add(
    Preset(
        name="rotation",
        title=_("Rotation: four update rules"),
        topic=MOVES,
        equation=r"\min_b \max_v (b - \mathbb{E}\,x)\,v",
        doc=_(
            "G is a bump that can only slide, D a straight line that can only tilt: each "
            "chases the other in a circle. The circle widens with simultaneous updates, "
            "stays closed with alternating ones, and shrinks if both players look ahead."
        ),
        cite="Mescheder et al. 2018; Daskalakis et al. 2018; Gidel et al. 2019",
        specs=tuple(bilinear(rule=rule) for rule in RULES),
        labels=tuple(UPDATES[name].title for name in RULES),
        claim=_(
            "From the first third of 400 iterations to the last, the amplitude of G's "
            "mean about the data's grows at least 3-fold (simultaneous), stays within a "
            "factor of .8 to 1.25 (alternating), and falls to at most .4 of it "
            "(extragradient, optimistic)."
        ),
        iterations=400,
        every=5,
        measure=off,
        holds=lambda a, b, c, d: (
            growth(a) >= 3 and _kept(b) and growth(c) <= 0.4 and growth(d) <= 0.4
        ),
        counts=Counts(50, 10_000, 10_049),
    )
)
PRESETS.add(
    Preset(
        name="negative-momentum",
        title=_("Momentum widens the orbit, negative momentum shrinks it"),
        topic=CURES,
        equation=r"v \leftarrow \mu v + g,\ \theta \leftarrow \theta - \eta v",
        doc=_(
            "Momentum continues in the direction of the last steps, which in a circle is "
            "outward. Negative momentum brakes, and the orbit shrinks."
        ),
        cite="Gidel et al. 2019, negative momentum",
        specs=tuple(
            bilinear(optimizer="momentum", momentum=mu, g_lr=2 * RATE, d_lr=2 * RATE)
            for mu in (0.2, 0.0, -0.5)
        ),
        labels=("μ = .2", "μ = 0", "μ = −.5"),
        claim=_(
            "From the first third of 200 iterations to the last, the amplitude grows at "
            "least 4-fold with μ = .2, stays within a factor of .8 to 1.25 with 0, and "
            "at least halves with −.5."
        ),
        iterations=200,
        every=4,
        measure=off,
        holds=lambda a, b, c: growth(a) >= 4 and _kept(b) and growth(c) <= 0.5,
        counts=Counts(49, 10_000, 10_049),
    )
)


def _overshoot(trace: Trace) -> float:
    """How far G's mean passes the data's, on the side opposite to its start, in units of x."""
    return float((-np.sign(trace["off"][0]) * trace["off"]).max())


PRESETS.add(
    Preset(
        name="r1",
        title=_("R1 damps the rotation"),
        topic=CURES,
        equation=r"\dot m = -v,\ \dot v = m - \gamma v",
        doc=_(
            "R1 penalises D's slope as friction damps motion: the orbit spirals in. With "
            "enough of it (critical damping, γ = 2 here) G goes straight to the data."
        ),
        cite="Mescheder et al. 2018",
        specs=tuple(bilinear(rule="simultaneous", r1=gamma) for gamma in (0.0, 0.2, 2.0)),
        labels=("γ = 0", "γ = .2", "γ = 2"),
        claim=_(
            "From the first third of 400 iterations to the last, the amplitude grows at "
            "least 3-fold without R1 and falls to at most a third with γ = .2, where G "
            "still overshoots by more than .5. With γ = 2 it ends below .02, and G never "
            "overshoots by more than .05."
        ),
        iterations=400,
        every=5,
        measure=off,
        holds=lambda a, b, c: (
            growth(a) >= 3
            and growth(b) <= 1 / 3
            and _overshoot(b) > 0.5
            and np.abs(c["off"][-1]) <= 0.02
            and _overshoot(c) <= 0.05
        ),
        counts=Counts(50, 10_000, 10_049),
    )
)
PRESETS.add(
    Preset(
        name="consensus",
        title=_("Consensus: both players reduce the game's gradient"),
        topic=CURES,
        equation=r"+\tfrac{\gamma}{2}\lVert v \rVert^2",
        doc=_(
            "Both costs get the squared norm of the game's joint gradient, 0 where "
            "neither player moves. The orbit that was a circle now spirals in."
        ),
        cite="Mescheder et al. 2017",
        specs=tuple(bilinear(rule="simultaneous", consensus=gamma) for gamma in (0.0, 0.2)),
        labels=("γ = 0", "γ = .2"),
        claim=_(
            "From the first third of 300 iterations to the last, the amplitude grows at "
            "least 2-fold without the term, and falls to at most .1 of it with γ = .2."
        ),
        iterations=300,
        every=5,
        measure=off,
        holds=lambda a, b: growth(a) >= 2 and growth(b) <= 0.1,
        counts=Counts(50, 10_000, 10_049),
    )
)
PRESETS.add(
    Preset(
        name="historical-averaging",
        title=_("Historical averaging: pulled to the past mean"),
        topic=CURES,
        equation=r"+h\,\lVert \theta - \bar\theta \rVert^2",
        doc=_(
            "The mean of a circle is its centre, so a pull towards the mean of past "
            "weights closes the orbit. Too strong a pull ties both players to their "
            "start: no turns, but slow."
        ),
        cite="Salimans et al. 2016, section 3.3",
        # D starts with slope 0 or nearly so: the pull ties it to that.
        specs=tuple(bilinear(init_gain=0.05, historical_averaging=h) for h in (0.0, 0.1, 2.0)),
        labels=("h = 0", "h = .1", "h = 2"),
        claim=_(
            "From the first third of 400 iterations to the last, the amplitude stays "
            "within a factor of .8 to 1.25 without it, and falls to at most .1 of it "
            "with h = .1. With h = 2 G's mean is still on the side where it began, at "
            "least .1 off."
        ),
        iterations=400,
        every=5,
        measure=off,
        holds=lambda a, b, c: (
            _kept(a) and growth(b) <= 0.1 and (c["off"] * np.sign(c["off"][0])).min() > 0.1
        ),
        counts=Counts(50, 10_000, 10_049),
    )
)
