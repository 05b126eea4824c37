"""Everything that depends on the space of x: the probe of a run, its pictures, layers and axes.

A `Domain` is the line, the plane, symbols or images. Code that depends on the dimension of x asks
the domain; nothing else compares dimensions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import numpy as np
import torch

from ganlab import theory
from ganlab.domains.label_probe import SEED, WithLabels
from ganlab.domains.picture import Detail, Layer, Players
from ganlab.languages import _
from ganlab.latents import Intervals, LatentEntry, quasi_random
from ganlab.registry import SpecError
from ganlab.targets import Target
from ganlab.targets.base import frozen

Made = TypeVar("Made", torch.Tensor, np.ndarray)

INTERVALS = 4096  # the most latent intervals of equal mass in an exact push-forward
RESOLUTION = 3e-5  # nats: the largest error of the JSD by exact push-forward, for any G
POINTS = 2**15  # quasi-random latents if p_g must be estimated
TAIL = 1e-3  # the mass of each tail of p_data
SMOOTHING = 2.0  # the std of the Gaussian in the smoothed JSD, in cells
SHOWN = 2000  # points of training data in a picture


@dataclass(frozen=True)
class Probe(WithLabels, ABC):
    """Grids and constants with which runs on one target are measured, shared by all snapshots.

    Arrays of masses are flat: those of the cells, and those outside them. edges: one array for each
    axis. p_data: exact masses. z: inputs of G for p_g and expectations, (n, latent_dim), or
    (n, latent_dim + K) with one-hot labels. intervals: if p_g is an exact push-forward of a 1-D
    latent, the intervals whose ends are z. latent_mean: whether E z exists. x: points of p_data for
    expectations, (m, dim). floors: the metrics of a perfect generator. weights: p(label), if there
    are labels; which: the labels of x, (m,).
    """

    domain: ClassVar[Domain]

    target: Target
    edges: tuple[np.ndarray, ...]
    p_data: np.ndarray
    z: torch.Tensor
    intervals: Intervals | None
    latent_mean: bool
    x: torch.Tensor
    floors: dict[str, float]
    weights: tuple[float, ...] = ()
    which: torch.Tensor | None = None

    @classmethod
    def of(
        cls,
        target: Target,
        latent: LatentEntry,
        latent_dim: int,
        points: int,
        weights: tuple[float, ...] = (),
    ) -> Self:
        """The probe of a target and a latent; `points` latents if p_g is estimated.

        weights: p(label) if G and D are given labels, which are then those of `Target.parts`.
        """
        edges = cls.cells_of(target)
        latents, over = cls.latents(latent, latent_dim, points, weights)
        which = None
        if weights:
            x, which = cls.labelled_reals(target, latents, over)
        else:
            x = cls.reals(target, latents, over)
        mean = latent.has_mean
        z = torch.from_numpy(latents).float()
        p_data = cls.masses_of(target, edges)
        probe = cls(target, edges, p_data, z, over, mean, x.float(), {}, weights, which)
        floors = {name: float(value) for name, value in probe.perfect().items()}
        object.__setattr__(probe, "floors", floors)
        return probe

    @classmethod
    def latents(
        cls, latent: LatentEntry, latent_dim: int, points: int, weights: tuple[float, ...] = ()
    ) -> tuple[np.ndarray, Intervals | None]:
        """Inputs of G as in `z`, (n, in), and the intervals whose ends they are, or None."""
        return quasi_random(latent, latent_dim, points, weights), None

    @classmethod
    @abstractmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """Edges of the cells over a target's box, (cells + 1,) along each axis."""

    @classmethod
    @abstractmethod
    def masses_of(cls, target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
        """The exact masses of p_data in the cells and outside them, flat: (cells + outside,)."""

    @classmethod
    @abstractmethod
    def reals(cls, target: Target, latents: np.ndarray, over: Intervals | None) -> torch.Tensor:
        """Points of p_data for expectations, (m, dim)."""

    @abstractmethod
    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """The masses of p_g from G(z), (R, n, dim) -> (R, cells + outside).

        over: the intervals whose ends the latents are, if p_g is exact and z is not the probe's
        own.
        """

    @abstractmethod
    def inside(self, mass: np.ndarray) -> np.ndarray:
        """The masses in cells, of masses (..., cells + outside)."""

    @abstractmethod
    def smoothed(self, mass: np.ndarray) -> np.ndarray:
        """Masses (..., cells + outside) convolved with a narrow Gaussian.

        The masses outside the cells are unchanged.
        """

    @abstractmethod
    def distance(self, gz: np.ndarray) -> np.ndarray:
        """W1 from p_data, (R, n, dim) -> (R,), provided that both have a mean."""

    def tail(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """The width of p_g's tails over that of p_data's: (R, n, dim) -> (R,); NaN except in 1-D.

        over: as for `masses`.
        """
        return np.full(len(gz), np.nan)

    @property
    def heavy(self) -> bool:
        """Whether the JSD hides errors in the tails: p_data or the latent has no mean, in 1-D."""
        return False

    @property
    def exact(self) -> bool:
        """Whether p_g is an exact push-forward."""
        return self.intervals is not None

    def even(self, made: Made) -> Made:
        """The part of outputs at z, (R, n, ...), whose plain mean is the mean under p_z."""
        return made if self.intervals is None else made[:, self.intervals.whole[1::2]]

    @property
    def cell(self) -> float:
        """Width of a cell of the binned JSD."""
        return float(self.edges[0][1] - self.edges[0][0])

    @property
    def centres(self) -> tuple[np.ndarray, ...]:
        """Cell centres, (cells,) along each axis."""
        return tuple((e[1:] + e[:-1]) / 2 for e in self.edges)

    @property
    def volume(self) -> float:
        """Length or area of a cell."""
        return float(np.prod([e[1] - e[0] for e in self.edges]))

    def jsd(self, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Binned and smoothed JSD from p_data, nats, each (R,)."""
        smooth = theory.jsd(_normal(self.smoothed(mass)), self._smooth_p_data)
        return theory.jsd(mass, self.p_data), smooth

    @cached_property
    def _smooth_p_data(self) -> np.ndarray:
        return _normal(self.smoothed(self.p_data))

    def w1(self, gz: np.ndarray, bounded: bool = False) -> np.ndarray:
        """W1 from p_data, (R, n, dim) -> (R,).

        Infinite where p_data has no mean (Cauchy), or where p_g has none, since the latent has
        none and G is not bounded.
        """
        if not (self.target.has_mean and (self.latent_mean or bounded)):
            return np.full(len(gz), np.inf)
        return self.distance(gz)

    def over(self, box: np.ndarray) -> Self:
        """The same probe with cells over another box, (dim, 2); its floors are unchanged."""
        target = copy(self.target)
        object.__setattr__(target, "box", frozen(box))
        edges = self.cells_of(target)
        p_data = self.masses_of(target, edges)
        return replace(self, target=target, edges=edges, p_data=p_data)

    def samples_of_perfect_g(self) -> np.ndarray:
        """Samples of a perfect G at z, (1, n, dim)."""
        draw = torch.Generator().manual_seed(SEED + 1)
        if self.weights:
            return self.labelled_samples(draw)
        return self.target.sample(len(self.z), draw).double().numpy()[None]

    def perfect(self) -> dict[str, np.ndarray]:
        """The metrics of a perfect generator under the same estimators, a scalar each.

        jsd and jsd_smooth in nats, w1 in units of x.
        """
        made = self.samples_of_perfect_g()
        jsd, smooth = self.jsd(self.masses(made))
        out = {"jsd": jsd, "jsd_smooth": smooth}
        if self.weights:
            out["jsd_labels"] = self.jsd_with_labels(self.label_masses(made))
        if self.exact:
            out = {name: np.maximum(value, RESOLUTION) for name, value in out.items()}
        out["w1"] = self.w1(made, bounded=True)
        return {name: value[0] for name, value in out.items()}

    @cached_property
    def grid(self) -> torch.Tensor:
        """Cell centres as inputs of D, (cells, dim), in the order of `p_data`."""
        points = np.stack(np.meshgrid(*self.centres, indexing="ij"), -1)
        return torch.from_numpy(points.reshape(-1, self.target.dim)).float()


class Domain:
    """One kind of space. If labs draw it, it overrides every method.

    name: in errors; sides: the directions in which p_g may leave the axes; widest: the largest
    width of a hidden layer; distance: the name of W1; drawn: whether labs draw it; density: whether
    a picture holds p_g itself; square: whether one unit has the same length on all axes; quick:
    whether W1 is cheap enough to be measured for many seeds; exact_latent_dim: the latent dimension
    for which p_g is computed, not estimated; most_cells: the largest number of cells in a probe;
    enumerated: whether all x are listed, and G makes logits of symbols.

    Methods of a domain that labs do not draw raise `SpecError`.
    """

    name: ClassVar[str]
    sides: ClassVar[tuple[str, ...]] = ()
    widest: ClassVar[int] = 512
    distance: ClassVar[str] = "W₁"
    drawn: ClassVar[bool] = True
    density: ClassVar[bool] = False
    square: ClassVar[bool] = False
    quick: ClassVar[bool] = False
    exact_latent_dim: ClassVar[int | None] = None
    most_cells: ClassVar[int] = 0
    enumerated: ClassVar[bool] = False

    def _refuse(self) -> NoReturn:
        raise SpecError("target", self.name, _("1-D or 2-D, or symbols"))

    def probe(
        self,
        target: Target,
        latent: LatentEntry,
        latent_dim: int,
        points: int,
        weights: tuple[float, ...] = (),
    ) -> Probe:
        """The probe for runs on `target`; weights: p(label), if G and D are given labels."""
        self._refuse()

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """Share and mean of G(z) beyond each of `sides` of a box, (R, sides, 1 + dim).

        gz (R, n, dim): samples of equal weight; or, with `mass` (n - 1,) in 1-D, the outputs at the
        ends of latent intervals with these masses, on each of which G is linear. If a share is 0,
        so is its mean.
        """
        self._refuse()

    def layers(
        self, probe: Any, latent_dim: int, average: bool, finite: bool = False
    ) -> list[Layer]:
        """The layers of a picture in the order of the legend.

        average: whether one of G is kept; finite: whether there is a set of training data.
        """
        self._refuse()

    def scene(
        self, view: Any, seed: int, data: torch.Tensor | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays of a picture that stay the same during a run, on the axes of `view`.

        data: the training data, if they are a finite set, (n, dim).
        docs/protocol.md lists their names and shapes.
        """
        self._refuse()

    def picture(
        self, players: Players, views: Sequence[Any], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """The arrays of a picture on the axes of `views`, one probe for each run.

        "spread" among them holds generated samples (R, n, dim) for the shares of modes. Without
        `arrows` the arrays grad_x and grad are missing.
        """
        self._refuse()

    def mesh(self, view: Any) -> torch.Tensor:
        """The points at which a small field of D is evaluated, on the axes of `view`, (n, dim)."""
        self._refuse()

    def small(self, fields: np.ndarray) -> np.ndarray:
        """Values of D at `mesh`, (m, n), as they are sent to browsers."""
        return fields

    def message(self, picture: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The arrays of one run's picture as they are sent to browsers: see `picture`."""
        return picture

    def tile_scene(self, probe: Any) -> dict[str, np.ndarray]:
        """As `scene`, of the small pictures of many seeds."""
        self._refuse()

    def tiles(self, players: Players, probe: Any) -> dict[str, np.ndarray]:
        """Small pictures of all runs, on the axes of one probe, packed for a message.

        beyond (R, 2): the index in `sides` of the side beyond which most of p_g lies, and the
        percentage of p_g there.
        """
        self._refuse()


def thinned(data: torch.Tensor) -> np.ndarray:
    """The training data (n, dim) that a picture shows, at most `SHOWN` of them."""
    return data[:: -(-len(data) // SHOWN)].numpy()


def _normal(mass: np.ndarray) -> np.ndarray:
    return mass / mass.sum(-1, keepdims=True)
