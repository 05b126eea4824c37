"""The contract of every loss, and what the two of the 2014 paper promise."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm
from torch.nn.functional import binary_cross_entropy_with_logits

from ganlab.losses import LOSSES
from ganlab.registry import SpecError

NAMES = list(LOSSES)


def sigmoid_log(t: torch.Tensor) -> torch.Tensor:
    return torch.log(1 / (1 + torch.exp(-t)))


def cross_entropy(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return -sigmoid_log(real).mean(1) - torch.log(1 - expit_(fake)).mean(1)


# Plain formulas, in D = sigmoid(logit) where D is a probability; safe only at moderate logits,
# which the code is not told.
PLAIN = {
    "minimax": (cross_entropy, lambda fake: torch.log(1 - expit_(fake)).mean(1)),
    "non-saturating": (cross_entropy, lambda fake: -sigmoid_log(fake).mean(1)),
    "maximum-likelihood": (
        cross_entropy,
        lambda fake: -(expit_(fake) / (1 - expit_(fake))).mean(1),
    ),
    "least-squares": (
        lambda real, fake: ((real - 1).square().mean(1) + fake.square().mean(1)) / 2,
        lambda fake: (fake - 1).square().mean(1) / 2,
    ),
    "wasserstein": (
        lambda real, fake: -(real.mean(1) - fake.mean(1)),
        lambda fake: -fake.mean(1),
    ),
    "hinge": (
        lambda real, fake: -(real - 1).clamp(max=0).mean(1) - (-fake - 1).clamp(max=0).mean(1),
        lambda fake: -fake.mean(1),
    ),
}
# Where D cannot tell real from fake: its logit, its cost, G's cost, G's slope.
EQUILIBRIUM = {
    "minimax": (0.0, math.log(4), -math.log(2), -0.5),
    "non-saturating": (0.0, math.log(4), math.log(2), -0.5),
    "maximum-likelihood": (0.0, math.log(4), -1.0, -1.0),
    "least-squares": (0.5, 0.25, 0.125, -0.5),
    "wasserstein": (3.0, 0.0, -3.0, -1.0),  # at any logit
    "hinge": (0.0, 2.0, 0.0, -1.0),
}
# The largest logits that a loss stands, by dtype: those that grow faster than their logit overflow
# by design, exp near the log of the largest number, squares near its root (means add four of them).
LARGEST = {
    ("maximum-likelihood", torch.float32): 86.0,
    ("maximum-likelihood", torch.float64): 707.0,
    ("least-squares", torch.float32): 5e18,
    ("least-squares", torch.float64): 5e153,
}
# V = a(x) p - a(x) q has no minimum in a(x): only a bound on slopes gives D one.
NO_OPTIMUM = {"wasserstein"}
SMOOTHED = [name for name in LOSSES if LOSSES[name].smooth]


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
    assert set(PLAIN) == set(EQUILIBRIUM) == set(LOSSES)
    assert NO_OPTIMUM == {name for name in LOSSES if LOSSES[name].optimal is None}
    assert set(SMOOTHED) == set(LOSSES) - {"wasserstein", "hinge"}
    probable = {"minimax", "non-saturating", "maximum-likelihood"}
    assert {name for name in LOSSES if LOSSES[name].value} == probable


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
                assert by[1].any() and not by[0].any() and not by[2].any()


def pointwise(cost, p: float, q: float):
    """D's cost as a function of its logit at one x: real ones count p times, fake ones q times."""
    off = torch.tensor([[0.0]], dtype=torch.float64)
    base = cost(off, off).item()

    def of(t: float) -> float:
        one = torch.tensor([[t]], dtype=torch.float64)
        return p * (cost(one, off).item() - base) + q * (cost(off, one).item() - base)

    return of


def best_logit(cost) -> float:
    options = {"xatol": 1e-9}
    return minimize_scalar(cost, bounds=(-30, 30), method="bounded", options=options).x


def shown(name: str, logit: float) -> float:
    return LOSSES[name].shown(torch.tensor(logit, dtype=torch.float64)).item()


WEIGHTS = [(0.3, 0.3), (0.9, 0.1), (0.02, 0.7), (2.5, 1e-2), (1e-3, 3.0)]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NO_OPTIMUM])
@pytest.mark.parametrize(("p", "q"), WEIGHTS)
def test_optimal_minimises_d_pointwise(name, p, q):
    entry = LOSSES[name]
    cost = pointwise(entry.d, p, q)
    best = best_logit(cost)
    if name == "hinge" and p == q:  # all between the margins are as good; 1/2 is in the middle
        assert entry.optimal(p, q) == 0.5 and shown(name, 0.0) == 0.5
        assert cost(0.0) == pytest.approx(cost(best), abs=1e-12)
        assert min(cost(-1.1), cost(1.1)) > cost(0.0) + 0.01
    else:
        assert abs(shown(name, best) - entry.optimal(p, q)) < 1e-6


@pytest.mark.parametrize("name", sorted(NO_OPTIMUM))
def test_without_an_optimum_d_runs_away(name):
    for (p, q), sign in (((0.9, 0.1), 1), ((0.1, 0.9), -1)):
        cost = pointwise(LOSSES[name].d, p, q)
        values = [cost(sign * 10.0**i) for i in range(8)]
        assert values == sorted(values, reverse=True) and values[-1] < -1e6


@pytest.mark.parametrize("name", SMOOTHED)
@pytest.mark.parametrize(("a", "b"), [(0.1, 0.0), (0.0, 0.3), (0.25, 0.1), (0.0, 0.0)])
def test_smoothing_is_labels_1_minus_a_and_b(name, a, b):
    entry, real, fake = LOSSES[name], logits(7, 3, 9), logits(8, 3, 5)
    got = entry.d(real, fake) + entry.smooth(real, fake, a, b)
    if name == "least-squares":
        wanted = (real - (1 - a)).square().mean(1) / 2 + (fake - b).square().mean(1) / 2
    else:
        sides = ((real, 1 - a), (fake, b))
        wanted = sum(
            binary_cross_entropy_with_logits(x, torch.full_like(x, y), reduction="none").mean(1)
            for x, y in sides
        )
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)
    for p, q in WEIGHTS:
        best = best_logit(pointwise(lambda *t: entry.d(*t) + entry.smooth(*t, a, b), p, q))
        # Goodfellow 2016, section 4.2; where only G is, a peak of height b stays.
        star = ((1 - a) * p + b * q) / (p + q)
        assert entry.optimal(p, q, a, b) == pytest.approx(star, abs=1e-12)
        assert abs(shown(name, best) - star) < 1e-6
    assert entry.optimal(0.0, 1.0, a, b) == b and entry.optimal(1.0, 0.0, a, b) == 1 - a


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_a_rising_share(name):
    t = torch.linspace(-50, 50, 1001, dtype=torch.float64)
    share = LOSSES[name].shown(t)
    assert (share >= 0).all() and (share <= 1).all() and (share.diff() >= 0).all()
    # In the middle between what D is taught for fake and for real it shows 1/2.
    middle = EQUILIBRIUM[name][0] if name != "wasserstein" else 0.0
    assert shown(name, middle) == 0.5
    assert share[0] < 1e-6 and share[-1] > 1 - 1e-6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_are_finite_with_finite_gradients(name, dtype):
    most = LARGEST.get((name, dtype), 1e30)
    for a in (0.0, most / 1e3, most):
        for real_sign in (-1, 1):
            for fake_sign in (-1, 1):
                real = torch.full((2, 4), real_sign * a, dtype=dtype, requires_grad=True)
                fake = torch.full((2, 4), fake_sign * a, dtype=dtype, requires_grad=True)
                d, g = LOSSES[name].d(real, fake), LOSSES[name].g(fake)
                if LOSSES[name].smooth:
                    d = d + LOSSES[name].smooth(real, fake, 0.1, 0.2)
                grads = torch.autograd.grad(d.sum() + g.sum(), (real, fake))
                for values in (d, g, *grads):
                    assert torch.isfinite(values).all()


@pytest.mark.parametrize(("name", "dtype"), LARGEST, ids=str)
def test_beyond_its_largest_logit_a_loss_is_infinite_never_nan(name, dtype):
    most = LARGEST[name, dtype]
    fake = torch.full((2, 4), most * 2, dtype=dtype)
    g = LOSSES[name].g(fake)
    assert torch.isinf(g).all() and not torch.isnan(g).any()


@pytest.mark.parametrize("name", NAMES)
def test_at_the_equilibrium_of_the_game(name):
    logit, d, g, slope = EQUILIBRIUM[name]
    same = torch.full((1, 5), logit, dtype=torch.float64)
    assert LOSSES[name].d(same, same).item() == pytest.approx(d, abs=1e-12)
    assert LOSSES[name].g(same).item() == pytest.approx(g, abs=1e-12)
    assert g_slope(name, logit) == pytest.approx(slope, abs=1e-12)
    if LOSSES[name].optimal:
        assert LOSSES[name].optimal(0.4, 0.4) == shown(name, logit) == 0.5


@pytest.mark.parametrize("logit", [-40.0, -10.0, -3.0, 0.0, 3.0])
def test_minimax_saturates_and_the_other_does_not(logit):
    d = expit(logit)
    assert g_slope("minimax", logit) == pytest.approx(-d, rel=1e-9)
    assert g_slope("non-saturating", logit) == pytest.approx(d - 1, rel=1e-9)
    # Where D is sure of a fake the ratio of the two gradients is D/(1 - D).
    ratio = g_slope("minimax", logit) / g_slope("non-saturating", logit)
    assert ratio == pytest.approx(math.exp(logit), rel=1e-8)


@pytest.mark.parametrize("name", ["minimax", "wasserstein"])
def test_these_are_zero_sum(name):
    real, fake = logits(5, 2, 6), logits(6, 2, 6)
    entry = LOSSES[name]
    moved = fake + 0.7
    change_d = entry.d(real, moved) - entry.d(real, fake)
    torch.testing.assert_close(change_d, -(entry.g(moved) - entry.g(fake)), rtol=1e-10, atol=1e-12)


def test_with_the_best_d_maximum_likelihood_descends_the_kl_divergence():
    # p_data = N(0, 1), p_g = N(m, 1): KL(p_data || p_g) = m^2/2, whose slope is m.
    z = torch.from_numpy(norm.ppf((np.arange(200_000) + 0.5) / 200_000))
    for m in (-0.5, 0.2, 1.0):
        shift = torch.tensor(m, dtype=torch.float64, requires_grad=True)
        x = z + shift
        best = torch.as_tensor(m**2 / 2, dtype=torch.float64) - m * x  # log p_data/p_g
        cost = LOSSES["maximum-likelihood"].g(best.unsqueeze(0)).sum()
        assert torch.autograd.grad(cost, shift)[0].item() == pytest.approx(m, rel=2e-3)


def test_hinge_d_ignores_what_is_beyond_the_margin():
    real = torch.tensor([[1.5, 0.5, -2.0]], dtype=torch.float64, requires_grad=True)
    fake = torch.tensor([[-1.5, -0.5, 2.0]], dtype=torch.float64, requires_grad=True)
    by = torch.autograd.grad(LOSSES["hinge"].d(real, fake).sum(), (real, fake))
    assert by[0].tolist() == [[0.0, -1 / 3, -1 / 3]] and by[1].tolist() == [[0.0, 1 / 3, 1 / 3]]


def test_unknown_loss():
    with pytest.raises(SpecError, match="minimax, non-saturating"):
        LOSSES["hinge?"]
    assert np.isnan(LOSSES["minimax"].optimal(0.0, 0.0))
