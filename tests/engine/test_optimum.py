"""D trained to its optimum: the optimum, its tolerance, and its use in a run."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from scipy.stats import norm

from ganlab import Run, Spec, SpecError
from ganlab.engine.cost import cost
from ganlab.engine.executor import Eager
from ganlab.engine.explain import explain
from ganlab.engine.optimum import EVALUATIONS, SAMPLES, minibatches
from ganlab.engine.structure import Structure
from ganlab.experiment import Experiment
from ganlab.live.budget import TooDear, afford
from ganlab.live.part_words import of
from ganlab.live.run_group import Backends, RunGroup
from ganlab.params import PARAMS

LINEAR_G = {"g_hidden": (), "g_start": (0.8, 0.4)}  # p_g = N(0.4, 0.8²)
SMOOTH = {"d_activation": "tanh", "d_to_optimum": 1e-3}
QUICK = {"d_hidden": (6,), "d_activation": "tanh", "batch": 512, "d_to_optimum": 1e-2}


def samples(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """The data and the latents on which D's optimum is found, (n,) each."""
    count = minibatches(run.spec.batch)
    drawn = [torch.cat([run.draws.get("D", n, i)[0] for i in range(count)]) for n in DRAWS]
    return tuple(x.double().numpy()[:, 0] for x in drawn)


DRAWS = ("data", "latent")


def test_v_is_that_of_theorem_1():
    """V(D, G) by quadrature against C(G) = -log 4 + 2 JSD of two Gaussians, by quadrature too."""
    spec = Spec(**LINEAR_G, **SMOOTH, target_params={"mean": 1.0, "std": 0.6})
    run = Run(spec)
    x = np.linspace(-7, 7, 28_001)
    p, q = norm.pdf(x, 1.0, 0.6), norm.pdf(x, 0.4, 0.8)
    c_g = np.trapezoid(xlogy(p, p / (p + q)) + xlogy(q, q / (p + q)), x)

    def value() -> float:
        at = torch.from_numpy(x).float()[:, None]
        logits = run.discriminator()(at).detach().double().numpy()
        return -np.trapezoid(p * np.logaddexp(0, -logits) + q * np.logaddexp(0, logits), x)

    assert c_g - value() > 0.1  # D at its initial weights
    run.update("D")
    gap = c_g - value()
    assert 0 <= gap < 0.01  # no D is better than D*
    assert run.d_slope()[0] <= 1e-3
    shown = run.snapshot(picture=False).metrics
    assert abs(shown["c_g"][0] - c_g) < 1e-3 and abs(shown["gap"][0] - gap) < 0.01


def test_a_linear_d_is_logistic_regression():
    """The cost of a D without hidden layers is convex: another method finds the same weights."""
    run = Run(Spec(**LINEAR_G, d_hidden=(), d_to_optimum=1e-6, target_params={"mean": 1.0}))
    run.update("D")
    data, z = samples(run)
    assert len(data) >= SAMPLES
    fake = 0.8 * z + 0.4

    def value(d: np.ndarray) -> float:
        real, made = d[0] * data + d[1], d[0] * fake + d[1]
        return np.logaddexp(0, -real).mean() + np.logaddexp(0, made).mean()

    found = minimize(value, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 0})
    np.testing.assert_allclose(run.state.d[0].numpy(), found.x, atol=2e-5)


def test_the_tolerance_is_that_of_the_gradient():
    run = Run(Spec(**LINEAR_G, d_hidden=(), d_to_optimum=1e-3, target_params={"mean": 1.0}))
    data, z = samples(run)
    for _ in range(2):
        w, b = run.state.d[0].double().tolist()
        g_w, g_b = run.state.g[0].double().tolist()
        fake = g_w * z + g_b
        up, down = expit(w * data + b) - 1, expit(w * fake + b)
        by = [(up * data).mean() + (down * fake).mean(), up.mean() + down.mean()]
        np.testing.assert_allclose(run.d_slope(), np.abs(by).max(), rtol=1e-6)
        run.update("D")
    assert run.d_slope()[0] <= 1e-3
    before = run.state.d
    run.update("D")  # nothing is left to do
    assert torch.equal(before, run.state.d)
    assert np.isnan(Run(Spec()).d_slope()).all()


def test_an_update_evaluates_d_a_bounded_number_of_times(monkeypatch):
    """A tolerance out of reach: the update ends, and the next one continues."""
    run = Run(Spec(**QUICK | {"d_to_optimum": 1e-12}))
    calls = []
    ours = run.game.rules.d_cost
    monkeypatch.setattr(run.game.rules, "d_cost", lambda *a: calls.append(1) or ours(*a))
    slopes = []
    for _ in range(3):
        run.update("D")
        slopes.append(run.d_slope()[0])
    assert 3 * EVALUATIONS <= len(calls) <= 3 * (EVALUATIONS + 26)
    assert slopes[-1] < slopes[0] and run.state.d_updates == 3


def test_p_g_comes_to_p_data_as_proposition_2_says():
    """Small steps of G against the optimal D lower C(G) at every one, up to their noise."""
    tiny = {"g_hidden": (), "g_start": (0.5, -1.0), "g_lr": 0.05, "optimizer": "sgd"}
    spec = Spec(**tiny, **SMOOTH | {"d_hidden": (8,)}, loss="minimax", batch=4096)
    run, seen = Run(spec.replace(target_params={"mean": 0.5, "std": 1.0})), []
    for _ in range(6):
        run.advance(8)
        seen.append(run.snapshot(picture=False).metrics["c_g"][0])
    assert all(b < a for a, b in zip(seen, seen[1:], strict=False)), seen


def test_a_run_is_a_function_of_its_spec_and_events():
    spec = Spec(**QUICK, k=2)
    run = Run(spec)
    run.advance(2)
    run.change(d_to_optimum=0.0)
    run.advance(2)
    run.change(d_to_optimum=2e-2, loss="minimax")
    run.update("D")
    run.advance(2)
    again = Run(run.start, events=run.events)
    again.make(run.updates)
    assert again.state.equals(run.state)
    assert Spec.from_query(spec.to_query()) == spec


def test_runs_side_by_side_are_what_they_are_alone():
    specs = [Spec(**QUICK, seed=seed) for seed in (0, 1)]
    both = Run(specs)
    both.advance(2)
    for i, spec in enumerate(specs):
        alone = Run(spec)
        alone.advance(2)
        torch.testing.assert_close(both.state.row(i).d, alone.state.d, rtol=1e-4, atol=1e-5)


def test_a_program_is_not_used_meanwhile_and_keeps_its_key(monkeypatch):
    """A compiled program has no such inner loop; it is used again once the field is 0."""
    spec = Spec(**QUICK)
    assert Structure.of(spec) == Structure.of(spec.replace(d_to_optimum=0.0))
    run, plain = Run(spec), Run(spec)
    used = []

    class Pretended(Eager):
        def play(self, game, state, draws, alive, players):
            used.append(players)
            return super().play(game, state, draws, alive, players)

    monkeypatch.setattr("ganlab.engine.run.Compiled", lambda program: Pretended())
    run.program = object()
    run.advance(2)
    plain.advance(2)
    assert not used and not run.compiled and run.state.equals(plain.state)
    run.change(d_to_optimum=0.0)
    run.advance(1)
    assert used == [b"D", b"G"] and run.compiled


def test_a_page_asks_for_no_program_meanwhile(monkeypatch):
    asked = []
    monkeypatch.setenv("GANLAB_COMPILE", "on")
    queue = SimpleNamespace(ask=lambda s: asked.append(s) or None, leave=lambda r: None)
    monkeypatch.setattr("ganlab.live.backend.COMPILE_QUEUE", queue)
    group, backends = RunGroup(Experiment.of(Spec(**QUICK))), Backends()
    backends.begin(group)
    assert not asked and backends.status(group) == {"state": "eager"}
    group.runs[0].change(d_to_optimum=0.0)
    backends.changed(group)
    assert len(asked) == 1


def test_its_cost_is_counted_before_it_is_paid():
    plain, solved = cost(Spec()), cost(Spec(d_to_optimum=1e-3))
    assert solved.d.flops == pytest.approx(plain.d.flops * 2 * 16 * (EVALUATIONS + 25))
    assert solved.g == plain.g
    with pytest.raises(TooDear) as caught:
        afford([Spec(d_to_optimum=1e-3, d_hidden=(256, 256, 256, 256))])
    assert caught.value.changes == {"d_to_optimum": 0.0}


REFUSED = [
    ({"target": "drawn_digits"}, "images"),
    ({"loss": "wasserstein"}, "not known"),
    ({"loss": "relativistic-pairing"}, "not known"),
    ({"rule": "simultaneous"}, "gradient steps"),
    ({"g_norm": "batch"}, "normalisation"),
    *(
        ({name: PARAMS[name].typical}, "changes D's steps")
        for name in ("unroll", "consensus", "weight_clip", "weight_decay", "lookahead")
    ),
]


@pytest.mark.parametrize(("fields", "why"), REFUSED, ids=str)
def test_what_it_does_not_go_with_is_refused(fields, why):
    with pytest.raises(SpecError, match="d_to_optimum.*" + why):
        Spec(d_to_optimum=1e-3, **fields)
    with pytest.raises(SpecError, match="d_to_optimum"):
        Run(Spec(**fields)).change(d_to_optimum=0.1)


@pytest.mark.parametrize(
    "fields",
    [
        {"smooth_real": 0.1, "r1": 0.1},
        {"instance_noise": 0.3, "d_dropout": 0.2},
        {"packing": 2, "target": "ring"},
        {"minibatch_discrimination": 2, "batch": 16},
        {"packing": 2, "gradient_penalty": 0.1},
        {"feature_matching": 0.5, "g_average": 0.9},
    ],
    ids=str,
)
def test_it_goes_with_other_terms_of_ds_cost(fields):
    run = Run(Spec(**QUICK | fields))
    before = run.d_slope()[0]
    assert run.advance(2) == 2
    run.update("D")
    assert run.d_slope()[0] < before


def test_slow_motion_shows_the_samples_on_which_d_is_trained():
    run = Run(Spec(**QUICK, k=2))
    run.advance(1)
    found = explain(run.game, run.state, run.draws, Eager(), b"DDG")
    for one in found[:2]:
        np.testing.assert_array_equal(one.real, run.draws.get("D", "data", 0)[0].numpy())
    assert found[0].slope <= run.spec.d_to_optimum and np.isnan(found[2].slope)
    first, second, of_g = (of(run.spec, one, i, i != 1) for i, one in enumerate(found))
    assert "always the same" in first[0]["says"] and "the tolerance is 0.01" in first[-1]["says"]
    assert "optimum" in second[0]["says"] and all("optimum" not in p["says"] for p in of_g)
