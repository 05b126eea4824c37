"""Nets without biases, and small nets with given initial values: the Dirac-GAN."""

import math

import numpy as np
import pytest
import torch
from doubled import in_double
from oracle import Oracle

from ganlab import Run, Spec, SpecError
from ganlab.latents import LATENTS
from ganlab.networks import MLP
from ganlab.update_rules import RULES

SMALL = {"target": "ring", "latent_dim": 2, "g_hidden": (5, 4), "d_hidden": (4, 3), "batch": 12}
NONE = {"g_bias": "no", "d_bias": "no"}
TOGGLES = {
    "plain": {},
    "adam, unrolled": {"unroll": 2, "optimizer": "adam"},
    "penalties": {"r1": 0.5, "weight_decay": 0.1, "historical_averaging": 0.1},
    "norm": {"g_norm": "batch", "g_activation": "tanh"},
    "kernels": {"minibatch_discrimination": 2, "minibatch_dims": 2},
    "packs": {"packing": 2, "d_activation": "maxout"},
    "consensus": {"consensus": 0.2},
    **{rule: {"rule": rule} for rule in RULES if rule not in ("sga", "cgd")},  # dense Jacobians
}


@pytest.mark.parametrize("fields", TOGGLES.values(), ids=TOGGLES)
def test_without_biases_the_oracle_agrees(fields):
    spec = Spec(**SMALL | NONE | {"g_lr": 0.01, "d_lr": 0.02, "optimizer": "sgd"} | fields)
    run, oracle = in_double(Run(spec)), Oracle(spec)
    run.advance(6)
    oracle.advance(6)
    for got, player in ((run.state.g, "G"), (run.state.d, "D")):
        torch.testing.assert_close(got[0], oracle.flat(player), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", ["plain", "adam, unrolled", "norm", "extragradient", "optimistic"])
def test_weights_of_g_that_do_not_learn(case):
    """The oracle's G has them as buffers, so no optimiser knows them."""
    fields = {"g_bias": "alone", "g_lr": 0.01, "d_lr": 0.02, "optimizer": "sgd"} | TOGGLES[case]
    spec = Spec(**SMALL | fields)
    run, oracle, start = in_double(Run(spec)), Oracle(spec), Run(spec).generator().state_dict()
    run.advance(6)
    oracle.advance(6)
    for got, player in ((run.state.g, "G"), (run.state.d, "D")):
        torch.testing.assert_close(got[0], oracle.flat(player), rtol=1e-7, atol=1e-9)
    for name, now in run.generator().state_dict().items():
        kept = name.startswith("layers") and name.endswith("weight")
        idle = case == "norm" and name in ("layers.0.bias", "layers.1.bias")  # before a norm
        if name.startswith(("layers", "norms")) and name.endswith(("weight", "bias")):
            assert torch.equal(now.float(), start[name]) == (kept or idle), name
    with pytest.raises(
        SpecError, match="weight_decay = 0.1 is not allowed; it must be 0 if only G's biases"
    ):
        spec.replace(weight_decay=0.1)


@pytest.mark.parametrize("player", "gd")
def test_without_biases_weights_start_as_with_them(player):
    run, twin = Run(Spec(**SMALL, **{f"{player}_bias": "no"})), Run(Spec(**SMALL))
    name = "generator" if player == "g" else "discriminator"
    net, other = getattr(run, name)(), getattr(twin, name)()
    mine, theirs = net.state_dict(), other.state_dict()
    assert set(theirs) - set(mine) == {f"layers.{i}.bias" for i in range(3)}
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)
    run.advance(5)
    if player == "g":  # leaky ReLUs without biases preserve 0 and positive factors
        assert (run.generator()(torch.zeros(1, 2)) == 0).all()
        x = run.generator()(torch.ones(1, 2))
        torch.testing.assert_close(run.generator()(3 * torch.ones(1, 2)), 3 * x)
    else:
        assert run.discriminator()(torch.zeros(1, 2)).item() == 0


@pytest.mark.parametrize(("g", "d"), [((), ()), ((2,), (3,)), ((1, 2), (2,))])
@pytest.mark.parametrize("bias", ["yes", "no"])
def test_starts_are_in_the_order_of_a_state_dict(g, d, bias):
    spec = Spec(latent_dim=2, g_hidden=g, d_hidden=d, g_bias=bias, d_bias=bias)
    numbers = np.random.default_rng(0).normal(size=32).round(3)
    sizes = {
        "g_start": MLP(spec.g_sizes, spec.g_activation, bias=bias == "yes").given_size,
        "d_start": MLP(spec.d_sizes, spec.d_activation, bias=bias == "yes").given_size,
    }
    run = Run(spec.replace(**{n: tuple(numbers[:size]) for n, size in sizes.items()}))
    for name, net in (("g_start", run.generator()), ("d_start", run.discriminator())):
        flat = torch.cat([p.detach().reshape(-1) for p in net.state_dict().values()])
        np.testing.assert_array_equal(flat.numpy(), numbers[: sizes[name]].astype(np.float32))
    again = Spec.from_query(run.spec.to_query())
    assert again == run.spec and torch.equal(Run(again).state.g, run.state.g)
    assert torch.equal(run.state.d, Run(run.spec.replace(seed=5)).state.d)


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"g_start": (1.0,), "g_hidden": ()}, "g_start", "2 numbers, one for each weight"),
        ({"d_start": (1.0, 2.0, 3.0), "d_hidden": ()}, "d_start", "2 numbers"),
        ({"g_start": (1.0, 2.0)}, "g_start", "empty: the net has 1,153 weights and biases"),
        ({"g_start": (1.0, 2.0), "g_norm": "batch"}, "g_start", "empty with a normalisation"),
        ({"d_start": (1.0,), "minibatch_discrimination": 2}, "d_start", "empty with minibatch"),
        ({"g_start": (math.nan, 0.0), "g_hidden": ()}, "g_start", "at most 32 numbers"),
        ({"g_start": (1e7, 0.0), "g_hidden": ()}, "g_start", "at most 32 numbers"),
        ({"g_bias": "maybe"}, "g_bias", "one of no, yes, alone"),
    ],
)
def test_what_cannot_be_a_start(fields, name, words):
    with pytest.raises(SpecError, match=words) as caught:
        Spec(**fields)
    assert caught.value.name == name


# -- Mescheder et al. 2018: data at 0, G at θ, D(x) = ψx, h = .2 from (1, 1) for 500 steps --------

DIRAC = Spec(
    **{"target": "gaussian", "target_params": {"mean": 0.0, "std": 1e-6}, "latent": "constant"},
    **{"g_hidden": (), "d_hidden": (), "g_bias": "no", "d_bias": "no"},
    **{"g_start": (1.0,), "d_start": (-1.0,), "optimizer": "sgd", "g_lr": 0.2, "d_lr": 0.2},
    **{"loss": "minimax", "batch": 4},
)


def distance(spec: Spec, steps: int = 500) -> float:
    run = in_double(Run(spec))
    run.advance(steps)
    return math.hypot(run.state.g[0, 0].item(), run.state.d[0, 0].item())


def plain(spec: Spec, order: str) -> float:
    """The same game in two numbers: D's cost f(ψθ) = softplus(ψθ) and R1's γ/2 ψ², by hand."""
    theta, psi, h, gamma = 1.0, -1.0, 0.2, spec.r1

    def slope(t: float) -> float:
        return 1 / (1 + math.exp(-t))

    def d(theta: float, psi: float) -> float:
        return psi - h * (slope(psi * theta) * theta + gamma * psi)

    def g(theta: float, psi: float) -> float:
        rising = slope(psi * theta) if spec.loss == "minimax" else slope(-psi * theta)
        return theta + h * rising * psi

    for _ in range(500):
        if order == "both":
            theta, psi = g(theta, psi), d(theta, psi)
        elif order == "DG":
            psi = d(theta, psi)
            theta = g(theta, psi)
        else:
            theta = g(theta, psi)
            psi = d(theta, psi)
    return math.hypot(theta, psi)


@pytest.mark.parametrize(
    ("fields", "simultaneous", "alternating"),
    [
        ({}, 3.097, 1.421),
        ({"loss": "non-saturating"}, 0.640, 0.284),
        ({"r1": 0.3}, 2.6e-6, 2.3e-7),
        ({"r1": 0.3, "loss": "non-saturating"}, 2e-6, 1e-7),
    ],
    ids=["minimax", "non-saturating", "R1", "non-saturating R1"],
)
def test_the_dirac_gan_is_where_it_was_published_to_be(fields, simultaneous, alternating):
    spec = DIRAC.replace(**fields)
    # Values with R1 are printed with one or two digits. The published loop moves G first, ours D.
    printed = 0.5 if "r1" in fields else 2e-3
    assert plain(spec, "GD") == pytest.approx(alternating, rel=printed)
    assert plain(spec, "both") == pytest.approx(simultaneous, rel=printed)
    for order, rule in (("DG", "alternating"), ("both", "simultaneous")):
        got, wanted = distance(spec.replace(rule=rule)), plain(spec, order)
        assert got == pytest.approx(wanted, rel=1e-6, abs=3e-7)  # the data's std is 1e-6


def test_the_dirac_gan_can_be_looked_at():
    run = Run(DIRAC)
    run.advance(10)
    shot = run.snapshot()
    theta = run.state.g[0, 0].item()
    assert (run.sample(5) == np.float32(theta)).all()
    np.testing.assert_array_equal(shot.picture["map_x"], np.float32(theta))
    at = np.flatnonzero(shot.picture["p_g"][0])
    assert len(at) == 1 and abs(shot.probes[0].centres[0][at[0]] - theta) <= shot.probes[0].cell
    assert shot.metrics["w1"] == pytest.approx(abs(theta), abs=1e-5)
    assert shot.metrics["jsd"] == pytest.approx(math.log(2), abs=1e-6)
    assert LATENTS["constant"].title
