"""D with K + 1 outputs: Salimans' formulas, the supervised net beside it, and their accuracies."""

import numpy as np
import pytest
import torch
from plain import flat, optimizer, sequential
from torch.nn.functional import cross_entropy

from ganlab import Run, Spec, SpecError
from ganlab.engine.classes import best
from ganlab.engine.draws import few

SPEC = Spec(
    target="moons",
    target_params={"std": 0.3},
    latent_dim=2,
    g_hidden=(7,),
    d_hidden=(6, 5),
    batch=16,
    few_labels=3,
)


def sizes(spec: Spec) -> tuple[int, ...]:
    return (2, 6, 5, spec.classes)


def halves(run: Run) -> list[torch.nn.Sequential]:
    """D, and the net beside it."""
    spec = run.spec
    return [sequential(sizes(spec), spec.d_activation, part) for part in run.state.d[0].chunk(2)]


@pytest.mark.parametrize("target", ["moons", "ring"])
def test_training_is_salimans_loss_beside_a_supervised_net(target):
    """By K + 1 probabilities: -log p(real), -log p(generated) and -log p(label | real)."""
    spec = SPEC.replace(target=target, target_params={"std": 0.3})
    run, other = Run(spec), Run(spec)
    D, alone = halves(other)
    G = sequential((2, 7, 2), spec.g_activation, other.state.g[0])
    assert len(other.state.d[0]) == 2 * len(flat(D))
    by_d, by_s = optimizer(spec, D, spec.d_lr), optimizer(spec, alone, spec.d_lr)
    by_g = optimizer(spec, G, spec.g_lr)

    def chances(x):
        """p(1), ..., p(K), p(generated), with the logit of the last at 0."""
        return torch.softmax(torch.cat([D(x), torch.zeros(len(x), 1)], 1), 1)

    for number in range(5):
        x = {n: other.draws.get("D", n, number)[0] for n in other.draws.shapes["D"]}
        real, fake = chances(x["data"]), chances(G(x["latent"]).detach())
        which = x["few_label"].argmax(1)
        labelled = chances(x["few"])[:, :-1]
        labelled = labelled / labelled.sum(1, keepdim=True)
        cost = -(1 - real[:, -1]).log().mean() - fake[:, -1].log().mean()
        cost = cost - labelled.gather(1, which[:, None]).log().mean()
        by_d.zero_grad()
        cost.backward()
        by_d.step()
        by_s.zero_grad()
        cross_entropy(alone(x["few"]), which).backward()
        by_s.step()
        fake = chances(G(other.draws.get("G", "latent", number)[0]))
        by_g.zero_grad()
        (-(1 - fake[:, -1]).log().mean()).backward()
        by_g.step()
    run.advance(5)
    torch.testing.assert_close(
        run.state.d[0], torch.cat([flat(D), flat(alone)]), rtol=1e-3, atol=1e-5
    )
    torch.testing.assert_close(run.state.g[0], flat(G), rtol=1e-3, atol=1e-5)


def test_d_is_z_over_z_plus_one_in_pictures_metrics_and_modules():
    run = Run(SPEC)
    run.advance(150)
    D, alone = halves(run)
    shot = run.snapshot()
    probe = shot.probes[0]
    (x0, x1), (y0, y1) = probe.target.box
    centres = (np.arange(64) + 0.5) / 64
    x, y = np.meshgrid(x0 + (x1 - x0) * centres, y0 + (y1 - y0) * centres)
    points = torch.from_numpy(np.stack([x, y], -1).reshape(-1, 2)).float()
    with torch.no_grad():
        z = D(points).double().exp().sum(1)
        module = run.discriminator()
        torch.testing.assert_close(module(points).double().exp(), z, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(module.outputs(points), D(points), rtol=1e-5, atol=1e-5)
        regions = D(points).argmax(1).view(64, 64)
        beside = alone(points).argmax(1).view(64, 64)
    np.testing.assert_allclose(shot.picture["d"][0].ravel(), (z / (z + 1)).numpy(), atol=1e-5)
    assert (shot.picture["regions"][0] == regions.numpy()).mean() > 0.999
    assert (shot.picture["regions_alone"][0] == beside.numpy()).mean() > 0.999
    # Accuracies, on other samples of p_data.
    x, which = probe.target.sample_labelled(40_000, torch.Generator().manual_seed(9))
    for name, net in (("accuracy", D), ("accuracy_alone", alone)):
        with torch.no_grad():
            share = (net(x).argmax(1) == which).double().mean().item()
        assert shot.metrics[name][0] == pytest.approx(share, abs=0.035)
    likeliest = probe.target.posterior(x.double().numpy()).argmax(1)
    assert best(probe.target) == pytest.approx((likeliest == which.numpy()).mean(), abs=0.02)


def test_the_labelled_points_are_few_of_each_and_a_function_of_the_seed():
    x, which = few(SPEC)
    assert torch.equal(which, torch.tensor([0, 0, 0, 1, 1, 1])) and x.shape == (6, 2)
    assert torch.equal(few(SPEC.replace(k=3))[0], x)
    assert not torch.equal(few(SPEC.replace(seed=1))[0], x)
    draws = Run(SPEC).draws
    for number in range(4):  # a minibatch is the whole set, shuffled
        got, told = (draws.get("D", name, number)[0] for name in ("few", "few_label"))
        assert sorted(map(tuple, got.tolist())) == sorted(map(tuple, x.tolist()))
        own = torch.stack([which[(x == point).all(1)][0] for point in got])
        assert torch.equal(told.argmax(1), own)
    plain = Run(SPEC.replace(few_labels=0)).draws
    assert torch.equal(plain.get("D", "data", 5), draws.get("D", "data", 5))
    assert "few" not in draws.shapes["G"]


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "spiral"},
        {"conditional": "yes"},
        {"loss": "wasserstein"},
        {"packing": 2},
        {"d_norm": "spectral"},
        {"unroll": 1},
        {"gradient_clip": 1.0},
        {"d_to_optimum": 1e-3},
    ],
    ids=str,
)
def test_what_does_not_go_with_classes_is_refused(changes):
    target = {} if "target" in changes else {"target_params": SPEC.target_params}
    with pytest.raises(SpecError, match="few_labels|labelled|0 "):
        SPEC.replace(**changes, **target)
