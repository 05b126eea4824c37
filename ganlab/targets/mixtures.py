"""Gaussian mixtures in any dimension, and curves blurred by a Gaussian."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.special import ndtr, ndtri

from ganlab.targets.base import (
    Floats,
    Modes,
    Parts,
    Target,
    Target1D,
    frozen,
    tail_differences,
)

_BLOCK = 1 << 15  # elements per block of a log density: 256 KiB, which stays in the cache
_PANEL_NODES = 10
_SEGMENTS = 8192
_FEW = 32  # up to this number of bounds, comparing with each is faster than a search


def mixture_log_density(x: Floats, centers: Floats, std: Floats | float, weights: Floats) -> Floats:
    """log sum_i w_i N(x; c_i, std_i^2 I) in nats, by log-sum-exp: x (..., dim) -> (...).

    std: one for all, or (m,).
    """
    # In units of the smallest std, in which those of equal ones need no further division.
    least = np.min(std)
    scale, more = least * math.sqrt(2), np.asarray(std) / least
    points, nodes = x.reshape(-1, x.shape[-1]) / scale, centers / scale
    m, dim = nodes.shape
    constant = np.log(weights) - dim * (np.log(std) + 0.5 * math.log(2 * math.pi))
    out = np.empty(len(points))
    rows = max(1, _BLOCK // m)
    for start in range(0, len(points), rows):
        block = points[start : start + rows]
        terms = np.repeat(constant[None], len(block), axis=0)
        for axis in range(dim):
            offset = block[:, axis, None] - nodes[:, axis]
            if more.ndim:
                offset /= more
            with np.errstate(over="ignore"):
                offset *= offset
            terms -= offset
        top = terms.max(axis=1)
        far = np.isneginf(top)  # a point at infinity, for which -inf - -inf would be nan
        terms -= np.where(far, 0.0, top)[:, None]
        np.maximum(terms, -700.0, out=terms)  # exp is several times slower where it underflows
        np.exp(terms, out=terms)
        out[start : start + rows] = np.where(far, -np.inf, top + np.log(terms.sum(axis=1)))
    return out.reshape(x.shape[:-1])


def mixture_cell_masses(
    edges: tuple[Floats, ...], centers: Floats, std: Floats | float, weights: Floats
) -> Floats:
    """sum_i w_i prod_axis [Phi((b - c_i)/std_i) - Phi((a - c_i)/std_i)] for each cell (a, b).

    std: one for all, or (m,).
    """
    masses = []
    for axis, e in enumerate(edges):
        z = (e - centers[:, axis, None]) / np.asarray(std)[..., None]
        masses.append(tail_differences(ndtr(z), ndtr(-z)))
    if len(masses) == 1:
        return weights @ masses[0]
    return (weights[:, None] * masses[0]).T @ masses[1]


class GaussianMixture(Target):
    """p_data = sum_i w_i N(c_i, std_i^2 I): centers (m, dim), weights (m,) summing to 1.

    std: one for all modes, or (m,).
    """

    modes: Modes

    def __init__(self, centers: Floats, std: Floats | float, weights: Floats, box: Floats):
        self.box = box
        self.modes = Modes(
            frozen(centers), frozen(np.broadcast_to(std, len(centers))), frozen(weights)
        )
        self.dim = self.modes.centers.shape[1]
        equal = np.ptp(self.modes.std) == 0
        self._std: Any = float(self.modes.std[0]) if equal else self.modes.std
        self._widths = None if equal else torch.tensor(self.modes.std, dtype=torch.float32)[:, None]
        self._centers = torch.tensor(self.modes.centers, dtype=torch.float32)
        self._bounds = torch.tensor(np.cumsum(weights)[:-1], dtype=torch.float32)
        self._even_bounds = torch.tensor(np.cumsum(weights)[:-1], dtype=torch.float64)
        self.labels = len(self._centers) if len(self._centers) > 1 else 0
        self.balances = self.labels > 0

    @cached_property
    def parts(self) -> Parts | None:
        """The modes."""
        if not self.labels:
            return None
        modes = zip(self.modes.centers, self.modes.std, strict=True)
        one = np.ones(1)
        return Parts(
            self.modes.weights,
            tuple(type(self)(c[None], float(std), one, self.box) for c, std in modes),
        )

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`. Draws a uniform number per point for its mode, then the noise.

        The draws do not depend on weights, centers or std, so changing one of these leaves the
        other contributions to each point unchanged.
        """
        return self.sample_labelled(n, generator)[0]

    def sample_labelled(
        self, n: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Target.sample_labelled`; the label is the number of the mode."""
        u = torch.rand(n, generator=generator)
        return self._made(n, generator, lambda: _count_below(self._bounds, u))

    def sample_balanced(
        self, n: int, size: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Target.sample_balanced`. The noise is that of `sample`, and most modes are too."""
        u = evenly_spaced(torch.rand(n, generator=generator).view(-1, size)).view(n)
        return self._made(n, generator, lambda: _count_below(self._even_bounds, u))

    def _made(
        self, n: int, generator: torch.Generator, modes: Callable[[], torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(n, self.dim, generator=generator)
        if self._widths is None:
            x.mul_(self._std)
        if len(self._centers) == 1:
            return x.add_(self._centers), torch.zeros(n, dtype=torch.int32)
        mode = modes()
        if self._widths is not None:
            x.mul_(self._widths.index_select(0, mode))
        return x.add_(self._centers.index_select(0, mode)), mode

    def _log_density(self, x: Floats) -> Floats:
        return mixture_log_density(x, self.modes.centers, self._std, self.modes.weights)

    def _cell_masses(self, *edges: Floats) -> Floats:
        return mixture_cell_masses(edges, self.modes.centers, self._std, self.modes.weights)


def evenly_spaced(u: torch.Tensor) -> torch.Tensor:
    """Numbers at equal distances in each row, in the order of u (rows, n), in [0, 1).

    Each row is shifted by the fractional part of its sum. If u are independent and uniform, so is
    the shift, whatever their order: every number is uniform by itself.
    """
    rank = u.argsort(dim=1, stable=True).argsort(1)
    return (rank + u.double().sum(1, keepdim=True) % 1) / u.shape[1]


def _count_below(bounds: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    """The number of bounds (one or more) that are <= u, (n,) int32."""
    if len(bounds) > _FEW:
        return torch.bucketize(u, bounds, right=True, out_int32=True)
    count = (u >= bounds[0]).view(torch.uint8)
    for bound in bounds[1:]:
        count.add_((u >= bound).view(torch.uint8))
    return count.int()


class GaussianMixture1D(GaussianMixture, Target1D):
    """A Gaussian mixture on the line, with its distribution function and quantiles."""

    def cdf(self, x: Floats) -> Floats:
        """F(x) = sum_i w_i Phi((x - c_i) / std_i); any shape."""
        return ndtr(self._standard(x)) @ self.modes.weights

    def sf(self, x: Floats) -> Floats:
        """1 - F(x) = sum_i w_i Phi((c_i - x) / std_i); any shape."""
        return ndtr(-self._standard(x)) @ self.modes.weights

    def _standard(self, x: Floats) -> Floats:
        x = np.asarray(x, dtype=np.float64)
        return (x[..., None] - self.modes.centers[:, 0]) / self._std

    def _ppf(self, u: Floats) -> Floats:
        """Newton's method from a table, kept inside a bracket; slow points use bisection."""
        centers, weights = self.modes.centers[:, 0], self.modes.weights
        if len(weights) == 1:
            return centers[0] + self._std * ndtri(u)
        flat = u.ravel()
        # The mixture's quantile lies between the smallest and the largest of its components'.
        finite = (flat > 0) & (flat < 1)
        low, high = self._between(ndtri(flat))
        knots, heights = self._table
        cell = np.searchsorted(heights, flat, side="right")
        low = np.maximum(low, np.append(-np.inf, knots)[cell])
        high = np.maximum(np.minimum(high, np.append(knots, np.inf)[cell]), low)
        x = np.where(finite, 0.5 * (low + high), np.where(flat > 0, np.inf, -np.inf))
        active = np.flatnonzero(finite)
        heights_of = weights / (self._std * math.sqrt(2 * math.pi))
        for iteration in range(200):
            if active.size == 0:
                break
            here = x[active]
            z = self._standard(here)
            error = ndtr(z) @ weights - flat[active]
            slope = np.exp(-0.5 * z * z) @ heights_of
            low[active] = lo = np.where(error <= 0, here, low[active])
            high[active] = hi = np.where(error >= 0, here, high[active])
            with np.errstate(divide="ignore", invalid="ignore"):
                new = here - error / slope
            inside = (new >= lo) & (new <= hi)
            if iteration % 3 == 2 and iteration > 6:
                inside[:] = False
            x[active] = new = np.where(inside, new, 0.5 * (lo + hi))
            tiny = 1e-12 * (1 + np.abs(new))
            active = active[(~inside | (np.abs(new - here) > tiny)) & (hi - lo > tiny)]
        return x.reshape(u.shape)

    def _between(self, z: Floats) -> tuple[Floats, Floats]:
        """The least and the largest quantile of the components at standard normal z, (n,) each."""
        centers, std = self.modes.centers, self.modes.std
        if np.ndim(self._std) == 0:
            shift = self._std * z
            return centers.min() + shift, centers.max() + shift
        low, high = np.full(z.shape, np.inf), np.full(z.shape, -np.inf)
        for (center,), width in zip(centers, std, strict=True):
            here = center + width * z
            low, high = np.minimum(low, here), np.maximum(high, here)
        return low, high

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        steps = self.modes.std[:, None] * np.linspace(-8, 8, 65)
        knots = np.sort((self.modes.centers + steps).ravel())
        return knots, np.maximum.accumulate(self.cdf(knots))


class BlurredCurve(Target):
    """A point on a plane curve plus Gaussian noise: X = c(s) + N(0, std^2 I), s ~ U(0, 1).

    p_data(x) = int_0^1 N(x; c(s), std^2 I) ds, evaluated by Gauss-Legendre quadrature with
    10 nodes on each panel of at most four std, that is as a Gaussian mixture. The relative error is
    about 1e-8 where the mass is; tens of std beyond a curve's end, the log density is within 0.1 %.
    `pieces` are functions from a fraction (n,) in [0, 1] to (n, 2), each with the same share of the
    mass; `length` is the largest speed of any of them, which is its length if the fraction is one
    of its arc length. `bend` is their smallest radius of curvature.
    """

    dim = 2

    def __init__(
        self,
        pieces: list[Callable[[Floats], Floats]],
        length: float,
        bend: float,
        std: float,
        box: Floats,
    ):
        self.box = box
        self._made_of = pieces, length, bend
        self.labels = len(pieces) if len(pieces) > 1 else 0
        self._std = float(std)
        panels = math.ceil(length / min(4 * std, 4 * bend))
        nodes, weights = np.polynomial.legendre.leggauss(_PANEL_NODES)
        fractions = ((np.arange(panels)[:, None] + 0.5 + 0.5 * nodes) / panels).ravel()
        share = 0.5 / (panels * len(pieces))
        self._nodes = frozen(np.concatenate([piece(fractions) for piece in pieces]))
        self._weights = frozen(np.tile(share * weights, panels * len(pieces)))
        # Samples interpolate between points dense enough that chords are within 1e-4 of the curve.
        ends = np.linspace(0, 1, _SEGMENTS + 1)
        points = np.stack([piece(ends) for piece in pieces])
        starts, steps = points[:, :-1], np.diff(points, axis=1)
        self._starts = torch.tensor(starts.reshape(-1, 2), dtype=torch.float32)
        self._steps = torch.tensor(steps.reshape(-1, 2), dtype=torch.float32)

    @cached_property
    def parts(self) -> Parts | None:
        """The pieces of the curve, if there are several."""
        if not self.labels:
            return None
        pieces, length, bend = self._made_of
        return Parts(
            frozen(np.full(len(pieces), 1 / len(pieces))),
            tuple(BlurredCurve([p], length, bend, self._std, self.box) for p in pieces),
        )

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a uniform place on the curve, then the noise."""
        return self.sample_labelled(n, generator)[0]

    def sample_labelled(
        self, n: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Target.sample_labelled`; the label is the number of the piece."""
        # In float64: in float32 the fraction within a segment would have few digits left.
        place = torch.rand(n, generator=generator, dtype=torch.float64).mul_(len(self._starts))
        x = torch.randn(n, 2, generator=generator).mul_(self._std)
        segment = place.to(torch.int32)
        fraction = place.sub_(segment).to(torch.float32)
        x.addcmul_(self._steps.index_select(0, segment), fraction[:, None])
        return x.add_(self._starts.index_select(0, segment)), segment // _SEGMENTS

    def _log_density(self, x: Floats) -> Floats:
        return mixture_log_density(x, self._nodes, self._std, self._weights)

    def _cell_masses(self, *edges: Floats) -> Floats:
        return mixture_cell_masses(edges, self._nodes, self._std, self._weights)
