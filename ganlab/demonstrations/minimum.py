"""Theorem 1: against the best D, G minimises −log 4 + 2 JSD, whose minimum is p_g = p_data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import xlogy

from ganlab import theory
from ganlab.demonstrations.densities import (
    CELLS,
    HIGH,
    LOW,
    WIDTH,
    Density,
    Movable,
    Normal,
    X,
    as_spec,
    masses,
    nodes,
    top,
)
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Line, Number, Panel, Shown
from ganlab.languages import _
from ganlab.spec import Spec

DATA = Movable("p", _("p_data"), "data", -1.0, 0.8)
FAKE = Movable("q", "p_g", "G", 2.0, 1.2, drawable=False)
LEAST = -math.log(4.0)
MEANS = np.linspace(-4.5, 4.5, 91)
_EVERY = 8  # cells that are merged for the curve over all means


def gain(p: Any, q: Any) -> Any:
    """What each x adds to V(D*, G): p log(p / (p + q)) + q log(q / (p + q)), nats per unit of x."""
    total = p + q
    with np.errstate(divide="ignore", invalid="ignore"):
        return xlogy(p, np.where(total > 0, p / total, 1)) + xlogy(
            q, np.where(total > 0, q / total, 1)
        )


def entropy(density: Density) -> float:
    """The differential entropy, nats, by quadrature."""
    x, weights = nodes(density)
    p = density.pdf(x)
    return float(-(weights * xlogy(p, p)).sum())


def jsd_of_entropies(p: Density, q: Density) -> float:
    """JSD as the entropy of the mean density minus the mean entropy, by quadrature."""
    x, weights = nodes(p, q)
    middle = (p.pdf(x) + q.pdf(x)) / 2
    mixed = float(-(weights * xlogy(middle, middle)).sum())
    return mixed - (entropy(p) + entropy(q)) / 2


def show(values: Mapping[str, Any]) -> Shown:
    """Both densities and D*, what each x adds to C(G), and C(G) for all means of p_g."""
    p, q = DATA.of(values), FAKE.of(values)
    data, fake = p.pdf(X), q.pdf(X)
    high = top(data, fake)
    jsd = float(theory.jsd(masses(p), masses(q)))
    value = float(theory.c_g(jsd))
    x, weights = nodes(p, q)
    direct = float((weights * gain(p.pdf(x), q.pdf(x))).sum())
    assert isinstance(q, Normal)
    panels = (
        Panel(
            "densities",
            _("Drag p_g (green) onto p_data (dotted)"),
            Axis("x", LOW, HIGH),
            Axis(_("density"), 0.0, high),
            (
                Area(x=X, y=fake, role="G"),
                Line(x=X, y=fake, role="G", title="p_g"),
                Line(x=X, y=data, role="data", title=_("p_data"), dash="data"),
                Line(
                    x=X, y=theory.d_star(data, fake), role="D", title="D*", dash="dash", right=True
                ),
            ),
            handles=(*DATA.handles(values), *FAKE.handles(values)),
            right=Axis("D(x)", 0.0, 1.0, ticks=((0.0, "0"), (0.5, "½"), (1.0, "1"))),
            draws=DATA.draws(values),
            share=1.3,
        ),
        Panel(
            "cost",
            _("C(G): how much the best D can tell"),
            Axis(_("mean of p_g"), LOW, HIGH),
            Axis(_("C(G), nats"), -1.5, 0.1),
            (
                Line(
                    x=(LOW, HIGH),
                    y=(LEAST, LEAST),
                    role="D",
                    title=_("−log 4, the minimum"),
                    dash="dash",
                ),
                Line(
                    x=MEANS,
                    y=_costs(p, q.std),
                    role="accent",
                    title=_("C(G) for p_g of this width"),
                ),
                Dots(x=(q.mean,), y=(value,), role="G", size=11.0, title=_("p_g now")),
            ),
        ),
        Panel(
            "gain",
            _("What each x adds to V(D*, G): its area is C(G)"),
            Axis("x", LOW, HIGH),
            Axis(_("nats per unit of x"), -1.5 * high, 0.0),
            (
                Area(x=X, y=gain(data, fake), role="accent"),
                Line(x=X, y=gain(data, fake), role="accent"),
            ),
        ),
    )
    numbers = (
        Number(
            "C(G)",
            value,
            _("nats"),
            _("−log 4 + 2 JSD(p_data ‖ p_g)"),
            direct,
            _("integral of V(D*, G)"),
        ),
        Number(
            _("JSD(p_data ‖ p_g)"),
            jsd,
            _("nats"),
            _("both KL, on 12,000 cells"),
            jsd_of_entropies(p, q),
            _("entropies, by quadrature"),
        ),
        Number(
            _("C(G) above −log 4"),
            value - LEAST,
            _("nats"),
            _("difference"),
            2 * jsd_of_entropies(p, q),
            _("2 JSD"),
        ),
    )
    return Shown(panels, numbers, _says(jsd))


def _says(jsd: float) -> str:
    if jsd < 1e-4:
        return _(
            "p_g is p_data: C(G) is at its minimum −log 4 = −1.3863, and the best D says "
            "½ everywhere."
        )
    if jsd > 0.65:
        return _(
            "p_g and p_data hardly overlap: D can tell them apart almost everywhere, and "
            "C(G) is near its maximum 0, {jsd:.2f} above −log 4.",
            jsd=2 * jsd,
        )
    return _(
        "C(G) is {jsd:.4f} above its minimum −log 4: D can still tell p_g from p_data.", jsd=2 * jsd
    )


def _costs(p: Density, std: float) -> Any:
    """C(G) for all `MEANS` of a Gaussian p_g, on coarser cells."""
    x = CELLS.reshape(-1, _EVERY).mean(1)
    q = np.stack([Normal(float(mean), std).pdf(x) for mean in MEANS])
    return (gain(p.pdf(x)[None], q) * (WIDTH * _EVERY)).sum(1)


def lab(values: Mapping[str, Any]) -> Spec | None:
    """A lab with this p_data, a Gaussian p_g and the minimax game."""
    return as_spec(DATA.of(values), FAKE.of(values), loss="minimax", k=5)


ENTRY = Demonstration(
    "minimum",
    _("Theorem 1: the minimum is p_g = p_data"),
    r"C(G) = V(D^*, G) = -\log 4 + 2\, \mathrm{JSD}(p_{\mathrm{data}} \Vert p_g) \geq -\log 4",
    _(
        "Against the best D, what G minimises is the Jensen-Shannon divergence, up "
        "to a constant: its only minimum is p_g = p_data."
    ),
    _("Goodfellow et al. 2014, Theorem 1"),
    (*DATA.params, *FAKE.params),
    show=show,
    watch=_(
        "Drag the green curve onto the dotted one: C(G) falls to −log 4, and D* "
        "flattens to ½. If p_data is drawn with two peaks, can one Gaussian still "
        "reach −log 4?"
    ),
    lab=lab,
    refuse=DATA.refuse,
)
