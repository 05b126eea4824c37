"""The plane: p_g is estimated by a histogram of many quasi-random latents."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
import torch

from ganlab import metrics
from ganlab.domains.base import (
    ARROWS,
    SEED,
    SMOOTHING,
    Detail,
    Domain,
    Players,
    Probe,
    beyond_row,
    outside,
)
from ganlab.latents import LATENTS, Intervals, quasi_random
from ganlab.targets import Target

SLICED = 2048  # samples on each side in the sliced W1
_GRID = 64  # cells in each direction
_REALS = 8192


class PlaneProbe(Probe):
    """The probe in 2-D. The last mass is everything outside the cells."""

    @classmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """64 cells in each direction."""
        return tuple(np.linspace(lo, hi, _GRID + 1) for lo, hi in target.box)

    @classmethod
    def masses_of(cls, target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
        """Exact masses of the cells, and of everything outside them."""
        inner = target.cell_masses(*edges).ravel()
        return np.append(inner, max(0.0, 1 - inner.sum()))

    @classmethod
    def reals(cls, target: Target, latents: np.ndarray, over: Intervals | None) -> torch.Tensor:
        """Samples of p_data."""
        return target.sample(_REALS, torch.Generator().manual_seed(SEED))

    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """A histogram, (R, n, 2) -> (R, cells + 1)."""
        return metrics.histogram_2d(gz, *self.edges)

    def inside(self, mass: np.ndarray) -> np.ndarray:
        """All masses except the last."""
        return mass[..., :-1]

    def smoothed(self, mass: np.ndarray) -> np.ndarray:
        """Masses convolved with a narrow Gaussian; the mass outside the cells is unchanged."""
        inner, outer = mass[..., :-1], mass[..., -1:]
        shape = (*mass.shape[:-1], *(len(e) - 1 for e in self.edges))
        inner = metrics.smooth(inner.reshape(shape), SMOOTHING, axes=(-2, -1))
        return np.concatenate([inner.reshape(*mass.shape[:-1], -1), outer], -1)

    @cached_property
    def slices(self) -> np.ndarray:
        """Sorted projections of p_data's points, for the sliced W1."""
        return metrics.sliced(self.x[:SLICED].numpy())

    def distance(self, gz: np.ndarray) -> np.ndarray:
        """The sliced W1 of the first samples."""
        rows = [metrics.sliced(row[:SLICED]) for row in gz]
        return np.array([np.abs(row - self.slices[:, : row.shape[1]]).mean() for row in rows])


class Plane(Domain):
    """The real plane."""

    name, sides, distance = "plane", ("left", "right", "bottom", "top"), "W₁ (sliced)"
    most_cells = _GRID**2

    def probe(self, target: Target, latent: str, latent_dim: int, points: int) -> PlaneProbe:
        """The probe for runs on `target`."""
        return PlaneProbe.of(target, latent, latent_dim, points)

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """See `Domain.beyond`; a sample belongs to the side that it exceeds most."""
        gz, box = np.asarray(gz, np.float64), np.asarray(box, np.float64)
        return np.stack([_beyond(row, box) for row in gz])

    def picture(
        self, players: Players, views: Sequence[PlaneProbe], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """fake, manifold, d (R, cells, cells) in rows of constant y; beyond, spread.

        average: samples of the average of G's weights at some of the same latents.
        """
        spec = players.specs[0]
        z, mesh = latents(spec.latent, spec.latent_dim, detail)
        made = players.generate(z)
        gz = made.cpu().numpy()
        made, out = made[:, : detail.fakes], {"fake": gz[:, : detail.fakes]}
        if (mean := players.average) is not None:
            out["average"] = mean.generate(z[: detail.fakes // 4]).cpu().numpy()
        if mesh:
            out["manifold"] = gz[:, detail.fakes :].reshape(len(gz), *mesh, 2)
        boxes = [tuple(map(tuple, view.target.box.tolist())) for view in views]
        points = torch.stack([_field(box, detail.cells) for box in boxes])
        d = players.field(points, made)
        out["d"] = d.view(len(gz), detail.cells, detail.cells).cpu().numpy()
        if arrows:
            out |= players.arrows(made, made[:, :ARROWS])
        out["beyond"] = outside(self, views, out["fake"])
        return out | {"spread": out["fake"]}


@lru_cache(maxsize=16)
def latents(latent: str, dim: int, detail: Detail) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Latents of the samples shown, then those whose outputs show G's latent grid.

    The shape of the latter before flattening: (lines, lines) for 2-D latents, (points,) for 1-D
    latents, () otherwise, where no grid is shown.
    """
    shown = quasi_random(latent, dim, max(detail.fakes, detail.points or 0))[: detail.fakes]
    ppf = LATENTS[latent].ppf
    shape: tuple[int, ...]
    if dim > 2:
        return torch.from_numpy(shown).float(), ()
    if dim == 1:
        mesh = ppf(np.linspace(0.002, 0.998, detail.thread))[:, None]
        shape = (detail.thread,)
    else:
        axis = ppf(np.linspace(0.02, 0.98, detail.mesh))
        mesh = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        shape = (detail.mesh, detail.mesh)
    return torch.from_numpy(np.concatenate([shown, mesh])).float(), shape


@lru_cache(maxsize=32)
def _field(box: tuple[tuple[float, ...], ...], cells: int) -> torch.Tensor:
    """Centres of the cells of D's field, (cells², 2), in rows of constant y."""
    x, y = (lo + (hi - lo) * (np.arange(cells) + 0.5) / cells for lo, hi in box)
    return torch.from_numpy(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)).float()


def _beyond(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    over = np.stack([box[0, 0] - x[:, 0], x[:, 0] - box[0, 1],
                     box[1, 0] - x[:, 1], x[:, 1] - box[1, 1]])  # fmt: skip
    side = np.where((over > 0).any(0), over.argmax(0), -1)
    out = []
    for i in range(4):
        where = side == i
        out.append(beyond_row(where.mean(), np.where(where[:, None], x, 0.0).mean(0)))
    return np.array(out)


PlaneProbe.domain = PLANE = Plane()
