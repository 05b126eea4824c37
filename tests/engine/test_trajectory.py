"""The engine's trajectory is that of Algorithm 1, and a function of the Spec alone."""

from itertools import product

import pytest
import torch
from doubled import in_double
from plain import train

from ganlab import Run, Spec
from ganlab.engine import State
from ganlab.optim import OPTIMIZERS

SMALL = {"g_hidden": (8, 8), "d_hidden": (8, 8), "batch": 32, "seed": 5}
RATES = {"adam": 2e-3, "momentum": 0.05, "sgd": 0.1, "rmsprop": 2e-3}
EVERY = list(product(("gaussian", "ring"), ("minimax", "non-saturating"), (0, 1, 3), RATES))
RATES |= {"adamw": 2e-3, "adagrad": 0.01, "nesterov": 0.05}
EVERY += [("ring", "non-saturating", k, by) for k in (1, 3) for by in OPTIMIZERS]


def same(a: State, b: State) -> bool:
    pairs = zip((a.g, a.d, *a.g_slots, *a.d_slots), (b.g, b.d, *b.g_slots, *b.d_slots), strict=True)
    counts = [(s.d_updates, s.g_updates, s.phase) for s in (a, b)]
    return counts[0] == counts[1] and all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.parametrize(("target", "loss", "k", "optimizer"), list(dict.fromkeys(EVERY)))
def test_thirty_iterations_are_a_plain_loops(target, loss, k, optimizer):
    rate = RATES[optimizer]
    spec = Spec(
        target=target, loss=loss, k=k, optimizer=optimizer, g_lr=rate, d_lr=2 * rate, **SMALL
    )
    run = in_double(Run(spec))
    start = run.state
    assert run.advance(30) == 30 == run.iteration
    g, d = train(spec, 30)
    torch.testing.assert_close(run.state.g[0], g, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(run.state.d[0], d, rtol=1e-8, atol=1e-10)
    assert (run.state.g - start.g).abs().max() > 1e-3
    assert torch.equal(run.state.d, start.d) == (k == 0)
    assert (run.state.d_updates, run.state.g_updates, run.state.phase) == (30 * k, 30, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"g_activation": "tanh", "d_activation": "relu", "latent": "uniform", "latent_dim": 4},
        {"g_hidden": (), "d_hidden": (4,) * 4, "init": "orthogonal", "init_gain": 0.8},
        {"optimizer": "momentum", "momentum": 0.9, "g_lr": 0.02, "d_lr": 0.03},
        {"betas": (0.9, 0.99), "target": "spiral"},
    ],
    ids=str,
)
def test_other_fields_reach_the_trajectory(fields):
    spec = Spec(**{**SMALL, **fields})
    run = in_double(Run(spec))
    run.advance(30)
    g, d = train(spec, 30)
    torch.testing.assert_close(run.state.g[0], g, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(run.state.d[0], d, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("target", ["gaussian", "ring"])
def test_float32_differs_from_float64_by_rounding_only(target):
    spec = Spec(target=target)
    run = Run(spec)
    assert run.state.g.dtype == torch.float32
    run.advance(30)
    for got, wanted in zip((run.state.g[0], run.state.d[0]), train(spec, 30), strict=True):
        # Adam's step is the gradient over its own size: near 0 rounding can turn its sign.
        assert (got.double() - wanted).abs().mean() < 2e-5


@pytest.mark.parametrize("fields", [{}, {"target": "ring", "k": 2, "latent_dim": 3}], ids=str)
def test_the_same_spec_twice_is_the_same_bit_for_bit(fields):
    one, two = Run(Spec(**fields)), Run(Spec(**fields))
    one.advance(40)
    for _ in range(4):
        two.advance(10)
        two.snapshot()
        torch.rand(3)  # global random numbers have no effect
    assert same(one.state, two.state)
    other = Run(Spec(**fields, seed=1))
    other.advance(40)
    assert not torch.equal(one.state.g, other.state.g)


VARIED = [
    [{"seed": s} for s in (0, 1, 2)],
    [{"g_lr": a, "d_lr": b} for a, b in ((1e-3, 1e-3), (5e-3, 1e-4), (1e-4, 5e-3))],
    [{"betas": b, "seed": s} for s, b in enumerate([(0.5, 0.999), (0.9, 0.99), (0.0, 0.9)])],
    [{"init": i, "init_gain": a} for i, a in (("default", 1.0), ("orthogonal", 0.5))],
]


@pytest.mark.parametrize("varied", VARIED, ids=str)
@pytest.mark.parametrize("target", ["gaussian", "ring"])
def test_each_run_of_a_batch_is_the_run_alone(target, varied):
    specs = [Spec(target=target, **SMALL | v) for v in varied]
    batch = Run(specs)
    batch.advance(20)
    for r, spec in enumerate(specs):
        alone = Run(spec)
        alone.advance(20)
        for name in ("g", "d"):
            got, wanted = getattr(batch.state, name)[r], getattr(alone.state, name)[0]
            torch.testing.assert_close(got, wanted, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_differing_momenta_and_rates(optimizer):
    specs = [
        Spec(optimizer=optimizer, momentum=m, g_lr=r, d_lr=2 * r, **SMALL)
        for m, r in ((0.5, 0.01), (-0.5, 0.02))
    ]
    batch = Run(specs)
    batch.advance(20)
    for r, spec in enumerate(specs):
        alone = Run(spec)
        alone.advance(20)
        torch.testing.assert_close(batch.state.g[r], alone.state.g[0], rtol=1e-4, atol=2e-5)


def test_perturbing_one_run_leaves_the_others_bit_for_bit():
    specs = [Spec(target="ring", seed=s) for s in range(3)]
    calm, shaken = (
        Run(specs),
        Run([specs[0], Spec(target="ring", seed=99, init_gain=5.0), specs[2]]),
    )
    with torch.no_grad():
        shaken.state.d[1] += 100.0
    for run in (calm, shaken):
        run.advance(20)
    for name in ("g", "d"):
        one, two = getattr(calm.state, name), getattr(shaken.state, name)
        assert torch.equal(one[0], two[0]) and torch.equal(one[2], two[2])
        assert not torch.equal(one[1], two[1])


def test_specs_that_differ_in_a_knob_see_the_same_data_and_latents():
    base = Run(Spec(target="ring"))
    for knob in ({"loss": "minimax"}, {"g_lr": 0.1}, {"k": 3}, {"d_hidden": (4,)}):
        other = Run(Spec(target="ring", **knob))
        for stream in (("D", "data"), ("D", "latent"), ("G", "latent")):
            for number in (0, 1, 63, 64, 1000):
                assert torch.equal(
                    base.draws.get(*stream, number), other.draws.get(*stream, number)
                )
    # The generator's initial weights are also the same if only the discriminator differs.
    assert torch.equal(base.state.g, Run(Spec(target="ring", d_hidden=(4,))).state.g)


def test_draws_are_fresh_and_do_not_depend_on_the_order_of_asking():
    draws = Run(Spec(batch=64)).draws
    late = draws.get("D", "data", 500).clone()
    seen = [draws.get("D", "data", n).clone() for n in range(500)]
    assert torch.equal(draws.get("D", "data", 500), late)
    assert len({t.numpy().tobytes() for t in seen}) == 500
    streams = [draws.get(player, "latent", 0) for player in "DG"]
    assert not torch.equal(*streams)
    assert late.shape == (1, 64, 1) and late.dtype == torch.float32


def test_updates_change_nothing_in_place():
    run = Run(Spec(target="ring"))
    run.advance(2)
    for player in ("D", "G"):
        state = run.state
        tensors = (state.g, state.d, *state.g_slots, *state.d_slots)
        kept = [t.clone() for t in tensors]
        run.update(player)
        assert run.state is not state
        assert all(torch.equal(a, b) for a, b in zip(kept, tensors, strict=True))
        assert not any(t.requires_grad for t in (run.state.g, run.state.d))
