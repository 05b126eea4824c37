"""Relativistic losses: D compares real with fake samples, and G's loss sees both."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus

from ganlab.languages import _
from ganlab.losses.entry import Logits, LossEntry, Terms


def _paired(real: Logits, fake: Logits) -> tuple[Logits, Logits]:
    """Pairs of a real and a fake sample; the smaller set is repeated: (R, max(n, m)) each."""
    n, m = real.shape[1], fake.shape[1]
    if n == m:
        return real, fake
    most = max(n, m)
    real, fake = (x.repeat(1, -(-most // x.shape[1]))[:, :most] for x in (real, fake))
    return real, fake


def _prefers(better: Logits, worse: Logits) -> torch.Tensor:
    """-E log sigmoid(better_i - worse_i) over pairs, (R,)."""
    better, worse = _paired(better, worse)
    return softplus(worse - better).mean(1)


def _prefers_on_average(better: Logits, worse: Logits) -> torch.Tensor:
    """-E log s(better - E worse) - E log(1 - s(worse - E better)), s the sigmoid, (R,)."""
    above = softplus(worse.mean(1, keepdim=True) - better).mean(1)
    return above + softplus(worse - better.mean(1, keepdim=True)).mean(1)


ENTRIES = (
    LossEntry(
        name="relativistic-average",
        title=_("relativistic average"),
        equation=r"\min_D -\mathbb{E}\,\log\sigma(a(x) - \bar a_g)"
        r" - \mathbb{E}\,\log(1 - \sigma(a(G(z)) - \bar a_{\rm data})),\ "
        r"\min_G \text{ with real and fake exchanged}",
        doc=_(
            "D estimates how much more real a sample is than the average of the other "
            "kind. G also lowers D's output on real samples."
        ),
        cite="Jolicoeur-Martineau 2018, RaSGAN",
        terms=Terms(
            r"-\mathbb{E}\,\log\sigma(a(x) - \bar a_g)",
            r"-\mathbb{E}\,\log(1 - \sigma(a(G(z)) - \bar a_{\rm data}))",
            r"-\mathbb{E}\,\log\sigma(a(G(z)) - \bar a_{\rm data})"
            r" - \mathbb{E}\,\log(1 - \sigma(a(x) - \bar a_g))",
        ),
        d=_prefers_on_average,
        g=lambda real, fake: _prefers_on_average(fake, real),
        g_sees_real=True,
        shift_invariant=True,
    ),
    LossEntry(
        name="relativistic-pairing",
        title=_("relativistic pairing"),
        equation=r"\min_D -\mathbb{E}\,\log\sigma(a(x) - a(G(z))),\ "
        r"\min_G -\mathbb{E}\,\log\sigma(a(G(z)) - a(x))",
        doc=_(
            "D tells which of a pair, one real and one fake, is real: every real sample "
            "pulls, so modes are not forgotten. With R1 and R2 this is R3GAN's loss, "
            "which converges locally."
        ),
        cite="Jolicoeur-Martineau 2018, RSGAN; Huang et al. 2024",
        terms=Terms(
            r"-\mathbb{E}\,\log\sigma(a(x) - a(G(z)))",
            "",
            r"-\mathbb{E}\,\log\sigma(a(G(z)) - a(x))",
        ),
        d=_prefers,
        g=lambda real, fake: _prefers(fake, real),
        g_sees_real=True,
        shift_invariant=True,
    ),
)
