"""The parts of an iteration: they are those of the run's next updates, and agree with an oracle."""

import dataclasses

import numpy as np
import pytest
import torch
from doubled import in_double
from oracle import Oracle, Unroller

from ganlab import Run, Spec
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager
from ganlab.engine.explain import EACH, explain, fields
from ganlab.engine.probe import probe_for
from ganlab.losses import LOSSES
from ganlab.update_rules import RULES

SMALL = Spec(
    target="ring",
    latent_dim=2,
    g_hidden=(6,),
    d_hidden=(5, 4),
    g_activation="tanh",
    batch=8,
    g_lr=5e-3,
    d_lr=1e-2,
    seed=5,
)
SGD = {"optimizer": "sgd", "g_lr": 0.05, "d_lr": 0.1}
CASES = [
    *({"loss": name} for name in LOSSES),
    *({"rule": name, **SGD, "loss": "minimax"} for name in RULES),
    {"k": 3},
    {"g_steps": 2, "k": 2},
    {"k": 0},
    {"unroll": 2},
    {"unroll": 2, "unroll_data": "fresh", "k": 2},
    {"loss": "relativistic-pairing", "r1": 0.3, "k": 3, "unroll": 2},
    {"instance_noise": 0.3, "d_dropout": 0.4},
    {"packing": 2, "gradient_penalty": 1.0, "loss": "wasserstein"},
    {"feature_matching": 0.5, "g_norm": "batch"},
    {"target": "gaussian", "latent_dim": 1, "g_norm": "virtual", "smooth_real": 0.1},
]
NAMES = [" ".join(f"{n}={v}" for n, v in case.items()) for case in CASES]


def of(run: Run, updates: int | None = None):
    players = (
        run.turns.left(run.state) if updates is None else run.turns.players(run.state, updates)
    )
    return explain(run.game, run.state, run.draws, Eager(), players)


def equal(one, other) -> bool:
    """Whether two States are equal bit for bit."""
    tensors = zip((one.g, one.d, *one.g_slots, *one.d_slots),
                  (other.g, other.d, *other.g_slots, *other.d_slots), strict=True)  # fmt: skip
    counts = ("d_updates", "g_updates", "phase", "iterations", "g_phase")
    return all(map(torch.equal, *zip(*tensors, strict=True))) and all(
        getattr(one, name) == getattr(other, name) for name in counts
    )


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_next_iteration_is_the_one_that_was_explained_bit_for_bit(case):
    run = Run(SMALL.replace(**case))
    run.advance(3)
    before = dataclasses.replace(run.state)
    parts = explain(
        run.game, run.state, Draws(run.specs, run.game.rules, run.device), Eager(),
        run.turns.left(run.state),
    )  # fmt: skip
    assert equal(run.state, before) and run.events == ()  # explaining changes nothing
    assert "".join(p.player for p in parts) == "D" * run.spec.k + "G" * run.spec.g_steps
    for part in parts:
        assert equal(part.before, run.state)
        run.update()
        assert equal(part.after, run.state), part.player
    assert run.iteration == 4


def near(got, wanted) -> None:
    wanted = wanted.detach().numpy() if torch.is_tensor(wanted) else wanted
    np.testing.assert_allclose(got, wanted, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_parts_are_those_of_an_independent_implementation(case):
    spec = SMALL.replace(**case)
    run, oracle = in_double(Run(spec)), Oracle(spec)
    run.advance(2)
    oracle.advance(2)
    for part in of(run):
        drawn, now = oracle.drawn(part.player), oracle.now
        with torch.no_grad():
            fake = now.nets["G"](drawn["latent"])
        near(part.z, drawn["latent"])
        near(part.fake, fake)
        assert (part.real is None) == ("data" not in drawn)
        if part.real is not None:
            near(part.real, drawn["data"])
        if part.player == "D":
            seen = [oracle.seen(x, drawn, i == 1) for i, x in enumerate((drawn["data"], fake))]
            masks = [oracle.masks(drawn, i == 1) for i in (0, 1)]
            real, made = (now.nets["D"](x, *m)[0] for x, m in zip(seen, masks, strict=True))
            near(part.real_logits, real)
            near(part.fake_logits, made)
            near(part.cost, oracle.d_cost(now.nets, None, drawn["data"], fake, drawn))
            oracle.update("D")
            near(part.cost_after, oracle.d_cost(now.nets, None, drawn["data"], fake, drawn))
        else:
            stands = (oracle.before if spec.rule != "alternating" else now).copy()
            nets, by_d = {"G": now.nets["G"], "D": stands.nets["D"]}, stands.by["D"]
            made = fake.clone().requires_grad_()
            cost = oracle.g_cost(nets, by_d, made, drawn)
            (slope,) = torch.autograd.grad(cost, made)
            near(part.cost, cost)
            near(part.push, -slope * len(made))
            near(part.faced[0], nets["D"].flat())
            steps_ahead(oracle, nets, by_d, fake, drawn, part.ahead)
            oracle.update("G")
            moved = now.nets["G"](drawn["latent"])
            near(part.moved, moved)
            near(part.cost_after, oracle.g_cost(nets, by_d, moved, drawn))


def steps_ahead(oracle, nets, by_d, fake, drawn, ahead) -> None:
    """`ahead` is D after each step of the oracle's unrolled D."""
    spec, own = oracle.spec, Unroller(oracle.spec, nets["D"], by_d)
    assert [step for step, _ in ahead] == list(range(1, spec.unroll + 1))
    for i, (_, params) in enumerate(ahead):
        drawn_i, x, made = drawn, drawn.get("data"), fake
        if spec.unroll_data == "fresh":
            drawn_i = {n[2:]: v.chunk(spec.unroll)[i] for n, v in drawn.items() if n[:2] == "u_"}
            x, made = drawn_i["data"], nets["G"](drawn_i["latent"])
        own.step(oracle.d_cost(nets, own.params, x, made, drawn_i))
        net = type(nets["D"])(spec, params[0])
        for name, value in own.params.items():
            near(dict(net.named_parameters())[name].detach().numpy(), value)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# The derivatives of D's costs by single logits, by hand: of real and of fake samples.
PUSHES = {
    "minimax": (lambda a, b: 1 - sigmoid(a), lambda a, b: -sigmoid(b)),
    "wasserstein": (lambda a, b: np.ones_like(a), lambda a, b: -np.ones_like(b)),
    "least-squares": (lambda a, b: 1 - a, lambda a, b: -b),
    "hinge": (lambda a, b: 1.0 * (a < 1), lambda a, b: -1.0 * (b > -1)),
    "f-kl": (lambda a, b: np.ones_like(a), lambda a, b: -np.exp(b - 1)),
    "relativistic-pairing": (lambda a, b: sigmoid(b - a), lambda a, b: -sigmoid(b - a)),
}


@pytest.mark.parametrize("loss", PUSHES)
def test_the_pull_on_each_logit_is_the_slope_of_the_loss(loss):
    run = in_double(Run(SMALL.replace(loss=loss)))
    run.advance(2)
    part = of(run)[0]
    for push, formula in zip((part.real_push, part.fake_push), PUSHES[loss], strict=True):
        np.testing.assert_allclose(push, formula(part.real_logits, part.fake_logits), rtol=1e-9)


@pytest.mark.parametrize("case", [{}, {"unroll": 2}, {"loss": "relativistic-average"}])
def test_the_slopes_at_the_samples_are_those_by_which_g_moves(case):
    """With SGD, G's step is the samples' slopes, carried back through G: -η J^T slope."""
    spec = SMALL.replace(**SGD, **case)
    run = in_double(Run(spec))
    run.advance(2)
    part = of(run)[-1]
    at = part.before.g.clone().requires_grad_()
    made = run.game.G(at, torch.from_numpy(part.z)[None])
    slope = torch.from_numpy(part.push)[None] / spec.batch
    (step,) = torch.autograd.grad(made, at, slope)
    torch.testing.assert_close(part.after.g - part.before.g, spec.g_lr * step)


def test_many_updates_are_summarised_and_none_is_lost():
    run = Run(SMALL.replace(k=20, g_steps=EACH, unroll=10))
    parts = of(run)
    d, g = ([p for p in parts if p.player == who] for who in "DG")
    assert [(p.first, p.last) for p in d] == [*((i, i) for i in range(1, EACH)), (EACH, 20)]
    assert [(p.first, p.last) for p in g] == [(i, i) for i in range(1, EACH + 1)]
    assert [step for step, _ in g[0].ahead] == [1, 3, 5, 6, 8, 10]
    run.advance(1)
    assert equal(parts[-1].after, run.state)


def test_an_iteration_that_was_begun_by_hand_is_continued():
    run = Run(SMALL.replace(k=3))
    run.update("D")
    assert [(p.player, p.first) for p in of(run)] == [("D", 2), ("D", 3), ("G", 1)]
    assert [(p.player, p.first) for p in of(run, 5)][-2:] == [("D", 1), ("D", 2)]


def test_it_ends_where_the_run_diverges():
    run = Run(SMALL.replace(optimizer="sgd", d_lr=100, k=20, loss="f-pearson"))
    parts = of(run)
    assert 0 < len(parts) < EACH
    run.advance(1)
    assert run.stopped and len(parts) == run.updates


@pytest.mark.parametrize("target", ["gaussian", "ring"])
def test_fields_are_those_of_pictures(target):
    run = Run(SMALL.replace(target=target, k=2))
    parts, probe = of(run), probe_for(run.spec)
    got = fields(run.game, run.state, run.specs, probe, [p.after.d for p in parts[:2]])
    assert got.shape == (2, len(probe.domain.mesh(probe)))
    for field in got:
        run.update("D")
        points = probe.domain.mesh(probe)
        logits = run.discriminator()(points).detach().numpy()
        np.testing.assert_allclose(field, sigmoid(logits), atol=1e-5)
    if target == "gaussian":
        np.testing.assert_allclose(got[1], run.snapshot().picture["d"][0], atol=1e-6)
