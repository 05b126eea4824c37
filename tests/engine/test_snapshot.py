"""Snapshots of states whose truth is known, compared with closed forms and plain loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from plain import nets
from torch.nn.functional import softplus

from ganlab import Run, Spec, SpecError, metrics, theory
from ganlab.domains.line import MAP_LINES
from ganlab.domains.picture import ARROWS, DETAILS
from ganlab.targets import TARGETS

POINTS = 2**12
NEVER_NAN = (
    "jsd jsd_smooth w1 value c_g gap d_loss g_loss grad_x grad_g d_distance d_accuracy".split()
)
MODAL = ["modes", "hq", "reverse_kl", "held", "leader", "lead"]

FULL = DETAILS["full"]


def trained(spec: Spec, iterations: int = 300) -> Run:
    run = Run(spec)
    run.advance(iterations)
    return run


def with_g(run: Run, *values: float) -> Run:
    """The run with these flat parameters of G in every row."""
    run.state.g.copy_(torch.tensor(values).expand_as(run.state.g))
    return run


def metric(run: Run, **options) -> dict[str, float]:
    shot = run.snapshot(picture=False, **options)
    return {name: value[0] for name, value in shot.metrics.items()}


def perfect(**fields) -> Run:
    """G(z) = 0.7 z + 1 with normal z: exactly the default target."""
    return with_g(Run(Spec(g_hidden=(), **fields)), 0.7, 1.0)


@pytest.mark.parametrize("target", [n for n in TARGETS if 0 < TARGETS[n].dim <= 2])
@pytest.mark.parametrize("latent_dim", [1, 2, 16])
def test_shapes_for_every_target(target, latent_dim):
    specs = [Spec(target=target, latent_dim=latent_dim, seed=s) for s in (0, 1)]
    run = Run(specs)
    run.advance(3)
    before = run.state
    kept = [t.clone() for t in (before.g, before.d, *before.g_slots, *before.d_slots)]
    shot = run.snapshot(points=POINTS)
    assert run.state is before
    now = (before.g, before.d, *before.g_slots, *before.d_slots)
    assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))
    assert (shot.iteration, shot.d_updates, shot.g_updates, shot.phase) == (3, 3, 3, 0)
    assert shot.specs == tuple(specs) and len(shot.probes) == 2

    assert set(shot.metrics) == {*NEVER_NAN, *MODAL, "tail", "entropy"}
    modes = shot.probes[0].target.modes
    for name, values in shot.metrics.items():
        assert values.shape == (2,), name
        if name == "entropy" or (name in MODAL and modes is None):
            assert np.isnan(values).all()
        elif name == "w1" and target == "cauchy":
            assert np.isposinf(values).all()
        elif name == "tail":
            assert np.isfinite(values).all() == (TARGETS[target].dim == 1)
        elif name != "reverse_kl":
            assert np.isfinite(values).all(), name

    cells = tuple(len(c) for c in shot.probes[0].centres)
    dim = TARGETS[target].dim
    wanted = {"d": (2, *cells[::-1]), "beyond": (2, 2 * dim, 1 + dim)}
    if TARGETS[target].dim == 1:
        wanted |= {"p_g": (2, *cells), "d_star": (2, *cells)}
        if latent_dim == 1:
            arrows = (2, (MAP_LINES + 1) // 2)
            wanted |= {"map_z": (2, MAP_LINES), "map_x": (2, MAP_LINES)}
        else:
            arrows = (2, 20)
            wanted |= {"fake": (2, 200)}
        wanted |= {"grad_x": arrows, "grad": arrows}
        if target == "cauchy":
            wanted |= {"tail": (2,)}
    else:
        wanted |= {"fake": (2, FULL.fakes, 2), "grad_x": (2, ARROWS, 2), "grad": (2, ARROWS, 2)}
        if latent_dim <= 2:
            mesh = {1: (200,), 2: (FULL.mesh, FULL.mesh)}[latent_dim]
            wanted |= {"manifold": (2, *mesh, 2)}
    if modes is not None:
        wanted |= {"shares": (2, len(modes.weights))}
    assert {n: a.shape for n, a in shot.picture.items()} == wanted
    for name, values in shot.picture.items():
        assert isinstance(values, np.ndarray)
        if name != "d_star":
            assert np.isfinite(values).all(), name
    if modes is not None:
        np.testing.assert_allclose(shot.picture["shares"].sum(1), 1.0, rtol=0, atol=1e-12)


def test_halves_can_be_asked_for_alone():
    run = Run(Spec())
    assert run.snapshot(picture=False).picture == {} != run.snapshot(picture=False).metrics
    assert run.snapshot(measure=False).metrics == {} != run.snapshot(measure=False).picture


def test_a_perfect_generator_is_at_the_floors():
    run = perfect(d_hidden=(4,))
    shot = run.snapshot()
    m = {name: value[0] for name, value in shot.metrics.items()}
    floors = shot.probes[0].floors
    assert 0 <= m["jsd"] <= floors["jsd"] + 1e-5 < 5e-4
    assert 0 <= m["jsd_smooth"] <= floors["jsd_smooth"] + 1e-5 < 5e-4
    assert 0 <= m["w1"] <= floors["w1"] + 1e-4 < 5e-3
    assert m["c_g"] == pytest.approx(-math.log(4), abs=1e-3) and m["c_g"] >= -math.log(4)
    assert m["modes"] == 1 and m["hq"] == pytest.approx(0.9973, abs=1e-3)
    assert m["reverse_kl"] == pytest.approx(0.0, abs=1e-9)
    # The density itself: p_g is a normal density, and D* is 1/2 wherever there is mass.
    x = shot.probes[0].centres[0]
    density = np.exp(-(((x - 1) / 0.7) ** 2) / 2) / (0.7 * math.sqrt(2 * math.pi))
    assert np.abs(shot.picture["p_g"][0] - density).max() < 0.01
    assert np.abs(shot.picture["d_star"][0] - 0.5)[density > 0.02].max() < 0.02
    np.testing.assert_allclose(
        shot.picture["map_x"][0], 0.7 * shot.picture["map_z"][0] + 1, rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("shift", [-2.0, 0.5])
def test_a_shifted_generator_is_as_far_as_it_is_shifted(shift):
    m = metric(with_g(Run(Spec(g_hidden=())), 0.7, 1.0 + shift))
    assert m["w1"] == pytest.approx(abs(shift), abs=1e-3)
    x = np.linspace(-12, 12, 40_001)
    p, q = (np.exp(-(((x - 1 - s) / 0.7) ** 2) / 2) for s in (0, shift))
    assert m["jsd"] == pytest.approx(theory.jsd(p / p.sum(), q / q.sum()), abs=2e-3)
    assert m["c_g"] == pytest.approx(-math.log(4) + 2 * m["jsd"], abs=1e-12)


def test_a_latent_of_two_dimensions_gives_the_same_distribution():
    root = 0.7 / math.sqrt(2)
    m = metric(with_g(Run(Spec(g_hidden=(), latent_dim=2)), root, root, 1.0))
    assert 0 <= m["jsd"] < 2e-3 and 0 <= m["w1"] < 5e-3


@pytest.mark.parametrize("target", ["gaussian", "ring"])
def test_a_discriminator_of_zeros_knows_nothing(target):
    run = trained(Spec(target=target), 20)
    run.state.d.zero_()
    m = metric(run)
    assert m["value"] == pytest.approx(-math.log(4), abs=1e-6)
    assert m["gap"] == pytest.approx(m["c_g"] - m["value"], abs=1e-12) and m["gap"] > 0
    assert m["grad_x"] == 0 == m["grad_g"]
    assert m["d_loss"] == pytest.approx(math.log(4), abs=1e-6)
    assert m["g_loss"] == pytest.approx(math.log(2), abs=1e-6)
    picture = run.snapshot(measure=False).picture
    assert (picture["d"] == 0.5).all() and not picture["grad"].any()


@pytest.mark.parametrize("latent", ["normal", "uniform"])
@pytest.mark.parametrize("target", ["two_gaussians", "laplace"])
def test_exact_p_g_agrees_with_a_million_samples(target, latent):
    from ganlab.latents import LATENTS

    run = trained(Spec(target=target, latent=latent))
    shot = run.snapshot(picture=False)
    probe = shot.probes[0]
    G, _ = nets(run.spec, run)
    with torch.no_grad():
        exact = probe.masses(G(probe.z)[None].double().numpy())[0]
        z = LATENTS[latent].sample((1_000_000, 1), torch.Generator().manual_seed(9))
        x = G(z).double().numpy()[:, 0]
    assert exact.sum() == pytest.approx(1.0, abs=1e-12) and (exact >= 0).all()
    edges = np.concatenate([[-np.inf], probe.edges[0], [np.inf]])
    counted = np.histogram(x, edges)[0] / len(x)
    # Five standard errors, and the error of linearising a latent interval.
    slack = 5 * np.sqrt(np.maximum(exact, 1e-5) / len(x)) + 0.5 / (len(probe.z) - 1)
    assert (np.abs(counted - exact) < slack).all()
    assert shot.metrics["jsd"][0] == pytest.approx(theory.jsd(exact, probe.p_data), abs=1e-6)
    assert shot.metrics["jsd"][0] == pytest.approx(theory.jsd(counted, probe.p_data), abs=1e-3)


@pytest.mark.parametrize(
    "fields",
    [{}, {"loss": "minimax"}, {"target": "ring", "latent_dim": 2}, {"latent_dim": 8}],
    ids=str,
)
def test_costs_and_gradients_are_those_of_a_plain_loop(fields):
    run = trained(Spec(**fields), 100)
    m = metric(run)
    shot = run.snapshot(picture=False)
    probe = shot.probes[0]
    G, D = (net.double() for net in nets(run.spec, run))
    # Medians of pairs of latent intervals, or the first quasi-random latents.
    z = probe.even(probe.z[None])[0] if probe.exact else probe.z[:2048]
    assert len(z) == 2048
    x = G(z.double())
    one = x.detach().requires_grad_()
    minimax = run.spec.loss == "minimax"
    costs = -softplus(D(one)) if minimax else softplus(-D(one))
    (by_x,) = torch.autograd.grad(costs.sum(), one)
    mean = (-softplus(D(x)) if minimax else softplus(-D(x))).mean()
    by_g = torch.autograd.grad(mean, list(G.parameters()))
    norm = math.sqrt(sum(float(g.square().sum()) for g in by_g))
    with torch.no_grad():
        real, fake = D(probe.x.double()), D(x)
        value = torch.log(torch.sigmoid(real)).mean() + torch.log(torch.sigmoid(-fake)).mean()
    assert m["g_loss"] == pytest.approx(mean.item(), rel=1e-4)
    assert m["grad_x"] == pytest.approx(by_x.norm(dim=1).mean().item(), rel=1e-3)
    assert m["grad_g"] == pytest.approx(norm, rel=1e-3, abs=1e-6)
    assert m["value"] == pytest.approx(value.item(), rel=1e-4)
    assert m["d_loss"] == pytest.approx(-value.item(), rel=1e-4)


@pytest.mark.parametrize("target", ["gaussian", "ring", "checkerboard"])
def test_d_and_d_star_on_the_grid(target):
    run = trained(Spec(target=target), 50)
    shot = run.snapshot()
    probe, picture = shot.probes[0], shot.picture
    G, D = nets(run.spec, run)
    masses = probe.masses(G(probe.z)[None].detach().double().numpy())[0]
    inner = slice(1, -1) if probe.target.dim == 1 else slice(0, -1)
    p, q = probe.p_data[inner], masses[inner]
    points = np.array(np.meshgrid(*probe.centres, indexing="ij")).reshape(probe.target.dim, -1).T
    with torch.no_grad():
        d = torch.sigmoid(D(torch.from_numpy(points).float())[:, 0]).double().numpy()
    held = p + q > 0
    distance = (np.abs(d - p / np.where(held, p + q, 1)) * (p + q))[held].sum() / (p + q).sum()
    assert shot.metrics["d_distance"][0] == pytest.approx(distance, abs=1e-5)
    shape = [len(c) for c in probe.centres]
    np.testing.assert_allclose(picture["d"][0], d.reshape(shape).T, rtol=0, atol=1e-5)
    if probe.target.dim == 1:
        q = picture["p_g"][0] * probe.cell
        np.testing.assert_allclose(
            picture["d_star"][0][held], (p / np.where(held, p + q, 1))[held], rtol=0, atol=1e-9
        )


def test_modes_are_those_of_mode_score():
    run = trained(Spec(target="ring"), 100)
    shot = run.snapshot()
    G, _ = nets(run.spec, run)
    with torch.no_grad():
        samples = G(shot.probes[0].z[:2500]).double().numpy()
    score = metrics.mode_score(samples, shot.probes[0].target.modes)
    assert shot.metrics["modes"][0] == score.captured
    assert shot.metrics["hq"][0] == pytest.approx(float(score.high_quality), abs=2e-3)
    np.testing.assert_allclose(shot.picture["shares"][0], score.shares, rtol=0, atol=0.01)


def test_a_collapsed_generator():
    target = Spec(target="ring", latent_dim=2, g_hidden=())
    center = Run(target).snapshot(points=POINTS).probes[0].target.modes.centers[3]
    run = with_g(Run(target), 0, 0, 0, 0, *center)
    shot = run.snapshot(points=POINTS)
    m = {name: value[0] for name, value in shot.metrics.items()}
    assert (m["modes"], m["hq"]) == (1, 1.0)
    assert m["reverse_kl"] == pytest.approx(math.log(8), abs=1e-9)
    assert m["jsd"] > 0.6 * math.log(2)
    np.testing.assert_allclose(shot.picture["fake"][0], np.tile(center, (FULL.fakes, 1)), atol=1e-5)
    assert shot.picture["shares"][0].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]


def test_modes_on_the_line_are_judged_on_both_sides():
    # z -> 2 z is symmetric about 0, as the two modes are.
    shot = with_g(Run(Spec(target="two_gaussians", g_hidden=())), 2.0, 0.0).snapshot()
    assert shot.metrics["modes"][0] == 2
    assert shot.metrics["reverse_kl"][0] == pytest.approx(0.0, abs=1e-5)
    # Within 3 sigma = 1.5 of 2 or -2: 1/2 <= |2 z| <= 7/2.
    inside = math.erf(1.75 / math.sqrt(2)) - math.erf(0.25 / math.sqrt(2))
    assert shot.metrics["hq"][0] == pytest.approx(inside, abs=2e-3)
    np.testing.assert_allclose(shot.picture["shares"][0], 0.5, rtol=0, atol=2e-3)


@pytest.mark.parametrize("fields", [{}, {"latent_dim": 8}, {"target": "ring"}], ids=str)
@pytest.mark.parametrize("scale", [1e6, 1e20, 1e37])
def test_huge_weights_do_not_crash_a_snapshot(fields, scale):
    run = Run(Spec(**fields))
    for net in (run.state.g, run.state.d):
        net.mul_(scale)
    shot = run.snapshot(points=POINTS)
    assert 0 <= shot.metrics["jsd"][0] <= math.log(2) + 1e-12
    assert all(v.shape == (1,) for v in shot.metrics.values())
    for name in ("p_g", "fake", "map_x", "grad_x", "manifold", "beyond"):
        if name in shot.picture:
            assert np.isfinite(shot.picture[name]).all(), name


def test_arrows_point_where_the_cost_falls():
    run = trained(Spec(target="ring"), 100)
    picture = run.snapshot(measure=False).picture
    _, D = nets(run.spec, run)
    x = torch.from_numpy(picture["grad_x"][0]).float()
    arrow = torch.from_numpy(picture["grad"][0]).float()
    with torch.no_grad():
        before, after = softplus(-D(x))[:, 0], softplus(-D(x + 1e-3 * arrow))[:, 0]
    moved = arrow.norm(dim=1) > 1e-4
    assert moved.sum() > 20 and (after < before)[moved].all()
    low, high = run.snapshot(measure=False).probes[0].target.box[0]
    assert arrow.norm(dim=1).max() <= 0.15 * (high - low)


@pytest.mark.parametrize("loss", ["relativistic-pairing", "relativistic-average"])
def test_a_relativistic_loss_is_measured_against_real_samples(loss):
    run = trained(Spec(target="ring", loss=loss), 100)
    shot = run.snapshot()
    m, probe = shot.metrics, shot.probes[0]
    G, D = (net.double() for net in nets(run.spec, run))
    x = G(probe.z[:2048].double()).detach().requires_grad_()
    real, fake = D(probe.x.double()[:: len(probe.x) // 2048])[:, 0].detach(), D(x)[:, 0]
    if loss == "relativistic-pairing":
        costs = softplus(real - fake)
    else:  # both halves depend on the fakes
        costs = softplus(real.mean() - fake) + softplus(real - fake.mean())
    (by_x,) = torch.autograd.grad(costs.mean(), x)
    assert m["g_loss"] == pytest.approx(costs.mean().item(), rel=1e-4)
    assert m["grad_x"] == pytest.approx(2048 * by_x.norm(dim=1).mean().item(), rel=1e-3)
    # An arrow is the pull of all real samples, not of the one in its pair.
    at = torch.from_numpy(shot.picture["grad_x"][0]).double().requires_grad_()
    logit = D(at)[:, 0]
    (slope,) = torch.autograd.grad(logit.sum(), at)
    some, made = real[::8], D(torch.from_numpy(shot.picture["fake"][0]).double())[:, 0].detach()
    if loss == "relativistic-pairing":
        push = torch.sigmoid(some - logit.unsqueeze(1)).mean(1)
    else:
        push = torch.sigmoid(some.mean() - logit) + torch.sigmoid(some - made.mean()).mean()
    wanted = (slope * push.unsqueeze(1)).detach()
    norm, arrow = wanted.norm(dim=1), torch.from_numpy(shot.picture["grad"][0]).double()
    low, high = probe.target.box[0]
    length = 0.15 * norm / (norm + 0.4) * (high - low)
    torch.testing.assert_close(arrow.norm(dim=1), length, rtol=0.05, atol=1e-4)
    aligned = (arrow * wanted).sum(1) / (arrow.norm(dim=1) * norm).clamp(min=1e-12)
    assert (aligned[norm > 1e-4] > 0.999).all()


def test_each_run_is_measured_as_if_alone():
    specs = [Spec(target="ring", seed=s, g_lr=r) for s, r in ((0, 1e-3), (1, 1e-2))]
    both = Run(specs)
    both.advance(30)
    shot = both.snapshot(points=POINTS)
    for r, spec in enumerate(specs):
        alone = Run(spec)
        alone.state.g.copy_(both.state.g[r : r + 1])
        alone.state.d.copy_(both.state.d[r : r + 1])
        single = alone.snapshot(points=POINTS)
        for name, value in single.metrics.items():
            np.testing.assert_allclose(shot.metrics[name][r], value[0], rtol=1e-3, atol=1e-4)
        for name, value in single.picture.items():
            np.testing.assert_allclose(shot.picture[name][r], value[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "fields", [{}, {"latent_dim": 3}, {"target": "ring", "latent_dim": 2}], ids=str
)
def test_the_average_of_g_is_seen_and_measured_as_a_g_with_its_weights(fields):
    specs = [Spec(**fields, g_average=0.9, seed=seed) for seed in (0, 1)]
    run, twin = Run(specs), Run([spec.replace(g_average=0.0) for spec in specs])
    run.advance(8)
    mean = run.state.g_slots[run.game.rules.slots("G").index("g_average")]
    assert (mean - run.state.g).abs().max() > 1e-4
    twin.state = replace(run.state, g=mean.clone(), g_slots=run.state.g_slots[:2])
    for detail in ("full", "coarse"):
        shot, wanted = (one.snapshot(points=POINTS, detail=detail) for one in (run, twin))
        for name in ("jsd", "w1", "modes", "hq"):
            np.testing.assert_array_equal(shot.metrics[f"{name}_average"], wanted.metrics[name])
        shown = wanted.picture["p_g" if run.spec.dim == 1 else "fake"]
        got = shot.picture["average"]
        np.testing.assert_allclose(got, shown[:, : got.shape[1]], rtol=1e-5, atol=1e-6)
        assert "average" not in wanted.picture and "jsd_average" not in wanted.metrics
    z = torch.randn(5, run.spec.latent_dim)
    for r in (0, 1):
        G, other = run.generator(r, average=True), twin.generator(r)
        torch.testing.assert_close(G(z), other(z))
        assert not torch.equal(G(z), run.generator(r)(z))
    with pytest.raises(SpecError, match="no average"):
        twin.generator(average=True)
