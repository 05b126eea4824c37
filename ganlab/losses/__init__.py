"""The losses of D and G as functions of logits: one registry entry per variant.

`d(real, fake)` and `g(real, fake)` take logits (R, B) and return (R,). For a D that classifies,
D(x) = sigmoid(logit). The numbers of real and fake samples may differ.
"""

from __future__ import annotations

from ganlab.losses import cross_entropy, f_gan, relativistic, scores
from ganlab.losses.entry import LOSSES, LossEntry, Terms, every_pair

__all__ = ["LOSSES", "LossEntry", "Terms", "every_pair"]

for _entry in (
    *cross_entropy.ENTRIES,
    *scores.ENTRIES,
    *relativistic.ENTRIES,
    *f_gan.ENTRIES,
):
    LOSSES.add(_entry)
