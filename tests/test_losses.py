"""The formulas of all losses, and the theorems about those of the 2014 paper."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm
from torch.nn.functional import binary_cross_entropy_with_logits

from ganlab.losses import LOSSES, every_pair
from ganlab.registry import SpecError

NAMES = list(LOSSES)


def sigmoid_log(t: torch.Tensor) -> torch.Tensor:
    return torch.log(1 / (1 + torch.exp(-t)))


def cross_entropy(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    return -sigmoid_log(real).mean(1) - torch.log(1 - expit_(fake)).mean(1)


def relative(better: torch.Tensor, worse: torch.Tensor) -> torch.Tensor:
    """Jolicoeur-Martineau 2018, equations 9 to 12 with cross entropy, a sample at a time."""
    rows = []
    for a, b in zip(better, worse, strict=True):
        above = torch.stack([torch.log(expit_(t - b.mean())) for t in a]).mean()
        below = torch.stack([torch.log(1 - expit_(t - a.mean())) for t in b]).mean()
        rows.append(-above - below)
    return torch.stack(rows)


def paired(better: torch.Tensor, worse: torch.Tensor) -> torch.Tensor:
    """Mean log s(better_i - worse_i); the smaller set is repeated from its start."""
    n, m = better.shape[1], worse.shape[1]
    terms = [sigmoid_log(better[:, i % n] - worse[:, i % m]) for i in range(max(n, m))]
    return torch.stack(terms, 1).mean(1)


# Nowozin et al. 2016, tables 1 and 2: f(u), the output activation g_f(v), the conjugate f*(t).
F_GAN = {
    "f-kl": (lambda u: u * math.log(u), lambda v: v, lambda t: torch.exp(t - 1)),
    "f-reverse-kl": (
        lambda u: -math.log(u),
        lambda v: -torch.exp(-v),
        lambda t: -1 - torch.log(-t),
    ),
    "f-pearson": (lambda u: (u - 1) ** 2, lambda v: v, lambda t: t**2 / 4 + t),
    "f-hellinger": (
        lambda u: (math.sqrt(u) - 1) ** 2,
        lambda v: 1 - torch.exp(-v),
        lambda t: t / (1 - t),
    ),
}


def f_gan(f, output, conjugate):
    """D's cost and G's: F = E g_f(a(x)) - E f*(g_f(a(G(z)))), which D maximises and G minimises."""
    return (
        lambda real, fake: conjugate(output(fake)).mean(1) - output(real).mean(1),
        lambda real, fake: -conjugate(output(fake)).mean(1),
    )


# Plain formulas, in D = sigmoid(logit) where D is a probability; they are accurate only at moderate
# logits, unlike the code.
PLAIN = {
    "minimax": (cross_entropy, lambda real, fake: torch.log(1 - expit_(fake)).mean(1)),
    "non-saturating": (cross_entropy, lambda real, fake: -sigmoid_log(fake).mean(1)),
    "maximum-likelihood": (
        cross_entropy,
        lambda real, fake: -(expit_(fake) / (1 - expit_(fake))).mean(1),
    ),
    "least-squares": (
        lambda real, fake: ((real - 1).square().mean(1) + fake.square().mean(1)) / 2,
        lambda real, fake: (fake - 1).square().mean(1) / 2,
    ),
    "wasserstein": (
        lambda real, fake: -(real.mean(1) - fake.mean(1)),
        lambda real, fake: -fake.mean(1),
    ),
    "hinge": (
        lambda real, fake: -(real - 1).clamp(max=0).mean(1) - (-fake - 1).clamp(max=0).mean(1),
        lambda real, fake: -fake.mean(1),
    ),
    "relativistic-average": (
        lambda real, fake: relative(real, fake),
        lambda real, fake: relative(fake, real),
    ),
    "relativistic-pairing": (
        lambda real, fake: -paired(real, fake),
        lambda real, fake: -paired(fake, real),
    ),
    **{name: f_gan(*f) for name, f in F_GAN.items()},
}
# At a D that cannot tell real from fake: its logit, its cost, G's cost, G's slope.
EQUILIBRIUM = {
    "minimax": (0.0, math.log(4), -math.log(2), -0.5),
    "non-saturating": (0.0, math.log(4), math.log(2), -0.5),
    "maximum-likelihood": (0.0, math.log(4), -1.0, -1.0),
    "least-squares": (0.5, 0.25, 0.125, -0.5),
    "wasserstein": (3.0, 0.0, -3.0, -1.0),  # at any logit
    "hinge": (0.0, 2.0, 0.0, -1.0),
    "relativistic-average": (3.0, math.log(4), math.log(4), -1.0),  # at any logit
    "relativistic-pairing": (3.0, math.log(2), math.log(2), -0.5),
    "f-kl": (1.0, 0.0, -1.0, -1.0),
    "f-reverse-kl": (0.0, 0.0, 1.0, -1.0),
    "f-pearson": (0.0, 0.0, 0.0, -1.0),
    "f-hellinger": (0.0, 0.0, 0.0, -1.0),
}
# The largest logits that a loss allows, by dtype. Losses that grow faster than the logit overflow
# by design: exp near the log of the largest number, squares near its root (means add four of them).
LARGEST = {
    ("maximum-likelihood", torch.float32): 86.0,
    ("maximum-likelihood", torch.float64): 707.0,
    ("least-squares", torch.float32): 5e18,
    ("least-squares", torch.float64): 5e153,
    ("f-kl", torch.float32): 86.0,
    ("f-kl", torch.float64): 707.0,
    ("f-reverse-kl", torch.float32): 86.0,
    ("f-reverse-kl", torch.float64): 707.0,
    ("f-pearson", torch.float32): 5e18,
    ("f-pearson", torch.float64): 5e153,
    ("f-hellinger", torch.float32): 86.0,
    ("f-hellinger", torch.float64): 707.0,
}
# V = a(x) p - a(x) q has no minimum in a(x): D needs a bound on its slope.
# Relativistic losses have one only up to a constant.
RELATIVISTIC = {"relativistic-average", "relativistic-pairing"}
NO_OPTIMUM = {"wasserstein", *RELATIVISTIC}
FREE = {"wasserstein", *RELATIVISTIC}  # D's offset has no effect
SMOOTHED = [name for name in LOSSES if LOSSES[name].smooth]


def expit_(t: torch.Tensor) -> torch.Tensor:
    return 1 / (1 + torch.exp(-t))


def logits(seed: int, *shape: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(*shape, dtype=torch.float64, generator=draw)


def g_slope(name: str, logit: float) -> float:
    """d g / d logit, for a batch of one."""
    t = torch.tensor([[logit]], dtype=torch.float64, requires_grad=True)
    real = t.detach().clone()
    return torch.autograd.grad(LOSSES[name].g(real, t).sum(), t)[0].item()


def test_every_loss_has_its_formula_here():
    assert set(PLAIN) == set(EQUILIBRIUM) == set(LOSSES)
    assert NO_OPTIMUM == {name for name in LOSSES if LOSSES[name].optimal is None}
    assert set(SMOOTHED) == set(LOSSES) - {"wasserstein", "hinge"} - RELATIVISTIC - set(F_GAN)
    assert FREE == {name for name in LOSSES if LOSSES[name].shift_invariant}
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
    got_d, got_g = LOSSES[name].d(real, fake), LOSSES[name].g(real, fake)
    assert got_d.shape == got_g.shape == (4,)
    torch.testing.assert_close(got_d, d(real, fake), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(got_g, g(real, fake), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_runs_are_independent(name):
    real, fake = logits(2, 3, 8).requires_grad_(), logits(3, 3, 8).requires_grad_()
    for cost in (LOSSES[name].d(real, fake)[1], LOSSES[name].g(real, fake)[1]):
        for by in torch.autograd.grad(cost, (real, fake), allow_unused=True):
            if by is not None:
                assert by[1].any() and not by[0].any() and not by[2].any()


def pointwise(cost, p: float, q: float):
    """D's cost as a function of its logit at one x: real counts p times, fake counts q times."""
    off = torch.tensor([[0.0]], dtype=torch.float64)
    base = cost(off, off).item()

    def of(t: float) -> float:
        one = torch.tensor([[t]], dtype=torch.float64)
        return p * (cost(one, off).item() - base) + q * (cost(off, one).item() - base)

    return of


def best_logit(cost, bounds=(-30, 30)) -> float:
    options = {"xatol": 1e-10, "maxiter": 1000}
    return minimize_scalar(cost, bounds=bounds, method="bounded", options=options).x


def shown(name: str, logit: float) -> float:
    return LOSSES[name].shown(torch.tensor(logit, dtype=torch.float64)).item()


WEIGHTS = [(0.3, 0.3), (0.9, 0.1), (0.02, 0.7), (2.5, 1e-2), (1e-3, 3.0)]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NO_OPTIMUM])
@pytest.mark.parametrize(("p", "q"), WEIGHTS)
def test_optimal_minimises_d_pointwise(name, p, q):
    entry = LOSSES[name]
    cost = pointwise(entry.d, p, q)
    # Pearson's optimal logit is 2 (p/q - 1).
    best = best_logit(cost, (-3, 600) if name == "f-pearson" else (-30, 30))
    if name == "hinge" and p == q:  # all values between the margins are optimal; use the middle
        assert entry.optimal(p, q) == 0.5 and shown(name, 0.0) == 0.5
        assert cost(0.0) == pytest.approx(cost(best), abs=1e-12)
        assert min(cost(-1.1), cost(1.1)) > cost(0.0) + 0.01
    else:
        assert abs(shown(name, best) - entry.optimal(p, q)) < 1e-6


@pytest.mark.parametrize("name", sorted(NO_OPTIMUM - RELATIVISTIC))
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
        # Goodfellow 2016, section 4.2: where only G has mass, a peak of height b remains.
        star = ((1 - a) * p + b * q) / (p + q)
        assert entry.optimal(p, q, a, b) == pytest.approx(star, abs=1e-12)
        assert abs(shown(name, best) - star) < 1e-6
    assert entry.optimal(0.0, 1.0, a, b) == b and entry.optimal(1.0, 0.0, a, b) == 1 - a


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_a_rising_share(name):
    t = torch.linspace(-50, 50, 1001, dtype=torch.float64)
    t = torch.cat([torch.tensor([-1e8], dtype=t.dtype), t, torch.tensor([1e8], dtype=t.dtype)])
    share = LOSSES[name].shown(t)
    assert (share >= 0).all() and (share <= 1).all() and (share.diff() >= 0).all()
    # Midway between D's targets for fake and real, the drawn value is 1/2.
    middle = EQUILIBRIUM[name][0] if name not in FREE else 0.0
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
                d, g = LOSSES[name].d(real, fake), LOSSES[name].g(real, fake)
                if LOSSES[name].smooth:
                    d = d + LOSSES[name].smooth(real, fake, 0.1, 0.2)
                grads = torch.autograd.grad(d.sum() + g.sum(), (real, fake))
                for values in (d, g, *grads):
                    assert torch.isfinite(values).all()


@pytest.mark.parametrize(("name", "dtype"), LARGEST, ids=str)
def test_beyond_its_largest_logit_a_loss_is_infinite_never_nan(name, dtype):
    most = LARGEST[name, dtype]
    fake = torch.full((2, 4), most * 4, dtype=dtype)
    d, g = LOSSES[name].d(-fake, fake), LOSSES[name].g(-fake, fake)
    assert torch.isinf(d).all() or torch.isinf(g).all()
    assert not torch.isnan(d).any() and not torch.isnan(g).any()


@pytest.mark.parametrize("name", NAMES)
def test_at_the_equilibrium_of_the_game(name):
    logit, d, g, slope = EQUILIBRIUM[name]
    same = torch.full((1, 5), logit, dtype=torch.float64)
    assert LOSSES[name].d(same, same).item() == pytest.approx(d, abs=1e-12)
    assert LOSSES[name].g(same, same).item() == pytest.approx(g, abs=1e-12)
    assert g_slope(name, logit) == pytest.approx(slope, abs=1e-12)
    if LOSSES[name].optimal:
        assert LOSSES[name].optimal(0.4, 0.4) == shown(name, logit) == 0.5


@pytest.mark.parametrize("logit", [-40.0, -10.0, -3.0, 0.0, 3.0])
def test_minimax_saturates_and_the_other_does_not(logit):
    d = expit(logit)
    assert g_slope("minimax", logit) == pytest.approx(-d, rel=1e-9)
    assert g_slope("non-saturating", logit) == pytest.approx(d - 1, rel=1e-9)
    # If D is sure of a fake, the ratio of the two gradients is D/(1 - D).
    ratio = g_slope("minimax", logit) / g_slope("non-saturating", logit)
    assert ratio == pytest.approx(math.exp(logit), rel=1e-8)


@pytest.mark.parametrize("name", ["minimax", "wasserstein", *F_GAN])
def test_these_are_zero_sum(name):
    real, fake = logits(5, 2, 6), logits(6, 2, 6)
    entry = LOSSES[name]
    moved = fake + 0.7
    change_d = entry.d(real, moved) - entry.d(real, fake)
    torch.testing.assert_close(
        change_d, -(entry.g(real, moved) - entry.g(real, fake)), rtol=1e-10, atol=1e-12
    )


def test_with_the_best_d_maximum_likelihood_descends_the_kl_divergence():
    # p_data = N(0, 1), p_g = N(m, 1): KL(p_data || p_g) = m^2/2, whose slope is m.
    z = torch.from_numpy(norm.ppf((np.arange(200_000) + 0.5) / 200_000))
    for m in (-0.5, 0.2, 1.0):
        shift = torch.tensor(m, dtype=torch.float64, requires_grad=True)
        x = z + shift
        best = torch.as_tensor(m**2 / 2, dtype=torch.float64) - m * x  # log p_data/p_g
        cost = LOSSES["maximum-likelihood"].g(None, best.unsqueeze(0)).sum()
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


@pytest.mark.parametrize("name", NAMES)
def test_g_is_given_real_logits_only_if_it_says_that_it_looks_at_them(name):
    entry, real = LOSSES[name], logits(9, 2, 5).requires_grad_()
    fake = logits(10, 2, 5).requires_grad_()
    (by,) = torch.autograd.grad(entry.g(real, fake).sum(), real, allow_unused=True)
    assert entry.g_sees_real == (by is not None and bool(by.any())) == (name in RELATIVISTIC)
    if not entry.g_sees_real:
        assert torch.equal(entry.g(None, fake), entry.g(real, fake))


# Masses of p_data and p_g on five cells, all positive.
P, Q = np.array([0.1, 0.3, 0.05, 0.35, 0.2]), np.array([0.25, 0.05, 0.3, 0.1, 0.3])


def expected(masses: np.ndarray, count: int = 20) -> np.ndarray:
    """Cells, repeated in proportion to their masses, `count` in all."""
    times = masses * count
    assert np.allclose(times, times.round())
    return np.repeat(np.arange(len(masses)), times.round().astype(int))


@pytest.mark.parametrize("name", F_GAN)
def test_with_the_best_d_the_value_of_f_gan_is_the_divergence(name):
    (f, *_), entry = F_GAN[name], LOSSES[name]
    best = []
    for p, q in zip(P, Q, strict=True):
        bounds = (-3, 30) if name == "f-pearson" else (-10, 10)
        best.append(best_logit(pointwise(entry.d, p, q), bounds))
    at = torch.tensor(best, dtype=torch.float64)
    real, fake = (at[expected(masses)].unsqueeze(0) for masses in (P, Q))
    # D_f(p || q) = sum q f(p/q), and each divergence by its textbook formula.
    divergence = sum(q * f(p / q) for p, q in zip(P, Q, strict=True))
    known = {
        "f-kl": (P * np.log(P / Q)).sum(),
        "f-reverse-kl": (Q * np.log(Q / P)).sum(),
        "f-pearson": ((P - Q) ** 2 / Q).sum(),
        "f-hellinger": ((np.sqrt(P) - np.sqrt(Q)) ** 2).sum(),
    }
    assert divergence == pytest.approx(known[name], rel=1e-12)
    assert -entry.d(real, fake).item() == pytest.approx(divergence, rel=1e-9)


@pytest.mark.parametrize("name", F_GAN)
def test_with_the_best_d_g_descends_the_divergence_of_f_gan(name):
    # p_data = N(0, 1), p_g = N(m, 1): log p_data/p_g = m^2/2 - m x at x, and D_f is known.
    z = torch.from_numpy(norm.ppf((np.arange(400_000) + 0.5) / 400_000))
    m = 0.4
    slopes = {
        "f-kl": m,  # of m^2/2
        "f-reverse-kl": m,
        "f-pearson": 2 * m * math.exp(m**2),  # of exp(m^2) - 1
        "f-hellinger": m / 2 * math.exp(-(m**2) / 8),  # of 2 - 2 exp(-m^2/8)
    }
    best = {
        "f-kl": lambda r: 1 + r,
        "f-reverse-kl": lambda r: r,
        "f-pearson": lambda r: 2 * (torch.exp(r) - 1),
        "f-hellinger": lambda r: r / 2,
    }
    shift = torch.tensor(m, dtype=torch.float64, requires_grad=True)
    ratio = m**2 / 2 - m * (z + shift)
    cost = LOSSES[name].g(None, best[name](ratio).unsqueeze(0)).sum()
    slope = torch.autograd.grad(cost, shift)[0].item()
    assert slope == pytest.approx(slopes[name], rel=3e-3)


@pytest.mark.parametrize("count", [20, 40])
def test_the_best_paired_critic_is_the_log_ratio_up_to_a_constant(count):
    """In a pair, the odds that the first sample is real are p(x) q(y) : p(y) q(x)."""
    entry, cells = LOSSES["relativistic-pairing"], torch.from_numpy(np.log(P / Q))
    real, fake = expected(P), expected(Q, count)

    def of(a: torch.Tensor) -> torch.Tensor:
        return entry.d(*every_pair(a[real].unsqueeze(0), a[fake].unsqueeze(0))).sum()

    for offset in (0.0, 7.5):
        at = (cells + offset).requires_grad_()
        assert torch.autograd.grad(of(at), at)[0].abs().max() < 1e-14
    moved = cells + 0.3 * torch.eye(5, dtype=torch.float64)
    assert all(of(row) > of(cells) + 1e-4 for row in moved)


def test_every_pair():
    real, fake = logits(11, 3, 4), logits(12, 3, 6)
    a, b = every_pair(real, fake)
    wanted = {(x, y) for x in real[1].tolist() for y in fake[1].tolist()}
    assert set(zip(a[1].tolist(), b[1].tolist(), strict=True)) == wanted and a.shape == (3, 24)
    # Averages are unchanged, and so is a cost of averages.
    for name in ("relativistic-average", "minimax"):
        torch.testing.assert_close(LOSSES[name].d(a, b), LOSSES[name].d(real, fake))


# The terms of `Terms`, as formulas of the logits a of real and b of fake samples.
_S = expit_
TERMS = {
    r"-\mathbb{E}\,\log D(x)": lambda a, b: -torch.log(_S(a)).mean(),
    r"-\mathbb{E}\,\log(1 - D(G(z)))": lambda a, b: -torch.log(1 - _S(b)).mean(),
    r"\mathbb{E}\,\log(1 - D(G(z)))": lambda a, b: torch.log(1 - _S(b)).mean(),
    r"-\mathbb{E}\,\log D(G(z))": lambda a, b: -torch.log(_S(b)).mean(),
    r"-\mathbb{E}\,\frac{D(G(z))}{1 - D(G(z))}": lambda a, b: -(_S(b) / (1 - _S(b))).mean(),
    r"-\mathbb{E}\,a(x)": lambda a, b: -a.mean(),
    r"\mathbb{E}\,a(G(z))": lambda a, b: b.mean(),
    r"-\mathbb{E}\,a(G(z))": lambda a, b: -b.mean(),
    r"\mathbb{E}\,a(G(z)) - 1": lambda a, b: b.mean() - 1,
    r"1 - \mathbb{E}\,a(G(z))": lambda a, b: 1 - b.mean(),
    r"\mathbb{E}\,e^{a(G(z)) - 1}": lambda a, b: torch.exp(b - 1).mean(),
    r"-\mathbb{E}\,e^{a(G(z)) - 1}": lambda a, b: -torch.exp(b - 1).mean(),
    r"\mathbb{E}\,e^{-a(x)}": lambda a, b: torch.exp(-a).mean(),
    r"\mathbb{E}\,e^{a(G(z))} - 2": lambda a, b: torch.exp(b).mean() - 2,
    r"1 - \mathbb{E}\,e^{a(G(z))}": lambda a, b: 1 - torch.exp(b).mean(),
    r"\mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))": lambda a, b: (b * b / 4 + b).mean(),
    r"-\mathbb{E}\,(\tfrac14 a(G(z))^2 + a(G(z)))": lambda a, b: -(b * b / 4 + b).mean(),
    r"\tfrac12 \mathbb{E}\,(a(x) - 1)^2": lambda a, b: ((a - 1) ** 2).mean() / 2,
    r"\tfrac12 \mathbb{E}\,a(G(z))^2": lambda a, b: (b**2).mean() / 2,
    r"\tfrac12 \mathbb{E}\,(a(G(z)) - 1)^2": lambda a, b: ((b - 1) ** 2).mean() / 2,
    r"\mathbb{E}\,[1 - a(x)]_+": lambda a, b: torch.clamp(1 - a, min=0).mean(),
    r"\mathbb{E}\,[1 + a(G(z))]_+": lambda a, b: torch.clamp(1 + b, min=0).mean(),
    r"-\mathbb{E}\,\log\sigma(a(x) - a(G(z)))": lambda a, b: -torch.log(_S(a - b)).mean(),
    r"-\mathbb{E}\,\log\sigma(a(G(z)) - a(x))": lambda a, b: -torch.log(_S(b - a)).mean(),
    r"-\mathbb{E}\,\log\sigma(a(x) - \bar a_g)": lambda a, b: -torch.log(_S(a - b.mean())).mean(),
    r"-\mathbb{E}\,\log(1 - \sigma(a(G(z)) - \bar a_{\rm data}))": (
        lambda a, b: -torch.log(1 - _S(b - a.mean())).mean()
    ),
    r"-\mathbb{E}\,\log\sigma(a(G(z)) - \bar a_{\rm data})"
    r" - \mathbb{E}\,\log(1 - \sigma(a(x) - \bar a_g))": (
        lambda a, b: -(torch.log(_S(b - a.mean())) + torch.log(1 - _S(a - b.mean()))).mean()
    ),
    "": lambda a, b: torch.zeros(()),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_terms_of_the_equation_are_those_of_the_loss(name):
    a, b = torch.randn(2, 32, generator=torch.Generator().manual_seed(3)).double()
    entry = LOSSES[name]
    real, fake, g = (TERMS[latex](a, b) for latex in entry.terms)
    torch.testing.assert_close(real + fake, entry.d(a[None], b[None])[0])
    torch.testing.assert_close(g, entry.g(a[None], b[None])[0])
