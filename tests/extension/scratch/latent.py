"""A latent: the sum of two uniform numbers."""

import numpy as np
import torch

from ganlab.latents import LATENTS, LatentEntry


def sample(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.rand(2, *shape, generator=generator, device=generator.device).sum(0) - 1


def ppf(u: np.ndarray) -> np.ndarray:
    u = np.asarray(u, np.float64)
    side = np.sqrt(2 * np.minimum(u, 1 - u)) - 1
    return np.where(u < 0.5, side, -side)


ENTRY = LATENTS.add(
    LatentEntry(
        name="triangular",
        title="triangular",
        equation=r"p(z) = 1 - |z|",
        doc="Bounded, and densest in the middle: G's ends are where its latents get rare.",
        sample=sample,
        ppf=ppf,
        reach=1.0,
    )
)
