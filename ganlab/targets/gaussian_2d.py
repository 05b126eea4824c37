"""A Gaussian in 2-D with any covariance."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from scipy.special import ndtr

from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.targets.base import (
    TARGETS,
    Floats,
    Target,
    TargetEntry,
    check_resolved,
    frozen,
    square_box_about,
    tail_differences,
)
from ganlab.targets.one_d import place_param

_MOST_CORRELATED = 0.9999


class Gaussian2D(Target):
    """N((mean_x, mean_y), [[var_x, cov], [cov, var_y]]).

    Cell masses are the integral over x of N(x) P(y in the cell | x), by Gauss-Legendre quadrature
    with 10 nodes to each panel of at most two conditional standard deviations. Raises SpecError if
    `cov` is too large for the variances.
    """

    dim = 2

    def __init__(self, mean_x: float, mean_y: float, var_x: float, var_y: float, cov: float):
        most = _MOST_CORRELATED * math.sqrt(var_x * var_y)
        if abs(cov) > most:
            raise SpecError(
                "cov",
                cov,
                _("from {low:.6g} to {high:.6g} with these variances", low=-most, high=most),
            )
        check_resolved(mean_x, _("root of var_x"), math.sqrt(var_x))
        check_resolved(mean_y, _("root of var_y"), math.sqrt(var_y))
        self._mean, self._std = frozen([mean_x, mean_y]), frozen(np.sqrt([var_x, var_y]))
        self._slope = cov / var_x
        self._rest = math.sqrt(var_y - cov * self._slope)  # std of y, given x
        self.box = square_box_about(self._mean, 4 * self._std.max())
        factor = [[self._std[0], 0.0], [self._slope * self._std[0], self._rest]]
        self._factor = torch.tensor(factor, dtype=torch.float32).T.contiguous()
        self._center = torch.tensor(self._mean[None], dtype=torch.float32)

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a normal pair, made correlated, shifted."""
        return torch.randn(n, 2, generator=generator).matmul(self._factor).add_(self._center)

    def _log_density(self, x: Floats) -> Floats:
        x, y = np.moveaxis(x - self._mean, -1, 0)
        u, v = x / self._std[0], (y - self._slope * x) / self._rest
        return -0.5 * (u * u + v * v) - math.log(2 * math.pi * self._std[0] * self._rest)

    def _cell_masses(self, *edges: Floats) -> Floats:
        # The mass beyond 12 standard deviations is negligible.
        xe, ye = (
            np.clip(e - m, -12 * s, 12 * s)
            for e, m, s in zip(edges, self._mean, self._std, strict=True)
        )
        widest = 2 * min(self._std[0], self._rest / max(abs(self._slope), 1e-300))
        nodes, weights = np.polynomial.legendre.leggauss(10)
        out = np.zeros((len(xe) - 1, len(ye) - 1))
        for i, (low, high) in enumerate(itertools.pairwise(xe)):
            panels = max(1, math.ceil((high - low) / widest))
            half = (high - low) / panels / 2
            x = (low + half * (1 + 2 * np.arange(panels)[:, None] + nodes)).ravel()
            density = np.exp(-0.5 * (x / self._std[0]) ** 2)
            density *= np.tile(weights, panels) * half / (math.sqrt(2 * math.pi) * self._std[0])
            z = (ye - self._slope * x[:, None]) / self._rest
            out[i] = density @ tail_differences(ndtr(z), ndtr(-z))
        return out


TARGETS.add(
    TargetEntry(
        name="gaussian_2d",
        title=_("Gaussian in the plane"),
        dim=2,
        equation=r"p_{data} = \mathcal{N}\!\left((\mu_x, \mu_y),\, \begin{pmatrix}"
        r" \sigma_x^2 & c \\ c & \sigma_y^2 \end{pmatrix}\right)",
        doc=_("An affine image of normal latents, which a linear generator can match."),
        cite="Zhang et al., Dive into Deep Learning, chapter 20.1",
        params=(
            place_param("mean_x", _("mean of x"), 1.0, _("Centre along x.")),
            place_param("mean_y", _("mean of y"), 2.0, _("Centre along y.")),
            Param("var_x", _("variance of x"), 1.01, 1e-8, 1e12, doc=_("Variance of x."), log=True),
            Param("var_y", _("variance of y"), 4.25, 1e-8, 1e12, doc=_("Variance of y."), log=True),
            Param(
                "cov",
                _("covariance"),
                1.95,
                -0.9999e12,
                0.9999e12,
                doc=_("Covariance of x and y; |cov| is at most 0.9999 √(var x · var y)."),
            ),
        ),
        build=Gaussian2D,
    )
)
