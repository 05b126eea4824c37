"""Each family against a closed form, and all of them on the same data."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
import torch

from ganlab import Spec, SpecError, baselines
from ganlab.baselines import FAMILIES, ROWS, Task, diffusion, em, flow, kde, vae
from ganlab.baselines.stored import load, save
from ganlab.targets import TARGETS, make_target


def task_of(target: str, n: int, **params) -> Task:
    spec = Spec(target=target, target_params=params, data_size=n, seed=3)
    return baselines.task_of(spec, steps=300)


def test_em_finds_the_mixture():
    pytest.importorskip("sklearn")
    told = {"means": (-2.0, 0.5, 3.0), "stds": (0.3, 0.5, 0.2), "weights": (1.0, 2.0, 1.0)}
    target, task = make_target("mixture", told), task_of("mixture", 8000, **told)
    model = em.fit(task)
    assert model.about == "3 Gaussians, by BIC"
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)[:, None]
    p, q = np.exp(target.log_density(x.numpy())), model.log_density(x).exp().numpy()
    assert np.abs(p - q).sum() * 0.01 / 2 < 0.03  # total variation
    assert q.sum() * 0.01 == pytest.approx(1.0, abs=2e-3)
    made = model.sample(40_000, torch.Generator().manual_seed(1)).numpy()[:, 0]
    seen = [(abs(made - m) < 0.75).mean() for m in told["means"]]
    assert seen == pytest.approx([0.25, 0.43, 0.25], abs=0.03)


def test_a_kernel_density_is_a_sum_of_kernels():
    points, x = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]]), np.array([[0.3, 0.2], [5.0, 5.0]])
    away = ((x[:, None] - points) ** 2).sum(-1)
    want = np.exp(-away / (2 * 0.4**2)).mean(1) / (2 * np.pi * 0.4**2)
    model = kde.model(points, 0.4)
    np.testing.assert_allclose(model.log_density(torch.from_numpy(x)).exp(), want)
    made = model.sample(50_000, torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_allclose(made.mean(0), points.mean(0), atol=0.02)
    np.testing.assert_allclose(made.var(0), points.var(0) + 0.4**2, rtol=0.03)
    # Of a normal law, the width of least error is about 1.06 σ n^(-1/5); likelihood's is near it.
    chosen = kde.fit(task_of("gaussian", 2000, mean=0.0, std=2.0))
    width = float(chosen.about.split("= ")[1])
    assert 0.4 < width / (1.06 * 2.0 * 1600**-0.2) < 2.0


@pytest.mark.parametrize("dim", [1, 2])
def test_a_flow_is_invertible_and_its_density_integrates_to_one(dim):
    torch.manual_seed(dim)
    net = flow.Flow(dim, 3).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x = 1.5 * torch.randn(200, dim, dtype=torch.float64)
    noise, log_p = net.noise(x)
    torch.testing.assert_close(net.made_of(noise), x, rtol=1e-5, atol=1e-5)
    # The determinant, by automatic differentiation.
    slopes = [
        torch.autograd.functional.jacobian(lambda v: net.noise(v[None])[0][0], v) for v in x[:20]
    ]
    base = torch.nn.functional.logsigmoid(noise) + torch.nn.functional.logsigmoid(-noise)
    want = base.sum(1)[:20] + torch.stack([torch.linalg.det(s).abs().log() for s in slopes])
    torch.testing.assert_close(log_p[:20], want, rtol=1e-6, atol=1e-6)
    # Over a grid that is fine in the middle and reaches far: the tails are those of a logistic.
    t = torch.linspace(-7, 7, 4001 if dim == 1 else 401, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(*[t.sinh()] * dim, indexing="ij"), -1).view(-1, dim)
    width = torch.stack(torch.meshgrid(*[t.cosh()] * dim, indexing="ij"), -1).prod(-1).view(-1)
    with torch.no_grad():
        mass = (net.noise(grid)[1].exp() * width).sum() * (t[1] - t[0]) ** dim
    assert mass == pytest.approx(1.0, abs=3e-3)


def test_the_bound_of_a_linear_vae_is_below_the_exact_likelihood():
    torch.manual_seed(0)
    net = vae.Vae(2, latent=1, hidden=()).double()
    (decode,), (encode,) = net.decode, net.encode
    with torch.no_grad():
        net.log_std.fill_(math.log(0.5))
    w, b, s2 = decode.weight.detach(), decode.bias.detach(), 0.25
    law = torch.distributions.MultivariateNormal(b, w @ w.T + s2 * torch.eye(2).double())
    x, draw = law.sample((50,)), torch.Generator().manual_seed(1)
    exact = law.log_prob(x)
    with torch.no_grad():
        loose, tight = net.elbo(x, draw, 20_000), net.bound(x, draw, 20_000)
    assert (loose < exact).all() and (loose <= tight + 1e-9).all()
    assert (tight < exact + 0.05).all()
    # With the exact posterior N(m, v) of z the bound is the likelihood, for every draw.
    v = 1 / (1 + (w**2).sum() / s2)
    with torch.no_grad():
        encode.weight.copy_(torch.cat([v * w.T / s2, torch.zeros(1, 2)]))
        encode.bias.copy_(torch.stack([(-v * w.T @ b / s2)[0], 0.5 * v.log()]))
        torch.testing.assert_close(net.elbo(x, draw), exact)


def test_diffusion_of_a_gaussian_has_a_closed_form():
    s2 = 0.25
    beta, alpha = diffusion.schedule()
    torch.testing.assert_close(alpha[3], (1 - beta[:4]).prod())
    assert alpha[-1] < 0.01 and beta[0] < 2e-4

    def exact(x, t):  # E[ε | x_t], which is −√(1 − ᾱ) times the score
        kept = alpha[t, None].to(x)
        return (1 - kept).sqrt() * x / (kept * s2 + 1 - kept)

    draw = torch.Generator().manual_seed(2)
    made = diffusion.generate(exact, 40_000, 1, draw)
    assert made.mean().abs() < 0.01 and made.var() == pytest.approx(s2, rel=0.06)
    # The least error is the variance of ε given x_t; a net that learns comes near the closed form.
    x = s2**0.5 * torch.randn(100_000, 1, generator=draw)
    least = (alpha * s2 / (alpha * s2 + 1 - alpha)).mean()
    assert diffusion.loss(exact, x, draw) == pytest.approx(float(least), rel=0.02)
    torch.manual_seed(0)
    net, task = diffusion.Denoiser(1), task_of("gaussian", 5000, mean=1.0, std=3.0)
    task.minimise(net.parameters(), lambda x: diffusion.loss(net, x * s2**0.5, draw))
    t = torch.arange(0, 100, 9).repeat_interleave(9)
    at = torch.linspace(-1, 1, 9).repeat(12)[:, None]
    with torch.no_grad():
        assert (net(at, t) - exact(at, t)).abs().mean() < 0.12


@pytest.mark.parametrize("target", ["two_gaussians", "ring", "points"])
def test_all_families_get_the_same_data_and_are_measured_alike(target, tmp_path):
    spec = Spec(
        target=target, latent_dim=TARGETS[target].dim, g_hidden=(8,), d_hidden=(8,), batch=32
    )
    results = list(baselines.compare(spec, ("kde", "vae", "flow", "diffusion", "gan"), steps=15))
    for one in results:
        assert not one.refused and np.isfinite([one.numbers["jsd"], one.numbers["w1"]]).all()
        assert 0 <= one.numbers["jsd"] <= math.log(2) and one.shown.shape == (1500, spec.dim)
        assert np.isfinite(one.numbers["log_likelihood"]) == (one.family in ("kde", "vae", "flow"))
        assert (one.steps, one.of) == ((0, 0) if one.family == "kde" else (15, 15))
        assert np.isnan(one.numbers["modes"]) == (target == "points")
        if spec.dim == 1:
            cell = baselines.compare.__globals__["probe_of"](spec).cell
            assert 0.5 < one.p.sum() * cell < 1.01
        again = load(save(one, tmp_path))
        assert again.about == one.about and again.bound == (one.family == "vae")
        np.testing.assert_array_equal(again.shown, one.shown)
        np.testing.assert_equal(again.numbers, one.numbers)
    rows = list(csv.DictReader(io.StringIO(baselines.as_csv(results))))
    assert [row["family"] for row in rows] == [one.family for one in results]
    assert float(rows[0]["jsd (nats)"]) == pytest.approx(results[0].numbers["jsd"], rel=1e-5)
    # The GAN trains on the points that the others get.
    task = baselines.task_of(spec)
    assert len(task.train) == (10_000 if target != "points" else len(task.train))
    if target == "ring":
        assert torch.equal(task.train.float(), baselines.task_of(spec.replace(k=4)).train.float())


def test_a_family_stops_when_its_time_is_over():
    spec = Spec(target="moons", latent_dim=2)
    (one,) = baselines.compare(spec, ("vae",), seconds=0.0)
    assert (one.steps, one.of) == (0, 2000) and one.numbers["jsd"] > 0.1


def test_the_likelihood_of_p_data_itself():
    entropy = 0.5 * math.log(2 * math.pi * math.e * 0.7**2)
    spec = Spec(target="gaussian", target_params={"mean": 1.0, "std": 0.7})
    assert baselines.best(spec) == pytest.approx(-entropy, abs=0.05)
    assert math.isnan(baselines.best(Spec(target="points", latent_dim=2)))


def test_every_family_says_what_it_can():
    assert list(FAMILIES) == ["em", "kde", "vae", "flow", "diffusion", "gan"]
    for family in FAMILIES.entries.values():
        assert all(getattr(family, row).endswith(".") for row in ROWS)
    with pytest.raises(SpecError, match="1-D or 2-D"):
        baselines.task_of(Spec(target="mnist", latent_dim=100))
