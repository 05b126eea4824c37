"""The line: with 1-D latents p_g is computed by push-forward."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
import torch

from ganlab import metrics
from ganlab.domains.base import (
    INTERVALS,
    SMOOTHING,
    TAIL,
    Detail,
    Domain,
    Players,
    Probe,
    beyond_row,
    outside,
)
from ganlab.latents import LATENTS, Intervals, intervals
from ganlab.targets import Target, Target1D

MAP_LINES = 41  # the number of arrows z -> G(z)
_CELL, _MOST_CELLS = 0.05, 400
_FAKES = 200  # generated samples shown if there is no map z -> G(z)


class LineProbe(Probe):
    """The probe in 1-D. The first and last masses are those below and above the cells."""

    @classmethod
    def latents(
        cls, latent: str, latent_dim: int, points: int
    ) -> tuple[np.ndarray, Intervals | None]:
        """The ends of intervals of a 1-D latent; quasi-random latents otherwise."""
        if latent_dim > 1:
            return super().latents(latent, latent_dim, points)
        over = intervals(latent, min(INTERVALS, points))
        return over.ends[:, None], over

    @classmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """Cells of width .05, or 400 cells over a wide box."""
        lo, hi = target.box[0]
        cells = min(int(round((hi - lo) / _CELL)), _MOST_CELLS)
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
        """The quantiles of p_data that W1 compares with those of p_g."""
        over = self.intervals
        if over is not None and self.target.has_mean:
            return _means(_line(self.target).ppf(_levels(over)), over)
        return _quantiles(self.target, _count(self.z, over))

    def distance(self, gz: np.ndarray) -> np.ndarray:
        """The exact W1, from quantiles."""
        over = self.intervals
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
        levels = np.array([TAIL, 1 - TAIL])
        wanted = np.diff(_line(self.target).ppf(levels))
        widths = []
        for row in x:
            order = np.argsort(row)
            middle = np.cumsum(mass[order]) - mass[order] / 2
            widths.append(np.diff(np.interp(levels, middle, row[order])) / wanted)
        return np.concatenate(widths)

    def samples_of_perfect_g(self) -> np.ndarray:
        """The quantile function, if latents are ends of intervals; else samples."""
        if self.intervals is None:
            return super().samples_of_perfect_g()
        return _line(self.target).ppf(_levels(self.intervals))[None, :, None]


class Line(Domain):
    """The real line."""

    name, sides, distance, density = "line", ("left", "right"), "W₁ (exact)", True
    exact_latent_dim, most_cells = 1, _MOST_CELLS

    def probe(self, target: Target, latent: str, latent_dim: int, points: int) -> LineProbe:
        """The probe for runs on `target`."""
        return LineProbe.of(target, latent, latent_dim, points)

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """See `Domain.beyond`."""
        gz, box = np.asarray(gz, np.float64), np.asarray(box, np.float64)
        if mass is not None:
            return np.stack([_intervals(row, box, np.asarray(mass, np.float64)) for row in gz])
        return np.stack([_samples(row, box) for row in gz])

    def picture(
        self, players: Players, views: Sequence[LineProbe], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """p_g, d, d_star in cells; map_z and map_x, or fake; beyond, spread, tail.

        average: p_g of the average of G's weights, if one is kept.
        """
        exact, z, lines, over = views[0].exact, views[0].z[: detail.points], None, None
        if exact:
            z, lines, over = latents(players.specs[0].latent, detail.intervals)
        made, at = _parted(players.generate(z), over)
        gz = made.cpu().numpy()
        each = list(zip(views, gz, strict=True))
        masses = np.stack([view.masses(row[None], over)[0] for view, row in each])
        out = {"beyond": outside(self, views, gz, over)}
        reach = [view.tail(row[None], over)[0] for view, row in each if view.heavy]
        if over is not None:  # from here on all samples have equal weight
            made, gz = made[:, over.whole[1::2]], gz[:, over.whole[1:-1]]
        cells = [players.cells(run, masses[run], made) for run in range(len(views))]
        out["p_g"] = masses[:, 1:-1] / np.array([[view.cell] for view in views])
        out["d"], out["d_star"] = (np.stack([c[i] for c in cells]) for i in (0, 1))
        if (mean := players.average) is not None:
            also = _parted(mean.generate(z), over)[0].cpu().numpy()
            each = list(zip(views, also, strict=True))
            masses = np.stack([view.masses(row[None], over)[0] for view, row in each])
            out["average"] = masses[:, 1:-1] / np.array([[view.cell] for view in views])
        if lines is not None and at is not None:
            out["map_z"] = np.tile(lines, (len(views), 1))
            out["map_x"] = at.cpu().numpy()[..., 0]
        else:
            out["fake"] = gz[:, :_FAKES, 0]
        if arrows:
            found = players.arrows(made, made[:, :20] if at is None else at[:, ::2])
            out |= {name: a[..., 0] for name, a in found.items()}
        if len(reach) == len(views):
            out["tail"] = np.array(reach)
        return out | {"spread": gz[:, :: max(1, gz.shape[1] // detail.shared)]}


@lru_cache(maxsize=16)
def latents(latent: str, count: int) -> tuple[torch.Tensor, np.ndarray, Intervals]:
    """Ends of latent intervals, then the starts of the arrows z -> G(z), (n, 1); both again."""
    lines = LATENTS[latent].ppf((np.arange(MAP_LINES) + 0.5) / MAP_LINES)
    over = intervals(latent, count)
    return torch.from_numpy(np.concatenate([over.ends, lines])).float()[:, None], lines, over


def _parted(made: torch.Tensor, over: Intervals | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The outputs at the ends of intervals, and the outputs after them, or None."""
    if over is None:
        return made, None
    ends, rest = made.tensor_split([len(over.ends)], 1)
    return ends, rest


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
    # For two functions of the quantile that do not cross, the means give W1 exactly.
    middle = (x[..., 1:] + x[..., :-1]) / 2 * over.mass
    return np.add.reduceat(middle, over.whole[:-1], -1) * (len(over.whole) - 1)


def _levels(over: Intervals) -> np.ndarray:
    """The quantile levels of the ends of intervals, except 0 and 1, which may be at infinity."""
    low = over.level[0] or 1e-7
    return np.clip(over.level, low, 1 - low)


def _samples(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    x, (low, high) = x[:, 0], box[0]
    out = []
    for where in (x < low, x > high):
        out.append(beyond_row(where.mean(), np.where(where, x, 0.0).mean()))
    return np.array(out)


def _intervals(x: np.ndarray, box: np.ndarray, mass: np.ndarray) -> np.ndarray:
    x, (low, high) = x[:, 0], box[0]
    a, b = np.minimum(x[1:], x[:-1]), np.maximum(x[1:], x[:-1])
    wide = b > a
    length = np.where(wide, b - a, 1.0)
    # An interval whose ends coincide is an atom: all of it is beyond, or none.
    below = np.where(wide, np.clip((low - a) / length, 0, 1), a < low)
    above = np.where(wide, np.clip((b - high) / length, 0, 1), a > high)
    middles = (a / 2 + np.minimum(b, low) / 2, np.maximum(a, high) / 2 + b / 2)
    rows = zip((below, above), middles, strict=True)
    return np.array([beyond_row(mass @ p, mass @ np.where(p > 0, p * m, 0.0)) for p, m in rows])


LineProbe.domain = LINE = Line()
