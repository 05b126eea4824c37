"""The image model compared with independent plain PyTorch: torch.nn, torch.optim, float64."""

import numpy as np
import pytest
import torch
from doubled import in_double
from torch import nn
from torch.nn import functional as F

from ganlab import Run, Spec
from ganlab.engine.draws import Epochs
from ganlab.mnist.recipes import RECIPES
from ganlab.targets import make_target

PAPER = RECIPES["paper"].spec.replace(
    target="drawn_digits", g_hidden=(12, 12), d_hidden=(6, 6), latent_dim=5, batch=20
)
N = 1000  # training images of the 1,200 in `few`


def layers(sizes, pieces, flat):
    """Linear layers with the weights of a flat vector."""
    out, at = [], 0
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        n_out *= 1 if n_out == sizes[-1] and len(out) == len(sizes) - 2 else pieces
        layer = nn.Linear(n_in, n_out).double()
        layer.weight.data = flat[at : at + n_in * n_out].view(n_in, n_out).T.clone()
        layer.bias.data = flat[at + n_in * n_out : at + n_in * n_out + n_out].clone()
        at += n_in * n_out + n_out
        out.append(layer)
    assert at == len(flat)
    return out


def flat_of(net):
    return torch.cat([t.detach().reshape(-1) for m in net for t in (m.weight.T, m.bias)])


def plain(spec: Spec, run: Run, iterations: int):
    """The authors' loop with the run's draws: simultaneous updates, D's cost halved."""
    width, get = 784 + spec.labels, run.draws.get
    g = layers((spec.latent_dim + spec.labels, *spec.g_hidden, 784), 1, run.state.g[0])
    d = layers((width, *spec.d_hidden, 1), 5, run.state.d[0])

    def told(x, player, t):
        return torch.cat([x, get(player, "label", t)[0]], 1) if spec.labels else x

    def make(player, t):
        h = told(get(player, "latent", t)[0], player, t)
        for layer in g[:-1]:
            h = F.relu(layer(h))
        return told(torch.sigmoid(g[-1](h)), player, t)

    def judge(x, u):
        keep = [(u[:, :width] >= 0.2) * 1.25, *((u[:, i] >= 0.5) * 2.0 for i in spread)]
        h = x * keep[0]
        for layer, k in zip(d[:-1], keep[1:], strict=True):
            a = layer(h)
            h = torch.stack([a[:, 5 * j : 5 * j + 5].amax(1) for j in range(a.shape[1] // 5)], 1)
            h = h * k
        return d[-1](h)[:, 0]

    w1, w2 = spec.d_hidden
    spread = (slice(width, width + w1), slice(width + w1, width + w1 + w2))
    by_g = torch.optim.SGD([p for m in g for p in m.parameters()], lr=0.1, momentum=0.5)
    by_d = torch.optim.SGD([p for m in d for p in m.parameters()], lr=0.1, momentum=0.5)
    ones, zeros = torch.ones(spec.batch).double(), torch.zeros(spec.batch).double()
    for t in range(iterations):
        for optimizer in (by_g, by_d):
            optimizer.param_groups[0]["lr"] = max(0.1 / 1.000004**t, 1e-6)
            optimizer.param_groups[0]["momentum"] = 0.5 + 0.2 * min(1.0, t / 125_000)
        u = get("D", "mask", t)[0]
        real, fake = told(get("D", "data", t)[0], "D", t), make("D", t).detach()
        bce = F.binary_cross_entropy_with_logits
        cost = (
            bce(judge(real, u[: spec.batch]), ones) + bce(judge(fake, u[spec.batch :]), zeros)
        ) / 2
        d_grads = torch.autograd.grad(cost, list(by_d.param_groups[0]["params"]))
        u = get("G", "mask", t)[0]
        logits = judge(make("G", t), u[spec.batch :])
        g_grads = torch.autograd.grad(bce(logits, ones), list(by_g.param_groups[0]["params"]))
        for optimizer, grads in ((by_d, d_grads), (by_g, g_grads)):
            for p, grad in zip(optimizer.param_groups[0]["params"], grads, strict=True):
                p.grad = grad
            optimizer.step()
    return flat_of(g), flat_of(d)


@pytest.mark.parametrize("conditional", ["no", "yes"])
def test_the_papers_recipe_is_the_authors_loop(few, conditional):
    # Larger weights than the paper's, so that nets this narrow propagate a gradient.
    spec = PAPER.replace(conditional=conditional, init_gain=0.2, d_init_gain=0.3)
    run = in_double(Run(spec))
    before = run.state
    g, d = plain(spec, run, 12)
    run.advance(12)
    # Both compute the schedule in float64; only the order of sums differs.
    torch.testing.assert_close(run.state.g[0], g, rtol=1e-7, atol=1e-10)
    torch.testing.assert_close(run.state.d[0], d, rtol=1e-7, atol=1e-10)
    assert (run.state.g - before.g).abs().max() > 1e-4
    assert (run.state.d - before.d).abs().max() > 1e-4


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_its_shapes_and_trains(few, name):
    spec = RECIPES[name].spec.replace(target="drawn_digits", batch=10)
    assert RECIPES[name].spec.target == "mnist" and RECIPES[name].doc.endswith(".")
    run = Run(spec)
    start = run.state
    assert run.advance(2) == 2 and not run.stopped
    assert torch.isfinite(run.state.g).all() and not torch.equal(run.state.g, start.g)
    assert not torch.equal(run.state.d, start.d)


def test_the_papers_sizes():
    spec = RECIPES["paper"].spec
    assert (spec.latent, spec.latent_dim, spec.g_hidden) == ("unit_uniform", 100, (1200, 1200))
    assert (spec.d_hidden, spec.d_activation, spec.batch, spec.k) == ((240, 240), "maxout", 100, 1)
    game = Run(spec.replace(target="drawn_digits")).game
    assert game.G.size == 100 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 784 + 784
    assert game.D.size == 784 * 1200 + 1200 + 240 * 1200 + 1200 + 240 + 1


def test_how_the_paper_starts(few):
    run = Run(RECIPES["paper"].spec.replace(target="drawn_digits"))
    g, d = run.game.G.split(run.state.g), run.game.D.split(run.state.d)
    for parts, bound in ((g, 0.05), (d, 0.005)):
        for weight in parts[::2]:
            assert weight.abs().max() <= bound
            if weight.numel() > 1000:
                assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert all(bias.eq(0).all() for bias in (*g[1:-1:2], *d[1::2]))
    # G's output starts at the marginals; a pixel without ink is close to 0.
    mean = few.fitted.images.astype(np.float64).mean(0)
    got = torch.sigmoid(g[-1][0, 0].double()).numpy()
    np.testing.assert_allclose(got, np.clip(mean, 1e-7, 1), rtol=1e-5, atol=1e-9)
    assert g[-1].min() == pytest.approx(np.log(1e-7), rel=1e-4) and 0.1 < mean.max() < 1


def test_an_epoch_shows_each_image_once(few):
    target = make_target("drawn_digits", {})
    images = target.examples[:2]
    epochs = Epochs(3, "data_d", 30, *images)
    first = torch.cat([epochs[i] for i in range(34)])  # 1,020 images: into the second epoch
    order = torch.randperm(N, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(first[:N], target.pixels[order].float() / 255)
    want = target.pixels.float() / 255
    assert torch.equal(first[:N].sort(0).values, want.sort(0).values)
    assert torch.equal(first[:N].sum(1).sort().values, want.sum(1).sort().values)
    assert not torch.equal(first[:20], first[N : N + 20])
    # Number n is the same whenever it is requested.
    again = Epochs(3, "data_d", 30, *images)
    assert torch.equal(again[33], first[990:1020]) and torch.equal(again[0], first[:30])
    assert torch.equal(again.slab(2, 2), torch.stack([epochs[2], epochs[3]]))
    assert again.slab(2, 0).shape == (0, 30, 784)
    other = Epochs(4, "data_d", 30, *images)
    assert not torch.equal(other[0], first[:30])


@pytest.mark.parametrize("conditional", ["no", "yes"])
def test_runs_of_several_seeds_are_those_of_each_alone(few, conditional):
    specs = [PAPER.replace(seed=s, conditional=conditional) for s in (1, 2, 3)]
    together = Run(specs)
    together.advance(5)
    for i, spec in enumerate(specs):
        alone = Run(spec)
        alone.advance(5)
        torch.testing.assert_close(together.state.g[i], alone.state.g[0], rtol=1e-5, atol=1e-6)


def test_saved_and_loaded_it_goes_on_bit_for_bit(few, tmp_path):
    for spec in (PAPER, RECIPES["quick-labels"].spec.replace(target="drawn_digits", batch=20)):
        whole, half = Run(spec), Run(spec)
        whole.advance(60)  # beyond an epoch of 50
        half.advance(37)
        half.save(tmp_path / "run.npz")
        later = Run.load(tmp_path / "run.npz")
        later.advance(23)
        assert torch.equal(later.state.g, whole.state.g)
        assert torch.equal(later.state.d, whole.state.d)


def test_the_schedules():
    spec = Spec(optimizer="momentum", momentum=0.5, momentum_rise=0.2, momentum_ramp=10)
    spec = spec.replace(g_lr=0.1, d_lr=0.05, lr_decay=0.1, lr_floor=0.03)
    game = Run(spec).game
    for t in (0, 1, 5, 10, 100):
        numbers = game.rules.numbers("G", t, t, t, game.d_hyper, game.g_hyper, game.strengths)
        given = game.rules.given(numbers)
        assert given.g[0] == pytest.approx(max(0.1 / 1.1**t, 0.03), rel=1e-12)
        assert given.d[0] == pytest.approx(max(0.05 / 1.1**t, 0.03), rel=1e-12)
        assert given.g[1] == pytest.approx(0.5 + 0.2 * min(1, t / 10), rel=1e-12)
    # However long it runs, a learning rate may vanish, but not overflow.
    assert game.g_hyper._replace(decay=0.1, floor=0.0).at(10**6).lr == 0.0
    # When off, they do not change the numbers.
    off = Run(Spec(g_lr=0.1, lr_floor=0.5, momentum_ramp=7)).game
    plain_ = Run(Spec(g_lr=0.1)).game
    assert off.g_hyper.at(9)[:4] == plain_.g_hyper.at(9)[:4] == plain_.g_hyper[:4]


def test_images_have_no_density_and_no_snapshot(few):
    target = make_target("drawn_digits", {})
    x = target.sample(64, torch.Generator().manual_seed(0))
    assert x.shape == (64, 784) and x.dtype == torch.float32 and 0 <= x.min() and x.max() <= 1
    for ask in (lambda: target.log_density(x.numpy()), lambda: target._cell_masses()):
        with pytest.raises(ValueError, match="unknown"):
            ask()
    with pytest.raises(ValueError, match="1-D or 2-D"):
        Run(PAPER).snapshot()
