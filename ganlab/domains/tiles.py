"""Small pictures of many runs: numbers of points, and their encoding as bytes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ganlab.latents import LatentEntry, labelled, quasi_random

CELLS = 96  # of a tile's densities, 1-D
D_POINTS = 41  # points at which a tile shows D, 1-D
FAKES = 256  # generated points in a tile, 2-D
SCALE = 2**13  # coordinates are integers: -SCALE..SCALE is the box, and four boxes' widths fit
MOST_LATENTS = 2**15  # for all tiles of a frame, 1-D


@lru_cache(maxsize=16)
def latents(
    latent: LatentEntry,
    dim: int,
    count: int,
    exact: bool = False,
    weights: tuple[float, ...] = (),
) -> torch.Tensor:
    """Inputs of G, (n, dim) or with one-hot labels (n, dim + K).

    Quasi-random, or the ends of about `count` intervals of equal mass. weights: p(label).
    """
    if exact:
        z = labelled(latent, count, weights).inputs
    else:
        z = quasi_random(latent, dim, count, weights)
    return torch.from_numpy(z).float()


def to_bytes(share: np.ndarray) -> np.ndarray:
    """Numbers from 0 to 1 of any shape in 255ths, uint8; NaN is 0."""
    return np.rint(np.clip(np.nan_to_num(share), 0, 1) * 255).astype(np.uint8)


def fullest(beyond: np.ndarray) -> np.ndarray:
    """The fullest side and its percentage, (R, 2), from `Domain.beyond` (R, sides, 1 + dim)."""
    shares = beyond[..., 0]
    return np.stack([shares.argmax(1), np.rint(100 * shares.max(1))], 1).astype(np.uint8)
