"""Measures of a generator: exact cell masses, histograms, Wasserstein distances, mode scores.

NumPy in, float64 out; functions broadcast over leading (run) axes unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganlab.kernels import kernels
from ganlab.languages import _
from ganlab.theory import kl

Array = NDArray[np.float64]
HIGH_QUALITY_SIGMAS = 3.0
HELD = 0.25  # the share of its fair share that a mode needs to count as held
_NOT_FINITE = _("x is not finite: the generator has diverged")
PROJECTIONS = 31  # directions of the sliced W1: a prime, unlike the symmetries of rings and grids


def pushforward_1d(x: ArrayLike, mass: ArrayLike, edges: ArrayLike) -> Array:
    """Exact cell masses of p_g for a one-dimensional latent, without samples.

    x (..., N+1) is G at the ends of N latent intervals that hold `mass` (N,). G is taken as linear
    on each, so interval i spreads mass[i] uniformly between x[i] and x[i+1], or as one atom where
    they are equal. Cells are half-open [edge, next edge), first and last reach to -inf and +inf:
    edges (E,) strictly increasing -> (..., E+1), which sums to sum(mass).
    Raises ValueError for values that are not finite (or too large to subtract) and wrong shapes.
    """
    x, mass = np.asarray(x, np.float64), np.asarray(mass, np.float64)
    edges = np.asarray(edges, np.float64)
    if edges.ndim != 1 or len(edges) < 1 or not np.all(np.diff(edges) > 0):
        raise ValueError("edges must be one strictly increasing row")
    if mass.ndim != 1 or x.ndim < 1 or x.shape[-1] != len(mass) + 1:
        raise ValueError(f"x {x.shape} must hold one value more than mass {mass.shape}")
    lead, cells = x.shape[:-1], len(edges) + 1
    x = np.ascontiguousarray(x.reshape(-1, x.shape[-1]))
    if (native := kernels()) is not None:
        found = native.pushforward(x, np.ascontiguousarray(mass), np.ascontiguousarray(edges))
        if found is None:
            raise ValueError(_NOT_FINITE)
        return found.reshape(*lead, cells)
    runs = len(x)
    with np.errstate(invalid="ignore", over="ignore"):
        finite = np.isfinite(x).all() and np.isfinite(np.diff(x, axis=1)).all()
    if not finite:
        raise ValueError(_NOT_FINITE)

    cell = np.searchsorted(edges, x, side="right")
    rising = x[:, 1:] >= x[:, :-1]
    first = np.where(rising, cell[:, :-1], cell[:, 1:])
    last = np.where(rising, cell[:, 1:], cell[:, :-1])
    offset = np.arange(runs)[:, None] * cells
    weight = np.broadcast_to(mass, rising.shape)

    # Intervals within one cell: all their mass belongs to it.
    within = np.where(first == last, weight, 0.0)
    out: Array = np.bincount((first + offset).ravel(), within.ravel(), runs * cells).astype(float)

    # Intervals that cross an edge: a part for each end cell, and a density for the cells between.
    # Only intervals wider than a cell have cells between, so while cells are of similar width no
    # slope is huge and the cumulative sum does not cancel.
    row, col = np.nonzero(first != last)
    if len(row):
        ends = x[row, col], x[row, col + 1]
        low, high = np.minimum(*ends), np.maximum(*ends)
        first, last, part = first[row, col], last[row, col], mass[col]
        width = high - low
        row = row * cells
        out += np.bincount(row + first, part * ((edges[first] - low) / width), runs * cells)
        out += np.bincount(row + last, part * ((high - edges[last - 1]) / width), runs * cells)
        long = last > first + 1
        start, stop = (row + first)[long] + 1, (row + last)[long]
        slope = part[long] / width[long]
        change = np.bincount(start, slope, runs * cells) - np.bincount(stop, slope, runs * cells)
        cover = np.bincount(start, None, runs * cells) - np.bincount(stop, None, runs * cells)
        # An uncovered cell must hold exactly 0, not a rounding error: KL distinguishes them.
        density = np.where(np.cumsum(cover) > 0, np.cumsum(change), 0.0)
        density = np.maximum(density, 0.0).reshape(runs, cells)
        out = out.reshape(runs, cells)
        out[:, 1:-1] += density[:, 1:-1] * np.diff(edges)
    return out.reshape(*lead, cells)


def histogram_2d(points: ArrayLike, x_edges: ArrayLike, y_edges: ArrayLike) -> Array:
    """Fractions of points in the cells of a box, and outside it.

    points (..., n, 2); uniformly spaced edges (nx+1,), (ny+1,) -> (..., nx*ny + 1), cell (i, j) at
    i*ny + j, last the fraction outside (points that are not finite too); sums to 1. As in
    `numpy.histogram2d`, cells are half-open and the last along each axis is closed.
    Raises ValueError for edges that are not uniformly spaced, no points, or points not in 2-D.
    """
    points = np.asarray(points, np.float64)
    if points.ndim < 2 or points.shape[-1] != 2 or points.shape[-2] == 0:
        raise ValueError(f"points must be (..., n, 2) with n > 0, got {points.shape}")
    n, lead = points.shape[-2], points.shape[:-2]
    points = points.reshape(-1, n, 2)
    x_edges, y_edges = np.asarray(x_edges, np.float64), np.asarray(y_edges, np.float64)
    nx, ny = len(x_edges) - 1, len(y_edges) - 1
    if (native := kernels()) is not None:
        _uniform_step(x_edges), _uniform_step(y_edges)
        found = native.histogram(*(np.ascontiguousarray(a) for a in (points, x_edges, y_edges)))
        return (found / n).reshape(*lead, nx * ny + 1)
    # One more cell on each side collects the points outside.
    index = _uniform_cell(points[..., 0], x_edges) * (ny + 2)
    index += _uniform_cell(points[..., 1], y_edges)
    size = (nx + 2) * (ny + 2)
    index += np.arange(len(points))[:, None] * size
    counts = np.bincount(index.ravel(), minlength=len(points) * size)
    inside = counts.reshape(-1, nx + 2, ny + 2)[:, 1:-1, 1:-1].reshape(len(points), nx * ny)
    outside = n - inside.sum(-1, keepdims=True)
    return (np.concatenate([inside, outside], -1) / n).reshape(*lead, nx * ny + 1)


def _uniform_cell(x: Array, edges: Array) -> NDArray[np.intp]:
    """1 + the index of the cell of each x; 0 left of the box or nan, len(edges) right of it."""
    step, cells = _uniform_step(edges), len(edges) - 1
    with np.errstate(over="ignore"):
        t = (x - edges[0]) / step + 1.0
    # fmax and fmin return the number if the other argument is nan.
    np.fmin(np.fmax(t, 0.5, out=t), cells + 1.5, out=t)
    index = t.astype(np.intp)
    # Near an edge the division may round across it: compare with the edges themselves.
    t -= index
    t -= 0.5
    near = np.nonzero(np.abs(t, out=t) > 0.5 - 1e-5)
    index[near] = np.searchsorted(edges, x[near], side="right") - (x[near] == edges[-1])
    return index


def _uniform_step(edges: Array) -> float:
    """The distance of two edges (E,). Raises ValueError if they are not uniformly spaced."""
    if edges.ndim != 1 or len(edges) < 2:
        raise ValueError("edges must be one row of two or more")
    cells = len(edges) - 1
    step = float(edges[-1] - edges[0]) / cells
    even = np.abs(edges - (edges[0] + step * np.arange(cells + 1))) <= 1e-6 * step
    if not (step > 0 and even.all()):
        raise ValueError("edges must be uniformly spaced and increasing")
    return step


def smooth(mass: ArrayLike, sigma_cells: float, axes: int | Sequence[int] = -1) -> Array:
    """Cell masses convolved with a narrow Gaussian along `axes` (-1; (-2, -1) for a 2-D grid).

    The result has the same shape. sigma_cells is the width in cells; the kernel is cut at 4 sigma
    and sums to 1. Mass that leaves the grid is lost, not reflected. Leave out the outer cells of
    `pushforward_1d` and `histogram_2d`, which are not neighbours of the rest. A width of 0 copies.
    Raises ValueError if sigma_cells is negative or nan.
    """
    if not sigma_cells >= 0:
        raise ValueError(f"sigma_cells = {sigma_cells} must be 0 or more")
    out = np.array(mass, np.float64)
    if sigma_cells > 0:
        from scipy.ndimage import gaussian_filter1d  # slow: not at the server's start

        for axis in (axes,) if isinstance(axes, int) else axes:
            out = gaussian_filter1d(out, sigma_cells, axis, mode="constant", cval=0.0)
    return out


def w1_quantiles(a: ArrayLike, b: ArrayLike) -> Array:
    """Wasserstein-1 distance in 1-D from quantile functions at the same equal-mass midpoints.

    W1 = integral |F_a^-1(u) - F_b^-1(u)| du = mean |sort(a) - sort(b)|; a, b (..., N) in any order
    -> (...), in units of x. Samples of equal size are allowed too. Raises ValueError if N differs.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"a {a.shape} and b {b.shape} must have equally many values")
    return np.abs(np.sort(a, -1) - np.sort(b, -1)).mean(-1)


def w1_sliced(x: ArrayLike, y: ArrayLike, projections: int = PROJECTIONS) -> float:
    """Sliced Wasserstein-1 distance in the plane: the mean W1 of projections onto all directions.

    The mean over evenly spaced directions of the half circle, which is far more accurate than
    random ones: with the default number, within 1 % of 5,000 directions. Samples x (n, 2), y (n, 2)
    of equal weights -> units of x. It never exceeds W1; a pure shift of length t gives 2t/pi.
    Raises ValueError for values that are not finite, or shapes that differ or are not of the plane.
    """
    x, y = _samples(x, y)
    if x.shape != y.shape:
        raise ValueError(f"samples {x.shape} and {y.shape} must be equally many")
    return float(np.abs(sliced(x, projections) - sliced(y, projections)).mean())


def sliced(x: ArrayLike, projections: int = PROJECTIONS) -> Array:
    """Sorted projections of samples (n, 2) onto the directions of `w1_sliced`, (p, n).

    In single precision for samples in single precision, which takes half the time. Raises
    ValueError for other shapes.
    """
    # POT has this too, but its import takes seconds, and a live view measures its first frame.
    x = np.asarray(x)
    x = x.astype(np.float32 if x.dtype == np.float32 else np.float64, copy=False)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"samples must be (n, 2), got {x.shape}")
    angle = np.pi * (np.arange(projections) + 0.5) / projections
    directions = np.stack([np.cos(angle), np.sin(angle)], 1).astype(x.dtype)
    rows: Array = directions @ x.T
    rows.sort(axis=1)
    return rows


def w1_exact(x: ArrayLike, y: ArrayLike) -> float:
    """Exact Wasserstein-1 distance of two equal-weight samples: min over plans of E ||x - y||.

    x (n, d), y (m, d) -> units of x. Time grows faster than n*m: about 1 s at 2,500 points.
    Raises ValueError for values that are not finite or dimensions that differ. By POT (emd2).
    """
    x, y = _samples(x, y)
    import ot
    from scipy.spatial.distance import cdist  # ot.dist cancels: 1e-8 between equal points

    return float(ot.emd2([], [], cdist(x, y), numItermax=1_000_000))


def _samples(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not (len(x) and len(y)):
        raise ValueError(f"samples must be (n, d) and (m, d), got {x.shape} and {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("samples are not finite")
    return x, y


class ModesLike(Protocol):
    """Isotropic modes: centers (m, d), std (m,), weights (m,) that sum to 1."""

    @property
    def centers(self) -> NDArray[Any]: ...

    @property
    def std(self) -> NDArray[Any]: ...

    @property
    def weights(self) -> NDArray[Any]: ...


@dataclass(frozen=True)
class ModeScore:
    """Modes captured, share of high quality, reverse KL and mode shares; leading axes as samples.

    captured (...), integers; high_quality (...) in [0, 1]; reverse_kl (...), nats; shares (..., m).
    """

    captured: NDArray[np.intp]
    high_quality: Array
    reverse_kl: Array
    shares: Array


def mode_score(samples: ArrayLike, modes: ModesLike) -> ModeScore:
    """How many modes the samples (..., n, d) have found, and how well.

    Each sample belongs to the nearest mode in units of the mode's sigma. A sample within 3 sigma of
    its mode is of high quality; a mode is captured if it has one such sample. reverse_kl is
    KL(histogram of high-quality samples || modes.weights), nan if there are none. shares: the
    fraction of all samples that belongs to each mode. Samples that are not finite are not of high
    quality and belong to no mode. A perfect 2-D sampler scores high_quality 1 - exp(-4.5) = .9889
    (1-D .9973) and a reverse_kl of about (m - 1)/2n. Raises ValueError for no samples or a wrong d.
    Sources: Srivastava et al. 2017 (VEEGAN), Lin et al. 2018 (PacGAN).
    """
    samples, centers = np.asarray(samples, np.float64), np.asarray(modes.centers, np.float64)
    std, weights = np.asarray(modes.std, np.float64), np.asarray(modes.weights, np.float64)
    m, d = centers.shape
    if samples.ndim < 2 or samples.shape[-1] != d or samples.shape[-2] == 0:
        raise ValueError(f"samples must be (..., n, {d}) with n > 0, got {samples.shape}")
    lead, n = samples.shape[:-2], samples.shape[-2]
    samples = samples.reshape(-1, n, d)
    nearest, counts = near_modes(samples, centers, std)
    total = counts.sum(-1)
    with np.errstate(invalid="ignore"):
        reverse = kl(counts / total[:, None], weights)
    return ModeScore(
        captured=(counts > 0).sum(-1).reshape(lead),
        high_quality=(total / n).reshape(lead),
        reverse_kl=reverse.reshape(lead),
        shares=(nearest / n).reshape(*lead, m),
    )


def near_modes(
    samples: Array, centers: Array, std: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each mode (m,), how many samples (R, n, d) are nearest to it, and how many of these of
    high quality: both (R, m)."""
    if (native := kernels()) is not None:
        x, at, width = (np.ascontiguousarray(array) for array in (samples, centers, std))
        return native.modes(x, at, width, HIGH_QUALITY_SIGMAS)
    (runs, n, d), m = samples.shape, len(std)
    finite = np.asarray(np.isfinite(samples).all(-1))
    samples = np.where(finite[..., None], samples, 0.0)
    # One dimension at a time: direct differences avoid cancellation and need few temporaries.
    square = np.zeros((runs, n, m))
    with np.errstate(over="ignore"):
        for axis in range(d):
            square += ((samples[..., axis, None] - centers[:, axis]) / std) ** 2
    nearest = square.argmin(-1)
    distance = np.take_along_axis(square, nearest[..., None], -1)[..., 0]
    good = finite & (distance <= HIGH_QUALITY_SIGMAS**2)

    index = nearest + np.arange(runs)[:, None] * m
    near, high = (np.bincount(index[of], minlength=runs * m) for of in (finite, good))
    return near.reshape(runs, m), high.reshape(runs, m)


def d_distance(d: ArrayLike, d_star: ArrayLike, weight: ArrayLike) -> Array:
    """How far the discriminator is from optimal: the weighted mean of |D - D*|.

    sum w |D - D*| / sum w over the last axis and the cells where D* is defined (not nan). D, D*
    and weight (..., cells) broadcast -> (...), in [0, 1]; nan if no weight is left. With
    w = (p_data + p_g)/2 it is the mean over the points that D trains on.
    """
    d, d_star, weight = np.broadcast_arrays(d, d_star, weight)
    defined = ~np.isnan(d_star)
    weight = np.where(defined, weight, 0.0)
    gap = np.where(defined, np.abs(d - d_star), 0.0)
    with np.errstate(invalid="ignore"):
        return (weight * gap).sum(-1) / weight.sum(-1)


def wilson(held: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval for a rate, 95 % by default.

    held: the number of successes in `of` trials. Raises ValueError unless 0 <= held <= of and
    of >= 1. Source: Wilson 1927.
    """
    if not (0 <= held <= of and of >= 1):
        raise ValueError(f"{held} of {of} must be a count of at least one trial")
    rate, part = held / of, z * z / of
    middle = (rate + part / 2) / (1 + part)
    half = z * ((rate * (1 - rate) + part / 4) / of) ** 0.5 / (1 + part)
    return max(0.0, middle - half), min(1.0, middle + half)
