"""The interface of targets, their registry, and the function that makes one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ganlab.languages import _
from ganlab.registry import Entry, Registry, SpecError

Floats = NDArray[np.float64]

FARTHEST = 1e6  # bounds how far from 0 data may lie, and how far they may spread
_NEAR = 25.0  # boxes of data within this distance of 0 include [-1, 1], where G starts
_RESOLVED = 1e-4  # times the distance from 0: the smallest spread, 1,600 steps of float32


@dataclass(frozen=True)
class Modes:
    """The isotropic Gaussians of a mixture: N(centers[i], std[i]^2 I) with weight weights[i].

    centers (m, dim), std (m,), weights (m,) summing to 1; float64, read-only.
    """

    centers: Floats
    std: Floats
    weights: Floats


class Examples(NamedTuple):
    """All samples of a target whose p_data is known by a finite set of them.

    stored: (n, ...), as they are kept; read(stored[which]): -> x (m, dim) float32; labels: (n,),
    integers from 0.
    """

    stored: torch.Tensor
    read: Callable[[torch.Tensor], torch.Tensor]
    labels: torch.Tensor


class Parts(NamedTuple):
    """p_data = sum_k weights[k] p_k: a sample's label is the k of the part that it is drawn from.

    weights (K,), summing to 1; parts: the p_k, on the axes of the whole.
    """

    weights: Floats
    parts: tuple[Target, ...]


class Units(NamedTuple):
    """The units of the user's own numbers, which are x * spread + centre.

    centre, spread: (dim,); axes: what is on each axis.
    """

    centre: Floats
    spread: Floats
    axes: tuple[str, ...]


class Target(ABC):
    """A distribution p_data over R^dim. Targets are immutable, so threads can share one.

    box: (dim, 2), the lowest and highest coordinates of pictures and grids. It holds the data
    (99.9 % of the mass, except for heavy tails), includes [-1, 1] on each axis unless the data lie
    beyond 25, and is square in 2-D. modes: the mixture's components, or None if p_data is no
    mixture of isotropic Gaussians.
    has_mean: whether E x exists, so that W1 is finite.
    has_density: whether p_data has a density. A finite set of points has masses only.
    note: a sentence for the page about how it was made; "" for none.
    knots: for each axis, places (n,) between which the density is smooth; None if it is smooth
    everywhere. labels: the number of labels of its samples, 0 if they have none. balances: whether
    it has `sample_balanced`.
    units: those of the user's own data, if there are any.
    """

    dim: int
    box: Floats
    modes: Modes | None = None
    has_mean: bool = True
    has_density: bool = True
    note: str = ""
    units: Units | None = None
    knots: tuple[Floats, ...] | None = None
    labels: int = 0
    balances: bool = False

    @property
    def parts(self) -> Parts | None:
        """The parts that its samples are labelled by; None without labels, and of images."""
        return None

    @property
    def examples(self) -> Examples | None:
        """All samples, if there is a finite set of them: an epoch shows each of them once."""
        return None

    def marginal_logits(self) -> torch.Tensor | None:
        """The logit of each coordinate's mean, (dim,), for the output bias of a new G; or None."""
        return None

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """n independent draws, (n, dim) float32 on the CPU; all randomness from `generator`."""

    def sample_labelled(
        self, n: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The draws of `sample`, and their labels, (n,) integers: 0 without labels."""
        return self.sample(n, generator), torch.zeros(n, dtype=torch.int64)

    def sample_balanced(
        self, n: int, size: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """n labelled draws in minibatches of `size`, a divisor of n: see `sample_labelled`.

        Each minibatch has as many draws of each mode as its weight says, to within one, in random
        order; each draw by itself follows p_data.
        """
        raise NotImplementedError

    def posterior(self, x: Floats) -> Floats:
        """p(label | x), (..., dim) -> (..., K), for targets with parts; it sums to 1."""
        assert self.parts is not None
        weights, parts = self.parts
        terms = np.log(weights) + np.stack([part.log_density(x) for part in parts], -1)
        terms -= terms.max(-1, keepdims=True)
        share: Floats = np.exp(terms)
        return share / share.sum(-1, keepdims=True)

    def log_density(self, x: Floats) -> Floats:
        """log p_data(x) in nats, -inf outside the support, inf at points with a mass of their own.

        x (..., dim) -> (...), float64. Raises ValueError if the last axis is not dim.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise ValueError(f"the last axis of x must be {self.dim}, got shape {x.shape}")
        return self._log_density(x)

    def cell_masses(self, *edges: Floats) -> Floats:
        """The exact p_data mass of each cell of a grid, given its edges on each axis.

        1-D: (len(xe) - 1,); 2-D: (len(xe) - 1, len(ye) - 1), x first. Edges may be infinite. A cell
        holds its lower edges, not its upper ones.
        Raises ValueError unless there is one strictly increasing array of edges per axis.
        """
        if len(edges) != self.dim:
            raise ValueError(f"needs {self.dim} arrays of edges, got {len(edges)}")
        arrays = [np.asarray(e, dtype=np.float64) for e in edges]
        for e in arrays:
            if e.ndim != 1 or e.size < 2 or not np.all(e[1:] > e[:-1]):
                raise ValueError("edges must be strictly increasing, at least two of them")
        return self._cell_masses(*arrays)

    @abstractmethod
    def _log_density(self, x: Floats) -> Floats: ...

    @abstractmethod
    def _cell_masses(self, *edges: Floats) -> Floats: ...


class Target1D(Target):
    """A target on the line; adds the distribution function, both tails and the quantiles."""

    dim = 1

    @abstractmethod
    def cdf(self, x: Floats) -> Floats:
        """F(x) = P(X <= x); x of any shape, with no trailing axis of 1."""

    @abstractmethod
    def sf(self, x: Floats) -> Floats:
        """P(X > x) = 1 - F(x), without the cancellation in the upper tail; any shape."""

    def ppf(self, u: Floats) -> Floats:
        """The quantile F^-1(u), any shape; raises ValueError unless all u are in [0, 1]."""
        u = np.asarray(u, dtype=np.float64)
        if not np.all((u >= 0) & (u <= 1)):
            raise ValueError("u must be between 0 and 1")
        return self._ppf(u)

    @abstractmethod
    def _ppf(self, u: Floats) -> Floats: ...

    def quantile_means(self, levels: Floats) -> Floats:
        """Means of F^-1 between successive levels, (n,) -> (n - 1,).

        By the trapezoidal rule, unless the quantiles have a closed form: levels must be close.
        """
        x = self.ppf(levels)
        return (x[1:] + x[:-1]) / 2

    def _cell_masses(self, *edges: Floats) -> Floats:
        (e,) = edges
        return tail_differences(self.cdf(e), self.sf(e))


@dataclass(frozen=True, kw_only=True)
class TargetEntry(Entry):
    """One kind of target; `build` takes the checked params by name and returns the Target.

    labelled: whether its samples have labels, as a rule: see `Target.labels`; unit: whether
    all x are in [0, 1]; finite: whether its Target has `examples`. dim: the dimension of x; 0 if x
    are symbols, whose number depends on the params.
    """

    dim: int = 1
    labelled: bool = False
    unit: bool = False
    finite: bool = False
    build: Callable[..., Target]


TARGETS: Registry[TargetEntry] = Registry("target")


def make_target(name: str, params: Mapping[str, Any] | None = None) -> Target:
    """The target `name` with `params` and defaults for the rest; equal requests share one object.

    Raises SpecError for a name that is not registered, for a param that the target does not have
    ("target_params") and for a value out of range (the param's own name).
    """
    entry = TARGETS[name]
    if params is not None and not isinstance(params, Mapping):
        raise SpecError("target_params", params, _("a mapping from names to values"))
    given = dict(params or {})
    known = [p.name for p in entry.params]
    for key in given:
        if key not in known:
            raise SpecError(
                "target_params",
                key,
                _(
                    "a parameter of {name}: {listed}",
                    name=name,
                    listed=", ".join(known) or _("it has none"),
                ),
            )
    filled = {p.name: p.check(given.get(p.name, p.default)) for p in entry.params}
    own = any(p.kind == "data" for p in entry.params)
    return (_build_large if own else _build)(name, tuple(sorted(filled.items())))


def _built(name: str, items: tuple[tuple[str, Any], ...]) -> Target:
    return TARGETS[name].build(**dict(items))


_build = lru_cache(maxsize=64)(_built)
_build_large = lru_cache(maxsize=12)(_built)  # own data may take many megabytes


def tail_differences(lower: Floats, upper: Floats) -> Floats:
    """Masses between successive edges, from both tails at the edges: (..., e) -> (..., e - 1).

    Above the median the upper tails are subtracted, so that small masses keep their precision.
    """
    above = lower[..., :-1] > 0.5
    return np.where(above, upper[..., :-1] - upper[..., 1:], lower[..., 1:] - lower[..., :-1])


def frozen(values: ArrayLike) -> Floats:
    """A read-only float64 array of the shape of `values`."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def check_resolved(place: float, name: str, spread: float) -> None:
    """Raise `SpecError` for `name`, a spread around `place`, if float32 cannot resolve it there."""
    if spread < abs(place) * _RESOLVED:
        least = _("at least {place:g} near {place2:g}", place=abs(place) * _RESOLVED, place2=place)
        allowed = _("{least}, where float32 does not resolve narrower distributions", least=least)
        raise SpecError(name, spread, allowed)


def line_box(low: float, high: float, tail: float) -> Floats:
    """The box, (1, 2), of data in [low, high] blurred by `tail`, rounded outwards."""
    pad = max(tail, (high - low) / 8)
    low, high = low - pad, high + pad
    if max(-low, high) <= _NEAR:
        low, high = min(low, -1.0), max(high, 1.0)
    step = _step(high - low)
    bottom = math.floor(low / step + 1e-9) * step
    return frozen([[round(bottom, 9), round(math.ceil(high / step - 1e-9) * step, 9)]])


def square_box(reach: float, tail: float) -> Floats:
    """The box, (2, 2), of data within `reach` of the origin blurred by `tail`; square."""
    half = max(reach + max(tail, reach / 4), 1.0)
    step = _step(2 * half)
    half = round(math.ceil(half / step - 1e-9) * step, 9)
    return frozen([[-half, half], [-half, half]])


def square_box_about(center: Floats, half: float) -> Floats:
    """The box, (2, 2), of data within `half` of `center` (2,) along each axis; square."""
    if max(abs(center)) + half <= _NEAR:
        half = max(half, max(abs(center)) + 1)
    step = _step(2 * half)
    center = np.rint(center / step) * step
    half = math.ceil(half / step + 0.5) * step
    return frozen([[round(c - half, 9), round(c + half, 9)] for c in center])


def _step(span: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is at most span / 8."""
    power = 10.0 ** math.floor(math.log10(span / 8))
    return max(m for m in (1, 2, 5) if m * power <= span / 8 * (1 + 1e-9)) * power
