"""Latent distributions p_z, the input of G."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from scipy.special import ndtri, stdtrit

from ganlab.languages import _
from ganlab.registry import Entry, Registry


@dataclass(frozen=True)
class LatentEntry(Entry):
    """`sample(shape, generator)` draws independent coordinates; `ppf` is their quantile function.

    has_mean: whether E z exists. points: its values, if there are finitely many of equal mass,
    ascending: an epoch of minibatches uses each of them once.
    """

    sample: Callable[[tuple[int, ...], torch.Generator], torch.Tensor] = field(kw_only=True)
    ppf: Callable[[np.ndarray], np.ndarray] = field(kw_only=True)
    reach: float = 1.0  # |z| shown on an axis
    has_mean: bool = True
    points: tuple[float, ...] = ()


_CUT = 2.0**-27  # the mass beyond the last finite end of an infinite latent
_TAIL = 4  # the number of equal-mass intervals that are subdivided at each infinite end
_FEWEST = 64  # intervals of a label
_OF_ENDS = ("ends", "level")
_PIECES = 4  # the number of pieces for each halving of the remaining mass

LATENTS: Registry[LatentEntry] = Registry("latent")


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.empty(shape, device=generator.device).uniform_(-1.0, 1.0, generator=generator)


LATENTS.add(
    LatentEntry(
        name="normal",
        title=_("normal"),
        equation=r"z \sim \mathcal{N}(0, I)",
        doc=_("Most latents lie near 0, so G must stretch the middle to spread its mass."),
        sample=lambda shape, g: torch.randn(shape, generator=g, device=g.device),
        ppf=ndtri,
        reach=2.6,
    )
)
LATENTS.add(
    LatentEntry(
        name="uniform",
        title=_("uniform"),
        equation=r"z \sim \mathcal{U}[-1, 1]^d",
        doc=_("Latents are equally dense everywhere, so p_g is high just where G is flat."),
        sample=_uniform,
        ppf=lambda u: 2.0 * np.asarray(u) - 1.0,
        reach=1.0,
    )
)


LATENTS.add(
    LatentEntry(
        name="unit_uniform",
        title=_("uniform of variance 1"),
        equation=r"z \sim \mathcal{U}[-\sqrt3, \sqrt3]^d",
        doc=_("Uniform with the normal's variance; the 2014 paper uses it for images."),
        cite="Goodfellow et al. 2014",
        sample=lambda shape, generator: _uniform(shape, generator).mul_(math.sqrt(3)),
        ppf=lambda u: math.sqrt(3) * (2.0 * np.asarray(u) - 1.0),
        reach=math.sqrt(3),
    )
)


def _cauchy(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    # Midpoints of 2^24 levels, so that no draw is infinite: |z| < 2.2e7.
    u = torch.rand(shape, generator=generator, device=generator.device) + 2.0**-25
    return torch.tan(math.pi * (u.double() - 0.5)).float()


def _cauchy_ppf(u: np.ndarray) -> np.ndarray:
    u = np.asarray(u, np.float64)
    with np.errstate(divide="ignore"):  # infinite at 0 and 1, and accurate near both
        return np.where(u < 0.5, -1.0, 1.0) / np.tan(np.pi * np.minimum(u, 1 - u))


LATENTS.add(
    LatentEntry(
        name="cauchy",
        title=_("Cauchy"),
        equation=r"p(z) = \frac{1}{\pi (1 + z^2)}",
        doc=_("Tails so heavy that z has no mean: a G that is linear far out can match a Cauchy."),
        cite="Huster et al. 2021, Pareto GAN",
        sample=_cauchy,
        ppf=_cauchy_ppf,
        reach=12.8,
        has_mean=False,
    )
)


def _student(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    normal = torch.randn(4, *shape, generator=generator, device=generator.device)
    return normal[0] / (normal[1:] ** 2).mean(0).sqrt()


LATENTS.add(
    LatentEntry(
        name="student",
        title=_("Student t, 3 degrees of freedom"),
        equation=r"z \sim t_3",
        doc=_("Heavy tails with a mean and a variance: between the normal and the Cauchy."),
        cite="Feder et al. 2020, heavy-tailed GANs",
        sample=_student,
        ppf=lambda u: stdtrit(3, u),
        reach=5.8,
    )
)


LATENTS.add(
    LatentEntry(
        name="constant",
        title=_("none: z = 1"),
        equation=r"z = (1, \ldots, 1)",
        doc=_(
            "G makes a single point: the Dirac-GAN, in which only the point's path is of interest."
        ),
        cite="Mescheder et al. 2018",
        sample=lambda shape, generator: torch.ones(shape, device=generator.device),
        ppf=lambda u: np.ones_like(u, dtype=np.float64),
        reach=1.5,
    )
)


@lru_cache(maxsize=64)
def given(points: tuple[float, ...]) -> LatentEntry:
    """The 1-D latent that is each of `points` with equal probability."""
    values = np.sort(np.array(points, np.float32).astype(np.float64))
    drawn, n = torch.from_numpy(values).float(), len(values)

    def sample(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        which = torch.randint(n, shape, generator=generator, device=generator.device)
        return drawn.to(which.device)[which]

    def ppf(u: np.ndarray) -> np.ndarray:
        at = np.ceil(np.asarray(u, np.float64) * n - 1e-9).astype(int) - 1
        return values[np.clip(at, 0, n - 1)]

    return LatentEntry(
        name="given",
        title=_("given points"),
        equation=r"z \in \{z_1, \ldots, z_n\}",
        doc=_("A finite set of latents, of which G can make no more than as many points."),
        sample=sample,
        ppf=ppf,
        reach=1.1 * max(float(np.abs(values).max()), 0.1),
        points=tuple(values.tolist()),
    )


@dataclass(frozen=True)
class Intervals:
    """The range of a latent, cut into intervals of known mass, finer towards infinite ends.

    ends (m + 1,); level (m + 1,), their quantile levels; mass (m,), which sums to 1.
    whole (count + 1,): the indices in `ends` of the ends of `count` intervals of equal mass, so
    that `whole[1::2]` are medians of intervals of equal mass.
    With labels, the intervals of the labels follow each other, with one of mass 0 in between, and
    `level` starts anew with each. starts (K,): the index of each label's first end; weights (K,):
    p(label). Those in `whole` have nearly equal mass.
    """

    ends: np.ndarray
    level: np.ndarray
    mass: np.ndarray
    whole: np.ndarray
    starts: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()

    @property
    def inputs(self) -> np.ndarray:
        """The ends as G takes them: (m + 1, 1), or (m + 1, 1 + K) with one-hot labels."""
        z = self.ends[:, None]
        if not self.weights:
            return z
        counts = np.diff([*self.starts, len(z)])
        return np.concatenate([z, np.repeat(np.eye(len(counts)), counts, 0)], 1)

    def of_label(self, label: int) -> tuple[slice, np.ndarray]:
        """The ends of a label, and the masses (n,) of the intervals between them, summing to 1."""
        first, last = [*self.starts, len(self.ends)][label : label + 2]
        return slice(first, last), self.mass[first : last - 1] / self.weights[label]


@lru_cache(maxsize=32)
def intervals(latent: LatentEntry, count: int) -> Intervals:
    """At least `count` intervals of a 1-D latent: exactly `count` of equal mass if it is bounded.

    At an infinite end the last `_TAIL` of them are cut into `_PIECES` for each halving of the
    remaining mass, down to a mass of `_CUT`. The push-forward takes G as linear on each interval,
    which would be wrong on an equal-mass interval that extends to infinity. Each of a latent's
    `points` is an even number of intervals of length 0, and intervals of mass 0 lie between them.
    """
    if latent.points:
        return _atoms(np.array(latent.points), 2 * math.ceil(count / 2 / len(latent.points)))
    ppf = latent.ppf
    level = np.arange(count + 1) / count
    tail = np.zeros(0)
    if not np.isfinite(ppf(np.zeros(1))[0]):
        start = _TAIL / count
        halvings = math.ceil(math.log2(start / _CUT))
        octave = start / 2 * (1 + np.arange(_PIECES) / _PIECES)
        tail = np.concatenate([octave * 2.0**-i for i in reversed(range(halvings))])
        level = np.concatenate([tail, level[_TAIL:-_TAIL], 1 - tail[::-1]])
    mass = np.diff(level)
    mass[0], mass[-1] = level[1], 1 - level[-2]
    inner = np.searchsorted(level, np.arange(1, count) / count - 0.1 / count)
    whole = np.concatenate([[0], inner, [len(mass)]])
    return Intervals(ppf(level), level, mass, whole)


def labelled(latent: LatentEntry, count: int, weights: tuple[float, ...]) -> Intervals:
    """About `count` intervals of a latent beside a label of probability weights[k].

    A label has an even number of them, in proportion to its weight, but at least `_FEWEST`. Without
    weights: the intervals of the latent alone.
    """
    return _labelled(latent, count, weights) if weights else intervals(latent, count)


@lru_cache(maxsize=32)
def _labelled(latent: LatentEntry, count: int, weights: tuple[float, ...]) -> Intervals:
    least = max(1.0, _FEWEST / (count * min(weights)))
    each = [intervals(latent, 2 * max(1, round(count * least * w / 2))) for w in weights]
    ends, level = (np.concatenate([getattr(one, name) for one in each]) for name in _OF_ENDS)
    masses = [np.append(w * one.mass, 0.0) for w, one in zip(weights, each, strict=True)]
    starts = np.cumsum([0, *(len(one.ends) for one in each)])
    whole = [one.whole[:-1] + at for one, at in zip(each, starts, strict=False)]
    return Intervals(
        ends,
        level,
        np.concatenate(masses)[:-1],
        np.concatenate([*whole, [len(ends) - 1]]),
        tuple(starts[:-1].tolist()),
        weights,
    )


def _atoms(points: np.ndarray, each: int) -> Intervals:
    """`each` intervals at each point; whole[1::2] are as many ends at each of them."""
    n = len(points)
    part = np.arange(each + 1) / each
    level = ((np.arange(n)[:, None] + part) / n).ravel()
    mass = np.full((n, each + 1), 1 / (n * each))
    mass[:, -1] = 0.0
    whole = (np.arange(n)[:, None] * (each + 1) + np.arange(each)).ravel()
    ends = np.repeat(points, each + 1)
    return Intervals(ends, level, mass.ravel()[:-1], np.append(whole, len(ends) - 1))


def quasi_random(
    latent: LatentEntry, dim: int, count: int, weights: tuple[float, ...] = ()
) -> np.ndarray:
    """`count` scrambled-Sobol latents, (count, dim), the same at each call.

    With weights, p(label): (count, dim + K), each followed by a one-hot label.
    """
    exponent = math.ceil(math.log2(max(count, 2)))
    sobol = torch.quasirandom.SobolEngine(dim + bool(weights), scramble=True, seed=20140610)
    u = sobol.draw(2**exponent, dtype=torch.float64)[:count].numpy()
    z = latent.ppf(np.clip(u[:, :dim], 1e-9, 1 - 1e-9))
    if not weights:
        return z
    which = np.searchsorted(np.cumsum(weights)[:-1], u[:, dim], side="right")
    return np.concatenate([z, np.eye(len(weights))[which]], 1)
