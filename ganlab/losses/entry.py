"""The entry of a loss: the costs of D and G as functions of logits, and what D's output means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.optim import Number
from ganlab.registry import Entry, Registry

Logits = torch.Tensor
Array = NDArray[np.float64]


class Terms(NamedTuple):
    """Both objectives as LaTeX: D minimises the sum of `real` and `fake`, G minimises `g`.

    a is D's output, and D(x) = σ(a(x)). fake is empty if one term compares real with fake samples.
    """

    real: str
    fake: str
    g: str


@dataclass(frozen=True)
class LossEntry(Entry):
    """A pair of losses, and the meaning of D's output under them.

    terms: `d` and `g` term by term, for explanations; None: `equation` is shown instead.
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
    mirror: D's output for real plus that for generated samples where D is sure; mirror - a judges
    a real pair as if it were a generated one (see `jointly`).
    """

    d: Callable[[Logits, Logits], torch.Tensor] = field(kw_only=True)
    g: Callable[[Any, Logits], torch.Tensor] = field(kw_only=True)
    terms: Terms | None = None
    g_sees_real: bool = False
    optimal: Callable[..., Array] | None = None
    smooth: Callable[[Logits, Logits, Number, Number], torch.Tensor] | None = None
    shown: Callable[[Logits], torch.Tensor] = torch.sigmoid
    value: bool = False
    shift_invariant: bool = False
    zero_sum: bool = False
    mirror: float = 0.0

    @property
    def jointly(self) -> LossEntry:
        """The loss if an encoder E plays on G's side, and D judges pairs (x, E(x)) and (G(z), z).

        G and E minimise -d if the game is zero-sum; otherwise G's cost of the pairs of G, and the
        same of the mirrored outputs for the pairs of E. No optimal D is known, since the pairs of
        G and of E are curves. Source: Donahue et al. 2017, eq. 2; Dumoulin et al. 2017, section 2.
        """

        def g(real: Logits, fake: Logits) -> torch.Tensor:
            if self.g_sees_real:
                return self.g(real, fake)
            if self.zero_sum:
                return -self.d(real, fake)
            return self.g(None, fake) + self.g(None, self.mirror - real)

        return replace(self, g=g, g_sees_real=True, optimal=None, terms=None)

    def centre(self, real: Logits, fake: Logits) -> torch.Tensor | float:
        """The offset subtracted from logits before they are drawn, (R, 1).

        It is 0, or for a shift-invariant loss the mean logit under (p_data + p_g)/2, estimated from
        the logits (R, n) and (R, m) of real and fake samples.
        """
        if not self.shift_invariant:
            return 0.0
        return (real.mean(1, keepdim=True) + fake.mean(1, keepdim=True)) / 2


LOSSES: Registry[LossEntry] = Registry("loss")


def every_pair(real: Logits, fake: Logits) -> tuple[Logits, Logits]:
    """All pairs of a real and a fake logit: (R, n), (R, m) -> (R, m n) each; means are kept."""
    real, fake = torch.broadcast_tensors(real.unsqueeze(1), fake.unsqueeze(2))
    return real.flatten(1), fake.flatten(1)
