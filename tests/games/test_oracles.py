"""The published numbers of small games: spectral radii, norms after 500 updates, what is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganlab.games import GAMES, Method, Play, closed, spectrum
from ganlab.games.verdict import spectrum_of, verdict

ALPHAS = (0.05, 0.2, 0.45, 0.57, 1 / math.sqrt(2), 0.95, 1.7, 2.5)


def radii(name: str, method: Method, **values) -> tuple[float, float]:
    """The spectral radius in closed form, and as it is measured."""
    game = GAMES[name]
    known = game.read(values)
    rest = game.equilibria(known)[0]
    return (
        np.abs(closed.of_update(rest.jacobian, method)).max(),
        np.abs(spectrum.measured(game, known, method, rest)).max(),
    )


def _alternating(a: float) -> float:
    return 1.0 if a <= 2 else a * a / 2 - 1 + a * math.sqrt(a * a / 4 - 1)


def _optimistic(a: float) -> float:
    if a <= 0.5:
        return math.sqrt((1 + math.sqrt(1 - 4 * a * a)) / 2)
    return abs(0.5 + 1j * (a + math.sqrt(a * a - 0.25)))


BILINEAR = {
    "continuous": lambda a: 1.0,
    "simultaneous": lambda a: math.sqrt(1 + a * a),
    "alternating": _alternating,
    "implicit": lambda a: 1 / math.sqrt(1 + a * a),
    "extragradient": lambda a: math.sqrt(1 - a * a + a**4),
    "optimistic": _optimistic,
    "sga": lambda a: math.sqrt((1 - a) ** 2 + a * a),
    "cgd": lambda a: 1 / math.sqrt(1 + a * a),
    "heun": lambda a: math.sqrt(1 + a**4 / 4),
    "rk4": lambda a: abs(sum((1j * a) ** n / math.factorial(n) for n in range(5))),
}


@pytest.mark.parametrize("rule", BILINEAR)
def test_spectral_radii_of_the_bilinear_game(rule):
    for alpha in ALPHAS:
        # Only the product of step and coupling matters, but for SGA, which also multiplies by A.
        for b in (1.0,) if rule == "sga" else (1.0, 2.0):
            method = Method(rule=rule, step=alpha / b)
            wanted = BILINEAR[rule](alpha)
            assert radii("bilinear", method, b=b) == pytest.approx((wanted, wanted), abs=1e-4)


def test_which_steps_converge_on_the_bilinear_game():
    def radius(rule: str, step: float) -> float:
        known, found = radii("bilinear", Method(rule=rule, step=step))
        assert known == pytest.approx(found, abs=1e-4)
        return found

    for rule, edge in (("extragradient", 1.0), ("optimistic", 1 / math.sqrt(3))):
        assert radius(rule, edge * 0.99) < 1 < radius(rule, edge * 1.01)
    assert radius("extragradient", 1 / math.sqrt(2)) == pytest.approx(math.sqrt(3) / 2, abs=1e-6)
    assert radius("optimistic", 0.5) == pytest.approx(1 / math.sqrt(2), abs=1e-4)
    assert radius("alternating", 1.99) == pytest.approx(1, abs=1e-6)
    assert radius("alternating", 2.01) > 1.001


@pytest.mark.parametrize(("rule", "power"), [("alternating", 3), ("simultaneous", 2)])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, -0.5), (0.3, 0.5), (0.2, -0.9), (1.0, -0.3)])
def test_momentum_on_the_bilinear_game(rule, power, alpha, beta):
    square = np.polymul(np.poly([1.0, 1.0]), np.poly([beta, beta]))
    wanted = np.abs(np.roots(np.polyadd(square, [alpha**2, *[0.0] * power]))).max()
    method = Method(rule=rule, step=alpha, optimizer="momentum", momentum=beta)
    assert radii("bilinear", method) == pytest.approx((wanted, wanted), abs=1e-4)
    if rule == "simultaneous":
        assert wanted > 1
    elif beta == -0.5:
        assert wanted == pytest.approx(0.96254, abs=5e-6)


MINIMAX = {}
SATURATING = {"loss": "non-saturating"}
# name, values, method, radius simultaneous and alternating, norms, and how many digits are printed
DIRAC = [
    ("minimax", MINIMAX, {}, (1.00499, 1.0), (3.097, 1.421)),
    ("non-saturating", SATURATING, {}, (1.00499, 1.0), (0.640, 0.284)),
    ("noise", {"noise": 0.7}, {}, (0.98031, 0.97519), (6e-5, 4e-6)),
    ("r1", {"r1": 0.3}, {}, (0.97468, 0.96954), (2.6e-6, 2.3e-7)),
    ("critical", {"r1": 1.0}, {}, (0.9, 0.92702), (1e-21, 7e-17)),
    ("consensus", MINIMAX, {"consensus": 1.0}, (0.95525, 0.95), (3e-10, 2e-11)),
    ("both", {**SATURATING, "r1": 0.3}, {}, (0.97468, 0.96954), (2e-6, 1e-7)),
]


@pytest.mark.parametrize(("name", "values", "more", "wanted", "norms"), DIRAC, ids=lambda v: str(v))
def test_the_dirac_gan_at_a_step_of_a_fifth(name, values, more, wanted, norms):
    for rule, radius, norm in zip(("simultaneous", "alternating"), wanted, norms, strict=True):
        method = Method(rule=rule, step=0.2, **more)
        assert radii("dirac", method, **values) == pytest.approx((radius, radius), abs=1e-4)
        play = Play("dirac", method, [(1.0, 1.0)], **values)
        play.advance(500)
        # The source prints one to four digits.
        digits = len(f"{norm:e}".split("e")[0].rstrip("0").replace(".", "")) if norm < 0.1 else 3
        near = 10.0 ** (math.floor(math.log10(norm)) + 1 - digits) / 2 if norm < 0.1 else 5e-4
        assert np.linalg.norm(play.path[-1, 0]) == pytest.approx(norm, abs=1.0001 * near)


@pytest.mark.parametrize(
    ("rule", "radius", "low", "high"),
    [("simultaneous", 1.0198, 1.0, 1.27), ("alternating", 1.0, 0.95, 1.05)],
)
def test_the_clipped_wgan_circles(rule, radius, low, high):
    method, values = Method(rule=rule), {"loss": "wasserstein", "clip": 1.0}
    assert radii("dirac", method, **values) == pytest.approx((radius, radius), abs=1e-4)
    play = Play("dirac", method, [(1.0, 1.0)], **values)
    play.advance(500)
    norms = np.linalg.norm(play.path[250:, 0], axis=1)
    assert (norms.min(), norms.max()) == pytest.approx((low, high), abs=0.005)
    assert verdict(play, spectrum_of(play)).word == "orbits"


@pytest.mark.parametrize(("rule", "reach"), [("simultaneous", 1.78), ("alternating", 1.28)])
def test_wgan_gp_circles_and_has_no_eigenvalues(rule, reach):
    play = Play("dirac", Method(rule=rule), [(1.0, 1.0)], loss="wasserstein", gp=0.7)
    play.advance(600)
    theta = play.path[300:, 0, 0]
    assert (theta.min(), theta.max()) == pytest.approx((-reach, reach), abs=0.02)
    found = spectrum_of(play)
    assert found.radius is None and "jump" in verdict(play, found).why


@pytest.mark.parametrize("h", [0.05, 0.2, 0.6])
def test_r1_and_noise_in_closed_form(h):
    gamma, slope, bend = 0.3, 0.5, -0.25  # f'(0) and f''(0)
    sim, alt = math.sqrt(1 - h * gamma + h * h * slope**2), math.sqrt(1 - h * gamma)
    for rule, wanted in (("simultaneous", sim), ("alternating", alt)):
        got = radii("dirac", Method(rule=rule, step=h), r1=gamma)
        assert got == pytest.approx((wanted, wanted), abs=1e-6)
    for sigma in (0.3, 1.0, 2.5):
        real = bend * sigma**2
        values = real + np.emath.sqrt(real**2 - slope**2), real - np.emath.sqrt(real**2 - slope**2)
        wanted = max(abs(1 + h * value) for value in values)
        got = radii("dirac", Method(step=h), noise=sigma)
        assert got == pytest.approx((wanted, wanted), abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 1), (2, 3)])
def test_alternating_steps_stay_on_the_circle_up_to_a_step(n, m):
    edge = 2 / (math.sqrt(n * m) * 0.5)  # Mescheder et al.: h ≤ 2/(√(n_g n_d) f'(0))
    for share, inside in ((0.3, True), (0.99, True), (1.01, False)):
        method = Method("alternating", share * edge, first_steps=n, second_steps=m)
        known, found = radii("dirac", method)
        assert known == pytest.approx(found, abs=1e-4)
        assert (known == pytest.approx(1, abs=1e-4)) == inside


def test_critical_values_end_the_rotation():
    def rotates(**values) -> bool:
        game = GAMES["dirac"]
        return abs(closed.of_field(game.equilibria(game.read(values))[0].jacobian).imag).max() > 0

    for name, critical in (("r1", 1.0), ("noise", math.sqrt(2.0))):  # 2 f', and σ² = f'/|f''|
        assert rotates(**{name: critical - 0.01}) and not rotates(**{name: critical + 0.01})


def test_what_is_conserved():
    flow = Play("bilinear", Method("continuous", 0.3), [(1.0, 0.5), (-2.0, 0.1)])
    flow.advance(40)
    t = 0.3 * np.arange(41)[:, None]
    x, y = flow.path[0].T
    exact = np.stack([x * np.cos(t) - y * np.sin(t), x * np.sin(t) + y * np.cos(t)], 2)
    assert np.abs(flow.path - exact).max() < 1e-6

    step = Play("bilinear", Method("alternating", 0.3), [(1.0, 0.5)])
    step.advance(300)
    x, y = step.path[:, 0].T
    assert np.ptp(x * x + y * y - 0.3 * x * y) < 1e-12 < 0.1 < np.ptp(x * x + y * y)

    circle = Play("dirac", Method("continuous", 0.5), [(1.0, 1.0)])
    circle.advance(50)
    assert np.abs(np.linalg.norm(circle.path[:, 0], axis=1) - math.sqrt(2)).max() < 1e-6

    toy = Play("salimans", Method("continuous", 0.2), [(1.5, 1.0)])
    toy.advance(50)
    x, y = toy.path[:, 0].T
    assert np.ptp((y - 1) ** 2 / 2 + x**2 / 4 - np.log(x) / 2) < 1e-6 < 0.1 < np.ptp(x)

    pair = Play("covariance", Method("continuous", 0.2), [(1.5, 0.0)], sigma=1.2)
    pair.advance(50)
    v, w = pair.path[:, 0].T
    assert np.ptp(w * w + v * v / 2 - 1.44 * np.log(v)) < 1e-6 < 0.1 < np.ptp(v)


def test_the_flow_of_the_non_saturating_game_is_slower_than_any_geometric_rate():
    play = Play("dirac", Method("continuous", 3.0), [(0.3, 0.0)], loss="non-saturating")
    play.advance(30)
    t = 3.0 * np.arange(31) + 8 / 0.3**2
    assert np.linalg.norm(play.path[-1, 0]) == pytest.approx(math.sqrt(8 / t[-1]), rel=0.02)
    cycle = Play("dirac", Method("simultaneous", 0.05), [(0.3, 0.0)], loss="non-saturating")
    cycle.advance(900)
    assert np.linalg.norm(cycle.path[-1, 0]) == pytest.approx(math.sqrt(2 * 0.05), rel=0.05)


def test_salimans_toy_orbits():
    play = Play("salimans", Method("alternating", 0.05))
    play.advance(400)
    found = verdict(play, spectrum_of(play))
    assert found.word == "orbits" and abs(found.measured) < 1e-3
