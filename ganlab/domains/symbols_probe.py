"""The probe of symbols: p_g is exact for each latent, and the latents are quasi-random."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from ganlab.domains.base import Probe
from ganlab.domains.label_probe import SEED
from ganlab.latents import Intervals, LatentEntry, quasi_random
from ganlab.metrics import HELD
from ganlab.targets import Target
from ganlab.targets.symbols import Symbols

MOST_LATENTS = 2**13
_REALS = 4096


class SymbolsProbe(Probe):
    """The probe of all strings of a target's letters; a mass belongs to each of them.

    What G makes of a latent are logits (dim,), whose softmax at each position is the probability of
    each letter there. p_g is the mean over `z` of the products over positions. The latents are the
    only estimate: with the latent "constant" p_g is exact.
    """

    @property
    def symbols(self) -> Symbols:
        """The target."""
        assert isinstance(self.target, Symbols)
        return self.target

    @classmethod
    def latents(
        cls, latent: LatentEntry, latent_dim: int, points: int, weights: tuple[float, ...] = ()
    ) -> tuple[np.ndarray, Intervals | None]:
        """Quasi-random latents; a map from symbols to symbols is not linear on intervals."""
        return quasi_random(latent, latent_dim, min(points, MOST_LATENTS)), None

    @classmethod
    def cells_of(cls, target: Target) -> tuple[np.ndarray, ...]:
        """None: the strings themselves are the cells."""
        return ()

    @classmethod
    def masses_of(cls, target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
        """The probability of each string, (strings,)."""
        assert isinstance(target, Symbols)
        return target.probabilities

    @classmethod
    def reals(cls, target: Target, latents: np.ndarray, over: Intervals | None) -> torch.Tensor:
        """Samples of p_data."""
        return target.sample(_REALS, torch.Generator().manual_seed(SEED))

    def shares(self, gz: np.ndarray) -> np.ndarray:
        """G's probabilities of letters, from logits (R, n, dim): (R, n, positions, letters)."""
        parts = torch.from_numpy(np.asarray(gz, np.float64)).unflatten(-1, self._shape)
        return parts.softmax(-1).numpy()

    @property
    def _shape(self) -> tuple[int, int]:
        return self.symbols.positions, len(self.symbols.alphabet)

    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """The probabilities of the strings, from logits: (R, n, dim) -> (R, strings)."""
        share, half = self.shares(gz), -(-self._shape[0] // 2)
        first, second = _products(share[:, :, :half]), _products(share[:, :, half:])
        # The mean of the outer products of both halves.
        return (first.transpose(0, 2, 1) @ second / share.shape[1]).reshape(len(share), -1)

    def inside(self, mass: np.ndarray) -> np.ndarray:
        """All masses."""
        return mass

    def smoothed(self, mass: np.ndarray) -> np.ndarray:
        """The masses: no string is near another."""
        return mass

    def distance(self, gz: np.ndarray) -> np.ndarray:
        """NaN: there is no distance between symbols."""
        return np.full(len(gz), np.nan)

    def over(self, box: np.ndarray) -> SymbolsProbe:
        """Itself: there are no axes."""
        return self

    def perfect(self) -> dict[str, np.ndarray]:
        """The JSD of a perfect generator is 0; there is no W1."""
        return {"jsd": np.zeros(()), "jsd_smooth": np.zeros(()), "w1": np.full((), np.nan)}

    @property
    def cell(self) -> float:
        """1: a cell is a string."""
        return 1.0

    @property
    def volume(self) -> float:
        """1: a cell is a string."""
        return 1.0

    @cached_property
    def grid(self) -> torch.Tensor:
        """All strings as inputs of D, (strings, dim)."""
        return self.symbols.words

    def covered(self, mass: np.ndarray) -> np.ndarray:
        """The strings with at least a quarter of their probability, of masses (..., S): (...)."""
        held: np.ndarray = (mass >= self.p_data * HELD) & self.symbols.valid
        return held.sum(-1)

    def valid(self, mass: np.ndarray) -> np.ndarray:
        """The mass on the strings of p_data, of masses (..., strings): (...)."""
        return mass[..., self.symbols.valid].sum(-1)


def _products(share: np.ndarray) -> np.ndarray:
    """Probabilities of the strings of some positions: (R, n, positions, letters) -> (R, n, k)."""
    out = np.ones((*share.shape[:2], 1))
    for position in range(share.shape[2]):
        out = (out[..., :, None] * share[:, :, position, None, :]).reshape(*out.shape[:2], -1)
    return out
