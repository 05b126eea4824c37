"""Toy games played by the engine's own updates, compared with theorems.

If G is linear and its latent is always 0, it makes the point b, its bias. If D is linear with
weight w and the data are always 0, Wasserstein's costs give the game f = w b, and the costs of the
2014 paper give the Dirac-GAN (Mescheder et al. 2018). D's bias does not matter in either (for the
second, near the equilibrium), nor does G's weight.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganlab import Run, Spec
from ganlab.engine import State
from ganlab.engine.turns import Turns

LINEAR = {"g_hidden": (), "d_hidden": (), "optimizer": "sgd", "batch": 2}
NOISE = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64).view(1, 4, 1)


def draw(player: str, name: str, number: int) -> torch.Tensor:
    """Data and latents that are 0, for any unrolling; noise of two points."""
    if name.endswith("noise"):
        return NOISE
    rows = 20 if name.startswith("u_") else 2
    return torch.zeros(1, rows, 1, dtype=torch.float64)


class Toy:
    """The game of a Spec as a map of (b and its slots, w and its slots)."""

    def __init__(self, **fields):
        self.spec = Spec(**LINEAR | fields)
        self.game = Run(self.spec).game
        rules = self.game.rules
        self.counts = [1 + len(rules.slots(p)) for p in "GD"]
        self.names = [("b" if p == "G" else "w", *rules.slots(p)) for p in "GD"]

    def iterate(self, v: np.ndarray) -> np.ndarray:
        """One iteration of Algorithm 1."""

        def place(values, at):
            vector = torch.zeros(1, 2, dtype=torch.float64)
            vector[0, at] = float(values)
            return vector

        n = self.counts[0]
        g, *g_slots = (place(x, 1) for x in v[:n])  # the bias of (weight, bias)
        d, *d_slots = (place(x, 0) for x in v[n:])  # the weight of (weight, bias)
        state = State(g, d, tuple(g_slots), tuple(d_slots), 5, 5)
        for player in "DG":
            state = Turns(1, 1).moved(state, player, self.game.after(player, state, draw))
        parts = [t[0, 1] for t in (state.g, *state.g_slots)]
        parts += [t[0, 0] for t in (state.d, *state.d_slots)]
        return torch.stack(parts).numpy()

    def start(self, b: float, w: float) -> np.ndarray:
        """The start of a run: D's past equals D, and no step has been made."""
        first = {"before": w, "b": b, "w": w}
        return np.array([first.get(name, 0.0) for names in self.names for name in names])

    def radius(self, eps: float = 1e-4) -> float:
        """The spectral radius of an iteration at the equilibrium."""
        size = sum(self.counts)
        columns = []
        for i in range(size):
            e = np.zeros(size)
            e[i] = eps
            columns.append((self.iterate(e) - self.iterate(-e)) / (2 * eps))
        return np.abs(np.linalg.eigvals(np.stack(columns, 1))).max()


def bilinear(alpha: float, **fields) -> Toy:
    return Toy(loss="wasserstein", g_lr=alpha, d_lr=alpha, **fields)


def dirac(h: float = 0.2, **fields) -> Toy:
    return Toy(**{"loss": "minimax", "g_lr": h, "d_lr": h} | fields)


def optimistic(a: float) -> float:
    if a <= 0.5:
        return math.sqrt((1 + math.sqrt(1 - 4 * a * a)) / 2)
    return abs(0.5 + 1j * (a + math.sqrt(a * a - 0.25)))


def alternating(a: float) -> float:
    return 1.0 if a <= 2 else a * a / 2 - 1 + a * math.sqrt(a * a / 4 - 1)


RULES = {
    "simultaneous": lambda a: math.sqrt(1 + a * a),
    "alternating": alternating,
    "extragradient": lambda a: math.sqrt(1 - a * a + a**4),
    "optimistic": optimistic,
    "sga": lambda a: math.sqrt((1 - a) ** 2 + a * a),
    "cgd": lambda a: 1 / math.sqrt(1 + a * a),
    "heun": lambda a: math.sqrt(1 + a**4 / 4),
    "rk4": lambda a: abs(sum((1j * a) ** n / math.factorial(n) for n in range(5))),
}


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.45, 0.57, 1 / math.sqrt(2), 0.95, 1.7, 2.5])
@pytest.mark.parametrize("rule", RULES)
def test_bilinear_game(rule, alpha):
    assert bilinear(alpha, rule=rule).radius() == pytest.approx(RULES[rule](alpha), rel=1e-6)


def test_which_rules_converge_on_the_bilinear_game():
    for rule, alpha, last in (
        ("simultaneous", 0.2, math.sqrt(2) * math.sqrt(1.04) ** 100),
        ("extragradient", 0.2, math.sqrt(2) * math.sqrt(1 - 0.04 + 0.0016) ** 100),
    ):
        toy = bilinear(alpha, rule=rule)
        v = toy.start(1.0, 1.0)
        for _ in range(100):
            v = toy.iterate(v)
        # Their updates are normal matrices: each scales the state by its spectral radius.
        assert math.hypot(v[0], v[toy.counts[0]]) == pytest.approx(last, rel=1e-9)


def test_best_steps_on_the_bilinear_game():
    assert bilinear(1 / math.sqrt(2), rule="extragradient").radius() == pytest.approx(
        math.sqrt(3) / 2, rel=1e-6
    )
    # A double root: rounding changes it by the square root of the error.
    assert bilinear(0.5, rule="optimistic").radius() == pytest.approx(1 / math.sqrt(2), abs=1e-4)
    for rule, edge in (("extragradient", 1.0), ("optimistic", 1 / math.sqrt(3))):
        assert (
            bilinear(edge * 0.99, rule=rule).radius()
            < 1
            < bilinear(edge * 1.01, rule=rule).radius()
        )


def test_alternating_updates_keep_their_ellipse():
    toy, alpha = bilinear(0.3, rule="alternating"), 0.3
    v = toy.start(1.0, 0.5)

    def kept(v):
        b, w = v
        return w * w + b * b - alpha * w * b  # D, which moves first, pulls w along -b

    first, norms = kept(v), []
    for _ in range(500):
        v = toy.iterate(v)
        norms.append(v @ v)
        assert kept(v) == pytest.approx(first, rel=1e-9)
    assert max(norms) > 1.1 * min(norms)


@pytest.mark.parametrize(("rule", "power"), [("alternating", 3), ("simultaneous", 2)])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, -0.5), (0.3, 0.5), (0.2, -0.9), (1.0, -0.3)])
def test_momentum_on_the_bilinear_game(rule, power, alpha, beta):
    square = np.polymul(np.poly([1.0, 1.0]), np.poly([beta, beta]))
    roots = np.roots(np.polyadd(square, [alpha**2, *[0.0] * power]))
    toy = bilinear(alpha, rule=rule, optimizer="momentum", momentum=beta)
    assert toy.radius() == pytest.approx(np.abs(roots).max(), rel=1e-6)


def test_negative_momentum_helps_alternating_play_only():
    fields = {"optimizer": "momentum", "momentum": -0.5}
    assert bilinear(0.5, **fields).radius() == pytest.approx(0.96254, abs=5e-6)
    assert bilinear(0.5, rule="simultaneous", **fields).radius() > 1


@pytest.mark.parametrize("steps", [1, 2, 5, 10])
@pytest.mark.parametrize("data", ["same", "fresh"])
def test_unrolling_damps_the_bilinear_game(steps, data):
    # D after K steps is w - K a b, so G's gradient by b is -w + 2 K a b.
    a, turn = 0.2, 2 * steps + 1
    wanted = np.abs(np.linalg.eigvals([[1, -a], [a, 1 - turn * a * a]])).max()
    toy = bilinear(a, unroll=steps, unroll_data=data)
    assert toy.radius() == pytest.approx(wanted, rel=1e-6) and wanted < 1
    if turn * a < 2:  # while it rotates, the product of both eigenvalues
        assert wanted == pytest.approx(math.sqrt(1 - 2 * steps * a * a), rel=1e-9)


@pytest.mark.parametrize("gamma", [0.1, 0.7])
def test_consensus_and_decay_on_the_bilinear_game(gamma):
    # Both add gamma times the player's own parameter to its gradient here.
    wanted = math.hypot(1 - 0.3 * gamma, 0.3)
    for name in ("consensus", "weight_decay"):
        toy = bilinear(0.3, rule="simultaneous", **{name: gamma})
        assert toy.radius() == pytest.approx(wanted, rel=1e-6)


def test_historical_averaging_turns_the_orbit_into_a_spiral():
    ends = {}
    for pull in (0.0, 0.5):
        spec = Spec(**LINEAR, loss="wasserstein", g_lr=0.1, d_lr=0.1, historical_averaging=pull)
        run = Run(spec)
        g, d = torch.tensor([[0.0, 1.0]]).double(), torch.tensor([[1.0, 0.0]]).double()
        rules = run.game.rules
        state = State(g, d, rules.first_slots("G", g), rules.first_slots("D", d))
        for _ in range(400):
            for player in "DG":
                state = Turns(1, 1).moved(state, player, run.game.after(player, state, draw))
        ends[pull] = math.hypot(state.g[0, 1], state.d[0, 0])
    assert 1.2 < ends[0.0] < 1.6 and 0.1 < ends[0.5] / ends[0.0] < 0.25


CRITICAL = 2e-3  # where two eigenvalues meet, rounding changes them by the square root of the error
DIRAC = [
    ({}, 1.00499, 1.0),
    ({"loss": "non-saturating"}, 1.00499, 1.0),
    ({"loss": "wasserstein"}, 1.0198, 1.0),
    ({"instance_noise": 0.7}, 0.98031, 0.97519),
    ({"r1": 0.3}, 0.97468, 0.96954),
    ({"r2": 0.3}, 0.97468, 0.96954),
    ({"r1": 0.3, "loss": "non-saturating"}, 0.97468, 0.96954),
    ({"r1": 1.0}, 0.9, 0.92702),
    ({"consensus": 1.0}, 0.95525, 0.95),
    ({"loss": "relativistic-pairing"}, 1.00499, 1.0),
    ({"loss": "relativistic-average"}, 1.0198, 1.0),
    ({"loss": "relativistic-pairing", "r1": 0.15, "r2": 0.15}, 0.97468, 0.96954),
    ({"loss": "f-reverse-kl"}, 1.0198, 1.0),
    ({"loss": "f-pearson"}, 1.0198, 1.0),
    ({"loss": "f-hellinger"}, 1.0198, 1.0),
]


@pytest.mark.parametrize(("fields", "simultaneous", "alternating"), DIRAC, ids=str)
def test_dirac_gan_at_a_step_of_a_fifth(fields, simultaneous, alternating):
    near = CRITICAL if fields == {"r1": 1.0} else 6e-6
    for rule, wanted in (("simultaneous", simultaneous), ("alternating", alternating)):
        assert dirac(rule=rule, **fields).radius() == pytest.approx(wanted, abs=near)


@pytest.mark.parametrize("h", [0.05, 0.2, 0.6])
def test_dirac_gan_with_r1_in_closed_form(h):
    gamma, slope = 0.3, 0.5
    sim = dirac(h, r1=gamma, rule="simultaneous").radius()
    assert sim == pytest.approx(math.sqrt(1 - h * gamma + h * h * slope**2), rel=1e-6)
    assert dirac(h, r1=gamma).radius() == pytest.approx(math.sqrt(1 - h * gamma), rel=1e-6)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_dirac_gan_with_instance_noise_in_closed_form(sigma):
    # The field's eigenvalues: f'' s^2 +- sqrt(f''^2 s^4 - f'^2), f' = 1/2, f'' = -1/4.
    real = -0.25 * sigma**2
    value = real + np.emath.sqrt(real**2 - 0.25)
    toy = dirac(0.2, instance_noise=sigma, rule="simultaneous")
    assert toy.radius() == pytest.approx(abs(1 + 0.2 * value), rel=1e-6)


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("n", [2, 5])
def test_lookahead_on_the_bilinear_game_in_closed_form(n, share):
    # Chavdarova et al. 2021: n steps multiply by m^n, then the share of the way that is kept.
    alpha = 0.3
    toy = bilinear(alpha, rule="simultaneous", lookahead=n, lookahead_share=share)
    rules = toy.game.rules
    state = State(
        torch.tensor([[0.0, 0.3]], dtype=torch.float64),
        torch.tensor([[0.4, 0.0]]).double(),
        (),
        (),
    )
    state = replace(
        state, g_slots=rules.first_slots("G", state.g), d_slots=rules.first_slots("D", state.d)
    )
    turns, start = Turns(1, 1), complex(0.3, 0.4)
    for t in range(3 * n):
        assert state.d_updates == t
        for player in "DG":
            state = turns.moved(state, player, toy.game.after(player, state, draw))
    end = complex(state.g[0, 1], state.d[0, 0])
    factor = 1 + share * ((1 + 1j * alpha) ** n - 1)
    assert abs(end / start) == pytest.approx(abs(factor) ** 3, rel=1e-6)
    assert min(abs(end / start - factor**3), abs(end / start - factor.conjugate() ** 3)) < 1e-6
