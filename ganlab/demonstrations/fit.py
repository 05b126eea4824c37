"""One Gaussian fitted to two by three divergences: which of them covers, and which picks a mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ganlab.demonstrations.densities import CELLS, HIGH, LOW, WIDTH, Movable, Normal, X, nodes
from ganlab.demonstrations.entry import Demonstration
from ganlab.demonstrations.picture import Area, Axis, Dots, Line, Number, Panel, Shown, Table
from ganlab.languages import _, joined
from ganlab.registry import Param
from ganlab.spec import Spec

Array = NDArray[np.float64]
START = Movable("q", _("the start"), "muted", 1.0, 1.0, drawable=False)
STEPS, LONGEST = 60, 0.4  # of the descent; the longest step of the logarithm of the width
NARROWEST, WIDEST = 0.1, 8.0
_COARSE = CELLS.reshape(-1, 8).mean(1)
_COARSE_WIDTH = 8 * WIDTH


@dataclass(frozen=True)
class Two:
    """An equal or unequal mixture of two Gaussians at ± half of their distance."""

    apart: float
    std: float
    left: float

    def log(self, x: Any) -> Array:
        """The logarithm of the density at x (n,) -> (n,), also where the density underflows."""
        first, second = (Normal(s * self.apart / 2, self.std).log(x) for s in (-1, 1))
        return np.logaddexp(math.log(self.left) + first, math.log(1 - self.left) + second)

    def pdf(self, x: Any) -> Array:
        """The density at x (n,) -> (n,)."""
        return np.exp(self.log(x))

    @property
    def mean(self) -> float:
        """The mean."""
        return self.apart * (0.5 - self.left)

    @property
    def width(self) -> float:
        """The standard deviation."""
        between = self.left * (1 - self.left) * self.apart**2
        return math.sqrt(self.std**2 + between)


def _jensen(log_p: Array, log_q: Array) -> Array:
    # From the logarithms: where both densities underflow, their mean is 0 before they are.
    log_mean = np.logaddexp(log_p, log_q) - math.log(2)
    return (np.exp(log_p) * (log_p - log_mean) + np.exp(log_q) * (log_q - log_mean)) / 2


@dataclass(frozen=True)
class Kind:
    """A divergence: its integrand of both logarithms, and the integrand's derivative by q."""

    title: str
    integrand: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    rate: float
    role: str
    dash: str


KINDS = {
    "kl": Kind(
        "KL(p ‖ q)",
        lambda p, q: np.exp(p) * (p - q),
        lambda p, q: -np.exp(np.minimum(p - q, 600)),
        0.3,
        "run0",
        "dash",
    ),
    "reverse": Kind(
        "KL(q ‖ p)", lambda p, q: np.exp(q) * (q - p), lambda p, q: q - p, 0.3, "accent", "solid"
    ),
    # Near its minimum JSD is a quarter of KL, so that its steps are four times as long.
    "jsd": Kind(
        "JSD(p ‖ q)",
        _jensen,
        lambda p, q: (q - np.logaddexp(p, q)) / 2,
        1.2,
        "G",
        "dashdot",
    ),
}


@lru_cache(512)
def descend(kind: str, data: Two, mean: float, std: float) -> Array:
    """(STEPS + 1, 2): mean and width of q at every step of a natural-gradient descent.

    The gradient by (mean, log width) is divided by the Fisher information (1/width², 2).
    """
    x, of = _COARSE, KINDS[kind]
    log_p = data.log(x)
    path = [(mean, std)]
    for _unused in range(STEPS):
        log_q = Normal(mean, std).log(x)
        z = (x - mean) / std
        pull = of.slope(log_p, log_q) * np.exp(log_q) * _COARSE_WIDTH
        mean -= of.rate * std * float((pull * z).sum())
        turn = of.rate * 0.5 * float((pull * (z * z - 1)).sum())
        std *= math.exp(-max(-LONGEST, min(LONGEST, turn)))
        std = max(NARROWEST, min(WIDEST, std))
        path.append((mean, std))
    return np.array(path)


def value(kind: str, data: Two, q: Normal) -> float:
    """A divergence as a sum over cells, nats."""
    return float(KINDS[kind].integrand(data.log(_COARSE), q.log(_COARSE)).sum() * _COARSE_WIDTH)


def value_by_quadrature(kind: str, data: Two, q: Normal) -> float:
    """The same divergence by Gauss-Legendre quadrature, nats; JSD by entropies."""
    x, weights = nodes()
    log_p, log_q = data.log(x), q.log(x)
    if kind == "jsd":
        middle = np.logaddexp(log_p, log_q) - math.log(2)
        own = (np.exp(log_p) * log_p + np.exp(log_q) * log_q) / 2
        return float((weights * (own - np.exp(middle) * middle)).sum())
    return float((weights * KINDS[kind].integrand(log_p, log_q)).sum())


@lru_cache(512)
def searched(kind: str, data: Two, mean: float, std: float) -> tuple[float, float]:
    """The minimum next to a Gaussian, by the Nelder-Mead method; of KL(p ‖ q) the moments."""
    if kind == "kl":
        return data.mean, data.width
    x, of = _COARSE, KINDS[kind]
    log_p = data.log(x)

    def cost(at: Array) -> float:
        log_q = Normal(at[0], math.exp(at[1])).log(x)
        return float(of.integrand(log_p, log_q).sum() * _COARSE_WIDTH)

    start = np.array([mean, math.log(std)])
    # SciPy's own first simplex is a share of the start, and has no width at a mean of 0.
    first = start + [[0.0, 0.0], [std / 4, 0.0], [0.0, 0.25]]
    options = {"xatol": 1e-5, "fatol": 1e-11, "initial_simplex": first}
    with np.errstate(invalid="ignore"):  # far away the cost is inf
        found = minimize(cost, start, method="Nelder-Mead", options=options)
    return float(found.x[0]), float(math.exp(found.x[1]))


def show(values: Mapping[str, Any]) -> Shown:
    """The three fits step by step, their divergences, and where they end."""
    data = Two(values["apart"], values["width"], values["left"])
    start = Normal(values["q_mean"], values["q_std"])
    paths = {kind: descend(kind, data, start.mean, start.std) for kind in KINDS}
    p = data.pdf(X)
    steps = np.arange(STEPS + 1.0)
    curves: list[Any] = [
        Line(x=X, y=p, role="data", title=_("p, two Gaussians"), dash="data"),
        Area(x=X, y=p, role="data"),
        Line(x=X, y=start.pdf(X), role="muted", title=_("start of all three"), thin=True),
    ]
    falls: list[Any] = []
    numbers, rows = [], []
    highest = max(float(p.max()), float(start.pdf(start.mean)))
    for kind, of in KINDS.items():
        title, role, dash = of.title, of.role, of.dash
        fits = [Normal(*fit) for fit in paths[kind].tolist()]
        curves.append(
            Line(
                x=X,
                y=np.stack([q.pdf(X) for q in fits]),
                role=role,
                title=_("q by {title}", title=title),
                dash=dash,
            )
        )
        height = np.array([value(kind, data, q) for q in fits])
        again = np.array([value_by_quadrature(kind, data, q) for q in fits])
        numbers.append(Number(title, height, _("nats"), _("on cells"), again, _("by quadrature")))
        falls += [
            Line(x=steps, y=height, role=role, title=title, dash=dash),
            Dots(x=steps[:, None], y=height[:, None], role=role, size=10.0),
        ]
        end = fits[-1]
        rows.append((title, *_row(end, searched(kind, data, end.mean, end.std), kind)))
        highest = max(highest, end.pdf(end.mean).item())
    high = max(0.5, math.ceil(11 * highest) / 10)
    tallest = max(float(np.max(line.y)) for line in falls if isinstance(line, Line))
    panels = (
        Panel(
            "fits",
            _("One Gaussian q follows the gradient of each divergence"),
            Axis("x", LOW, HIGH),
            Axis(_("density"), 0.0, high),
            tuple(curves),
            handles=START.handles(values),
            share=1.5,
        ),
        Panel(
            "falls",
            _("Each divergence falls to its own minimum"),
            Axis(_("step"), 0.0, float(STEPS)),
            Axis(_("nats"), 0.0, min(6.0, 1.05 * tallest)),
            tuple(falls),
        ),
    )
    table = Table(
        (_("divergence"), _("q at the end"), _("minimum, another way"), _("how")), tuple(rows)
    )
    return Shown(
        panels,
        tuple(numbers),
        _says(data, paths),
        table,
        frames=STEPS + 1,
        clock="step",
        more={"paths": paths},
    )


def _row(end: Normal, best: tuple[float, float], kind: str) -> tuple[str, str, str]:
    how = _("mean and width of p") if kind == "kl" else _("Nelder-Mead search from there")
    words = (
        _("mean {mean:.3f}, width {width:.3f}", mean=round(m, 3) + 0.0, width=s).replace("-", "−")
        for m, s in ((end.mean, end.std), best)
    )
    first, second = words
    return first, second, how


def _says(data: Two, paths: Mapping[str, Array]) -> str:
    out = []
    for kind, of in KINDS.items():
        mean, std = paths[kind][-1]
        modes = [s * data.apart / 2 for s in (-1, 1)]
        near = [m for m in modes if abs(mean - m) < data.std and std < 1.6 * data.std]
        if near and data.apart > 3 * data.std:
            side = _("left") if near[0] < 0 else _("right")
            out.append(_("{title} picks the {side} peak", title=of.title, side=side))
        elif data.apart > 3 * data.std and abs(mean) < data.apart / 2 and std > data.apart / 4:
            out.append(_("{title} covers both peaks", title=of.title))
        else:
            out.append(
                _(
                    "{title} ends at {mean:.2f} with width {std:.2f}",
                    title=of.title,
                    mean=mean,
                    std=std,
                )
            )
    return _("{text}.", text=joined(_("; "), out).replace("-", "−"))


def lab(values: Mapping[str, Any]) -> Spec:
    """A lab with these two Gaussians as data and a linear G that starts as q does.

    Raises `SpecError` if they are closer than those of the lab's target.
    """
    weights = (values["left"], 1 - values["left"])
    return Spec(
        target="two_gaussians",
        target_params={"separation": values["apart"], "std": values["width"], "weights": weights},
        g_hidden=(),
        g_start=(values["q_std"], values["q_mean"]),
        loss="f-reverse-kl",
        k=5,
    )


ENTRY = Demonstration(
    "fit",
    _("KL, reverse KL and JSD: cover or pick"),
    r"\mathrm{KL}(p \Vert q) = \int p \log \frac{p}{q} \qquad "
    r"\mathrm{KL}(q \Vert p) = \int q \log \frac{q}{p}",
    _(
        "One Gaussian q cannot be two. KL(p ‖ q) is large where p has mass and q has "
        "none, so its q covers both peaks; KL(q ‖ p) is large where q has mass and p "
        "has none, so its q picks one."
    ),
    _("Goodfellow 2016 (NIPS tutorial), Figure 14"),
    (
        *START.params,
        Param("apart", _("distance of the peaks"), 4.0, 0.0, 7.0, doc=_("Between the peaks of p.")),
        Param(
            "width", _("their width"), 0.6, 0.3, 1.5, doc=_("Standard deviation of each peak of p.")
        ),
        Param("left", _("mass of the left one"), 0.5, 0.05, 0.95, doc=_("Its share of p.")),
    ),
    show=show,
    watch=_(
        "The same start, three divergences. Which q ends between the peaks, which on "
        "one? Then drag the start to the other side, and bring the peaks together."
    ),
    lab=lab,
)
