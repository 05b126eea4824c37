"""Inference of z: E beside the game and in it, against plain loops in float64; cycles."""

import io

import numpy as np
import pytest
import torch
from doubled import in_double
from oracle import F_GAN
from plain import flat, optimizer, sequential
from torch.nn.functional import logsigmoid, relu

from ganlab import Run, Spec, SpecError, export, spectrum
from ganlab.engine.executor import Eager
from ganlab.engine.explain import explain
from ganlab.losses import LOSSES

SPEC = Spec(
    target="ring",
    latent_dim=2,
    g_hidden=(6, 4),
    d_hidden=(5,),
    batch=8,
    seed=5,
    g_lr=3e-3,
    d_lr=5e-3,
)
LINE = SPEC.replace(target="two_gaussians", target_params={}, latent_dim=1)


def parts(run: Run) -> list[torch.nn.Sequential]:
    """G, E and D as torch.nn networks; E has G's hidden widths in reverse order."""
    spec, own = run.spec, run.game.G.own
    z = spec.latent_dim if spec.inference == "joint" else 0
    sizes = (
        (spec.latent_dim + spec.labels, *spec.g_hidden, spec.dim),
        (spec.dim + spec.labels, *reversed(spec.g_hidden), spec.latent_dim),
        (spec.dim + z + spec.labels, *spec.d_hidden, 1),
    )
    flats = run.state.g[0, :own], run.state.g[0, own:], run.state.d[0]
    return [sequential(s, "leaky_relu", f) for s, f in zip(sizes, flats, strict=True)]


def agree(run: Run, nets: list[torch.nn.Sequential]) -> None:
    for got, net in zip((run.state.g[0], run.state.d[0]), (nets[:2], nets[2:]), strict=True):
        torch.testing.assert_close(got, torch.cat([flat(n) for n in net]), rtol=1e-8, atol=1e-10)


# For logits a of pairs (x, E(x)) and b of pairs (G(z), z): what D minimises, and what G and E do.
LOGS = lambda a, b: -logsigmoid(a).mean() - logsigmoid(-b).mean()  # noqa: E731
PAIRS = {
    "minimax": (LOGS, lambda a, b: -LOGS(a, b)),
    "non-saturating": (LOGS, lambda a, b: LOGS(b, a)),
    "maximum-likelihood": (LOGS, lambda a, b: -b.exp().mean() - (-a).exp().mean()),
    "least-squares": (
        lambda a, b: ((a - 1) ** 2).mean() / 2 + (b**2).mean() / 2,
        lambda a, b: ((b - 1) ** 2).mean() / 2 + (a**2).mean() / 2,
    ),
    "wasserstein": (lambda a, b: b.mean() - a.mean(), lambda a, b: a.mean() - b.mean()),
    "hinge": (
        lambda a, b: relu(1 - a).mean() + relu(1 + b).mean(),
        lambda a, b: a.mean() - b.mean(),
    ),
    "relativistic-pairing": (
        lambda a, b: -logsigmoid(a - b).mean(),
        lambda a, b: -logsigmoid(b - a).mean(),
    ),
    "relativistic-average": (
        lambda a, b: -logsigmoid(a - b.mean()).mean() - logsigmoid(a.mean() - b).mean(),
        lambda a, b: -logsigmoid(b - a.mean()).mean() - logsigmoid(b.mean() - a).mean(),
    ),
}
for _name, (_output, _conjugate) in F_GAN.items():  # V = E T(x) - E f*(T(x))
    PAIRS[_name] = (
        lambda a, b, g=_output, c=_conjugate: c(g(b)).mean() - g(a).mean(),
        lambda a, b, g=_output, c=_conjugate: g(a).mean() - c(g(b)).mean(),
    )


@pytest.mark.parametrize("loss", list(LOSSES))
def test_joint_training_is_a_plain_loop_over_pairs(loss):
    more = {"conditional": "yes", "k": 2} if loss == "minimax" else {}
    more |= {"r1": 0.3} if loss == "least-squares" else {}
    base = LINE if loss in ("hinge", "minimax") else SPEC
    spec = base.replace(loss=loss, inference="joint", **more)
    run = in_double(Run(spec))
    G, E, D = nets = parts(in_double(Run(spec)))
    by_d = optimizer(spec, D, spec.d_lr)
    by_g = torch.optim.Adam([*G.parameters(), *E.parameters()], lr=spec.g_lr, betas=spec.betas)
    of_d, of_g = PAIRS[loss]

    def pairs(player, number):
        x = {n: run.draws.get(player, n, number)[0] for n in ("data", "latent")}
        label = run.draws.get(player, "label", number)[0] if spec.labels else x["data"][:, :0]
        with_label = torch.cat([x["data"], label], 1)
        real = torch.cat([x["data"], E(with_label), label], 1)
        inputs = torch.cat([x["latent"], label], 1)
        return real, torch.cat([G(inputs), inputs], 1)

    def train(by, cost):
        by.zero_grad()
        cost.backward()
        by.step()

    for iteration in range(8):
        for i in range(spec.k):
            real, fake = (p.detach() for p in pairs("D", spec.k * iteration + i))
            cost = of_d(D(real), D(fake))
            if spec.r1:  # the slope is that in the pair
                real.requires_grad_()
                (slope,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
                cost = cost + spec.r1 / 2 * (slope**2).sum(1).mean()
            train(by_d, cost)
        real, fake = pairs("G", iteration)
        train(by_g, of_g(D(real), D(fake)))
    run.advance(8)
    # A loss that is invariant to shifts keeps the last bias, to which Adam gives rounding errors.
    if LOSSES[loss].shift_invariant:
        D[-1].bias.data = run.state.d[0, -1:]
    agree(run, nets)


# What each changes about the game; none of it may depend on an encoder beside it.
GAMES = [
    {},
    {"conditional": "yes", "k": 3},
    {"rule": "extragradient", "optimizer": "rmsprop"},
    {"rule": "optimistic", "lookahead": 3, "g_average": 0.9},
    {"unroll": 2, "packing": 2, "historical_averaging": 0.1, "weight_decay": 0.01},
    {"g_norm": "batch", "optimizer": "adamw", "weight_decay": 0.1, "feature_matching": 0.4},
]


@pytest.mark.parametrize("changes", GAMES, ids=lambda c: "-".join(c) or "plain")
def test_an_encoder_beside_the_game_leaves_every_bit_of_it_as_it_was(changes):
    spec = SPEC.replace(**changes)
    alone, run = Run(spec), Run(spec.replace(inference="regression", e_lr=0.05))
    for one in (alone, run):
        one.advance(25)
    own = run.game.G.own
    assert torch.equal(alone.state.g, run.state.g[:, :own])
    assert torch.equal(alone.state.d, run.state.d)
    for a, b in zip(alone.state.g_slots, run.state.g_slots, strict=True):
        assert torch.equal(a, b[:, :own])
    one, other = (r.snapshot(points=4096).metrics for r in (alone, run))
    assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
    start = Run(run.spec).state.g[:, own:]
    assert (run.state.g[:, own:] - start).abs().max() > 0.1


@pytest.mark.parametrize("changes", [{}, {"lr_decay": 0.05, "lr_floor": 2e-3}, GAMES[1]])
def test_regression_is_a_plain_loop_over_samples_of_g(changes):
    spec = SPEC.replace(inference="regression", e_lr=0.02, **changes)
    run = in_double(Run(spec))
    G, E, _ = parts(in_double(Run(spec)))
    by_e = torch.optim.Adam(E.parameters(), lr=spec.e_lr, betas=spec.betas)
    for number in range(15):
        by_e.param_groups[0]["lr"] = (
            spec.e_lr / spec.g_lr * max(spec.g_lr / (1 + spec.lr_decay) ** number, spec.lr_floor)
        )
        z = run.draws.get("G", "latent", number)[0]
        label = run.draws.get("G", "label", number)[0] if spec.labels else z[:, :0]
        with torch.no_grad():
            x = G(torch.cat([z, label], 1))
        by_e.zero_grad()
        ((E(torch.cat([x, label], 1)) - z) ** 2).sum(1).mean().backward()
        by_e.step()
        run.advance(1)
        G = parts(run)[0]
    torch.testing.assert_close(run.state.g[0, run.game.G.own :], flat(E), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("spec", [LINE, SPEC, LINE.replace(latent_dim=3)], ids=["1", "2", "z3"])
@pytest.mark.parametrize("inference", ["regression", "joint"])
@pytest.mark.parametrize("conditional", ["no", "yes"])
def test_cycles_and_pictures_are_those_of_the_nets(spec, inference, conditional):
    spec = spec.replace(inference=inference, conditional=conditional)
    run = Run([spec, spec.replace(seed=6)])
    run.advance(40)
    alone = Run(spec.replace(seed=6))
    alone.advance(40)
    torch.testing.assert_close(run.state.g[1], alone.state.g[0], rtol=1e-4, atol=1e-6)
    shot = run.snapshot()
    assert {"cycle_from", "cycle_to"} <= set(shot.picture)
    for r in range(2):
        E, G, D = run.encoder(r), run.generator(r), run.discriminator(r)
        target = spec.built
        x, which = target.sample_labelled(20_000, torch.Generator().manual_seed(1))
        z = spec.p_z.sample((20_000, spec.latent_dim), torch.Generator().manual_seed(2))
        told = {"labels": which.long()} if conditional == "yes" else {}
        with torch.no_grad():
            back, again = G(E(x, **told), **told), E(G(z, **told), **told)
            inferred = E(x, **told)
            logits = D(torch.cat([x, inferred], 1) if inference == "joint" else x, **told)
            made = G(z, **told)
            of_g = D(torch.cat([made, z], 1) if inference == "joint" else made, **told)
        for name, a, b in (("cycle_x", back, x), ("cycle_z", again, z)):
            far = (a - b).norm(dim=1)
            assert shot.metrics[name][r] == pytest.approx(far.mean().item(), rel=0.05)
        value = logsigmoid(logits.double()).mean() + logsigmoid(-of_g.double()).mean()
        assert shot.metrics["value"][r] == pytest.approx(value.item(), abs=0.02)
        points = torch.from_numpy(shot.picture["cycle_from"][r]).view(-1, spec.dim)
        if conditional == "no":
            with torch.no_grad():
                ends = G(E(points)).numpy()
            got = shot.picture["cycle_to"][r].reshape(-1, spec.dim)
            np.testing.assert_allclose(got, ends, atol=1e-4)
            if spec.dim == 1:
                at = shot.probes[0].grid
                seen = torch.cat([at, E(at)], 1) if inference == "joint" else at
                shown = torch.sigmoid(D(seen)).detach().numpy()
                np.testing.assert_allclose(shot.picture["d"][r], shown, atol=1e-4)
    joint = inference == "joint"
    for name in ("c_g", "gap", "d_distance"):
        assert np.isnan(shot.metrics[name]).all() == joint
    if spec.dim == 1:
        assert np.isnan(shot.picture["d_star"]).all() == joint


def test_where_both_invert_each_other_the_cycles_are_zero():
    """A linear G of a normal latent and its inverse; and D, which then cannot tell pairs apart."""
    spec = Spec(target="gaussian", target_params={"mean": 1.0, "std": 2.0}, g_hidden=())
    spec = spec.replace(inference="joint", d_hidden=(3,), g_start=(2.0, 1.0))
    run = Run(spec)
    own = run.game.G.own
    run.state.g[0, own:] = torch.tensor([0.5, -0.5])  # E(x) = (x - 1)/2
    found = run.snapshot().metrics
    assert found["cycle_x"][0] == pytest.approx(0, abs=1e-5)
    assert found["cycle_z"][0] == pytest.approx(0, abs=1e-5)
    for _ in range(300):
        run.update("D")
    assert run.snapshot().metrics["value"][0] == pytest.approx(-np.log(4), abs=0.01)
    run.state.g[0, own:] = torch.tensor([-0.5, 0.5])  # E(x) = -(x - 1)/2 has the same marginals
    found = run.snapshot().metrics
    # |x - G(E(x))| = 2 |x - 1|, with mean 4 sqrt(2/pi); that of z is half of it.
    assert found["cycle_x"][0] == pytest.approx(4 * np.sqrt(2 / np.pi), rel=0.02)
    assert found["cycle_z"][0] == pytest.approx(2 * np.sqrt(2 / np.pi), rel=0.02)
    for _ in range(300):
        run.update("D")
    assert run.snapshot().metrics["value"][0] > -np.log(4) + 0.2, "D tells the pairs apart"


@pytest.mark.parametrize("inference", ["regression", "joint"])
def test_an_encoder_is_saved_replayed_forked_and_changed(inference, tmp_path):
    run = Run(LINE.replace(inference=inference))
    run.advance(5)
    run.change(g_lr=1e-3, **({"e_lr": 0.1} if inference == "regression" else {}))
    run.advance(5)
    for suffix in ("npz", "ganlab"):
        run.save(tmp_path / f"run.{suffix}")
        read = Run.load(tmp_path / f"run.{suffix}")
        assert read.state.equals(run.state)
    replayed = Run(run.start, events=run.events)
    replayed.advance(10)
    assert replayed.state.equals(run.state)
    fork = run.fork(at=10)  # the change is at 10 updates
    fork.make(run.updates - fork.updates)
    assert fork.state.equals(run.state)


def test_the_spectrum_is_of_the_game_alone():
    small = {"g_hidden": (3,), "d_hidden": (3,), "batch": 16, "optimizer": "sgd"}
    runs = [Run(LINE.replace(**small, inference=i)) for i in ("none", "regression", "joint")]
    for run in runs:
        run.advance(10)
    alone, beside, joint = (spectrum(run) for run in runs)
    assert alone.size == beside.size == joint.size - 10 - 3, "E has 10 weights, and D 3 for z"
    np.testing.assert_allclose(
        np.sort_complex(alone.values), np.sort_complex(beside.values), atol=1e-9
    )


def test_an_explained_update_is_that_of_the_run_and_of_its_nets():
    spec = SPEC.replace(inference="joint", unroll=2)
    run = Run(spec)
    run.advance(3)
    E, G, D = run.encoder(), run.generator(), run.discriminator()
    of_d, of_g = explain(run.game, run.state, run.draws, Eager(), b"DG")
    for one in (of_d, of_g):
        x, z = torch.from_numpy(one.real).float(), torch.from_numpy(one.z).float()
        with torch.no_grad():
            np.testing.assert_allclose(one.fake, G(z), atol=1e-5)
            if one is of_d:
                real, fake = D(torch.cat([x, E(x)], 1)), D(torch.cat([G(z), z], 1))
                np.testing.assert_allclose(one.real_logits, real, atol=1e-5)
                np.testing.assert_allclose(one.fake_logits, fake, atol=1e-5)
                assert one.cost == pytest.approx(LOGS(real, fake).item(), abs=1e-5)
    assert of_g.push.shape == of_g.moved.shape == (spec.batch, spec.dim)
    run.advance(1)
    assert run.state.equals(of_g.after)


def test_the_file_of_data_has_the_encoder():
    run = Run(SPEC.replace(inference="joint"))
    with np.load(io.BytesIO(export.data(run))) as file:
        weight = file["E.layers.0.weight"]
    np.testing.assert_array_equal(weight[0], run.encoder().layers[0].weight.detach())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"target": "categorical", "latent_dim": 2, "inference": "regression"}, "1-D or 2-D"),
        ({"target": "drawn_digits", "inference": "joint"}, "1-D or 2-D"),
        ({"latent_points": (-1.0, 1.0), "inference": "joint"}, "given latents"),
        ({"target": "moons", "few_labels": 2, "inference": "joint"}, "labelled points"),
        ({"d_to_optimum": 1e-3, "inference": "joint"}, "optimum"),
        ({"consensus": 0.1, "inference": "regression"}, "consensus"),
        ({"gradient_clip": 1.0, "inference": "regression"}, "gradient clipping"),
        ({"rule": "sga", "optimizer": "sgd", "inference": "regression"}, "influence"),
    ],
)
def test_what_does_not_go_with_inference_is_refused(changes, why):
    with pytest.raises(SpecError, match=why):
        Spec(**changes)
    with pytest.raises(SpecError, match="encoder"):
        Run(Spec()).encoder()
