"""G's gradient through symbols: estimators against enumeration, definitions and closed forms."""

from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ganlab.engine import Run
from ganlab.engine.estimates import Estimates, estimates, exact_gradient
from ganlab.engine.modules import generator as module_of
from ganlab.engine.probe import probe_for
from ganlab.engine.symbols import temperature
from ganlab.estimators import ESTIMATORS, by_score, seen
from ganlab.losses import LOSSES
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.targets import make_target
from ganlab.testing.targets import chi_square_p

SMALL = {"latent_dim": 2, "g_hidden": (7,), "d_hidden": (9,), "batch": 64}
FEW = {"target": "categorical", "target_params": {"symbols": 5}, **SMALL}
STRINGS = {"target": "strings", "target_params": {"size": 2}, **SMALL}


def plainly(run: Run, z: torch.Tensor) -> torch.Tensor:
    """The gradient of G's cost by a sum over all strings, one after the other; non-saturating."""
    spec = run.spec
    target = make_target(spec.target, spec.target_params)
    G, D = run.generator().double(), run.discriminator().double()
    share = G(z.double()).view(len(z), target.positions, -1).softmax(2)
    cost = 0.0
    for letters in product(range(share.shape[2]), repeat=target.positions):
        word = torch.zeros(target.positions, share.shape[2], dtype=torch.float64)
        for place, letter in enumerate(letters):
            word[place, letter] = 1
        p = torch.stack([share[:, i, letter] for i, letter in enumerate(letters)]).prod(0).mean()
        cost = cost + p * F.softplus(-D(word.view(1, -1)))[0].detach()
    grads = torch.autograd.grad(cost, list(G.parameters()))
    # The engine's parameters: weights (in, out), then biases, layer by layer.
    return torch.cat([g.flatten() if g.ndim == 1 else g.T.flatten() for g in grads])


@pytest.mark.parametrize("fields", [FEW, STRINGS], ids=["letters", "strings"])
def test_the_exact_gradient_is_the_sum_over_all_strings(fields: dict) -> None:
    run = Run(Spec(**fields))
    run.advance(20)
    z = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    found, cost = exact_gradient(run.game, run.state, run.spec, z[None])
    wanted = plainly(run, z)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-7)
    assert 0 < cost < 10


def of(found: Estimates, name: str, baseline: str = "") -> object:
    return next(r for r in found.rows if (r.estimator, r.baseline) == (name, baseline))


def after(tau: float, **more: object) -> Estimates:
    run = Run(Spec(**FEW | {"latent": "constant", "temperature": tau} | more))
    run.advance(60)
    return estimates(run)


def test_reinforce_has_no_bias_and_a_baseline_lowers_its_variance() -> None:
    found = after(1.0)
    for baseline in ("batch", "none"):
        row = of(found, "reinforce", baseline)
        # The latent is constant: the error is that of the drawn symbols alone.
        assert 0.4 < row.bias / row.error < 1.9
        assert row.bias < 0.35 * found.exact
    ratio = of(found, "reinforce", "none").variance / of(found, "reinforce", "batch").variance
    assert ratio > 3


def test_the_bias_of_relaxed_samples_falls_with_the_temperature_and_their_variance_grows() -> None:
    hot, cold = after(5.0), after(0.1)
    for name in ("gumbel", "straight-through"):
        assert of(hot, name).bias > 8 * of(hot, name).error
        assert of(cold, name).variance > 20 * of(hot, name).variance
    assert of(cold, "gumbel").bias < 3 * of(cold, "gumbel").error + 0.02 * cold.exact
    assert of(cold, "gumbel").bias < 0.15 * of(hot, "gumbel").bias


def test_of_two_letters_the_gradient_is_a_closed_form() -> None:
    """p = σ(w + b) for G's logits (w + b, 0): dE f/db = p (1 - p) (f_1 - f_2), in both weights."""
    spec = Spec(
        target="categorical",
        target_params={"symbols": 2},
        latent="constant",
        g_hidden=(),
        d_hidden=(),
    )
    run = Run(spec)
    (w, b), (v, _) = run.state.g[0].view(2, 2), run.state.d[0].split([2, 1])
    p = torch.softmax(w + b, 0).double()
    cost = F.softplus(-run.state.d[0, 2] - v).double()
    z = torch.ones(1, 3, 1)
    found, value = exact_gradient(run.game, run.state, spec, z)
    slope = (p[0] * p[1] * (cost[0] - cost[1])).item()
    np.testing.assert_allclose(found.numpy(), [slope, -slope, slope, -slope], rtol=1e-5)
    np.testing.assert_allclose(value, (p * cost).sum().item(), rtol=1e-6)
    probe = probe_for(spec)
    mass = probe.masses((w + b).view(1, 1, 2).numpy())
    np.testing.assert_allclose(mass[0], p.numpy(), rtol=1e-6)


def test_straight_through_is_one_hot_with_the_slope_of_the_relaxed_sample() -> None:
    draw = torch.Generator().manual_seed(3)
    a = torch.randn(1, 4, 6, generator=draw, requires_grad=True)
    noise, by = torch.randn(1, 4, 6, generator=draw), torch.randn(1, 4, 6, generator=draw)
    x = seen(ESTIMATORS["straight-through"], a, 3, noise, 0.7)
    (found,) = torch.autograd.grad((x * by).sum(), a)
    for row in range(4):
        for place in (0, 3):
            part = slice(place, place + 3)
            u = (a[0, row, part] + noise[0, row, part]).detach()
            best = int(u.argmax())
            assert x[0, row, part].tolist() == [float(i == best) for i in range(3)]
            y = (u / 0.7).softmax(0)
            jacobian = (torch.diag(y) - torch.outer(y, y)) / 0.7
            torch.testing.assert_close(found[0, row, part], jacobian @ by[0, row, part])


@pytest.mark.parametrize("name", ["straight-through", "rounded"])
def test_p_g_is_the_share_of_each_string_in_a_million_samples(name: str) -> None:
    # With four latents there is nothing to estimate.
    four = {"latent_dim": 1, "latent_points": (-1.5, -0.5, 0.5, 2.0)}
    run = Run(Spec(**STRINGS | {"estimator": name} | four))
    run.advance(10)
    probe = probe_for(run.spec)
    found = run.snapshot(picture=False).metrics["jsd"]
    x = run.sample(10**6, tensor=True)
    index = (x.view(-1, 4, 2).argmax(2) * torch.tensor([8, 4, 2, 1])).sum(1)
    counts = np.bincount(index.numpy(), minlength=16)
    made = module_of(run.game, run.state, 0)(probe.z).detach().numpy()[None]
    if name == "rounded":
        made = 1e4 * (made == made.reshape(1, -1, 4, 2).max(3).repeat(2, 2).reshape(made.shape))
    mass = probe.masses(made)[0]
    assert abs(mass.sum() - 1) < 1e-12 and not counts[mass == 0].any()
    assert chi_square_p(counts[mass > 0], 1e6 * mass[mass > 0]) > 1e-7
    m = (mass + probe.p_data) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.nansum(np.where(p > 0, p * np.log(p / m), 0)) for p in (mass, probe.p_data)]
    np.testing.assert_allclose(found[0], sum(parts) / 2, rtol=1e-5, atol=1e-9)


def test_metrics_are_sums_over_all_strings() -> None:
    run = Run(Spec(**STRINGS))
    run.advance(30)
    shot = run.snapshot()
    probe, metrics = shot.probes[0], {k: v[0] for k, v in shot.metrics.items()}
    D = run.discriminator()
    a = D(probe.grid).detach().double().numpy()
    d, q, p = 1 / (1 + np.exp(-a)), shot.picture["p_g"][0], probe.p_data
    exact = probe.masses(run.generator()(probe.z).detach().numpy()[None])[0]
    np.testing.assert_allclose(metrics["value"], p @ np.log(d) + exact @ np.log(1 - d), rtol=1e-5)
    np.testing.assert_allclose(metrics["entropy"], -(exact * np.log(exact)).sum(), rtol=1e-6)
    np.testing.assert_allclose(metrics["hq"], exact[[3, 5]].sum(), rtol=1e-6)  # (()) and ()()
    assert [probe.symbols.strings[i] for i in np.flatnonzero(p)] == ["(())", "()()"]
    assert metrics["modes"] == (exact[[3, 5]] > 0.125).sum()
    index = shot.picture["index"][0]
    assert index[:2].tolist() == [3, 5] and (np.diff(q[2:]) <= 0).all()
    np.testing.assert_allclose(shot.picture["d"][0], d[index], rtol=1e-4)
    star = p[index] / np.maximum(p[index] + q, 1e-30)
    np.testing.assert_allclose(shot.picture["d_star"][0], star, rtol=1e-6)
    np.testing.assert_allclose(q, exact[index], atol=3e-3)
    left, valid = shot.picture["rest"][0]
    assert abs(left - (1 - q.sum())) < 1e-6 and abs(valid - exact[[3, 5]].sum()) < 3e-3


def test_the_cost_of_a_batch_is_the_mean_of_the_costs_of_its_samples() -> None:
    logits = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    for name in LOSSES:
        if LOSSES[name].g_sees_real:
            continue
        score = torch.zeros(3, 8, requires_grad=True)
        cost = by_score(LOSSES[name].g, logits, score, "none")
        each = torch.stack([LOSSES[name].g(None, logits[:, i : i + 1]) for i in range(8)], 1)
        torch.testing.assert_close(cost, each.mean(1), msg=name)
        (slope,) = torch.autograd.grad(cost.sum(), score)
        torch.testing.assert_close(slope, each / 8, msg=name)
        (slope,) = torch.autograd.grad(
            by_score(LOSSES[name].g, logits, score, "batch").sum(), score
        )
        others = [each[:, [j for j in range(8) if j != i]].mean(1) for i in range(8)]
        torch.testing.assert_close(slope, (each - torch.stack(others, 1)) / 8, msg=name)


def test_the_temperature_falls_exponentially_to_its_floor() -> None:
    fields = {**FEW, "temperature": 2.0, "temperature_decay": 0.05, "temperature_floor": 0.5}
    specs = [Spec(**fields), Spec(**fields | {"temperature": 0.3})]
    run, alone = Run(specs), Run(specs[0])
    found = []
    for _ in range(40):
        both = np.ravel(temperature(run.game, run.state))
        found.append([*both, temperature(alone.game, alone.state)])
        run.advance()
        alone.advance()
    wanted = [max(0.5, 2 * np.exp(-0.05 * t)) for t in range(40)]
    np.testing.assert_allclose([row[0] for row in found], wanted, rtol=1e-6)
    np.testing.assert_allclose([row[2] for row in found], wanted, rtol=1e-12)
    assert {round(float(row[1]), 6) for row in found} == {0.3}, "it starts below its floor"
    torch.testing.assert_close(run.state.g[0], alone.state.g[0], rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(
    "field, value",
    [
        ("loss", "relativistic-pairing"),
        ("unroll", 1),
        ("feature_matching", 0.5),
        ("rule", "cgd"),
        ("consensus", 1.0),
        ("batch", 1),
        ("packing", 2),
    ],
)
def test_what_has_no_meaning_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(SpecError) as caught:
        Spec(**FEW | {"estimator": "reinforce", field: value})
    assert caught.value.name == field
