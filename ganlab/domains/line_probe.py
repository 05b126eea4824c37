"""The probe of the line: with 1-D latents p_g is computed by push-forward."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from ganlab import metrics
from ganlab.domains.base import INTERVALS, SMOOTHING, TAIL, Probe
from ganlab.latents import Intervals, LatentEntry, labelled
from ganlab.targets import Target, Target1D

MOST_CELLS = 400
_CELL = 0.05
_TAILS = np.array([TAIL, 1 - TAIL])


class LineProbe(Probe):
    """The probe in 1-D. The first and last masses are those below and above the cells."""

    @classmethod
    def latents(
        cls, latent: LatentEntry, latent_dim: int, points: int, weights: tuple[float, ...] = ()
    ) -> tuple[np.ndarray, Intervals | None]:
        """(n, in): the ends of intervals of a 1-D latent; quasi-random latents otherwise."""
        if latent_dim > 1:
            return super().latents(latent, latent_dim, points, weights)
        over = labelled(latent, min(INTERVALS, points), weights)
        return over.inputs, over

    @classmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """See `Probe.cells_of`: cells of width .05, or 400 cells over a wide box."""
        lo, hi = target.box[0]
        cells = min(int(round((hi - lo) / _CELL)), MOST_CELLS)
        return (np.linspace(lo, hi, cells + 1),)

    @classmethod
    def masses_of(cls, target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
        """Exact masses, from the distribution function."""
        cdf = _line(target).cdf
        below, above = cdf(edges[0][0]), 1 - cdf(edges[0][-1])
        return np.concatenate([[below], target.cell_masses(*edges).ravel(), [above]])

    @classmethod
    def reals(cls, target: Target, latents: np.ndarray, over: Intervals | None) -> torch.Tensor:
        """Evenly spaced quantiles, as many as p_g has."""
        return torch.from_numpy(_quantiles(target, _count(latents, over))[:, None])

    @classmethod
    def labelled_reals(
        cls, target: Target, latents: np.ndarray, over: Intervals | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Evenly spaced quantiles of each part, in proportion to its weight."""
        assert target.parts is not None
        weights, parts = target.parts
        counts = [max(1, round(INTERVALS * weight)) for weight in weights]
        x = [_quantiles(part, count) for part, count in zip(parts, counts, strict=True)]
        which = torch.repeat_interleave(torch.arange(len(parts)), torch.tensor(counts))
        return torch.from_numpy(np.concatenate(x)[:, None]), which

    def label_masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """See `Probe.label_masses`: exact, as `masses` is."""
        over = over or self.intervals
        if over is None:
            return super().label_masses(gz)
        out = []
        for k in range(len(self.weights)):
            mine, mass = over.of_label(k)
            out.append(metrics.pushforward_1d(gz[:, mine, 0], mass, self.edges[0]))
        return np.stack(out, 1)

    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """Exact if the latents are ends of intervals, on each of which G is taken as linear."""
        over = over or self.intervals
        if over is not None:
            return metrics.pushforward_1d(gz[..., 0], over.mass, self.edges[0])
        edges = np.concatenate([[-np.inf], self.edges[0], [np.inf]])
        return np.stack([np.histogram(row[:, 0], edges)[0] for row in gz]) / gz.shape[1]

    def inside(self, mass: np.ndarray) -> np.ndarray:
        """All masses except the first and the last."""
        return mass[..., 1:-1]

    def smoothed(self, mass: np.ndarray) -> np.ndarray:
        """Masses convolved with a narrow Gaussian; the masses outside the cells are unchanged."""
        inner = metrics.smooth(mass[..., 1:-1], SMOOTHING, axes=(-1,))
        return np.concatenate([mass[..., :1], inner, mass[..., -1:]], -1)

    @cached_property
    def quantiles(self) -> np.ndarray:
        """The quantiles of p_data that W1 compares with those of p_g, (n,)."""
        over = self.intervals
        if over is not None and self.target.has_mean and self.weights:
            levels = np.clip(np.arange(INTERVALS + 1) / INTERVALS, 1e-7, 1 - 1e-7)
            return _line(self.target).quantile_means(levels)
        if over is not None and self.target.has_mean:
            return _gathered(_line(self.target).quantile_means(_levels(over)), over)
        return _quantiles(self.target, _count(self.z, over))

    def distance(self, gz: np.ndarray) -> np.ndarray:
        """The exact W1, from quantiles."""
        over = self.intervals
        if over is not None and self.weights:
            middle, mass = (gz[:, 1:, 0] + gz[:, :-1, 0]) / 2, over.mass
            some = mass > 0  # between two labels there is an interval without mass
            rows = (w1_weighted(row[some], mass[some], self.quantiles) for row in middle)
            return np.array(list(rows))
        points = gz[..., 0] if over is None else _means(gz[..., 0], over)
        return metrics.w1_quantiles(points, self.quantiles)

    @property
    def heavy(self) -> bool:
        """Whether p_data or the latent has no mean, so that the JSD hides errors in the tails."""
        return not (self.target.has_mean and self.latent_mean)

    def tail(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """The width between p_g's .1 % and 99.9 % quantiles over that of p_data, within 3 %.

        1 if the tails match. (R, n, 1) -> (R,); over: as for `masses`.
        """
        x, mass = gz[..., 0], np.full(gz.shape[1], 1 / gz.shape[1])
        if self.intervals is not None:
            x, mass = (x[:, 1:] + x[:, :-1]) / 2, (over or self.intervals).mass
        widths = []
        for row in x:
            order = np.argsort(row)
            middle = np.cumsum(mass[order]) - mass[order] / 2
            widths.append(np.diff(np.interp(_TAILS, middle, row[order])) / self._between_tails)
        return np.concatenate(widths)

    @cached_property
    def _between_tails(self) -> np.ndarray:
        """The width between p_data's quantiles at `_TAILS`, (1,)."""
        return np.diff(_line(self.target).ppf(_TAILS))

    def samples_of_perfect_g(self) -> np.ndarray:
        """The quantile function, if latents are ends of intervals; else samples."""
        if self.intervals is None:
            return super().samples_of_perfect_g()
        # Equal latents make equal points: those of the middle of their quantile levels.
        if self.weights:
            level = np.clip(self.intervals.level, 1e-12, 1 - 1e-12)
            parts = enumerate(self._parts)
            each = [_line(part).ppf(level[self.intervals.of_label(k)[0]]) for k, part in parts]
            return np.concatenate(each)[None, :, None]
        level, ends = _levels(self.intervals), self.intervals.ends
        first = np.searchsorted(ends, ends, side="left")
        last = np.searchsorted(ends, ends, side="right") - 1
        return _line(self.target).ppf((level[first] + level[last]) / 2)[None, :, None]


def w1_weighted(a: np.ndarray, weights: np.ndarray, b: np.ndarray) -> float:
    """Wasserstein-1 distance in 1-D of points a (n,) with `weights` (n,), sum 1, and points b (m,).

    W1 = integral |F_a(x) - F_b(x)| dx, in units of x; all of b weigh the same. Any order.
    """
    # As scipy.stats.wasserstein_distance, whose import takes seconds.
    order = np.argsort(a)
    of_a, of_b = np.append(0.0, np.cumsum(weights[order])), np.arange(len(b) + 1) / len(b)
    x = np.sort(np.concatenate([a, b]))
    at_a = of_a[np.searchsorted(a[order], x[:-1], side="right")]
    at_b = of_b[np.searchsorted(np.sort(b), x[:-1], side="right")]
    return float((np.abs(at_a - at_b) * np.diff(x)).sum())


def _line(target: Target) -> Target1D:
    assert isinstance(target, Target1D)  # all 1-D targets are
    return target


def _count(latents: np.ndarray | torch.Tensor, over: Intervals | None) -> int:
    """The number of quantiles: that of the latents, or of the intervals of equal mass."""
    return len(latents) if over is None else len(over.whole) - 1


def _quantiles(target: Target, count: int) -> np.ndarray:
    return _line(target).ppf((np.arange(count) + 0.5) / count)


def _means(x: np.ndarray, over: Intervals) -> np.ndarray:
    """Means over intervals of equal mass of a function linear on each of `over`, (..., count)."""
    return _gathered((x[..., 1:] + x[..., :-1]) / 2, over)


def _gathered(means: np.ndarray, over: Intervals) -> np.ndarray:
    """Means over each of `over`, (..., m), as means over intervals of equal mass, (..., count)."""
    # For two functions of the quantile that do not cross, the means give W1 exactly.
    return np.add.reduceat(means * over.mass, over.whole[:-1], -1) * (len(over.whole) - 1)


def _levels(over: Intervals) -> np.ndarray:
    """The quantile levels of the ends of intervals, except 0 and 1, which may be at infinity."""
    low = over.level[0] or 1e-7
    return np.clip(over.level, low, 1 - low)
