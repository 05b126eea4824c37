"""Checks of losses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn.functional import softplus

from ganlab.losses import LossEntry
from ganlab.testing.common import equal

_SHIFT = 1.7
_POINTS = torch.linspace(-25, 25, 50_001, dtype=torch.float64)  # candidates for the optimal logit


def _logits(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(*shape, dtype=torch.float64, generator=draw).to(dtype)


def _g(loss: LossEntry, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return loss.g(real if loss.g_sees_real else None, fake)


def costs_are_one_number_a_run(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """(R, n), (R, m) -> (R,); run r alone gives the same, and nothing is changed in place."""
    for dtype in (torch.float32, torch.float64):
        real, fake = _logits(0, 3, 6, dtype=dtype), _logits(1, 3, 4, dtype=dtype)
        before = real.clone(), fake.clone()
        for name, cost in (("d", loss.d), ("g", lambda real, fake: _g(loss, real, fake))):
            made = cost(real, fake)
            assert made.shape == (3,) and made.dtype == dtype, f"{name}: {made.shape} {made.dtype}"
            for run in range(3):
                one = slice(run, run + 1)
                equal(f"{name} of run {run}", made[one], cost(real[one], fake[one]))
        assert torch.equal(real, before[0]) and torch.equal(fake, before[1]), "changed in place"


def costs_are_means(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """Repeating every sample of a minibatch does not change the cost."""
    real, fake = _logits(2, 2, 5), _logits(3, 2, 5)
    equal("d", loss.d(real.repeat(1, 2), fake.repeat(1, 2)), loss.d(real, fake))
    equal("g", _g(loss, real.repeat(1, 2), fake.repeat(1, 2)), _g(loss, real, fake))


def can_be_differentiated_twice(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """First and second derivatives are correct, as unrolling needs them."""
    real, fake = (_logits(seed, 1, 3).requires_grad_() for seed in (4, 5))
    for cost in (loss.d, lambda real, fake: _g(loss, real, fake)):
        assert torch.autograd.gradcheck(cost, (real, fake)), "the gradient is not the cost's"
        assert torch.autograd.gradgradcheck(cost, (real, fake)), "the second derivative is wrong"


def is_finite_where_logits_are_moderate(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """Costs and gradients are finite at logits up to 30, where D is as sure as it gets."""
    for a in (-30.0, 0.0, 30.0):
        for b in (-30.0, 0.0, 30.0):
            real, fake = (torch.full((1, 2), x).requires_grad_() for x in (a, b))
            cost = loss.d(real, fake) + _g(loss, real, fake)
            grads = torch.autograd.grad(cost.sum(), (real, fake), allow_unused=True)
            for made in (cost, *(g for g in grads if g is not None)):
                assert made.isfinite().all(), f"not finite at logits {a:g} and {b:g}"


def says_what_g_sees(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """`g_sees_real` is true if and only if G's cost depends on the logits of real samples."""
    fake = _logits(6, 1, 4)
    if loss.g_sees_real:
        made = [loss.g(_logits(seed, 1, 4), fake) for seed in (7, 8)]
        assert not torch.equal(*made), "g_sees_real, but real logits make no difference"
    else:
        assert loss.g(None, fake).isfinite().all()


def says_whether_an_offset_matters(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """`shift_invariant` is true if and only if d(real + c, fake + c) = d(real, fake)."""
    real, fake = _logits(9, 2, 6), _logits(10, 2, 6)
    moved = loss.d(real + _SHIFT, fake + _SHIFT)
    if loss.shift_invariant:
        equal("d of moved logits", moved, loss.d(real, fake), rtol=1e-9)
    else:
        assert not torch.allclose(moved, loss.d(real, fake), rtol=1e-6), "it is shift-invariant"


def is_shown_between_0_and_1(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """The value drawn as D(x) rises with the logit, from 0 to 1."""
    shown = loss.shown(_POINTS)
    assert shown.shape == _POINTS.shape and shown.min() >= 0 and shown.max() <= 1
    assert (shown.diff() >= 0).all(), "D(x) does not rise with its logit"


def the_best_d_is_the_best(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """`optimal` minimises D's cost at an x with p_data = p and p_g = q, also with labels."""
    if loss.optimal is None:
        return
    column, nothing = _POINTS[:, None], torch.zeros(len(_POINTS), 1, dtype=torch.float64)
    of_real, of_fake = loss.d(column, nothing), loss.d(nothing, column)
    for a, b in ((0.0, 0.0), (0.2, 0.1)) if loss.smooth is not None else ((0.0, 0.0),):
        if loss.smooth is not None:
            of_real = loss.d(column, nothing) + loss.smooth(column, nothing, a, 0.0)
            of_fake = loss.d(nothing, column) + loss.smooth(nothing, column, 0.0, b)
        for p, q in ((0.5, 0.2), (0.2, 0.5), (0.8, 0.1)):
            found = loss.shown(_POINTS[(p * of_real + q * of_fake).argmin()][None])
            best = np.asarray(loss.optimal(np.array([p]), np.array([q]), a, b))
            assert abs(float(found[0]) - best[0]) < 1e-3, (
                f"at p = {p}, q = {q}, labels {1 - a} and {b}: optimal says {best[0]:.4f}, "
                f"D's cost is least at {float(found[0]):.4f}"
            )


def its_value_is_that_of_the_game(loss: LossEntry, beside: Mapping[str, object]) -> None:
    """If `value`, D's cost is -V(D, G) = -E log D(x) - E log(1 - D(G(z)))."""
    if loss.value:
        real, fake = _logits(11, 2, 6), _logits(12, 2, 6)
        equal("d", loss.d(real, fake), softplus(-real).mean(1) + softplus(fake).mean(1), rtol=1e-9)


CHECKS = (
    costs_are_one_number_a_run,
    costs_are_means,
    can_be_differentiated_twice,
    is_finite_where_logits_are_moderate,
    says_what_g_sees,
    says_whether_an_offset_matters,
    is_shown_between_0_and_1,
    the_best_d_is_the_best,
    its_value_is_that_of_the_game,
)
