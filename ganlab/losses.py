"""What D and G minimise, on logits: one registry entry per variant.

`d(real, fake)` and `g(fake)` take logits (R, B) and return (R,); D(x) = sigmoid(logit).
`optimal(p, q)` is the logit-free best D(x) where p_data = p and p_g = q.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from ganlab.registry import Entry, Registry
from ganlab.theory import d_star


@dataclass(frozen=True)
class LossEntry(Entry):
    """A pair of costs, and D's optimum."""

    d: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = None  # type: ignore
    g: Callable[[torch.Tensor], torch.Tensor] = None  # type: ignore
    optimal: Callable | None = None


LOSSES: Registry[LossEntry] = Registry("loss")


def _cross_entropy(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """-V(D, G) = -E log D(x) - E log(1 - D(G(z))), in nats, (R,)."""
    return softplus(-real).mean(1) + softplus(fake).mean(1)


def _minimax(fake: torch.Tensor) -> torch.Tensor:
    """E log(1 - D(G(z))), in nats, (R,)."""
    return -softplus(fake).mean(1)


def _non_saturating(fake: torch.Tensor) -> torch.Tensor:
    """-E log D(G(z)), in nats, (R,)."""
    return softplus(-fake).mean(1)


LOSSES.add(
    LossEntry(
        name="minimax",
        title="minimax (saturating)",
        equation=r"\min_G \mathbb{E}\,\log(1 - D(G(z)))",
        doc="The game of the theory. When D is sure, G's gradient vanishes: watch it stall.",
        cite="Goodfellow et al. 2014, eq. 1",
        d=_cross_entropy,
        g=_minimax,
        optimal=d_star,
    )
)
LOSSES.add(
    LossEntry(
        name="non-saturating",
        title="non-saturating",
        equation=r"\max_G \mathbb{E}\,\log D(G(z))",
        doc="Same fixed point, but G is pushed hardest where D is surest. Used in practice.",
        cite="Goodfellow et al. 2014, section 3",
        d=_cross_entropy,
        g=_non_saturating,
        optimal=d_star,
    )
)
