"""The lab that plays a game plays the same game, number by number."""

from __future__ import annotations

import numpy as np
import pytest

from ganlab import Run, Spec, spectrum
from ganlab.experiment import Experiment
from ganlab.games import Play, closed, spectrum_of
from ganlab.games.lab import game_of, lab_of, radius
from ganlab.games.setup import Setup

CASES = [
    {},
    {"loss": "non-saturating"},
    {"loss": "wasserstein", "clip": 1.0},
    {"loss": "wasserstein", "gp": 0.7},
    {"r1": 0.3},
    {"loss": "least-squares", "r1": 1.0},
]


def trajectory(spec: Spec, iterations: int) -> np.ndarray:
    """θ and ψ of a lab's run after each iteration, (n + 1, 2)."""
    run, out = Run(spec), []
    for i in range(iterations + 1):
        if i:
            run.advance(1)
        out.append([float(run.state.g[0, 0]), -float(run.state.d[0, 0])])
    return np.array(out)


@pytest.mark.parametrize("values", CASES, ids=str)
@pytest.mark.parametrize("rule", ["simultaneous", "optimistic", "rk4"])
def test_the_lab_makes_the_games_steps(values, rule):
    setup = Setup("dirac", values, (rule,), {"step": 0.1}, ((1.2, 0.7),))
    spec, differs = lab_of(setup)
    assert differs == ()
    play = Play("dirac", setup.methods()[rule], [(1.2, 0.7)], **setup.values)
    play.advance(6)
    np.testing.assert_allclose(trajectory(spec, 6), play.path[:7, 0], atol=2e-5)


@pytest.mark.parametrize(
    "method",
    [
        {"optimizer": "momentum", "momentum": 0.4},
        {"optimizer": "adam", "betas": (0.5, 0.9)},
        {"consensus": 1.0},
        {"lookahead": 5},
    ],
    ids=str,
)
def test_and_its_method(method):
    setup = Setup("dirac", {}, ("simultaneous",), method, ((0.5, -1.0),))
    spec, differs = lab_of(setup)
    assert differs == ()
    play = Play("dirac", setup.methods()["simultaneous"], [(0.5, -1.0)], **setup.values)
    play.advance(10)
    np.testing.assert_allclose(trajectory(spec, 10), play.path[:11, 0], atol=2e-5)


@pytest.mark.parametrize("values", CASES[:2] + CASES[4:], ids=str)
@pytest.mark.parametrize(
    ("rule", "h"), [("simultaneous", 0.2), ("alternating", 0.2), ("extragradient", 0.45)]
)
def test_the_labs_spectrum_is_the_games(values, rule, h):
    setup = Setup("dirac", values, (rule,), {"step": h}, ((0.0, 0.0),))
    closed = spectrum_of(Play("dirac", setup.methods()[rule], [(0.0, 0.0)], **setup.values)).closed
    mu = spectrum(Run(lab_of(setup).spec)).of_update(rule)
    for one in closed:
        assert abs(mu - one).min() < 1e-5
    assert abs(mu).max() == pytest.approx(max(1, abs(closed).max()), abs=1e-5)


def test_what_differs_is_said():
    said = lab_of(Setup("dirac", {"noise": 0.7}, ("alternating", "implicit"))).differs
    assert [text.split(",")[0] for text in said] == [
        "It plays one rule",
        "In a lab D moves first",
        "The noise is drawn for minibatches of 256",
    ]
    spec, said = lab_of(Setup("dirac", {"gp": 1.0, "gp_target": 0.5}, ("continuous",)))
    assert spec.rule == "rk4" and "no continuous time" in said[0] and "not 0.5" in said[1]
    assert lab_of(Setup("bilinear")) is None


@pytest.mark.parametrize("phi", [0.0, 30.0, 90.0])
def test_the_share_that_rotates(phi):
    """A quadratic game is cos φ times a potential and sin φ times a rotation, of equal norms."""
    rest = Play("quadratic", Setup("quadratic").methods()["simultaneous"], [(1.0, 0.0)], angle=phi)
    (main, *_) = rest.game.equilibria(rest.values)
    symmetric, rotating = closed.parts(main.jacobian)
    assert rotating**2 / (symmetric**2 + rotating**2) == pytest.approx(
        np.sin(np.radians(phi)) ** 2, abs=1e-9
    )
    np.testing.assert_allclose(symmetric**2 + rotating**2, (main.jacobian**2).sum(), rtol=1e-12)


def test_the_parts_of_the_dirac_gan_are_those_of_the_labs_spectrum():
    setup = Setup("dirac", {"r1": 0.3}, ("simultaneous",), {}, ((0.0, 0.0),))
    found = spectrum(Run(lab_of(setup).spec))
    mine = closed.parts(setup.entry.equilibria(setup.values)[0].jacobian)
    assert (found.symmetric, found.rotating) == pytest.approx(mine, abs=1e-6)


def test_a_labs_address_is_the_lab():
    spec = lab_of(Setup("dirac", {"r1": 0.3}, ("simultaneous",))).spec
    assert Experiment.from_query(spec.to_query()).base == spec


def test_the_game_that_explains_a_lab():
    setup, differs = game_of(Spec(loss="non-saturating", r1=0.3, rule="extragradient"))
    assert setup.values["loss"] == "non-saturating" and setup.values["r1"] == 0.3
    assert setup.rules[0] == "extragradient" and setup.method["optimizer"] == "sgd"
    assert (
        setup.query()
        == "game=dirac&loss=non-saturating&r1=0.3&rule=extragradient,alternating,simultaneous"
    )
    assert Setup.from_query(setup.query()) == setup and "Adam" in differs[1]
    odd, said = game_of(Spec(loss="non-saturating", r1=500.0, optimizer="momentum", momentum=0.3))
    assert odd.method["momentum"] == 0.3 and odd.values["r1"] == 0
    assert any("r1 stays 0.0" in text for text in said)


@pytest.mark.parametrize(
    "more",
    [
        {"r1": 0.3, "rule": "simultaneous", "d_lr": 0.5},
        {"r1": 0.2, "r2": 0.1, "rule": "alternating", "k": 3, "g_lr": 0.4},
        {"loss": "wasserstein", "rule": "extragradient"},
        {"loss": "non-saturating", "rule": "simultaneous", "consensus": 0.5, "g_lr": 0.3},
    ],
    ids=str,
)
def test_the_radius_of_a_spec_is_what_its_run_measures(more):
    base = lab_of(Setup("dirac", {}, ("simultaneous",), {"step": 0.2})).spec
    spec = base.replace(g_start=(0.0,), d_start=(0.0,), **more)
    measured = abs(spectrum(Run(spec)).of_update(spec.rule)).max()
    # Directions that do not move have the multiplier 1 in the measured spectrum.
    assert max(1.0, radius(spec)) == pytest.approx(max(1.0, measured), abs=1e-5)
    assert radius(spec) == radius(spec.replace(g_start=(2.0,), seed=3, batch=4))


def test_other_specs_have_no_known_radius():
    spec = lab_of(Setup("dirac", {}, ("simultaneous",))).spec
    assert radius(spec) is not None
    others = ({"optimizer": "adam"}, {"lookahead": 5}, {"k": 0}, {"d_bias": "yes", "d_start": ()})
    for more in others:
        assert radius(spec.replace(**more)) is None
    assert radius(spec.replace(instance_noise=0.5, batch=8)) is None
    assert radius(Spec()) is None
