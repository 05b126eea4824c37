"""Targets made of equal Gaussians at the nodes of a grid: points with a kernel, drawings, images.

p_data(x) = sum_i w_i N(x; a_i, diag(s^2)). The density, the masses of cells and the samples are
those of this one formula, whatever the number of points that were counted at the nodes.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from scipy.special import ndtr

from ganlab.targets.base import FARTHEST, Floats, Target, Target1D, frozen

LINE_NODES = 8192  # the most on the line
PLANE_NODES = 1024  # the most along each axis of the plane
_REACH = 9.0  # standard deviations, beyond which a Gaussian has no mass in double precision
_BLOCK = 4_000_000  # numbers at once
_ROOT = float(np.sqrt(2 * np.pi))


class Kernels(Target):
    """Weights at the nodes origin + pitch * index of a grid, each blurred by a Gaussian.

    weights: (nodes,) or (nodes, nodes), x first, at least 0, normalised here; origin, pitch, std:
    (dim,); box: see `Target`. Raises ValueError for other shapes and weights.
    """

    def __init__(self, weights: Floats, origin: Floats, pitch: Floats, std: Floats, box: Floats):
        weights = np.asarray(weights, np.float64)
        self.dim = weights.ndim
        self.origin, self.pitch, self.std = frozen(origin), frozen(pitch), frozen(std)
        if not self.origin.shape == self.pitch.shape == self.std.shape == (self.dim,):
            raise ValueError(f"one origin, pitch and std for each of {self.dim} axes")
        if not np.isfinite(weights).all() or weights.min() < 0 or not weights.sum() > 0:
            raise ValueError("weights must be finite, at least 0, and not all 0")
        self.weights, self.box = frozen(weights / weights.sum()), frozen(box)
        nodes = np.argwhere(self.weights)
        self._places = torch.from_numpy(self.origin + self.pitch * nodes).float()
        if not self._places.abs().max() <= 2 * FARTHEST:
            raise ValueError(f"nodes must be within {2 * FARTHEST:g} of 0")
        self._reached = torch.from_numpy(np.cumsum(self.weights[tuple(nodes.T)]))
        self._reached[-1] = 1.0
        self._spread = torch.tensor(self.std, dtype=torch.float32)

    @property
    def mixture(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Nodes with weight (n, dim), the sums of their weights (n,) float64, and std (dim,)."""
        return self._places, self._reached, self._spread

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: a node, and Gaussian noise."""
        u = torch.rand(n, generator=generator, dtype=torch.float64)
        at = torch.searchsorted(self._reached, u, right=True)
        return torch.randn(n, self.dim, generator=generator) * self._spread + self._places[at]

    def _nodes(self, axis: int) -> Floats:
        return self.origin[axis] + self.pitch[axis] * np.arange(self.weights.shape[axis])

    def _between(self, axis: int, edges: Floats) -> Floats:
        """The mass of each node's Gaussian between successive edges, (cells, nodes)."""
        z = (edges[:, None] - self._nodes(axis)) / self.std[axis]
        # The smaller tail is subtracted, so that small masses keep their precision.
        above = z[:-1] > 0
        low, high = np.where(above, -z[1:], z[:-1]), np.where(above, -z[:-1], z[1:])
        return ndtr(high) - ndtr(low)

    def _peaks(self, axis: int, x: Floats) -> Floats:
        """The density of each node's Gaussian at x (m,), (m, nodes)."""
        z = (x[:, None] - self._nodes(axis)) / self.std[axis]
        return np.exp(-0.5 * z**2) / (_ROOT * self.std[axis])

    def _cell_masses(self, *edges: Floats) -> Floats:
        x, y = (self._between(axis, e) for axis, e in enumerate(edges))
        return np.maximum(x @ self.weights @ y.T, 0)

    def _log_density(self, x: Floats) -> Floats:
        flat = x.reshape(-1, self.dim)
        out = np.empty(len(flat))
        for some in _blocks(len(flat), max(self.weights.shape)):
            out[some] = self._density(flat[some])
        with np.errstate(divide="ignore"):
            return np.log(out).reshape(x.shape[:-1])

    def _density(self, x: Floats) -> Floats:
        """At x (m, dim), (m,)."""
        columns = self._peaks(0, x[:, 0]) @ self.weights
        return (columns * self._peaks(1, x[:, 1])).sum(1)


class Kernels1D(Kernels, Target1D):
    """Kernels on the line: adds the distribution function and the quantiles."""

    def cdf(self, x: Floats) -> Floats:
        """F(x); any shape."""
        return self._tail(np.asarray(x, np.float64), 1)

    def sf(self, x: Floats) -> Floats:
        """1 - F(x), accurate in the upper tail; any shape."""
        return self._tail(np.asarray(x, np.float64), -1)

    def _tail(self, x: Floats, sign: int) -> Floats:
        """The mass below x (sign 1) or above it (sign -1)."""
        flat, out = x.ravel(), np.empty(x.size)
        for some in _blocks(x.size, self._window):
            weights, z = self._near(flat[some])
            out[some] = (weights * ndtr(sign * z)).sum(1) + self._farther(flat[some], sign)
        return np.minimum(out, 1.0).reshape(x.shape)

    @cached_property
    def _window(self) -> int:
        """How many nodes around a point have mass there."""
        return min(2 * int(np.ceil(_REACH * self.std[0] / self.pitch[0])) + 2, self.weights.size)

    def _first(self, x: Floats) -> np.ndarray:
        """The first of the nodes around x."""
        at = (np.clip(x, -1e300, 1e300) - self.origin[0]) / self.pitch[0] - self._window / 2
        return np.clip(np.ceil(at), 0, self.weights.size - self._window).astype(int)

    def _near(self, x: Floats) -> tuple[Floats, Floats]:
        """The weights of the nodes around x, and x as seen from them, (m, window)."""
        index = self._first(x)[:, None] + np.arange(self._window)
        return self.weights[index], (x[:, None] - self._nodes(0)[index]) / self.std[0]

    def _farther(self, x: Floats, sign: int) -> Floats:
        """The mass of the nodes below (sign 1) or above those around x."""
        first = self._first(x)
        if sign == 1:
            return self._sums[0][first]
        return self._sums[1][first + self._window]

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        """The weight below each node, and from each node on, (nodes + 1,)."""
        below = np.append(0.0, np.cumsum(self.weights))
        return below, np.append(np.cumsum(self.weights[::-1])[::-1], 0.0)

    def _density(self, x: Floats) -> Floats:
        weights, z = self._near(x[:, 0])
        far = np.exp(-0.5 * z**2) / (_ROOT * self.std[0])
        return (weights * far).sum(1)

    def _cell_masses(self, *edges: Floats) -> Floats:
        return Target1D._cell_masses(self, *edges)

    @cached_property
    def _table(self) -> tuple[Floats, Floats]:
        """Places an eighth of a kernel apart, and the distribution function there."""
        pad = _REACH * self.std[0]
        low, high = self._nodes(0)[[0, -1]] + [-pad, pad]
        x = np.linspace(low, high, int(np.ceil((high - low) / self.std[0] * 8)) + 1)
        return x, np.maximum.accumulate(self.cdf(x))

    def _ppf(self, u: Floats) -> Floats:
        """Newton's method, inside a bracket from a table."""
        places, heights = self._table
        flat = np.asarray(u, np.float64).ravel()
        cell = np.clip(np.searchsorted(heights, flat), 1, len(places) - 1)
        low, high = places[cell - 1], places[cell]
        rise = heights[cell] - heights[cell - 1]
        share = np.divide(flat - heights[cell - 1], rise, out=np.zeros_like(flat), where=rise > 0)
        x = low + (high - low) * np.clip(share, 0, 1)
        sign = np.where(flat < 0.5, 1, -1)  # of the tail that keeps its digits
        for some in _blocks(len(x), self._window):
            x[some] = self._newton(x[some], flat[some], sign[some], low[some], high[some])
        x[flat == 0], x[flat == 1] = -np.inf, np.inf
        return x.reshape(np.shape(u))

    def _newton(self, x: Floats, u: Floats, sign: np.ndarray, low: Floats, high: Floats) -> Floats:
        """Quantiles of u from places x near them, all (n,)."""
        for _ in range(3):
            weights, z = self._near(x)
            farther = np.where(sign > 0, self._farther(x, 1), self._farther(x, -1))
            tail = np.einsum("ij,ij->i", weights, ndtr(sign[:, None] * z)) + farther
            slope = np.einsum("ij,ij->i", weights, np.exp(-0.5 * z**2)) / (_ROOT * self.std[0])
            apart = sign * (tail - np.where(sign > 0, u, 1 - u))
            step = np.divide(apart, slope, out=np.zeros_like(x), where=slope > 1e-300)
            x = np.clip(x - step, low, high)
        return x


class Kernels2D(Kernels):
    """Kernels in the plane."""


def _blocks(count: int, width: int) -> list[slice]:
    """Parts of `count` rows of `width` numbers, each of which fits into memory."""
    step = max(1, _BLOCK // max(1, width))
    return [slice(i, i + step) for i in range(0, count, step)]
