"""G and D, compared with torch.nn and explicit loops."""

import math

import pytest
import torch
from torch import nn

from ganlab.networks import ACTIVATIONS, NORMS, Discriminator, Generator
from ganlab.networks.norms import spectral_norm

KINK = nn.LeakyReLU(0.2)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randn(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=seeded(seed))


def parts(net, flat: torch.Tensor) -> list[torch.Tensor]:
    """The parameters of one run, in the order of `shapes`."""
    return [p.view(s) for p, s in zip(flat.split(list(net.counts)), net.shapes, strict=True)]


# -- G ---------------------------------------------------------------------------------------------

SIZES = (2, 5, 4, 3)


def by_hand(flat, z, norm: str, reference):
    """G of one run with statistics computed sample by sample, (B, out)."""
    net = Generator(SIZES, "leaky_relu", norm=norm)
    w1, b1, w2, b2, w3, b3, s1, t1, s2, t2 = parts(net, flat)
    h, ref = z, reference
    for weight, bias, scale, shift in ((w1, b1, s1, t1), (w2, b2, s2, t2)):
        h, ref = h @ weight + bias, None if ref is None else ref @ weight + bias
        if norm == "batch" and ref is None:
            normal = nn.BatchNorm1d(h.shape[1], affine=False, track_running_stats=False)
            h = KINK(normal(h) * scale[0] + shift[0])
            continue
        rows = []
        for x in h:
            crowd = torch.cat([ref, x[None]]) if norm == "virtual" else ref
            x = (x - crowd.mean(0)) / (crowd.var(0, unbiased=False) + 1e-5).sqrt()
            rows.append(KINK(x * scale[0] + shift[0]))
        own = (ref - ref.mean(0)) / (ref.var(0, unbiased=False) + 1e-5).sqrt()
        h, ref = torch.stack(rows), KINK(own * scale[0] + shift[0])
    return h @ w3 + b3


@pytest.mark.parametrize(
    ("norm", "fixed"), [("batch", False), ("batch", True), ("reference", True), ("virtual", True)]
)
def test_norms_and_their_gradients_sample_by_sample(norm, fixed):
    net = Generator(SIZES, "leaky_relu", norm=norm)
    flat = randn(0, 2, net.size).requires_grad_()
    z = randn(1, 2, 7, 2)
    reference = randn(2, 2, 6, 2) if fixed else None
    weight = randn(3, 2, 7, 3)
    out = net(flat, z, reference)
    (by,) = torch.autograd.grad((out * weight).sum(), flat)
    for run in range(2):
        own = flat[run].detach().requires_grad_()
        wanted = by_hand(own, z[run], norm, None if reference is None else reference[run])
        (wanted_by,) = torch.autograd.grad((wanted * weight[run]).sum(), own)
        torch.testing.assert_close(out[run], wanted, rtol=1e-10, atol=1e-11)
        torch.testing.assert_close(by[run], wanted_by, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("norm", [n for n in NORMS if n != "none"])
def test_a_normalised_generator_starts_with_scale_1_and_shift_0(norm):
    net, plain = Generator(SIZES, "tanh", norm=norm), Generator(SIZES, "tanh")
    flat = net.init("default", 1.0, seeded(4))
    assert net.size == plain.size + 2 * (5 + 4) == flat.numel()
    assert torch.equal(flat[: plain.size], plain.init("default", 1.0, seeded(4)))
    one = [torch.ones(5), torch.zeros(5), torch.ones(4), torch.zeros(4)]
    assert torch.equal(flat[plain.size :], torch.cat(one))


@pytest.mark.parametrize("norm", ["batch", "reference"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "maxout"])
@pytest.mark.parametrize(
    "more", [{}, {"bias": False}, {"thin": True}, {"e_sizes": (2, 5, 3)}], ids=str
)
def test_a_folded_norm_is_the_norm_of_its_reference(norm, activation, more):
    net = Generator((3, 5, 4, 2), activation, norm=norm, **more)
    flat, x, reference = randn(0, 2, net.size), randn(1, 2, 7, 3), 2 + randn(2, 2, 20, 3)
    folded = net.folded(flat, reference)
    assert net.folds and folded.shape == (2, net.plain.size)
    right = net(flat, x, reference)
    torch.testing.assert_close(net.plain(folded, x), right, rtol=1e-10, atol=1e-10)
    assert (right - net(flat, x, x)).abs().max() > 1e-3
    if net.encoder is not None:
        same = net.encode(flat, x[..., :2]), net.plain.encode(folded, x[..., :2])
        torch.testing.assert_close(*same)


def test_only_batch_norm_makes_samples_depend_on_each_other():
    z, reference = randn(1, 1, 8, 2), randn(2, 1, 8, 2)
    moved = z.clone()
    moved[0, 3] += 5.0
    for norm in NORMS:
        net = Generator(SIZES, "tanh", norm=norm)
        flat = randn(0, 1, net.size)
        fixed = reference if norm in ("reference", "virtual") else None
        change = (net(flat, z, fixed) - net(flat, moved, fixed)).abs().sum(2)[0]
        others = torch.cat([change[:3], change[4:]])
        assert change[3] > 1e-3 and (others.min() > 1e-6 if norm == "batch" else not others.any())


def test_normalised_layers_forget_the_scale_of_their_weights():
    # The point of batch norm: doubling a layer's weights changes nothing (up to epsilon).
    net = Generator((2, 6, 1), "tanh", norm="batch")
    flat, z = randn(0, 1, net.size), randn(1, 1, 50, 2)
    doubled = flat.clone()
    doubled[:, :12] *= 100
    torch.testing.assert_close(net(flat, z), net(doubled, z), rtol=1e-3, atol=1e-3)
    assert (net(flat, z) - net(-flat, z)).abs().max() > 0.1


@pytest.mark.parametrize("norm", list(NORMS))
def test_runs_of_a_normalised_generator_do_not_see_each_other(norm):
    net = Generator(SIZES, "leaky_relu", norm=norm)
    flat, z, reference = randn(0, 3, net.size), randn(1, 3, 9, 2), randn(2, 3, 5, 2)
    fixed = reference if norm in ("reference", "virtual") else None
    before = net(flat, z, fixed)
    flat[1], z[1] = math.nan, math.inf
    after = net(flat, z, fixed)
    assert torch.equal(before[0], after[0]) and torch.equal(before[2], after[2])
    assert after[1].isnan().all()


# -- D ---------------------------------------------------------------------------------------------


def crowded(net: Discriminator, flat, x, keep=None) -> torch.Tensor:
    """D's logits of one run on one minibatch x (n, in), closeness by loops over i, j and b."""
    *weights, tensor = parts(net, flat) if net.kernels else (*parts(net, flat), None)
    f, keep = x, list(keep or ())
    if net.drop[0]:
        f = f * keep.pop(0)
    for i in range(0, len(weights) - 2, 2):
        f = torch.tanh(f @ weights[i] + weights[i + 1])
        if net.drop[1]:
            f = f * keep.pop(0)
    rows = []
    for i in range(len(x)):
        row = list(f[i])
        for b in range(net.kernels):
            columns = tensor[:, b * net.dims : (b + 1) * net.dims]
            m = [one @ columns for one in f]
            close = [torch.exp(-(m[i] - m[j]).abs().sum()) for j in range(len(x)) if j != i]
            row.append(sum(close, torch.zeros((), dtype=torch.float64)))
        rows.append(torch.stack(row))
    return (torch.stack(rows) @ weights[-2] + weights[-1])[:, 0]


def judge_of(net: Discriminator, seed: int = 0):
    return 0.7 * randn(seed, 2, net.size)


@pytest.mark.parametrize("hidden", [(), (4,), (5, 3)], ids=str)
@pytest.mark.parametrize("kernels", [0, 1, 3])
@pytest.mark.parametrize("drop", [(False, False), (True, False), (False, True), (True, True)])
def test_logits_and_gradients_by_explicit_loops(hidden, kernels, drop):
    net = Discriminator((2, *hidden, 1), "tanh", kernels=kernels, dims=2, drop=drop)
    flat, x = judge_of(net).requires_grad_(), randn(1, 2, 6, 2).requires_grad_()
    shape = (2, 6)
    keep = [
        (torch.rand(*shape, u, generator=seeded(u)) > 0.4).double() / 0.6 for u in net.droppable
    ]
    assert net.droppable == (2,) * drop[0] + hidden * drop[1]
    logits, f = net.judge(flat, x, keep or None)
    assert logits.shape == (2, 6) and f.shape == (2, 6, net.features)
    weight = randn(5, 2, 6)
    by = torch.autograd.grad((logits * weight).sum(), (flat, x))
    for run in range(2):
        own = [flat[run].detach().requires_grad_(), x[run].detach().requires_grad_()]
        wanted = crowded(net, *own, [k[run] for k in keep])
        torch.testing.assert_close(logits[run], wanted, rtol=1e-10, atol=1e-11)
        wanted_by = torch.autograd.grad((wanted * weight[run]).sum(), own)
        for a, b in zip(by, wanted_by, strict=True):
            torch.testing.assert_close(a[run], b, rtol=1e-9, atol=1e-10)


def test_real_and_fake_are_compared_apart():
    net = Discriminator((2, 4, 1), "tanh", kernels=3, dims=2)
    flat, x = judge_of(net), randn(1, 2, 10, 2)
    together = net.judge(flat, x, group=5)[0]
    apart = [net.judge(flat, half)[0] for half in x.split(5, 1)]
    torch.testing.assert_close(together, torch.cat(apart, 1), rtol=1e-12, atol=1e-12)
    assert (together - net.judge(flat, x)[0]).abs().max() > 1e-3


def test_a_crowd_is_as_close_as_can_be_and_strangers_are_not():
    net = Discriminator((2, 4, 1), "tanh", kernels=3, dims=2)
    flat = 30 * judge_of(net)
    parts = net.split(flat)
    m = net.projected(parts, net.body(parts, randn(2, 2, 1, 2).expand(-1, 8, -1)))
    torch.testing.assert_close(net.closeness(m, m), torch.full((2, 8, 3), 8.0).double())
    far = torch.arange(8.0).double().view(1, 1, 8).expand(2, 6, 8) * 50
    torch.testing.assert_close(net.closeness(far, far), torch.ones(2, 8, 3).double())


def test_minibatches_with_kernels_are_judged_apart_in_each_run():
    net = Discriminator((2, 4, 1), "tanh", kernels=3, dims=2)
    flat, x = judge_of(net), randn(1, 2, 12, 2)
    together, _ = net.judge(flat, x, group=4)
    for run in range(2):
        for at in range(0, 12, 4):
            alone, _ = net.judge(flat[run : run + 1], x[run : run + 1, at : at + 4])
            torch.testing.assert_close(together[run : run + 1, at : at + 4], alone)


def test_packs_are_neighbours_side_by_side():
    net = Discriminator((6, 4, 1), "relu", pack=3)
    x = torch.arange(24.0).view(1, 12, 2)
    packs = net.packed(x)
    assert packs.shape == (1, 4, 6) and net.joint
    for i in range(4):
        assert packs[0, i].tolist() == [v for j in range(3) for v in x[0, 3 * i + j].tolist()]
    alone = Discriminator((2, 4, 1), "relu")
    assert alone.packed(x) is x and not alone.joint


def test_among_others_alone_is_just_the_logit():
    net = Discriminator((2, 4, 1), "tanh")
    flat, x = judge_of(net), randn(1, 2, 5, 2)
    assert torch.equal(net.among(flat, x, randn(2, 2, 9, 2), 64), net.judge(flat, x)[0])


def test_among_others_with_kernels_is_each_point_in_their_minibatch():
    net = Discriminator((2, 4, 1), "tanh", kernels=3, dims=2)
    flat, x, others = judge_of(net), randn(1, 2, 5, 2), randn(2, 2, 7, 2)
    # A minibatch of 8: the point and the seven.
    got = net.among(flat, x, others, 8)
    for run in range(2):
        for i in range(5):
            crowd = torch.cat([x[run, i : i + 1], others[run]])
            wanted = crowded(net, flat[run], crowd)[0]
            torch.testing.assert_close(got[run, i], wanted, rtol=1e-10, atol=1e-11)


def test_among_others_in_packs_is_a_mean_over_companies():
    net = Discriminator((6, 4, 1), "tanh", pack=3)
    flat, x, others = judge_of(net), randn(1, 2, 5, 2), randn(2, 2, 10, 2)
    got = net.among(flat, x, others, 4)
    for run in range(2):
        for i in range(5):
            logits = []
            for start in (0, 3, 6):
                pack = torch.cat([x[run, i], *others[run, start : start + 2]])
                logits.append(crowded(net, flat[run], pack[None])[0])
            torch.testing.assert_close(got[run, i], sum(logits) / 3, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("scheme", ["default", "orthogonal", "gaussian"])
def test_the_kernels_tensor_starts_as_a_layers_weights(scheme):
    net = Discriminator((2, 50, 1), "maxout", kernels=20, dims=3)
    flat = net.init(scheme, 1.0, seeded(0))
    assert flat.numel() == net.size == 2 * 250 + 250 + (50 + 20) + 1 + 50 * 60
    tensor = flat[-50 * 60 :]
    spread = {"default": 1 / math.sqrt(3 * 50), "orthogonal": 1 / math.sqrt(60), "gaussian": 1.0}
    assert tensor.square().mean().sqrt().item() == pytest.approx(spread[scheme], rel=0.05)


@pytest.mark.parametrize("pack", [1, 2])
@pytest.mark.parametrize("kernels", [0, 2])
def test_runs_of_d_do_not_see_each_other(pack, kernels):
    net = Discriminator((2 * pack, 6, 1), "leaky_relu", pack=pack, kernels=kernels, dims=3)
    flat, x = randn(0, 3, net.size), randn(1, 3, 8, 2 * pack)
    before = net.judge(flat, x)[0]
    flat[1], x[1] = math.nan, math.inf
    after = net.judge(flat, x)[0]
    assert torch.equal(before[0], after[0]) and torch.equal(before[2], after[2])
    assert after[1].isnan().all()


def test_thin_layers_are_the_same_sums():
    for make in (
        lambda thin: Generator((1, 5, 2), "tanh", thin, "virtual"),
        lambda thin: Discriminator((2, 5, 1), "maxout", thin, 1, 3, 2),
    ):
        plain, thin = make(False), make(True)
        for runs in (1, 3):
            flat, x = randn(0, runs, plain.size), randn(1, runs, 9, plain.sizes[0])
            more = (randn(2, runs, 4, 1),) if isinstance(plain, Generator) else ()
            torch.testing.assert_close(
                plain(flat, x, *more), thin(flat, x, *more), rtol=1e-11, atol=1e-12
            )


@pytest.mark.parametrize("shape", [(2, 32), (32, 32), (64, 20), (7, 1), (1, 1)])
def test_the_spectral_norm_is_the_largest_singular_value_and_so_are_its_derivatives(shape):
    weight = randn(0, 3, *shape).requires_grad_()
    ours, known = spectral_norm(weight), torch.linalg.svdvals(weight)[:, :1, None]
    torch.testing.assert_close(ours, known, rtol=1e-9, atol=0)
    u = randn(1, 3, *shape)
    by, wanted = ours, known
    for _ in range(2):
        (by,) = torch.autograd.grad(by.sum(), weight, create_graph=True)
        (wanted,) = torch.autograd.grad(wanted.sum(), weight, create_graph=True)
        torch.testing.assert_close(by, wanted, rtol=1e-6, atol=1e-7)
        by, wanted = by * u, wanted * u


def test_the_spectral_norm_of_nearly_equal_singular_values_is_never_far_off():
    # 64 singular values between 0.99 and 1: the mean weighted by 1024th powers is one of them.
    left, right = (torch.linalg.qr(randn(i, 64, 64))[0] for i in (2, 3))
    values = torch.linspace(0.99, 1.0, 64, dtype=torch.float64)
    norm = spectral_norm(((left * values) @ right)[None]).item()
    assert 1 - math.log(64) / 1024 < norm <= 1 + 1e-12
    assert spectral_norm(left[None]).item() == pytest.approx(1.0, abs=1e-9)
    zero = torch.zeros(1, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.grad(spectral_norm(zero).sum(), zero)[0].isfinite().all()


@pytest.mark.parametrize("activation", [n for n in ACTIVATIONS])
def test_a_spectrally_normalised_d_stretches_nothing(activation):
    net = Discriminator((2, 16, 12, 1), activation, norm="spectral")
    flat, x = 5 * randn(4, 2, net.size), 3 * randn(5, 2, 200, 2)
    logits = net.judge(flat, x)[0]
    apart = (x.unsqueeze(1) - x.unsqueeze(2)).norm(dim=3)
    rise = (logits.unsqueeze(1) - logits.unsqueeze(2)).abs()
    assert (rise <= 1.0001 * apart + 1e-9).all() and (rise > 1e-3 * apart).any()
    plain = Discriminator((2, 16, 12, 1), activation)
    assert plain.size == net.size and plain.judge(flat, x)[0].abs().max() > 10 * rise.max()


def test_batch_norm_in_d_takes_the_statistics_of_each_group_by_itself():
    net = Discriminator((2, 6, 1), "tanh", norm="batch")
    assert net.joint and net.held == (1,)
    flat, x = randn(6, 2, net.size), randn(7, 2, 12, 2)
    grouped = net.judge(flat, x, group=4)[0]
    for i in range(3):
        alone = net.judge(flat, x[:, 4 * i : 4 * i + 4])[0]
        torch.testing.assert_close(grouped[:, 4 * i : 4 * i + 4], alone, rtol=1e-12, atol=1e-12)
    assert (grouped - net.judge(flat, x)[0]).abs().max() > 1e-3
    # A point is judged with the statistics of the others, and the others with their own.
    others = randn(8, 2, 9, 2)
    among = net.among(flat, others, others, 9)
    torch.testing.assert_close(among, net.judge(flat, others)[0], rtol=1e-12, atol=1e-12)
    one = net.among(flat, x[:, :1], others, 9)
    torch.testing.assert_close(one, net.among(flat, x, others, 9)[:, :1], rtol=1e-12, atol=1e-12)
