"""The part of a probe that concerns labels."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import numpy as np
import torch

from ganlab import theory
from ganlab.latents import Intervals
from ganlab.networks.labels import beside, one_hot
from ganlab.targets import Target

SEED = 20140610  # the day of the paper
_SAMPLES = 8192  # of p_data for expectations, with labels
_MEAN_OF = 2000  # samples whose mean is the middle of a part of p_data


class WithLabels:
    """The methods of a `Probe` that concern labels; its attributes are described there."""

    target: Target
    edges: tuple[np.ndarray, ...]
    z: torch.Tensor
    x: torch.Tensor
    weights: tuple[float, ...]
    which: torch.Tensor | None

    @abstractmethod
    def masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """See `Probe.masses`."""

    @classmethod
    @abstractmethod
    def masses_of(cls, target: Target, edges: tuple[np.ndarray, ...]) -> np.ndarray:
        """See `Probe.masses_of`."""

    @classmethod
    def labelled_reals(
        cls, target: Target, latents: np.ndarray, over: Intervals | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Points of p_data for expectations, (m, dim), and their labels, (m,)."""
        return target.sample_labelled(_SAMPLES, torch.Generator().manual_seed(SEED))

    def label_masses(self, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
        """The masses of p_g given each label, (R, n, dim) -> (R, K, cells + outside).

        over: as for `masses`.
        """
        groups = (gz[:, self.labels[: gz.shape[1]] == k] for k in range(len(self.weights)))
        return np.stack([self.masses(group) for group in groups], 1)

    @cached_property
    def labels(self) -> np.ndarray:
        """The labels of z, (n,)."""
        return self.z[:, -len(self.weights) :].argmax(1).numpy()

    @cached_property
    def parts(self) -> np.ndarray:
        """The exact masses of p_data given each label, (K, cells + outside)."""
        return np.stack([self.masses_of(part, self.edges) for part in self._parts])

    @property
    def _parts(self) -> tuple[Target, ...]:
        assert self.target.parts is not None
        return self.target.parts.parts

    @cached_property
    def told(self) -> torch.Tensor:
        """x as D sees it: (m, dim), or (m, dim + K) with one-hot labels."""
        return (
            self.x if self.which is None else beside(self.x, one_hot(self.which, len(self.weights)))
        )

    def jsd_with_labels(self, masses: np.ndarray) -> np.ndarray:
        """The JSD of the pairs (x, label), nats, from the masses of `label_masses`: (R,)."""
        return theory.jsd(masses, self.parts) @ np.array(self.weights)

    def labelled_samples(self, draw: torch.Generator) -> np.ndarray:
        """Samples of p_data given the labels of z, (1, n, dim)."""
        out = np.empty((1, len(self.z), self.target.dim))
        for k, part in enumerate(self._parts):
            mine = self.labels == k
            out[0, mine] = part.sample(int(mine.sum()), draw).double().numpy()
        return out


def marks(target: Target) -> dict[str, np.ndarray]:
    """label_at (K, dim): the means of the parts of p_data, at which a picture names the labels."""
    if target.parts is None:
        return {}
    draw = torch.Generator().manual_seed(SEED)
    means = [part.sample(_MEAN_OF, draw).double().mean(0).numpy() for part in target.parts.parts]
    if target.modes is not None:
        return {"label_at": np.array(target.modes.centers)}
    return {"label_at": np.array(means)}
