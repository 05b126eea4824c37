"""Closed forms of the GAN game (Goodfellow et al. 2014, section 4), in nats.

Masses `p` and `q` belong to the same cells, on the last axis; leading axes (runs) broadcast.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr, xlogy

LN2 = math.log(2.0)
_LEAST = 5e-324  # the smallest positive number


def d_star(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """The discriminator that is optimal against a fixed generator.

    D* = p_data / (p_data + p_g), elementwise; densities or masses p (..., cells), q (..., cells).
    nan where p + q = 0: there V does not depend on D. Goodfellow et al. 2014, Proposition 1.
    """
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    with np.errstate(invalid="ignore"):
        return p / (p + q)


def kl(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """Kullback-Leibler divergence of q from p.

    KL(p || q) = sum p log(p / q) over the last axis, with 0 log 0 = 0 and inf where q = 0 < p.
    Masses p, q (..., cells), used as they are (not normalised) -> (...), nats.
    """
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    return rel_entr(p, q).sum(-1)


def jsd(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """Jensen-Shannon divergence: 0 where p = q, ln 2 where they share no cell.

    JSD = KL(p || m)/2 + KL(q || m)/2, m = (p + q)/2. Masses p, q (..., cells), used as they are
    (not normalised) -> (...), nats, in [0, ln 2]. Goodfellow et al. 2014, Theorem 1.
    """
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    # p log(p/m) = 2p log(2p / (p + q))/2: without halving, so the smallest masses do not underflow.
    total = p + q
    return np.clip(0.25 * (_entropy(2 * p, total) + _entropy(2 * q, total)).sum(-1), 0.0, LN2)


def _entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    # As rel_entr for p <= 2q, which takes three times as long; 0 log 0 = 0.
    return p * np.log(p / np.maximum(q, _LEAST) + (p == 0))


def value(real_logits: ArrayLike, fake_logits: ArrayLike) -> NDArray[np.float64]:
    """The value of the game, estimated on samples.

    V(D, G) = mean log D(real) + mean log(1 - D(fake)), D = sigmoid(logit). Logits (..., n) and
    (..., m) -> (...), nats; finite for every finite logit. Goodfellow et al. 2014, equation 1.
    """
    real, fake = np.asarray(real_logits, np.float64), np.asarray(fake_logits, np.float64)
    # log sigmoid(t) = -softplus(-t), log(1 - sigmoid(t)) = -softplus(t).
    return -_softplus(-real).mean(-1) - _softplus(fake).mean(-1)


def _softplus(t: NDArray[np.float64]) -> NDArray[np.float64]:
    # As np.logaddexp(0, t), which takes five times as long.
    return np.maximum(t, 0.0) + np.log1p(np.exp(-np.abs(t)))


def c_g(jsd: ArrayLike) -> NDArray[np.float64]:
    """The value of the game against the optimal discriminator.

    C(G) = V(D*, G) = -log 4 + 2 JSD(p_data || p_g), elementwise, nats: from -log 4 (p_g = p_data)
    to 0 (disjoint). Goodfellow et al. 2014, Theorem 1.
    """
    return -2.0 * LN2 + 2.0 * np.asarray(jsd, np.float64)


def jsd_captured(k: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """JSD of a generator that has k of n equal, separate modes perfectly and nothing else.

    ((k/n) ln(2k/(n+k)) + ((n-k)/n) ln 2)/2 + ln(2n/(n+k))/2; elementwise, nats. k = n gives 0,
    k = 0 (all mass elsewhere) ln 2. Raises ValueError unless 0 <= k <= n and n >= 1.
    """
    k, n = _counts(k, n)
    real = (xlogy(k, 2 * k / (n + k)) + (n - k) * LN2) / n
    return 0.5 * (real + np.log(2 * n / (n + k)))


def kl_captured(k: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """KL(p_g || p_data) of a generator that has k of n equal, separate modes perfectly.

    ln(n / k); elementwise, nats. k = 0 (all mass elsewhere) gives inf. Raises ValueError unless
    0 <= k <= n and n >= 1. The other direction, KL(p_data || p_g), is inf for every k < n.
    """
    k, n = _counts(k, n)
    with np.errstate(divide="ignore"):
        return np.log(n / k)


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    k, n = np.asarray(k, np.float64), np.asarray(n, np.float64)
    if not np.all((k >= 0) & (k <= n) & (n >= 1)):
        raise ValueError(f"k of n modes needs 0 <= k <= n and n >= 1, got k = {k}, n = {n}")
    return k, n
