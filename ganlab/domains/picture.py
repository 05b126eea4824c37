"""The parts of a picture: numbers of points, layers, and the interface of the players shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch

ARROWS = 48  # the number of gradient arrows
MEAN = -1  # in place of the label whose D is shown: the mean over all labels


class Detail(NamedTuple):
    """The numbers of points of which a picture is made.

    intervals: latent intervals of an exact push-forward; points: latents that estimate p_g
    elsewhere, None for the probe's; fakes: generated samples shown; mesh, thread: lines in each
    direction of a grid of 2-D latents, and points of a line of 1-D latents; cells: cells of D's
    field in each direction; shared: generated samples behind the shares of modes in 1-D.
    """

    intervals: int = 1024
    points: int | None = None
    fakes: int = 1500
    mesh: int = 21
    thread: int = 200
    cells: int = 64
    shared: int = 1000


DETAILS = {"full": Detail(), "coarse": Detail(256, 4096, 600, 15, 120, 32, 600)}


class Players(Protocol):
    """G and D of R runs, as a picture uses them (see `engine.evaluation`)."""

    @property
    def specs(self) -> Sequence[Any]: ...

    @property
    def label(self) -> int:
        """The label whose D and D* are shown; `MEAN` for all."""

    def generate(self, z: torch.Tensor) -> torch.Tensor:
        """G(z): inputs (n, in) for all runs, or (R, n, in) -> (R, n, dim)."""

    def told(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Outputs x (R, n, dim) of G at inputs z (..., n, in), with their labels if any."""

    @property
    def average(self) -> Players | None:
        """The same with the average of G's weights; None if no average is kept."""

    def cells(self, run: int, mass: np.ndarray, made: torch.Tensor) -> tuple[np.ndarray, ...]:
        """D and D* at the cell centres of one run's probe, and (p_data + p_g)/2, all flat.

        mass: of p_g, or of p_g given the label that is shown.
        """

    def field(self, points: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """D(x) as it is drawn, at points (n, dim) beside generated ones: (R, n)."""

    def classes(self, points: torch.Tensor, runs: slice) -> tuple[np.ndarray, ...]:
        """The likeliest class at points (R, n, dim) by D, and by the net beside it: (R, n)."""

    def cycle(self, count: int) -> dict[str, np.ndarray]:
        """`count` points x of p_data, E(x) and G(E(x)): see `Evaluation.cycle`."""

    def arrows(self, made: torch.Tensor, x: torch.Tensor) -> dict[str, np.ndarray]:
        """grad_x and grad, (R, n, dim): points x, and the direction in which each is pushed."""


class Layer(NamedTuple):
    """One layer of a picture. role: the part of the game in whose colour it is drawn."""

    id: str
    title: str
    role: str
