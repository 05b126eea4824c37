"""Losses in which D is a probability and minimises the cross entropy, as in the first GAN."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike
from torch.nn.functional import softplus

from ganlab.languages import _
from ganlab.losses.entry import Array, Logits, LossEntry, Terms
from ganlab.optim import Number
from ganlab.theory import d_star


def _cross_entropy(real: Logits, fake: Logits) -> torch.Tensor:
    """-V(D, G) = -E log D(x) - E log(1 - D(G(z))), in nats, (R,)."""
    return softplus(-real).mean(1) + softplus(fake).mean(1)


def _smooth_cross_entropy(real: Logits, fake: Logits, a: Number, b: Number) -> torch.Tensor:
    # softplus(t) = softplus(-t) + t: labels 1 - a and b add a t for real and -b t for fake.
    return a * real.mean(1) - b * fake.mean(1)


def d_star_smoothed(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    """D* for labels 1 - a and b, elementwise: ((1 - a) p_data + b p_g)/(p_data + p_g).

    With b > 0, D* has a peak where only G has mass. Source: Goodfellow 2016, section 4.2.
    """
    star = d_star(p, q)
    return (1 - a) * star + b * (1 - star)


_OF_D = r"-\mathbb{E}\,\log D(x)", r"-\mathbb{E}\,\log(1 - D(G(z)))"  # the first two of `Terms`

ENTRIES = (
    LossEntry(
        name="minimax",
        title=_("minimax (saturating)"),
        equation=r"\min_G \mathbb{E}\,\log(1 - D(G(z)))",
        doc=_("The game of the theory. If D is sure, G's gradient vanishes and G stalls."),
        cite="Goodfellow et al. 2014, eq. 1",
        terms=Terms(*_OF_D, r"\mathbb{E}\,\log(1 - D(G(z)))"),
        d=_cross_entropy,
        g=lambda real, fake: -softplus(fake).mean(1),
        zero_sum=True,
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    ),
    LossEntry(
        name="non-saturating",
        title=_("non-saturating"),
        equation=r"\max_G \mathbb{E}\,\log D(G(z))",
        doc=_(
            "It has the same fixed point, but G is pushed hardest where D is surest. "
            "Used in practice."
        ),
        cite="Goodfellow et al. 2014, section 3",
        terms=Terms(*_OF_D, r"-\mathbb{E}\,\log D(G(z))"),
        d=_cross_entropy,
        g=lambda real, fake: softplus(-fake).mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    ),
    LossEntry(
        name="maximum-likelihood",
        title=_("maximum likelihood"),
        equation=r"\min_G -\mathbb{E}\,\frac{D(G(z))}{1 - D(G(z))}",
        doc=_(
            "With D = D* its gradient is that of KL(p_data ‖ p_g). Few samples carry "
            "most of it, so it is noisy and may overflow."
        ),
        cite="Goodfellow 2014; NIPS 2016 tutorial, section 3.2.4",
        terms=Terms(*_OF_D, r"-\mathbb{E}\,\frac{D(G(z))}{1 - D(G(z))}"),
        d=_cross_entropy,
        g=lambda real, fake: -fake.exp().mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    ),
)
