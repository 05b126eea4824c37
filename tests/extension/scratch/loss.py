"""A loss: exponential, as in boosting."""

import torch

from ganlab.losses import LOSSES, LossEntry
from ganlab.theory import d_star

ENTRY = LOSSES.add(
    LossEntry(
        name="exponential",
        title="exponential",
        equation=r"\min_D \mathbb{E}\,e^{-a(x)} + \mathbb{E}\,e^{a(G(z))}",
        doc="What D gets wrong costs it more than with any other loss.",
        cite="Freund & Schapire 1997",
        d=lambda real, fake: (-real).exp().mean(1) + fake.exp().mean(1),
        g=lambda real, fake: (-fake).exp().mean(1),
        optimal=lambda p, q, a=0.0, b=0.0: d_star(p, q),
        shown=lambda logits: torch.sigmoid(2 * logits),
    )
)
