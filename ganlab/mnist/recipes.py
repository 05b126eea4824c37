"""Recipes for MNIST training: the paper's model and a quick one, each with and without labels."""

from __future__ import annotations

from dataclasses import dataclass, field

from ganlab.languages import _
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec


@dataclass(frozen=True)
class Recipe(Entry):
    """A named Spec; epochs: how many show what it can do."""

    spec: Spec = field(kw_only=True)
    epochs: int = 10


RECIPES: Registry[Recipe] = Registry("recipe")

QUICK = Spec(
    target="mnist",
    latent="normal",
    latent_dim=64,
    g_hidden=(128, 256, 512),
    d_hidden=(256, 128),
    g_activation="leaky_relu",
    d_activation="leaky_relu",
    g_output="sigmoid",
    g_norm="batch",
    optimizer="adam",
    g_lr=2e-4,
    d_lr=2e-4,
    betas=(0.5, 0.999),
    batch=100,
)
# In the paper's code D's cost is half of ours, which is exactly equivalent to half the learning
# rate. Momentum rises from .5 to .7 in 250 epochs of 500 updates.
PAPER = Spec(
    target="mnist",
    latent="unit_uniform",
    latent_dim=100,
    g_hidden=(1200, 1200),
    d_hidden=(240, 240),
    g_activation="relu",
    d_activation="maxout",
    g_output="sigmoid",
    init="uniform",
    init_gain=0.05,
    d_init_gain=0.005,
    rule="simultaneous",
    optimizer="momentum",
    momentum=0.5,
    momentum_rise=0.2,
    momentum_ramp=125_000,
    g_lr=0.1,
    d_lr=0.05,
    lr_decay=4e-6,
    lr_floor=1e-6,
    batch=100,
    d_dropout=0.5,
    d_dropout_input=0.2,
)

for _entry in (
    Recipe(
        "quick",
        _("Quick: small nets, batch norm, Adam"),
        "",
        _("Recognisable digits after one or two minutes on a laptop."),
        spec=QUICK,
        epochs=10,
    ),
    Recipe(
        "paper",
        _("The paper's MNIST model (2014)"),
        "",
        _(
            "ReLU and maxout nets, dropout in D, momentum and decaying learning rates, "
            "as published. It is slow without a GPU, and keeps improving."
        ),
        cite="Goodfellow et al. 2014, and its code",
        spec=PAPER,
        epochs=100,
    ),
    Recipe(
        "quick-labels",
        _("Quick, with labels"),
        "",
        _("G is told which digit to draw, and D which digit an image should be: pick digits."),
        cite="Mirza & Osindero 2014; Goodfellow et al. 2014, section 7",
        spec=QUICK.replace(conditional="yes"),
        epochs=10,
    ),
    Recipe(
        "paper-labels",
        _("The paper's model, with labels"),
        "",
        _("The paper's first extension: p(x | label) with the paper's nets."),
        cite="Goodfellow et al. 2014, section 7",
        spec=PAPER.replace(conditional="yes"),
        epochs=100,
    ),
):
    RECIPES.add(_entry)
