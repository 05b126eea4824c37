"""Games of polynomials: bilinear, quadratic, Salimans' toy, and learning a covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ganlab.games.entry import Costs, Equilibrium, GameEntry, Values
from ganlab.languages import _
from ganlab.registry import Param


def _bilinear(x: torch.Tensor, y: torch.Tensor, values: Values) -> Costs:
    value = (values["b"] * x * y).sum(1)
    return value, -value


def _split(values: Values) -> tuple[Any, Any, Any, Any]:
    """The entries of the Jacobian: cos φ of the potential part, sin φ of the rotation."""
    turns = torch.as_tensor(values["angle"], dtype=torch.float64) / 180
    c, s = torch.sin(torch.pi * (0.5 - turns)), torch.sin(torch.pi * turns)
    a, b, p = values["a"], values["b"], values["p"]
    return c * a, c * p + s, c * p - s, c * b


def _quadratic(x: torch.Tensor, y: torch.Tensor, values: Values) -> Costs:
    a, b, c, d = _split(values)
    return (a * x * x / 2 + b * x * y).sum(1), (c * x * y + d * y * y / 2).sum(1)


def _quadratic_rest(values: Values) -> tuple[Equilibrium, ...]:
    a, b, c, d = (x.item() for x in _split(values))
    return (Equilibrium(0.0, 0.0, np.array([[a, b], [c, d]])),)


def _quadratic_zero_sum(values: Values) -> bool:
    return bool(values["p"] == 0 or values["angle"] == 90)


def _salimans(x: torch.Tensor, y: torch.Tensor, values: Values) -> Costs:
    bent = torch.where(x < 0, x, x * x)
    value = ((bent - 1) * (y - 1)).sum(1)
    return value, -value


def _covariance(v: torch.Tensor, w: torch.Tensor, values: Values) -> Costs:
    value = (w * (values["sigma"] ** 2 - v * v)).sum(1)
    return value, -value


def _covariance_rest(values: Values) -> tuple[Equilibrium, ...]:
    out = []
    for v in (values["sigma"], -values["sigma"]):
        out.append(Equilibrium(v, 0.0, np.array([[0.0, -2 * v], [2 * v, 0.0]])))
    return tuple(out)


ENTRIES = (
    GameEntry(
        "bilinear",
        _("bilinear game"),
        r"\min_x \max_y\ b\,x\,y",
        _("The simplest game that rotates: each player's gradient depends on the other one only."),
        cite="Gidel et al. 2019",
        params=(
            Param("b", _("coupling b"), 1.0, 0.1, 5.0, doc=_("The strength of the rotation.")),
        ),
        costs=_bilinear,
        equilibria=lambda values: (
            Equilibrium(0.0, 0.0, np.array([[0.0, values["b"]], [-values["b"], 0.0]])),
        ),
        linear=True,
        watch=_(
            "Simultaneous steps spiral out at every step size, alternating ones stay on "
            "an ellipse, and extragradient spirals in."
        ),
        flow=lambda values: _("continuous time follows circles: x² + y² is conserved"),
    ),
    GameEntry(
        "quadratic",
        _("quadratic game"),
        r"f_1 = \cos\varphi\,(\tfrac{a}{2} x^2 + p\,x y) + \sin\varphi\,x y,\ "
        r"f_2 = \cos\varphi\,(\tfrac{b}{2} y^2 + p\,x y) - \sin\varphi\,x y",
        _(
            "The Jacobian is the sum of a symmetric part, which is that of a potential, "
            "and an antisymmetric one, which rotates."
        ),
        cite="Balduzzi et al. 2018",
        params=(
            Param(
                "angle",
                _("angle φ"),
                45.0,
                0.0,
                180.0,
                unit=_("degrees"),
                doc=_("0: both descend one potential. 90: a pure rotation. Above: both climb."),
            ),
            Param("a", _("curvature a"), 1.0, -2.0, 4.0, doc=_("Of the potential along x.")),
            Param("b", _("curvature b"), 1.0, -2.0, 4.0, doc=_("Of the potential along y.")),
            Param("p", _("coupling p"), 0.0, -2.0, 2.0, doc=_("The potential's term p x y.")),
        ),
        costs=_quadratic,
        equilibria=_quadratic_rest,
        zero_sum=_quadratic_zero_sum,
        linear=True,
        watch=_(
            "Turn φ from 0° (a potential: straight into the minimum) to 90° (a "
            "rotation): the eigenvalues turn from the real axis onto the circle, and out "
            "of it."
        ),
    ),
    GameEntry(
        "salimans",
        _("Salimans' toy"),
        r"\min_x \max_y\ (f(x) - 1)(y - 1),\ f(x) = x \text{ if } x < 0 \text{, else } x^2",
        _(
            "A game in which gradient descent orbits: x wants f(x) = 1, and y keeps "
            "pushing it past."
        ),
        cite="Salimans et al. 2016, section 3",
        costs=_salimans,
        equilibria=lambda values: (Equilibrium(1.0, 1.0, np.array([[0.0, 2.0], [-2.0, 0.0]])),),
        start=(1.4, 1.0),
        centre=(1.0, 1.0),
        box=2.0,
        watch=_(
            "Orbits about (1, 1) are not ellipses: they bend where x comes near 0, "
            "because f is flat there."
        ),
        flow=lambda values: _("continuous time conserves (y − 1)²/2 + x²/4 − (ln x)/2 for x > 0"),
    ),
    GameEntry(
        "covariance",
        _("learning a variance"),
        r"\min_v \max_w\ w\,(\sigma^2 - v^2)",
        _(
            "A GAN with a linear generator x = v z, z ~ N(0, 1), and a quadratic D(x) = "
            "w x²: it learns the data's variance σ², up to the sign of v."
        ),
        cite="Daskalakis et al. 2018, section 5",
        params=(Param("sigma", _("σ of the data"), 1.0, 0.3, 2.0, doc=_("Standard deviation.")),),
        costs=_covariance,
        equilibria=_covariance_rest,
        variables=("v", "w"),
        players=("G", "D"),
        start=(1.4, 0.0),
        box=2.5,
        watch=_(
            "There are two equilibria, v = σ and v = −σ, and a trajectory circles the "
            "one on its side: |v| grows while w is positive, and shrinks while it is "
            "negative."
        ),
        flow=lambda values: _("continuous time conserves w² + v²/2 − σ² ln v for v > 0"),
    ),
)
