"""The probe of the plane: p_g is estimated by a histogram of many quasi-random latents."""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
import torch

from ganlab import metrics
from ganlab.domains.base import SMOOTHING, Probe
from ganlab.domains.label_probe import SEED
from ganlab.latents import Intervals
from ganlab.targets import Target

SLICED = 2048  # samples on each side in the sliced W1
GRID = 64  # cells in each direction
_REALS = 8192


class PlaneProbe(Probe):
    """The probe in 2-D. The last mass is everything outside the cells."""

    @classmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """See `Probe.cells_of`: 64 cells in each direction."""
        return tuple(np.linspace(lo, hi, GRID + 1) for lo, hi in target.box)

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
        across, along = (_smoothing(n) for n in shape[-2:])
        inner = across @ inner.reshape(shape) @ along.T
        return np.concatenate([inner.reshape(*mass.shape[:-1], -1), outer], -1)

    @cached_property
    def slices(self) -> np.ndarray:
        """Sorted projections of p_data's points for the sliced W1, (directions, n)."""
        return metrics.sliced(self.x[:SLICED].numpy())

    def distance(self, gz: np.ndarray) -> np.ndarray:
        """The sliced W1 of the first samples."""
        return np.array([self._gap(metrics.sliced(row[:SLICED])) for row in gz])

    def _gap(self, slices: np.ndarray) -> float:
        gaps = slices - self.slices[:, : slices.shape[1]]
        return float(np.abs(gaps, out=gaps).mean(dtype=np.float64))


@cache
def _smoothing(cells: int) -> np.ndarray:
    """The matrix of `metrics.smooth` along an axis of this many cells, (cells, cells)."""
    return metrics.smooth(np.eye(cells), SMOOTHING, axes=0)
