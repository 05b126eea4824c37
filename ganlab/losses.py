"""The losses of D and G as functions of logits: one registry entry per variant.

`d(real, fake)` and `g(real, fake)` take logits (R, B) and return (R,). For a D that classifies,
D(x) = sigmoid(logit). The numbers of real and fake samples may differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.functional import softplus

from ganlab.optim import Number
from ganlab.registry import Entry, Registry
from ganlab.theory import d_star

Logits = torch.Tensor
Array = NDArray[np.float64]


@dataclass(frozen=True)
class LossEntry(Entry):
    """A pair of losses, and the meaning of D's output under them.

    g_sees_real: whether `g` uses the logits of real samples. If not, `g` is given None for them,
    and D is not evaluated on them for G's update.
    optimal(p, q, a=0, b=0): the optimal D(x), in the scale of `shown`, where p_data = p and
    p_g = q, with labels 1 - a for real and b for fake. None if D(x) does not depend on p and q
    alone.
    smooth(real, fake, a, b) -> (R,): the term that labels 1 - a and b add to `d`. None if the loss
    has no labels.
    shown(logits): the value in [0, 1] that is drawn as D(x), from logits minus their `centre`.
    value: whether D is a probability, so that V(D, G) is the value of the game.
    zero_sum: whether d + g depends on real samples only, so that D gains what G loses.
    shift_invariant: whether d(real + c, fake + c) = d(real, fake) for every c. D's offset is then
    arbitrary: it keeps its initial value, and D is drawn relative to its mean.
    """

    d: Callable[[Logits, Logits], torch.Tensor] = field(kw_only=True)
    g: Callable[[Any, Logits], torch.Tensor] = field(kw_only=True)
    g_sees_real: bool = False
    optimal: Callable[..., Array] | None = None
    smooth: Callable[[Logits, Logits, Number, Number], torch.Tensor] | None = None
    shown: Callable[[Logits], torch.Tensor] = torch.sigmoid
    value: bool = False
    shift_invariant: bool = False
    zero_sum: bool = False

    def centre(self, real: Logits, fake: Logits) -> torch.Tensor | float:
        """The offset subtracted from logits before they are drawn, (R, 1).

        It is 0, or for a shift-invariant loss the mean logit under (p_data + p_g)/2, estimated from
        the logits (R, n) and (R, m) of real and fake samples.
        """
        if not self.shift_invariant:
            return 0.0
        return (real.mean(1, keepdim=True) + fake.mean(1, keepdim=True)) / 2


LOSSES: Registry[LossEntry] = Registry("loss")


def _cross_entropy(real: Logits, fake: Logits) -> torch.Tensor:
    """-V(D, G) = -E log D(x) - E log(1 - D(G(z))), in nats, (R,)."""
    return softplus(-real).mean(1) + softplus(fake).mean(1)


def _paired(real: Logits, fake: Logits) -> tuple[Logits, Logits]:
    """Pairs of a real and a fake sample; the smaller set is repeated: (R, max(n, m)) each."""
    n, m = real.shape[1], fake.shape[1]
    if n == m:
        return real, fake
    most = max(n, m)
    real, fake = (x.repeat(1, -(-most // x.shape[1]))[:, :most] for x in (real, fake))
    return real, fake


def every_pair(real: Logits, fake: Logits) -> tuple[Logits, Logits]:
    """All pairs of a real and a fake logit: (R, n), (R, m) -> (R, m n) each; means are kept."""
    real, fake = torch.broadcast_tensors(real.unsqueeze(1), fake.unsqueeze(2))
    return real.flatten(1), fake.flatten(1)


def _prefers(better: Logits, worse: Logits) -> torch.Tensor:
    """-E log sigmoid(better_i - worse_i) over pairs, (R,)."""
    better, worse = _paired(better, worse)
    return softplus(worse - better).mean(1)


def _prefers_on_average(better: Logits, worse: Logits) -> torch.Tensor:
    """-E log s(better - E worse) - E log(1 - s(worse - E better)), s the sigmoid, (R,)."""
    above = softplus(worse.mean(1, keepdim=True) - better).mean(1)
    return above + softplus(worse - better.mean(1, keepdim=True)).mean(1)


def _smooth_cross_entropy(real: Logits, fake: Logits, a: Number, b: Number) -> torch.Tensor:
    # softplus(t) = softplus(-t) + t: labels 1 - a and b add a t for real and -b t for fake.
    return a * real.mean(1) - b * fake.mean(1)


def _smooth_squares(real: Logits, fake: Logits, a: Number, b: Number) -> torch.Tensor:
    # ((t - 1 + a)^2 - (t - 1)^2)/2 and ((t - b)^2 - t^2)/2.
    return a * (real.mean(1) - 1 + a / 2) - b * (fake.mean(1) - b / 2)


def d_star_smoothed(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    """D* for labels 1 - a and b, elementwise: ((1 - a) p_data + b p_g)/(p_data + p_g).

    With b > 0, D* has a peak where only G has mass. Source: Goodfellow 2016, section 4.2.
    """
    star = d_star(p, q)
    return (1 - a) * star + b * (1 - star)


def _hinge_optimum(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    best = 1 / (1 + np.exp(-np.sign(p - q)))
    return np.where(p + q > 0, best, np.nan)


def _ratio_optimum(p: ArrayLike, q: ArrayLike, a: float = 0.0, b: float = 0.0) -> Array:
    """p_data/(p_data + p_g): the value shown for an f-GAN's optimal a(x)."""
    return d_star(p, q)


def _share_of_pearson(logits: Logits) -> torch.Tensor:
    ratio = (1 + logits / 2).relu()  # p_data/p_g if a(x) is optimal
    return 1 - 1 / (1 + ratio)


LOSSES.add(
    LossEntry(
        name="minimax",
        title="minimax (saturating)",
        equation=r"\min_G \mathbb{E}\,\log(1 - D(G(z)))",
        doc="The game of the theory. If D is sure, G's gradient vanishes and G stalls.",
        cite="Goodfellow et al. 2014, eq. 1",
        d=_cross_entropy,
        g=lambda real, fake: -softplus(fake).mean(1),
        zero_sum=True,
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    )
)
LOSSES.add(
    LossEntry(
        name="non-saturating",
        title="non-saturating",
        equation=r"\max_G \mathbb{E}\,\log D(G(z))",
        doc="It has the same fixed point, but G is pushed hardest where D is surest. Used in "
        "practice.",
        cite="Goodfellow et al. 2014, section 3",
        d=_cross_entropy,
        g=lambda real, fake: softplus(-fake).mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    )
)
LOSSES.add(
    LossEntry(
        name="maximum-likelihood",
        title="maximum likelihood",
        equation=r"\min_G -\mathbb{E}\,\frac{D(G(z))}{1 - D(G(z))}",
        doc="With D = D* its gradient is that of KL(p_data ‖ p_g). Few samples carry most of it, "
        "so it is noisy and may overflow.",
        cite="Goodfellow 2014; NIPS 2016 tutorial, section 3.2.4",
        d=_cross_entropy,
        g=lambda real, fake: -fake.exp().mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_cross_entropy,
        value=True,
    )
)
LOSSES.add(
    LossEntry(
        name="least-squares",
        title="least squares",
        equation=r"\min_D \tfrac12 \mathbb{E}\,(a(x)-1)^2 + \tfrac12 \mathbb{E}\,a(G(z))^2,\ "
        r"\min_G \tfrac12 \mathbb{E}\,(a(G(z)) - 1)^2",
        doc="D regresses to 1 and 0 and does not saturate, so samples far on the right side of the "
        "decision boundary still move.",
        cite="Mao et al. 2017",
        d=lambda real, fake: 0.5 * ((real - 1) ** 2).mean(1) + 0.5 * (fake**2).mean(1),
        g=lambda real, fake: 0.5 * ((fake - 1) ** 2).mean(1),
        optimal=d_star_smoothed,
        smooth=_smooth_squares,
        shown=lambda logits: logits.clamp(0, 1),
    )
)
LOSSES.add(
    LossEntry(
        name="wasserstein",
        title="Wasserstein",
        equation=r"\min_D \mathbb{E}\,a(G(z)) - \mathbb{E}\,a(x),\ \min_G -\mathbb{E}\,a(G(z))",
        doc="D is a critic, not a classifier. If its slopes are bounded (clip its weights, or use "
        "WGAN-GP), its loss estimates a distance and G gets a gradient everywhere; unbounded, D "
        "diverges. D's offset has no effect: it is kept, and D is drawn relative to its mean.",
        cite="Arjovsky et al. 2017",
        d=lambda real, fake: fake.mean(1) - real.mean(1),
        g=lambda real, fake: -fake.mean(1),
        zero_sum=True,
        shift_invariant=True,
    )
)
LOSSES.add(
    LossEntry(
        name="hinge",
        title="hinge",
        equation=r"\min_D \mathbb{E}\,[1 - a(x)]_+ + \mathbb{E}\,[1 + a(G(z))]_+,\ "
        r"\min_G -\mathbb{E}\,a(G(z))",
        doc="D ignores samples beyond the margin; G's gradient keeps its strength.",
        cite="Lim & Ye 2017; Miyato et al. 2018",
        d=lambda real, fake: (1 - real).relu().mean(1) + (1 + fake).relu().mean(1),
        g=lambda real, fake: -fake.mean(1),
        optimal=_hinge_optimum,
    )
)
for _entry in (
    LossEntry(
        name="relativistic-average",
        title="relativistic average",
        equation=r"\min_D -\mathbb{E}\,\log\sigma(a(x) - \bar a_g)"
        r" - \mathbb{E}\,\log(1 - \sigma(a(G(z)) - \bar a_{\rm data})),\ "
        r"\min_G \text{ with real and fake exchanged}",
        doc="D estimates how much more real a sample is than the average of the other kind. G also "
        "lowers D's output on real samples.",
        cite="Jolicoeur-Martineau 2018, RaSGAN",
        d=_prefers_on_average,
        g=lambda real, fake: _prefers_on_average(fake, real),
        g_sees_real=True,
        shift_invariant=True,
    ),
    LossEntry(
        name="relativistic-pairing",
        title="relativistic pairing",
        equation=r"\min_D -\mathbb{E}\,\log\sigma(a(x) - a(G(z))),\ "
        r"\min_G -\mathbb{E}\,\log\sigma(a(G(z)) - a(x))",
        doc="D tells which of a pair, one real and one fake, is real: every real sample pulls, so "
        "modes are not forgotten. With R1 and R2 this is R3GAN's loss, which converges locally.",
        cite="Jolicoeur-Martineau 2018, RSGAN; Huang et al. 2024",
        d=_prefers,
        g=lambda real, fake: _prefers(fake, real),
        g_sees_real=True,
        shift_invariant=True,
    ),
    LossEntry(
        name="f-kl",
        title="f-GAN: KL",
        equation=r"\max_D \min_G\ \mathbb{E}\,a(x) - \mathbb{E}\,e^{a(G(z)) - 1}",
        doc="With D = D* its value is KL(p_data ‖ p_g), so G must cover all of the data. G's "
        "gradient grows with e^a, so few samples carry most of it.",
        cite="Nowozin et al. 2016, table 2",
        d=lambda real, fake: (fake - 1).exp().mean(1) - real.mean(1),
        g=lambda real, fake: -(fake - 1).exp().mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=lambda logits: torch.sigmoid(logits - 1),
    ),
    LossEntry(
        name="f-reverse-kl",
        title="f-GAN: reverse KL",
        equation=r"\max_D \min_G\ -\mathbb{E}\,e^{-a(x)} + 1 - \mathbb{E}\,a(G(z))",
        doc="With D = D* its value is KL(p_g ‖ p_data): G is penalised for samples unlike the "
        "data, but not for missing modes.",
        cite="Nowozin et al. 2016, table 2",
        d=lambda real, fake: (-real).exp().mean(1) + fake.mean(1) - 1,
        g=lambda real, fake: 1 - fake.mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
    ),
    LossEntry(
        name="f-pearson",
        title="f-GAN: Pearson χ²",
        equation=r"\max_D \min_G\ \mathbb{E}\,a(x)"
        r" - \mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))",
        doc="With D = D* its value is ∫ (p_data − p_g)²/p_g, which is huge if G misses a mode. D "
        "regresses to twice the relative error of p_g.",
        cite="Nowozin et al. 2016, table 2",
        d=lambda real, fake: (fake**2 / 4 + fake).mean(1) - real.mean(1),
        g=lambda real, fake: -(fake**2 / 4 + fake).mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=_share_of_pearson,
    ),
    LossEntry(
        name="f-hellinger",
        title="f-GAN: squared Hellinger",
        equation=r"\max_D \min_G\ 2 - \mathbb{E}\,e^{-a(x)} - \mathbb{E}\,e^{a(G(z))}",
        doc="With D = D* its value is ∫ (√p_data − √p_g)², a distance between 0 and 2 that is "
        "symmetric in p_data and p_g.",
        cite="Nowozin et al. 2016, table 2",
        d=lambda real, fake: (-real).exp().mean(1) + fake.exp().mean(1) - 2,
        g=lambda real, fake: 1 - fake.exp().mean(1),
        zero_sum=True,
        optimal=_ratio_optimum,
        shown=lambda logits: torch.sigmoid(2 * logits),
    ),
):
    LOSSES.add(_entry)
