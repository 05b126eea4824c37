"""Labels of mixtures and curves: their draws, p_g as a mixture over labels, D of a label."""

import numpy as np
import pytest
import torch
from plain import flat, optimizer, sequential
from scipy.stats import norm, wasserstein_distance
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from ganlab import Run, Spec, SpecError, theory
from ganlab.domains.line_probe import w1_weighted
from ganlab.engine.draws import data_labels, data_set
from ganlab.engine.evaluation import Evaluation
from ganlab.engine.probe import probe_for
from ganlab.latents import LATENTS, labelled, quasi_random
from ganlab.networks.labels import proportional
from ganlab.targets import TARGETS, make_target

LINE = Spec(
    target="mixture",
    target_params={"means": (-3, 0, 2), "stds": (0.3, 0.5, 0.2), "weights": (1, 3, 2)},
    conditional="yes",
)
RING = Spec(target="ring", latent_dim=2, conditional="yes")
LABELLED = [name for name in TARGETS if TARGETS[name].labelled and TARGETS[name].dim <= 2]


@pytest.mark.parametrize("name", LABELLED)
def test_the_parts_make_up_p_data_and_label_its_samples(name):
    target = make_target(name)
    weights, parts = target.parts
    assert len(weights) == len(parts) == target.labels > 1
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    x, which = target.sample_labelled(6000, torch.Generator().manual_seed(3))
    assert torch.equal(x, target.sample(6000, torch.Generator().manual_seed(3)))
    shares = np.bincount(which, minlength=target.labels) / 6000
    np.testing.assert_allclose(shares, weights, atol=5 * np.sqrt(weights.max() / 6000))
    at = x[:50].double().numpy()
    each = np.exp([part.log_density(at) for part in parts])
    density = np.exp(target.log_density(at))
    np.testing.assert_allclose(weights @ each, density, rtol=1e-6)
    posterior = target.posterior(at)
    np.testing.assert_allclose(posterior, (weights[:, None] * each / density).T, atol=1e-7)
    # Of labels with probability q each, the number that is right is binomial, by the same q.
    own = np.take_along_axis(target.posterior(x.double().numpy()), which[:, None].long().numpy(), 1)
    expected = (target.posterior(x.double().numpy()) ** 2).sum(1)
    assert abs(own.mean() - expected.mean()) < 5 * max(own.std(), 1e-9) / np.sqrt(6000) + 1e-6


def test_labels_are_those_of_the_data_and_change_no_other_draw():
    for spec in (LINE, RING, RING.replace(data_size=300, batch=64)):
        told, plain = Run(spec).draws, Run(spec.replace(conditional="no")).draws
        target = spec.built
        for number in (0, 127, 128, 300):
            x = told.get("D", "data", number)
            assert torch.equal(x, plain.get("D", "data", number))
            assert torch.equal(told.get("G", "latent", number), plain.get("G", "latent", number))
            label = told.get("D", "label", number)[0]
            assert label.shape == (spec.batch, spec.labels) and label.sum(1).eq(1).all()
            likely = target.posterior(x[0].double().numpy()).argmax(1)
            assert (label.argmax(1).numpy() == likely).mean() > 0.95  # modes overlap by 2 %
            assert not torch.equal(told.get("G", "label", number)[0], label)
    few = RING.replace(data_size=300)
    near = few.built.posterior(data_set(few).double().numpy()).argmax(1)
    assert np.array_equal(data_labels(few).numpy(), near)


@pytest.mark.parametrize("spec", [LINE, RING], ids=["line", "plane"])
def test_training_is_a_plain_loop_that_is_told_the_labels(spec):
    spec = spec.replace(k=2, batch=32, g_hidden=(7,), d_hidden=(6, 5))
    run, other = Run(spec), Run(spec)
    count = spec.labels
    G = sequential((spec.latent_dim + count, 7, spec.dim), "leaky_relu", other.state.g[0])
    D = sequential((spec.dim + count, 6, 5, 1), "leaky_relu", other.state.d[0])
    by_g, by_d = optimizer(spec, G, spec.g_lr), optimizer(spec, D, spec.d_lr)

    def both(player, number):
        names = ("data", "label", "latent")
        kept = [n for n in names if n in other.draws.shapes[player]]
        x = {n: other.draws.get(player, n, number)[0] for n in kept}
        return x, torch.cat([G(torch.cat([x["latent"], x["label"]], 1)), x["label"]], 1)

    for iteration in range(6):
        for number in (2 * iteration, 2 * iteration + 1):
            x, fake = both("D", number)
            real, fake = D(torch.cat([x["data"], x["label"]], 1)), D(fake.detach())
            by_d.zero_grad()
            (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))).backward()
            by_d.step()
        fake = D(both("G", iteration)[1])
        by_g.zero_grad()
        bce(fake, torch.ones_like(fake)).backward()
        by_g.step()
    run.advance(6)
    torch.testing.assert_close(run.state.g[0], flat(G), rtol=1e-4, atol=2e-6)
    torch.testing.assert_close(run.state.d[0], flat(D), rtol=1e-4, atol=2e-6)


def made(run: Run, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples of p_g by the exported module, and the labels that it was given."""
    spec, draw = run.spec, torch.Generator().manual_seed(5)
    which = torch.multinomial(torch.tensor(spec.label_weights), n, True, generator=draw)
    z = LATENTS[spec.latent].sample((n, spec.latent_dim), draw)
    with torch.no_grad():
        return run.generator()(z, which).double().numpy(), which.numpy()


def test_p_g_on_the_line_is_the_mixture_over_labels():
    run = Run(LINE)
    run.advance(400)
    shot, (x, which) = run.snapshot(), made(run, 10**6)
    probe = shot.probes[0]
    assert probe.exact
    gz = Evaluation(run.game, run.state, run.specs, [probe]).generate(probe.z).numpy()
    masses = probe.masses(gz)[0]
    assert masses.sum() == pytest.approx(1, abs=1e-9)
    edges = np.concatenate([[-np.inf], probe.edges[0], [np.inf]])
    sampled = np.histogram(x[:, 0], edges)[0] / len(x)
    np.testing.assert_allclose(masses, sampled, atol=6 * np.sqrt(sampled.max() / 10**6))
    assert 0.5 * np.abs(masses - sampled).sum() < 0.01
    # The same by label, and the picture's parts sum to p_g.
    own = probe.label_masses(gz)[0]
    np.testing.assert_allclose(np.array(probe.weights) @ own, masses, atol=1e-9)
    for k in range(3):
        sampled = np.histogram(x[which == k, 0], edges)[0] / (which == k).sum()
        assert 0.5 * np.abs(own[k] - sampled).sum() < 0.02
    picture = shot.picture
    np.testing.assert_allclose(picture["p_g_labels"].sum(1), picture["p_g"], atol=1e-6)
    # Metrics, from the samples.
    values = {name: value[0] for name, value in shot.metrics.items()}
    real = probe.target.sample(10**6, torch.Generator().manual_seed(1)).numpy()[:, 0]
    assert values["w1"] == pytest.approx(wasserstein_distance(x[:, 0], real), abs=0.006)
    parts = zip((-3, 0, 2), (0.3, 0.5, 0.2), strict=True)
    p_data = np.stack([np.diff(norm(mean, std).cdf(edges)) for mean, std in parts])
    joint = np.array([1, 3, 2]) / 6 @ theory.jsd(p_data, own)
    assert values["jsd_labels"] == pytest.approx(joint, abs=1e-9)
    assert values["jsd"] <= values["jsd_labels"] + 1e-9
    assert values["c_g"] == pytest.approx(-2 * np.log(2) + 2 * joint, abs=1e-9)
    assert values["gap"] > -0.01
    obeyed = (probe.target.posterior(x[:20000]).argmax(1) == which[:20000]).mean()
    assert values["obeyed"] == pytest.approx(obeyed, abs=0.03)
    # |D - D*| over pairs of x and label, by the exported D on every cell.
    D, at = run.discriminator(), torch.from_numpy(probe.centres[0][:, None]).float()
    total = weight = 0.0
    for k in range(3):
        with torch.no_grad():
            d = torch.sigmoid(D(at, torch.full((len(at),), k))).numpy()
        p, q = p_data[k, 1:-1], own[k, 1:-1]
        mass = probe.weights[k] * (p + q) / 2
        with np.errstate(invalid="ignore"):
            total += np.nansum(mass * np.abs(d - p / (p + q)))
        weight += mass.sum()
    assert values["d_distance"] == pytest.approx(total / weight, abs=1e-5)


def test_the_distance_of_weighted_points_is_scipys():
    draw = np.random.default_rng(1)
    for n, m in ((1, 1), (7, 3), (40, 60)):
        a, b, weights = draw.normal(size=n), draw.normal(1, 2, size=m), draw.random(n)
        a[-1] = b[0]
        weights /= weights.sum()
        wanted = wasserstein_distance(a, b, weights)
        assert w1_weighted(a, weights, b) == pytest.approx(wanted, abs=1e-12)


def test_d_is_shown_of_a_label_or_as_the_mean_by_p_data():
    for spec in (LINE, RING, RING.replace(packing=2, d_norm="batch")):
        run = Run(spec)
        run.advance(60)
        probe = probe_for(spec)
        at = torch.from_numpy(np.random.default_rng(0).uniform(-3, 3, (80, spec.dim))).float()
        z = probe.z[:512]
        shown = {}
        for label in (-1, *range(spec.labels)):
            players = Evaluation(run.game, run.state, run.specs, [probe], label)
            company = players.told(players.generate(z), z)
            shown[label] = players.field(at[None], company)[0].numpy()
            if label >= 0 and not run.game.D.joint:
                with torch.no_grad():
                    own = torch.sigmoid(run.discriminator()(at, torch.full((80,), label)))
                np.testing.assert_allclose(shown[label], own.numpy(), atol=1e-5)
        share = spec.built.posterior(at.double().numpy())
        mean = sum(share[:, k] * shown[k] for k in range(spec.labels))
        # Labels with a probability below 0.001 are left out.
        np.testing.assert_allclose(shown[-1], mean, atol=0.005)


def test_quasi_random_labels_and_intervals_have_the_shares_of_the_labels():
    weights = (0.05, 0.55, 0.4)
    inputs = quasi_random(LATENTS["normal"], 2, 2**12, weights)
    assert inputs.shape == (2**12, 5)
    np.testing.assert_allclose(inputs[:, 2:].mean(0), weights, atol=1e-3)
    for k in range(3):
        z = inputs[inputs[:, 2 + k] == 1, :2]
        np.testing.assert_allclose(z.mean(0), 0, atol=0.1)
        np.testing.assert_allclose(z.std(0), 1, atol=0.1)
    over = labelled(LATENTS["normal"], 1000, weights)
    assert over.mass.sum() == pytest.approx(1, abs=1e-12)
    assert over.inputs.shape == (len(over.ends), 4)
    for k, weight in enumerate(weights):
        mine, mass = over.of_label(k)
        assert (over.inputs[mine, 1 + k] == 1).all() and mass.sum() == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(np.diff(norm.cdf(over.ends[mine]))[1:-1], mass[1:-1], atol=1e-9)
        assert over.mass[mine.start : mine.stop - 1].sum() == pytest.approx(weight, abs=1e-12)
    which = proportional(1000, weights)
    for n in (10, 77, 1000):
        counts = np.bincount(which[:n], minlength=3)
        np.testing.assert_allclose(counts, n * np.array(weights), atol=1.0)
    assert proportional(6, (0.25,) * 4).tolist() == [0, 1, 2, 3, 0, 1]


def test_samples_have_the_shares_of_the_labels():
    run = Run(LINE)
    which = proportional(600, LINE.label_weights)
    assert np.array_equal(run.sample(600, seed=3), run.sample(600, seed=3, labels=which))
    assert np.bincount(which).tolist() == [100, 300, 200]


@pytest.mark.parametrize(
    "changes, allowed",
    [
        ({"target": "uniform"}, "has no labels"),
        ({"target": "gaussians", "target_params": {"count": 1}}, "a single mode"),
        ({"latent_dim": 1, "latent_points": (0.0, 1.0)}, "empty with labels"),
    ],
)
def test_labels_that_are_not_there_are_refused(changes, allowed):
    with pytest.raises(SpecError, match=allowed):
        RING.replace(**changes)
