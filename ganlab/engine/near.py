"""How much of p_g is near each mode of p_data."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganlab import metrics


def near_shares(samples: ArrayLike, modes: metrics.ModesLike) -> np.ndarray:
    """The share of samples (..., n, d) near each mode, (..., m): less than 1 in all, as a rule.

    Near is within 3 sigma, or a quarter of the way to the nearest other mode if that is farther, so
    that a G that is only on its way to narrow modes is between them, and not at all of them.
    """
    samples, centers = np.asarray(samples, np.float64), np.asarray(modes.centers, np.float64)
    away = np.sqrt(((centers[:, None] - centers) ** 2).sum(-1))
    np.fill_diagonal(away, np.inf)
    quarter = away.min(1) / (4 * metrics.HIGH_QUALITY_SIGMAS)
    width = np.maximum(np.asarray(modes.std, np.float64), np.where(quarter < np.inf, quarter, 0.0))
    lead, n = samples.shape[:-2], samples.shape[-2]
    _, counts = metrics.near_modes(samples.reshape(-1, n, samples.shape[-1]), centers, width)
    shares: np.ndarray = counts.reshape(*lead, len(centers)) / n
    return shares
