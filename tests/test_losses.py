"""The contract of every loss, and what the two of the 2014 paper promise."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit

from ganlab.losses import LOSSES
from ganlab.registry import SpecError

NAMES = list(LOSSES)


def sigmoid_log(t: torch.Tensor) -> torch.Tensor:
    return torch.log(1 / (1 + torch.exp(-t)))


# Plain formulas, in D = sigmoid(logit); safe only at moderate logits, which the code is not told.
PLAIN = {
    "minimax": (
        lambda real, fake: -sigmoid_log(real).mean(1) - torch.log(1 - expit_(fake)).mean(1),
        lambda fake: torch.log(1 - expit_(fake)).mean(1),
    ),
    "non-saturating": (
        lambda real, fake: -sigmoid_log(real).mean(1) - torch.log(1 - expit_(fake)).mean(1),
        lambda fake: -sigmoid_log(fake).mean(1),
    ),
}


def expit_(t: torch.Tensor) -> torch.Tensor:
    return 1 / (1 + torch.exp(-t))


def logits(seed: int, *shape: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(*shape, dtype=torch.float64, generator=draw)


def g_slope(name: str, logit: float) -> float:
    """d g / d logit, for a batch of one."""
    t = torch.tensor([[logit]], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(LOSSES[name].g(t).sum(), t)[0].item()


def test_every_loss_has_its_formula_here():
    assert set(PLAIN) == set(LOSSES)


@pytest.mark.parametrize("name", NAMES)
def test_entry(name):
    entry = LOSSES[name]
    assert entry.name == name and entry.title and entry.equation
    assert entry.doc.endswith(".") and entry.cite


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_plain_formulas(name):
    real, fake = logits(0, 4, 9), logits(1, 4, 7)
    d, g = PLAIN[name]
    got_d, got_g = LOSSES[name].d(real, fake), LOSSES[name].g(fake)
    assert got_d.shape == got_g.shape == (4,)
    torch.testing.assert_close(got_d, d(real, fake), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(got_g, g(fake), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_runs_are_independent(name):
    real, fake = logits(2, 3, 8).requires_grad_(), logits(3, 3, 8).requires_grad_()
    for cost in (LOSSES[name].d(real, fake)[1], LOSSES[name].g(fake)[1]):
        for by in torch.autograd.grad(cost, (real, fake), allow_unused=True):
            if by is not None:
                assert by[1].abs().min() > 0 and not by[0].any() and not by[2].any()


@pytest.mark.parametrize("name", NAMES)
def test_optimal_minimises_d_pointwise(name):
    entry = LOSSES[name]
    if entry.optimal is None:
        pytest.fail(f"{name} states no optimum: say in this test why it has none")
    for p, q in [(0.3, 0.3), (0.9, 0.1), (0.02, 0.7), (2.5, 1e-2), (1e-3, 3.0)]:

        def cost(t, p=p, q=q):
            # p and q as weights: real logits count p times, fake ones q times.
            one = torch.tensor([[t]], dtype=torch.float64)
            off = torch.tensor([[0.0]], dtype=torch.float64)
            base = entry.d(off, off).item()
            return p * (entry.d(one, off).item() - base) + q * (entry.d(off, one).item() - base)

        best = minimize_scalar(cost, bounds=(-30, 30), method="bounded", options={"xatol": 1e-9})
        assert abs(expit(best.x) - entry.optimal(p, q)) < 1e-6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_are_finite_with_finite_gradients(name, dtype):
    for a in (0.0, 1e3, 1e30):
        for real_sign in (-1, 1):
            for fake_sign in (-1, 1):
                real = torch.full((2, 4), real_sign * a, dtype=dtype, requires_grad=True)
                fake = torch.full((2, 4), fake_sign * a, dtype=dtype, requires_grad=True)
                d, g = LOSSES[name].d(real, fake), LOSSES[name].g(fake)
                grads = torch.autograd.grad(d.sum() + g.sum(), (real, fake))
                for values in (d, g, *grads):
                    assert torch.isfinite(values).all()


@pytest.mark.parametrize("name", NAMES)
def test_at_the_equilibrium_of_the_game(name):
    zeros = torch.zeros(1, 5, dtype=torch.float64)
    assert LOSSES[name].d(zeros, zeros).item() == pytest.approx(math.log(4), abs=1e-12)
    sign = {"minimax": -1, "non-saturating": 1}[name]
    assert LOSSES[name].g(zeros).item() == pytest.approx(sign * math.log(2), abs=1e-12)
    # Both push G the same way, and equally hard, where D = 1/2.
    assert g_slope(name, 0.0) == pytest.approx(-0.5, abs=1e-12)


@pytest.mark.parametrize("logit", [-40.0, -10.0, -3.0, 0.0, 3.0])
def test_minimax_saturates_and_the_other_does_not(logit):
    d = expit(logit)
    assert g_slope("minimax", logit) == pytest.approx(-d, rel=1e-9)
    assert g_slope("non-saturating", logit) == pytest.approx(d - 1, rel=1e-9)
    # Where D is sure of a fake the ratio of the two gradients is D/(1 - D).
    ratio = g_slope("minimax", logit) / g_slope("non-saturating", logit)
    assert ratio == pytest.approx(math.exp(logit), rel=1e-8)


def test_minimax_is_zero_sum():
    real, fake = logits(5, 2, 6), logits(6, 2, 6)
    entry = LOSSES["minimax"]
    moved = fake + 0.7
    change_d = entry.d(real, moved) - entry.d(real, fake)
    torch.testing.assert_close(change_d, -(entry.g(moved) - entry.g(fake)), rtol=1e-10, atol=1e-12)


def test_unknown_loss():
    with pytest.raises(SpecError, match="minimax, non-saturating"):
        LOSSES["hinge?"]
    assert np.isnan(LOSSES["minimax"].optimal(0.0, 0.0))
