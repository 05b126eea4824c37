"""Latent distributions p_z: what G is fed with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtri

from ganlab.registry import Entry, Registry


@dataclass(frozen=True)
class LatentEntry(Entry):
    """`sample(shape, generator)` draws independent coordinates; `ppf` maps quantiles to them."""

    sample: Callable[[tuple[int, ...], torch.Generator], torch.Tensor] = None  # type: ignore
    ppf: Callable[[np.ndarray], np.ndarray] = None  # type: ignore
    reach: float = 1.0  # |z| shown on an axis


LATENTS: Registry[LatentEntry] = Registry("latent")


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.empty(shape, device=generator.device).uniform_(-1.0, 1.0, generator=generator)


LATENTS.add(
    LatentEntry(
        name="normal",
        title="normal",
        equation=r"z \sim \mathcal{N}(0, I)",
        doc="Most latents lie near 0, so G must stretch the middle to spread its mass.",
        sample=lambda shape, g: torch.randn(shape, generator=g, device=g.device),
        ppf=lambda u: ndtri(np.clip(u, 1e-7, 1 - 1e-7)),
        reach=2.6,
    )
)
LATENTS.add(
    LatentEntry(
        name="uniform",
        title="uniform",
        equation=r"z \sim \mathcal{U}[-1, 1]^d",
        doc="Equally many latents everywhere: p_g is high just where G is flat.",
        sample=_uniform,
        ppf=lambda u: 2.0 * np.asarray(u) - 1.0,
        reach=1.0,
    )
)


LATENTS.add(
    LatentEntry(
        name="unit_uniform",
        title="uniform of variance 1",
        equation=r"z \sim \mathcal{U}[-\sqrt3, \sqrt3]^d",
        doc="Uniform, as far spread as the normal: the 2014 paper's for images.",
        cite="Goodfellow et al. 2014",
        sample=lambda shape, generator: _uniform(shape, generator).mul_(math.sqrt(3)),
        ppf=lambda u: math.sqrt(3) * (2.0 * np.asarray(u) - 1.0),
        reach=math.sqrt(3),
    )
)


def quantile_grid(latent: str, intervals: int) -> np.ndarray:
    """Ends of `intervals` latent intervals of equal mass, shape (intervals + 1,), 1-D latents.

    Normal latents end at the 1e-7 quantiles instead of at infinity.
    """
    return LATENTS[latent].ppf(np.linspace(0.0, 1.0, intervals + 1))


def quasi_random(latent: str, dim: int, count: int) -> np.ndarray:
    """`count` scrambled-Sobol latents, shape (count, dim): always the same ones."""
    exponent = math.ceil(math.log2(max(count, 2)))
    sobol = torch.quasirandom.SobolEngine(dim, scramble=True, seed=20140610)
    u = sobol.draw(2**exponent, dtype=torch.float64)[:count].numpy()
    return LATENTS[latent].ppf(np.clip(u, 1e-9, 1 - 1e-9))
