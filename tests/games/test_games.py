"""Every game under every rule: the closed form is what an update does; bad input; divergence."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from ganlab.games import GAMES, METHOD, Method, Play, closed, spectrum
from ganlab.games.dirac import slopes
from ganlab.games.field import Field
from ganlab.games.method import rules
from ganlab.games.verdict import rate, spectrum_of, verdict
from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError
from ganlab.stabilisers import STABILISERS, Judged

RANDOM = np.random.default_rng(7)
NUMERIC = ("angle", "a", "b", "p", "r1", "noise", "sigma")


def random_values(name: str, rng: np.random.Generator) -> dict:
    """Parameters of a game within their bounds, with smooth gradients at its equilibrium."""
    known = {p.name: p for p in GAMES[name].params if p.name in NUMERIC}
    return {n: float(rng.uniform(max(p.low, -2), min(p.high, 90))) for n, p in known.items()}


def same(a: np.ndarray, b: np.ndarray, near: float) -> bool:
    """Whether an assignment of eigenvalues with small distances exists; b may have zeros more."""
    if len(b) > len(a) and np.sort(np.abs(b))[len(b) - len(a) - 1] > 1e-6:
        return False
    b = b[np.abs(b).argsort()][len(b) - len(a) :] if len(b) > len(a) else b
    return len(a) == len(b) and any(
        np.abs(a - np.array(other)).max() < near for other in itertools.permutations(b)
    )


@pytest.mark.parametrize("rule", rules())
def test_closed_forms_are_what_is_measured(rule):
    rng = np.random.default_rng(len(rule))
    checked = 0
    for name, optimizer in itertools.product(GAMES, ("sgd", "momentum", "nesterov")):
        values = GAMES[name].read(random_values(name, rng))
        method = Method(
            rule,
            step=float(rng.uniform(0.02, 0.6)),
            optimizer=optimizer,
            momentum=float(rng.uniform(-0.8, 0.8)),
            consensus=0.0 if rule in ("sga", "cgd") else float(rng.choice([0.0, 0.4])),
        )
        try:
            method.check(GAMES[name], values)
        except SpecError:
            continue
        for rest in GAMES[name].equilibria(values):
            known = closed.of_update(rest.jacobian, method)
            if known is None:
                continue
            found = spectrum.measured(GAMES[name], values, method, rest)
            # Rounding moves eigenvalues that nearly meet by more than others.
            apart = np.abs(known[:, None] - known[None] + np.eye(len(known))).min()
            near = 1e-5 if apart > 0.02 else 1e-2
            assert same(known, found, near), (name, optimizer, values, method)
            checked += 1
    assert checked >= 3


@pytest.mark.parametrize("rule", ["simultaneous", "extragradient", "rk4"])
def test_lookahead_goes_part_of_the_way_back(rule):
    game, h = GAMES["bilinear"], 0.3
    rest = game.equilibria(game.read())[0]
    method = Method(rule, step=h, lookahead=5, lookahead_share=0.4)
    found = spectrum.measured(game, game.read(), method, rest)
    assert same(closed.of_update(rest.jacobian, method), found, 1e-5)
    play = Play("bilinear", method, [(0.3, 0.4)])
    play.advance(15)
    if rule == "simultaneous":  # a normal matrix
        factor = abs(1 + 0.4 * ((1 + 1j * h) ** 5 - 1)) ** 3
        assert np.hypot(*play.path[-1, 0]) == pytest.approx(0.5 * factor, rel=1e-9)


@pytest.mark.parametrize("name", GAMES)
def test_equilibria_and_jacobians_are_those_of_the_costs(name):
    game = GAMES[name]
    rng = np.random.default_rng(1)
    for _ in range(4):
        values = game.read(random_values(name, rng))
        for rest in game.equilibria(values):
            at = np.array([[rest.x, rest.y]])
            for gamma in (0.0, 0.7):
                grads, by = Field(game, values, gamma).slopes(at)
                assert np.abs(grads).max() < 1e-12
                wanted = closed.with_consensus(rest.jacobian, gamma)
                assert np.abs(by[0] - wanted).max() < 1e-9
                steps = 1e-5 * np.concatenate([np.eye(2), -np.eye(2)])
                ends = Field(game, values, gamma).gradients(at + steps)
                assert np.abs((ends[:2] - ends[2:]).T / 2e-5 - wanted).max() < 1e-7
        eigen = np.linalg.eigvals(game.equilibria(values)[0].jacobian)
        assert same(closed.of_field(game.equilibria(values)[0].jacobian), eigen, 1e-6)


@pytest.mark.parametrize("name", GAMES)
def test_zero_sum_games_say_so(name):
    game, rng = GAMES[name], np.random.default_rng(3)
    choices = [{"loss": loss} for loss in LOSSES] if name == "dirac" else [{}] * 3
    for more in choices:
        values = game.read({**random_values(name, rng), "noise": 0.0, **more} if more else
                           random_values(name, rng))  # fmt: skip
        _, by = Field(game, values).slopes(rng.normal(size=(5, 2)))
        assert game.zero_sum(values) == bool(np.abs(by[:, 0, 1] + by[:, 1, 0]).max() < 1e-9)


def test_penalties_of_the_dirac_gan_are_those_of_the_labs():
    psi = torch.tensor([[0.7], [-1.3]], dtype=torch.float64)
    x = torch.zeros(2, 1, 1, dtype=torch.float64, requires_grad=True)

    def judge(points: torch.Tensor) -> torch.Tensor:
        return -(psi.unsqueeze(1) * points).squeeze(2)

    draws = {"mix": torch.full((2, 1, 1), 0.5, dtype=torch.float64)}
    judged = Judged(x, x + 1, judge(x), judge(x + 1), judge, draws)
    game = GAMES["dirac"]

    def cost(**values) -> torch.Tensor:
        plain = game.costs(torch.ones_like(psi), psi, game.read({"loss": "wasserstein"}))[1]
        more = game.costs(torch.ones_like(psi), psi, game.read({"loss": "wasserstein", **values}))
        return more[1] - plain

    assert torch.allclose(cost(r1=0.6), STABILISERS["r1"].d_term(judged, 0.6))
    assert torch.allclose(cost(gp=0.6), STABILISERS["gradient_penalty"].d_term(judged, 0.3))


@pytest.mark.parametrize("loss", ["minimax", "non-saturating", "relativistic-pairing"])
def test_the_mean_over_noise_is_that_of_many_samples(loss):
    game, entry = GAMES["dirac"], LOSSES[loss]
    theta, psi, sigma = 0.6, -0.8, 0.9
    at = [torch.tensor([[v]], dtype=torch.float64) for v in (theta, psi)]
    exact = game.costs(*at, game.read({"loss": loss, "noise": sigma}))
    noise = torch.randn(2, 400_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    real, fake = (-psi * sigma * noise[:1], -psi * (theta + sigma * noise[1:]))
    for got, wanted in zip(exact, (entry.g(real, fake), entry.d(real, fake)), strict=True):
        assert got.item() == pytest.approx(wanted.item(), abs=0.005)


def test_slopes_of_a_loss_are_those_of_its_formula():
    assert slopes("minimax") == pytest.approx((0.5, 0.5, -0.5))
    assert slopes("non-saturating") == pytest.approx((0.5, 0.5, -0.5))
    assert slopes("wasserstein") == (1.0, 0.0, -1.0)
    assert slopes("least-squares") == (0.0, 2.0, -1.0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimisers_are_those_of_the_labs(optimizer):
    play = Play("bilinear", Method("simultaneous", 0.1, optimizer), [(1.0, 0.5)])
    play.advance(6)
    entry, hyper = OPTIMIZERS[optimizer], play.method.hyper
    x, y = (torch.tensor([[v]], dtype=torch.float64) for v in (1.0, 0.5))
    slots = [(torch.zeros_like(x),) * entry.slots for _ in range(2)]
    for t in range(1, 7):
        by_x, by_y = y, -x
        x, slots[0] = entry.update(by_x, slots[0], x, t, hyper)
        y, slots[1] = entry.update(by_y, slots[1], y, t, hyper)
        assert play.path[t, 0] == pytest.approx([x.item(), y.item()], abs=1e-12)


def test_trajectories_do_not_affect_each_other():
    starts = [(1.0, 1.0), (30.0, -30.0), (0.2, -0.7)]
    for rule in ("alternating", "continuous", "implicit", "cgd", "rk4"):
        together = Play("salimans", Method(rule, 0.2), starts)
        together.advance(12)
        assert np.isfinite(together.path[:, 0]).all()
        for i in (0, 2):
            alone = Play("salimans", Method(rule, 0.2), [starts[i]])
            alone.advance(5)
            alone.advance(7)
            near = 1e-5 if rule == "continuous" else 1e-9
            assert np.abs(alone.path[:, 0] - together.path[:, i]).max() < near, rule


@pytest.mark.parametrize("rule", rules())
def test_divergence_is_recorded(rule):
    play = Play("quadratic", Method(rule, 0.5), [(1.0, 1.0), (0.0, 0.0)], angle=150.0)
    play.advance(60)
    assert (play.path[:, 1] == 0).all() and play.diverged[1] == 0
    at = play.diverged[0]
    assert at > 0 and np.isnan(play.path[at:, 0]).all() and np.isfinite(play.path[:at, 0]).all()
    found = verdict(play, spectrum_of(play))
    assert found.word == "diverges"


def test_the_measured_rate_is_the_slope_of_the_log_distance():
    n = np.arange(400)
    assert rate(2.0 * 0.97**n) == pytest.approx(math.log(0.97))
    assert rate(2.0 * 0.8**n) == pytest.approx(math.log(0.8))  # below rounding errors it ends
    assert rate(np.ones(5)) is None


CASES = [
    ("bilinear", {}, Method("simultaneous"), "diverges"),
    ("bilinear", {}, Method("alternating"), "orbits"),
    ("bilinear", {}, Method("extragradient"), "converges"),
    ("dirac", {}, Method("alternating"), "orbits"),
    ("dirac", {"r1": 0.3}, Method("alternating"), "converges"),
    ("dirac", {}, Method("simultaneous"), "diverges"),
    ("dirac", {"loss": "non-saturating"}, Method("simultaneous"), "orbits"),
    ("dirac", {"loss": "non-saturating"}, Method("alternating"), "converges"),
    ("dirac", {}, Method("simultaneous", optimizer="adam"), None),
    ("quadratic", {"angle": 0.0}, Method("simultaneous"), "converges"),
    ("quadratic", {"angle": 120.0}, Method("simultaneous"), "diverges"),
]


@pytest.mark.parametrize(("name", "values", "method", "word"), CASES, ids=str)
def test_verdicts(name, values, method, word):
    play = Play(name, method, **values)
    play.advance(400)
    found = verdict(play, spectrum_of(play))
    assert word is None or found.word == word
    if method.optimizer == "adam":
        assert "Adam divides" in found.why and found.predicted is None
    elif word != "orbits" and name != "dirac":
        assert found.measured == pytest.approx(found.predicted, rel=0.02)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: Play("chess"), "game"),
        (lambda: Play("bilinear", c=1.0), "game's parameter"),
        (lambda: Play("bilinear", b=99.0), "b"),
        (lambda: Play("dirac", loss="relativistic-average", noise=0.5), "noise"),
        (lambda: Method(rule="newton"), "rule"),
        (lambda: Method(step=-1.0), "step"),
        (lambda: Method(betas=(0.1,)), "betas"),
        (lambda: Play("bilinear", Method("implicit", optimizer="adam")), "rule"),
        (lambda: Play("bilinear", Method("rk4", optimizer="momentum")), "rule"),
        (lambda: Play("bilinear", Method("sga", consensus=0.5)), "rule"),
        (lambda: Play("dirac", Method("cgd"), loss="non-saturating"), "rule"),
        (lambda: Play("dirac", Method("continuous"), clip=1.0), "clip"),
        (lambda: Play("bilinear", Method("continuous", lookahead=3)), "lookahead"),
        (lambda: Play("bilinear", starts=[(1.0, math.nan)]), "start"),
        (lambda: Play("bilinear", starts=[1.0]), "start"),
        (lambda: Play("bilinear", Method("implicit", first_steps=2)), "first_steps"),
    ],
)
def test_bad_input_names_the_field(call, field):
    with pytest.raises(SpecError) as error:
        call()
    assert error.value.name == field


def test_every_game_and_rule_is_explained():
    for game in GAMES.entries.values():
        assert game.watch.endswith(".") and game.doc.endswith(".") and game.cite and game.equation
        for param in game.params:
            assert param.doc.endswith(".") and param.check(param.default) == param.default
    for param in METHOD.values():
        assert param.doc.endswith(".")
