"""The losses of f-GANs: with D = D* their value is an f-divergence. Source: Nowozin et al. 2016."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike

from ganlab.languages import _
from ganlab.losses.entry import Array, Logits, LossEntry, Terms
from ganlab.theory import d_star


def _ratio_optimum(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    """p_data/(p_data + p_g): the value shown for an f-GAN's optimal a(x)."""
    return d_star(p, q)


def _share_of_pearson(logits: Logits) -> torch.Tensor:
    ratio = (1 + logits / 2).relu()  # p_data/p_g if a(x) is optimal
    return 1 - 1 / (1 + ratio)


ENTRIES = (
    LossEntry(
        name="f-kl",
        title=_("f-GAN: KL"),
        equation=r"\max_D \min_G\ \mathbb{E}\,a(x) - \mathbb{E}\,e^{a(G(z)) - 1}",
        doc=_(
            "With D = D* its value is KL(p_data ‖ p_g), so G must cover all of the data. "
            "G's gradient grows with e^a, so few samples carry most of it."
        ),
        cite="Nowozin et al. 2016, table 2",
        terms=Terms(
            r"-\mathbb{E}\,a(x)", r"\mathbb{E}\,e^{a(G(z)) - 1}", r"-\mathbb{E}\,e^{a(G(z)) - 1}"
        ),
        d=lambda real, fake: (fake - 1).exp().mean(1) - real.mean(1),
        g=lambda real, fake: -(fake - 1).exp().mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=lambda logits: torch.sigmoid(logits - 1),
    ),
    LossEntry(
        name="f-reverse-kl",
        title=_("f-GAN: reverse KL"),
        equation=r"\max_D \min_G\ -\mathbb{E}\,e^{-a(x)} + 1 - \mathbb{E}\,a(G(z))",
        doc=_(
            "With D = D* its value is KL(p_g ‖ p_data): G is penalised for samples "
            "unlike the data, but not for missing modes."
        ),
        cite="Nowozin et al. 2016, table 2",
        terms=Terms(
            r"\mathbb{E}\,e^{-a(x)}", r"\mathbb{E}\,a(G(z)) - 1", r"1 - \mathbb{E}\,a(G(z))"
        ),
        d=lambda real, fake: (-real).exp().mean(1) + fake.mean(1) - 1,
        g=lambda real, fake: 1 - fake.mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
    ),
    LossEntry(
        name="f-pearson",
        title=_("f-GAN: Pearson χ²"),
        equation=r"\max_D \min_G\ \mathbb{E}\,a(x)"
        r" - \mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))",
        doc=_(
            "With D = D* its value is ∫ (p_data − p_g)²/p_g, which is huge if G misses a "
            "mode. D regresses to twice the relative error of p_g."
        ),
        cite="Nowozin et al. 2016, table 2",
        terms=Terms(
            r"-\mathbb{E}\,a(x)",
            r"\mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))",
            r"-\mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))",
        ),
        d=lambda real, fake: (fake**2 / 4 + fake).mean(1) - real.mean(1),
        g=lambda real, fake: -(fake**2 / 4 + fake).mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=_share_of_pearson,
    ),
    LossEntry(
        name="f-hellinger",
        title=_("f-GAN: squared Hellinger"),
        equation=r"\max_D \min_G\ 2 - \mathbb{E}\,e^{-a(x)} - \mathbb{E}\,e^{a(G(z))}",
        doc=_(
            "With D = D* its value is ∫ (√p_data − √p_g)², a distance between 0 and 2 "
            "that is symmetric in p_data and p_g."
        ),
        cite="Nowozin et al. 2016, table 2",
        terms=Terms(
            r"\mathbb{E}\,e^{-a(x)}", r"\mathbb{E}\,e^{a(G(z))} - 2", r"1 - \mathbb{E}\,e^{a(G(z))}"
        ),
        d=lambda real, fake: (-real).exp().mean(1) + fake.exp().mean(1) - 2,
        g=lambda real, fake: 1 - fake.exp().mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=lambda logits: torch.sigmoid(2 * logits),
    ),
)
