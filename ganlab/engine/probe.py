"""What a run is measured with: fixed latents, grids, exact p_data, and what a perfect G scores.

Built once for a target and latent, shared by every run and snapshot; so a curve's points differ
by the state alone.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import torch

from ganlab import metrics, theory
from ganlab.latents import LATENTS, Intervals, intervals, quasi_random
from ganlab.spec import Params, Spec
from ganlab.targets import Target, Target1D, make_target
from ganlab.targets.base import frozen

INTERVALS = 4096  # latent intervals of equal mass of the exact push-forward, at most
RESOLUTION = 3e-5  # nats: what the JSD of an exact push-forward is off by at most, for any G
POINTS = 2**15  # quasi-random latents where p_g must be estimated
TAIL = 1e-3  # of p_data's mass beyond what is called a tail, on each side
SLICED = 2048  # samples each side in the sliced W1
SMOOTHING = 2.0  # cells: standard deviation of the Gaussian in the smoothed JSD
_CELL, _MOST_CELLS = 0.05, 400
_GRID_2D = 64
_SEED = 20140610  # the day of the paper


@dataclass(frozen=True)
class Probe:
    """Grids and constants; masses in cells, the last entries being what lies outside them.

    edges: one array for each axis; p_data: exact masses, flat (cells + outside);
    z: latents for p_g and expectations, (n, latent_dim); intervals: where p_g is an exact
    push-forward of a 1-D latent, those whose ends z are; latent_mean: whether E z exists;
    x: points of p_data for expectations, (m, dim); floors: metrics of a perfect generator.
    """

    target: Target
    edges: tuple[np.ndarray, ...]
    p_data: np.ndarray
    z: torch.Tensor
    intervals: Intervals | None
    latent_mean: bool
    x: torch.Tensor
    quantiles: np.ndarray | None
    floors: dict[str, float]

    @property
    def exact(self) -> bool:
        """Whether p_g is an exact push-forward."""
        return self.intervals is not None

    def even(self, made: torch.Tensor | np.ndarray):
        """Of what is made of z, (R, n, ...): what stands for all by its mean."""
        return made if self.intervals is None else made[:, self.intervals.whole[1::2]]

    @property
    def cell(self) -> float:
        """Width of a cell of the binned JSD."""
        return float(self.edges[0][1] - self.edges[0][0])

    @property
    def centres(self) -> tuple[np.ndarray, ...]:
        """Cell centres along each axis."""
        return tuple((e[1:] + e[:-1]) / 2 for e in self.edges)

    @property
    def volume(self) -> float:
        """Length or area of a cell."""
        return float(np.prod([e[1] - e[0] for e in self.edges]))

    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """p_g's masses from G(z), (R, n, dim) -> (R, cells + outside).

        over: the intervals whose ends the latents are, where p_g is exact and z others.
        """
        if self.target.dim == 2:
            return metrics.histogram_2d(gz, *self.edges)
        over = over or self.intervals
        if over is not None:
            return metrics.pushforward_1d(gz[..., 0], over.mass, self.edges[0])
        edges = np.concatenate([[-np.inf], self.edges[0], [np.inf]])
        return np.stack([np.histogram(row[:, 0], edges)[0] for row in gz]) / gz.shape[1]

    def smoothed(self, mass: np.ndarray) -> np.ndarray:
        """Masses convolved with a narrow Gaussian, what lies outside left where it is."""
        if self.target.dim == 2:
            inner, outer = mass[..., :-1], mass[..., -1:]
            shape = (*mass.shape[:-1], *(len(e) - 1 for e in self.edges))
            inner = metrics.smooth(inner.reshape(shape), SMOOTHING, axes=(-2, -1))
            return np.concatenate([inner.reshape(*mass.shape[:-1], -1), outer], -1)
        inner = metrics.smooth(mass[..., 1:-1], SMOOTHING, axes=(-1,))
        return np.concatenate([mass[..., :1], inner, mass[..., -1:]], -1)

    def jsd(self, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Binned and smoothed JSD from p_data, nats, each (R,)."""
        smooth = theory.jsd(_normal(self.smoothed(mass)), _normal(self.smoothed(self.p_data)))
        return theory.jsd(mass, self.p_data), smooth

    def w1(self, gz: np.ndarray, bounded: bool = False) -> np.ndarray:
        """W1 from p_data, (R, n, dim) -> (R,): exact quantiles in 1-D, sliced in 2-D.

        Infinite where p_data has no mean (Cauchy), or where p_g has none, since the latent has
        none and G is not bounded.
        """
        if not (self.target.has_mean and (self.latent_mean or bounded)):
            return np.full(len(gz), np.inf)
        if self.quantiles is not None:  # on the line
            over = self.intervals
            points = gz[..., 0] if over is None else _means(gz[..., 0], over)
            return metrics.w1_quantiles(points, self.quantiles)
        rows = [metrics.sliced(row[:SLICED]) for row in gz]
        return np.array([np.abs(row - self.slices[:, : row.shape[1]]).mean() for row in rows])

    def over(self, box: np.ndarray) -> Probe:
        """The same probe with cells over another box, (dim, 2); its floors stay as they are."""
        target = copy(self.target)
        object.__setattr__(target, "box", frozen(box))
        edges = _edges(target)
        return replace(self, target=target, edges=edges, p_data=_p_data(target, edges))

    @property
    def heavy(self) -> bool:
        """Whether p_data or the latent has no mean, on the line: JSD says too little of tails."""
        return self.target.dim == 1 and not (self.target.has_mean and self.latent_mean)

    def tail(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """How far p_g's tails reach, of p_data's: (R, n, dim) -> (R,); NaN in the plane.

        The width between the .1 % and the 99.9 % quantile over that of p_data, to 3 %; 1 where
        the tails match. over: as for `masses`.
        """
        if self.target.dim == 2:
            return np.full(len(gz), np.nan)
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

    @cached_property
    def slices(self) -> np.ndarray:
        """Sorted projections of p_data's points, for the sliced W1."""
        return metrics.sliced(self.x[:SLICED].numpy())

    @cached_property
    def grid(self) -> torch.Tensor:
        """Cell centres as D's input, (cells, dim), in the order of `p_data`."""
        points = np.stack(np.meshgrid(*self.centres, indexing="ij"), -1)
        return torch.from_numpy(points.reshape(-1, self.target.dim)).float()


def _means(x: np.ndarray, over: Intervals) -> np.ndarray:
    """Means over intervals of equal mass of what is linear on each of `over`, (..., count)."""
    # A function of the quantile that does not cross another: its mean gives W1 exactly.
    middle = (x[..., 1:] + x[..., :-1]) / 2 * over.mass
    return np.add.reduceat(middle, over.whole[:-1], -1) * (len(over.whole) - 1)


def _line(target: Target) -> Target1D:
    assert isinstance(target, Target1D)  # all of one dimension are
    return target


def _normal(mass: np.ndarray) -> np.ndarray:
    return mass / mass.sum(-1, keepdims=True)


def _edges(target: Target) -> tuple[np.ndarray, ...]:
    if target.dim == 2:
        return tuple(np.linspace(lo, hi, _GRID_2D + 1) for lo, hi in target.box)
    lo, hi = target.box[0]
    cells = min(int(round((hi - lo) / _CELL)), _MOST_CELLS)
    return (np.linspace(lo, hi, cells + 1),)


def _p_data(target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
    inner = target.cell_masses(*edges).ravel()
    if target.dim == 1:
        cdf = _line(target).cdf
        below, above = cdf(edges[0][0]), 1 - cdf(edges[0][-1])
        return np.concatenate([[below], inner, [above]])
    return np.append(inner, max(0.0, 1 - inner.sum()))


def _floors(probe: Probe) -> dict[str, float]:
    """What a perfect generator would score under the same estimators."""
    if probe.intervals is not None:
        perfect = _line(probe.target).ppf(_levels(probe.intervals))[None, :, None]
    else:
        draw = torch.Generator().manual_seed(_SEED + 1)
        perfect = probe.target.sample(len(probe.z), draw).double().numpy()[None]
    jsd, smooth = probe.jsd(probe.masses(perfect))
    if probe.exact:
        jsd, smooth = np.maximum(jsd, RESOLUTION), np.maximum(smooth, RESOLUTION)
    return {"jsd": jsd[0], "jsd_smooth": smooth[0], "w1": probe.w1(perfect, bounded=True)[0]}


def _levels(over: Intervals) -> np.ndarray:
    """Levels of quantiles at the ends of intervals, but for 0 and 1, which may be at infinity."""
    low = over.level[0] or 1e-7
    return np.clip(over.level, low, 1 - low)


@lru_cache(maxsize=16)
def _build(name: str, params: Params, latent: str, latent_dim: int, points: int) -> Probe:
    target = make_target(name, params)
    edges = _edges(target)
    over = None
    if target.dim == 1 and latent_dim == 1:
        over = intervals(latent, min(INTERVALS, points))
        latents = over.ends[:, None]
    else:
        latents = quasi_random(latent, latent_dim, points)
    quantiles = None
    if target.dim == 1:
        count = len(latents) if over is None else len(over.whole) - 1
        quantiles = _line(target).ppf((np.arange(count) + 0.5) / count)
        x = torch.from_numpy(quantiles[:, None])
        if over is not None and target.has_mean:
            quantiles = _means(_line(target).ppf(_levels(over)), over)
    else:
        x = target.sample(8192, torch.Generator().manual_seed(_SEED))
    z = torch.from_numpy(latents).float()
    mean = LATENTS[latent].has_mean
    probe = Probe(target, edges, _p_data(target, edges), z, over, mean, x.float(), quantiles, {})
    object.__setattr__(probe, "floors", {k: float(v) for k, v in _floors(probe).items()})
    return probe


def probe_for(spec: Spec, points: int = POINTS) -> Probe:
    """The probe of a Spec's target and latent; `points` latents where p_g is estimated."""
    return _build(spec.target, spec.target_params, spec.latent, spec.latent_dim, points)


def reach(latent: str) -> float:
    """|z| up to which a latent axis is drawn."""
    return LATENTS[latent].reach
