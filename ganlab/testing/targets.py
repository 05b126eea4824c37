"""Checks of targets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import torch
from scipy.special import gammaincc

from ganlab.domains import domain_of
from ganlab.registry import SpecError
from ganlab.targets import Target, TargetEntry, make_target
from ganlab.testing.common import another

_CELLS = {1: 61, 2: 63}  # odd, so that the edges do not all fall on modes or between them
_FEW = 8  # cells with fewer expected samples are merged


def chi_square_p(counts: np.ndarray, expected: np.ndarray) -> float:
    """The p-value of counts (n,) given the expected ones."""
    statistic = ((counts - expected) ** 2 / expected).sum()
    return float(gammaincc((len(counts) - 1) / 2, statistic / 2))


def fit(target: Target, x: np.ndarray) -> float:
    """p-value of samples (n, dim) against the masses of the cells of a grid over the box."""
    edges = [np.linspace(low, high, _CELLS[target.dim] + 1) for low, high in target.box]
    counts = np.histogramdd(x, bins=edges)[0].ravel()
    expected = target.cell_masses(*edges).ravel() * len(x)
    keep = expected >= _FEW
    counts = np.append(counts[keep], len(x) - counts[keep].sum())
    expected = np.append(expected[keep], len(x) - expected[keep].sum())
    if expected[-1] < _FEW:
        # The remainder is too small for a cell of its own: merge it into the last one.
        counts = np.append(counts[:-2], counts[-2:].sum())
        expected = np.append(expected[:-2], expected[-2:].sum())
    return chi_square_p(counts, expected)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _target(entry: TargetEntry, **params: Any) -> Target | None:
    """The target; None for images and symbols, which have no cells along each axis."""
    domain = domain_of(entry.dim)
    return make_target(entry.name, params) if domain.drawn and not domain.enumerated else None


def its_box_holds_the_data(entry: TargetEntry, beside: Mapping[str, object]) -> None:
    """The box is finite, contains G's start, and nearly all samples."""
    target = _target(entry)
    if target is None:
        return
    assert target.dim == entry.dim and target.box.shape == (target.dim, 2)
    assert target.box.dtype == np.float64 and np.isfinite(target.box).all()
    assert np.ptp(target.box[:, 1] - target.box[:, 0]) < 1e-9, "its box is square"
    if np.abs(target.box).max() <= 25:
        assert (target.box[:, 0] <= -1).all() and (target.box[:, 1] >= 1).all(), "[-1, 1] is in it"
    x = target.sample(4000, _seeded(1)).numpy()
    inside = ((x >= target.box[:, 0]) & (x <= target.box[:, 1])).all(1).mean()
    assert inside >= 0.9, f"only {inside:.0%} of the samples are in the box"


def samples_are_a_function_of_the_generator(
    entry: TargetEntry, beside: Mapping[str, object]
) -> None:
    """(n, dim), float32, a function of the seed, without other random numbers."""
    target = _target(entry)
    if target is None:
        return
    state = torch.random.get_rng_state()
    x = target.sample(1000, _seeded(3))
    assert x.shape == (1000, target.dim) and x.dtype == torch.float32 and x.isfinite().all()
    assert torch.equal(x, target.sample(1000, _seeded(3))), "two draws of one seed differ"
    assert not torch.equal(x, target.sample(1000, _seeded(4))), "its samples are always the same"
    assert target.sample(0, _seeded(3)).shape == (0, target.dim)
    assert torch.equal(state, torch.random.get_rng_state()), "it draws from torch's own generator"


def masses_are_the_integral_of_the_density(
    entry: TargetEntry, beside: Mapping[str, object]
) -> None:
    """Each cell's mass equals a quadrature of the density, and the masses sum to 1.

    Where the support ends inside a cell, the quadrature is less accurate, and so is the check.
    Between the target's knots fewer nodes will do, as densities are simple there.
    """
    target = _target(entry)
    if target is None:
        return
    cells, nodes = 20, 24 if target.knots is None else 6
    edges = [np.linspace(low, high, cells + 1) for low, high in target.box]
    pieces = edges
    if target.knots is not None:
        pieces = [
            np.union1d(e, np.clip(k, e[0], e[-1])) for e, k in zip(edges, target.knots, strict=True)
        ]
    t, w = np.polynomial.legendre.leggauss(nodes)
    axes = [(0.5 * (e[1:] + e[:-1])[:, None] + 0.5 * np.diff(e)[:, None] * t) for e in pieces]
    points = np.stack(np.meshgrid(*[a.ravel() for a in axes], indexing="ij"), axis=-1)
    p = np.exp(target.log_density(points)) if target.has_density else np.zeros(points.shape[:-1])
    half = [0.5 * np.diff(e) for e in pieces]
    integral = p.reshape([n for e in pieces for n in (len(e) - 1, nodes)])
    for axis in range(target.dim):  # that of the nodes follows that of the cells
        integral = np.tensordot(integral, w, (axis + 1, 0))
    integral = integral * reduce(np.multiply.outer, half)
    for axis, (e, piece) in enumerate(zip(edges, pieces, strict=True)):
        integral = np.add.reduceat(integral, np.searchsorted(piece, e[:-1]), axis)
    masses = target.cell_masses(*edges)
    assert masses.shape == (cells,) * target.dim and masses.min() >= 0
    if not target.has_density:
        assert np.isneginf(target.log_density(points)).all(), "a density between its points"
        integral = _counted(target, edges)
    apart = np.abs(masses - integral)
    wrong = apart > 2e-7 + (_unresolved(target, edges, w.max()) if target.has_density else 0)
    furthest = apart[wrong].max(initial=0)
    assert not furthest, f"a cell's mass is {furthest:.1e} from the integral of the density"
    whole = target.cell_masses(*[np.array([-np.inf, np.inf])] * target.dim)
    assert abs(whole.item() - 1) < 1e-12, f"all mass is {whole.item()}"


def _unresolved(target: Target, edges: list[np.ndarray], weight: float) -> np.ndarray:
    """Bounds of a quadrature's errors in cells of which p_data covers a part, 0 in the others.

    Along each axis a jump is misplaced by at most half of the largest weight of a node.
    """
    inside = np.linspace(-1, 1, 25) * (1 - 1e-9)
    axes = [(0.5 * (e[1:] + e[:-1])[:, None] + 0.5 * np.diff(e)[:, None] * inside) for e in edges]
    log_p = target.log_density(np.stack(np.meshgrid(*[a.ravel() for a in axes], indexing="ij"), -1))
    log_p = log_p.reshape([n for e in edges for n in (len(e) - 1, len(inside))])
    within = tuple(range(1, 2 * target.dim, 2))
    ends = np.isneginf(log_p).any(within) & ~np.isneginf(log_p).all(within)
    volume = reduce(np.multiply.outer, [np.diff(e) for e in edges])
    bound: np.ndarray = ends * np.exp(log_p.max(within)) * volume * weight / 2 * target.dim
    return bound


def _counted(target: Target, edges: list[np.ndarray]) -> np.ndarray:
    """The share of a finite target's points in each cell."""
    assert target.examples is not None, "a target without a density is a finite set of points"
    x = target.examples.read(target.examples.stored).double().numpy()
    counts: np.ndarray = np.histogramdd(x, bins=edges)[0]
    return counts / len(x)


def samples_follow_the_masses(entry: TargetEntry, beside: Mapping[str, object]) -> None:
    """A test of fit over the cells of a grid, with a false alarm once in ten million times."""
    target = _target(entry)
    if target is None:
        return
    p = fit(target, target.sample(20_000, _seeded(100)).double().numpy())
    assert p > 1e-7, f"samples do not follow the masses: p = {p:.1e}"


def every_parameter_matters(entry: TargetEntry, beside: Mapping[str, object]) -> None:
    """Another value of any parameter gives another distribution."""
    target = _target(entry)
    if target is None:
        return
    assert entry.params, "a target has at least one parameter"
    for param in entry.params:
        value = another(param)
        if param.name == "weights" and target.modes is not None:
            value = (2.0,) + (1.0,) * (len(target.modes.weights) - 1)
        try:
            other = make_target(entry.name, {param.name: value})
        except SpecError:
            continue  # it cannot change alone
        x = other.sample(500, _seeded(7)).double().numpy()
        same = np.array_equal(x, target.sample(500, _seeded(7)).double().numpy())
        assert not same or other.box.tolist() != target.box.tolist(), f"{param.name} does nothing"


CHECKS = (
    its_box_holds_the_data,
    samples_are_a_function_of_the_generator,
    masses_are_the_integral_of_the_density,
    samples_follow_the_masses,
    every_parameter_matters,
)
