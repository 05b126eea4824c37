"""Presets of nets that are given the labels of samples."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.presets.collapse import restored
from ganlab.presets.counts import Counts
from ganlab.presets.defaults import DEFAULTS
from ganlab.presets.preset import CURES, PRESETS, RIGHT, Preset, Trace, late

_HOPPING = DEFAULTS[2].replace(latent_dim=64, batch=128)
PRESETS.add(
    Preset(
        name="labels",
        title=_("Labels: each mode is asked for by its number"),
        topic=CURES,
        equation=r"\min_G \max_D\ \mathbb{E}\,\log D(x \mid y) + "
        r"\mathbb{E}\,\log(1 - D(G(z \mid y) \mid y))",
        doc=_(
            "Without labels G hops between few modes of the ring. Told the number of a "
            "mode, D rejects any sample elsewhere, so G finds all modes: only within "
            "each may it collapse."
        ),
        cite="Mirza & Osindero 2014",
        specs=(_HOPPING, _HOPPING.replace(conditional="yes")),
        labels=(_("no labels"), _("labels")),
        claim=_(
            "In the second half G without labels holds at most 4 of the 8 modes on "
            "average; with labels it holds all 8 in every check of the last quarter, at "
            "a lower JSD."
        ),
        iterations=1000,
        every=50,
        holds=restored,
        counts=Counts(60, 64_000, 64_059),
    )
)


def better(a: Trace) -> bool:
    """Whether D's labels are right more often than those of the net beside it, at the end."""
    more = late(a, "accuracy", 0.25).mean() - late(a, "accuracy_alone", 0.25).mean()
    return bool(more >= 0.003 and late(a, "held", 0.25).min() == 8)


PRESETS.add(
    Preset(
        name="few-labels",
        title=_("One labelled point of each: the game helps D to classify"),
        topic=RIGHT,
        equation=r"D(x) = \frac{Z}{Z + 1},\quad Z = \sum_{k=1}^{K} e^{l_k(x)}",
        doc=_(
            "D has an output for each of 8 labels and learns one labelled point of each. "
            "Its game shows it where the data are, so that its borders move between "
            "them; the same net without a game keeps the borders that lie between the "
            "eight points."
        ),
        cite="Salimans et al. 2016, section 5",
        specs=(
            DEFAULTS[2].replace(target_params={"std": 0.3}, few_labels=1, feature_matching=1.0),
        ),
        labels=("D",),
        claim=_(
            "In the last quarter D's labels are right for at least 0.3 percentage points "
            "more of new samples, on average, than those of the net without a game, and "
            "G holds all 8 modes."
        ),
        iterations=1000,
        every=50,
        holds=better,
        counts=Counts(59, 65_000, 65_059),
    )
)
