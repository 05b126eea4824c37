"""An explanation of every layer of a picture: see `ganlab.words`."""

from __future__ import annotations

from typing import NamedTuple

from ganlab.languages import _


class Word(NamedTuple):
    """The title of a quantity, one or two sentences about it, and its unit ("" if it has none)."""

    title: str
    says: str
    unit: str = ""


# Layers of the pictures by their ids.
LAYERS = {
    "p_data": Word(
        _("p_data"), _("The density of the data, which G should learn."), _("1 per unit of x")
    ),
    "p_g": Word("p_g", _("The generator's density, or probabilities."), _("1 per unit of x")),
    "d": Word("D(x)", _("The discriminator's probability that x is real."), _("0 to 1")),
    "d_star": Word(
        "D*(x)", _("p_data / (p_data + p_g), the optimal D against this G."), _("0 to 1")
    ),
    "map": Word(
        "z → G(z)", _("G as a map: arrows from z to x = G(z) are dense where p_g is high.")
    ),
    "gradient": Word(
        _("push on G"),
        _(
            "The direction in which G's loss pushes generated points. Longer is "
            "stronger, up to 15 % of the picture's width."
        ),
    ),
    "real": Word(
        _("real samples, training data"),
        _(
            "500 samples of p_data; or the training data, if they are a finite set: at "
            "most 2,000 of them, in 1-D as strokes on the axis."
        ),
    ),
    "nearest": Word(
        _("nearest data"),
        _("From each of 60 generated samples a line to the nearest training point."),
    ),
    "fake": Word(_("generated"), _("Samples of the generator.")),
    "average": Word(
        _("average of G"),
        _(
            "The output of G with the running average of its weights: a thin line, or "
            "small crosses."
        ),
    ),
    "labels": Word(
        _("labels"),
        _(
            "The numbers of the labels, each at the middle of its part of p_data and in "
            "the colour of what G makes for it. After eight labels the colours begin "
            "again."
        ),
    ),
    "regions": Word(
        _("regions of D"),
        _(
            "Where D's largest output is that of another label, a line; numbers are "
            "labelled points."
        ),
    ),
    "regions_alone": Word(
        _("without a game"),
        _("The same of a net that learns from the labelled points alone: dashed."),
    ),
    "cycle": Word(
        "x → E(x) → G(E(x))",
        _(
            "Points of p_data, sent through the encoder and back through G: in 1-D a "
            "dashed line down to E(x) and an arrow up to x's line, in 2-D one arrow from "
            "x. If E and G invert each other, each point returns to itself."
        ),
    ),
    "manifold": Word("z → G(z)", _("A grid of latents z, mapped by G.")),
}
