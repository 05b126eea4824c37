"""Losses in which D's output is a score, not a probability: squares, Wasserstein, hinge."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike

from ganlab.languages import _
from ganlab.losses.cross_entropy import d_star_smoothed
from ganlab.losses.entry import Array, Logits, LossEntry, Terms
from ganlab.optim import Number


def _smooth_squares(real: Logits, fake: Logits, a: Number, b: Number) -> torch.Tensor:
    # ((t - 1 + a)^2 - (t - 1)^2)/2 and ((t - b)^2 - t^2)/2.
    return a * (real.mean(1) - 1 + a / 2) - b * (fake.mean(1) - b / 2)


def _hinge_optimum(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    best = 1 / (1 + np.exp(-np.sign(p - q)))
    return np.where(p + q > 0, best, np.nan)


ENTRIES = (
    LossEntry(
        name="least-squares",
        title=_("least squares"),
        equation=r"\min_D \tfrac12 \mathbb{E}\,(a(x)-1)^2 + \tfrac12 \mathbb{E}\,a(G(z))^2,\ "
        r"\min_G \tfrac12 \mathbb{E}\,(a(G(z)) - 1)^2",
        doc=_(
            "D regresses to 1 and 0 and does not saturate, so samples far on the right "
            "side of the decision boundary still move."
        ),
        cite="Mao et al. 2017",
        terms=Terms(
            r"\tfrac12 \mathbb{E}\,(a(x) - 1)^2",
            r"\tfrac12 \mathbb{E}\,a(G(z))^2",
            r"\tfrac12 \mathbb{E}\,(a(G(z)) - 1)^2",
        ),
        d=lambda real, fake: 0.5 * ((real - 1) ** 2).mean(1) + 0.5 * (fake**2).mean(1),
        g=lambda real, fake: 0.5 * ((fake - 1) ** 2).mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_squares,
        shown=lambda logits: logits.clamp(0, 1),
        mirror=1.0,
    ),
    LossEntry(
        name="wasserstein",
        title=_("Wasserstein"),
        equation=r"\min_D \mathbb{E}\,a(G(z)) - \mathbb{E}\,a(x),\ \min_G -\mathbb{E}\,a(G(z))",
        doc=_(
            "D is a critic, not a classifier. If its slopes are bounded (clip its "
            "weights, or use WGAN-GP), its loss estimates a distance and G gets a "
            "gradient everywhere; unbounded, D diverges. D's offset has no effect: it is "
            "kept, and D is drawn relative to its mean."
        ),
        cite="Arjovsky et al. 2017",
        terms=Terms(r"-\mathbb{E}\,a(x)", r"\mathbb{E}\,a(G(z))", r"-\mathbb{E}\,a(G(z))"),
        d=lambda real, fake: fake.mean(1) - real.mean(1),
        g=lambda real, fake: -fake.mean(1),
        zero_sum=True,
        shift_invariant=True,
    ),
    LossEntry(
        name="hinge",
        title=_("hinge"),
        equation=r"\min_D \mathbb{E}\,[1 - a(x)]_+ + \mathbb{E}\,[1 + a(G(z))]_+,\ "
        r"\min_G -\mathbb{E}\,a(G(z))",
        doc=_("D ignores samples beyond the margin; G's gradient keeps its strength."),
        cite="Lim & Ye 2017; Miyato et al. 2018",
        terms=Terms(
            r"\mathbb{E}\,[1 - a(x)]_+", r"\mathbb{E}\,[1 + a(G(z))]_+", r"-\mathbb{E}\,a(G(z))"
        ),
        d=lambda real, fake: (1 - real).relu().mean(1) + (1 + fake).relu().mean(1),
        g=lambda real, fake: -fake.mean(1),
        optimal=_hinge_optimum,
    ),
)
