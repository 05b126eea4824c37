"""Labels are a draw, which data, latents, packs and pairs of a minibatch share."""

import pytest
import torch
from doubled import in_double

from ganlab import Run
from ganlab.engine.native.build import updates
from ganlab.engine.structure import Structure
from ganlab.mnist.recipes import RECIPES
from ganlab.targets import make_target

PLAIN = RECIPES["quick"].spec.replace(
    target="drawn_digits", latent_dim=5, g_hidden=(12,), d_hidden=(6,), batch=20
)
TOLD = PLAIN.replace(conditional="yes")
N = 1000  # training images of the 1,200 in `few`


def whose(images: torch.Tensor) -> torch.Tensor:
    """The labels of images (n, 784) of the target, which no two digits share."""
    target = make_target("drawn_digits", {})
    pixels = target.pixels.double() / 255
    return target.told[torch.cdist(images.double(), pixels).argmin(1)]


def test_a_label_is_that_of_the_data_of_its_number(few):
    draws = Run(TOLD).draws
    assert draws.shapes["D"]["label"] == draws.shapes["G"]["label"] == (20, 10)
    for number in (0, 49, 50, 7):  # in any order, and beyond an epoch of 50
        labels = draws.get("D", "label", number)[0]
        assert labels.shape == (20, 10) and labels.sum(1).eq(1).all()
        assert set(labels.unique().tolist()) == {0.0, 1.0}
        assert torch.equal(labels.argmax(1), whose(draws.get("D", "data", number)[0]))
        assert torch.equal(draws.slab(0, "D", "label", number, 1)[0], labels)
    fresh = Run(TOLD.replace(unroll=2, unroll_data="fresh")).draws
    labels = fresh.get("G", "u_label", 4)[0]
    assert torch.equal(labels.argmax(1), whose(fresh.get("G", "u_data", 4)[0]))
    assert labels.shape == (40, 10)


def test_an_update_without_data_is_told_what_an_epoch_holds(few):
    draws = Run(TOLD).draws
    assert "data" not in draws.shapes["G"]
    counts = torch.cat([draws.get("G", "label", i)[0] for i in range(N // 20)]).sum(0)
    held = torch.bincount(make_target("drawn_digits", {}).told, minlength=10)
    assert torch.equal(counts, held.float())
    assert not torch.equal(*(draws.get(player, "label", 3) for player in "DG"))


def test_data_and_latents_do_not_depend_on_whether_there_are_labels(few):
    told, plain = Run(TOLD).draws, Run(PLAIN).draws
    assert "label" not in plain.shapes["D"] and "label" not in plain.shapes["G"]
    for stream in (("D", "data"), ("D", "latent"), ("G", "latent")):
        for number in (0, 63, 64):
            assert torch.equal(told.get(*stream, number), plain.get(*stream, number))


def test_g_is_told_and_d_is_told_of_real_and_fake_alike(few):
    """D's cost by plain sums: labels beside each x of a pack; slopes are by x, at fixed labels."""
    spec = TOLD.replace(
        loss="relativistic-pairing", packing=2, g_norm="none", r1=0.3, gradient_penalty=0.2,
        dragan=0.1, instance_noise=0.5, feature_matching=0.25,
    )  # fmt: skip
    run = in_double(Run(spec))
    g, d = run.state.g[0], run.state.d[0]

    def weights(sizes, flat):
        out = []
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            w, b, flat = flat.split((n_in * n_out, n_out, len(flat) - (n_in + 1) * n_out))
            out += [w.view(n_in, n_out), b]
        return out

    def features(packs, labels):
        each = packs.view(-1, 2, 784)
        h = torch.cat([each, labels.view(-1, 2, 10)], 2).flatten(1)
        return torch.nn.functional.leaky_relu(h @ w1 + b1, 0.2)

    def logits(packs, labels):
        return (features(packs, labels) @ w2 + b2)[:, 0]

    def slope(packs, labels):
        packs = packs.detach().requires_grad_()
        return torch.autograd.grad(logits(packs, labels).sum(), packs)[0].norm(dim=1)

    w1, b1, w2, b2 = weights((1588, 6, 1), d)
    v1, c1, v2, c2 = weights((15, 12, 784), g)
    for player in "DG":
        drawn = {n: run.draws.get(player, n, 0)[0] for n in run.game.rules.draws(player)}
        labels = drawn["label"]
        h = torch.nn.functional.leaky_relu(torch.cat([drawn["latent"], labels], 1) @ v1 + c1, 0.2)
        fake = torch.sigmoid(h @ v2 + c2)
        real, fake = (
            (x + 0.5 * noise).view(10, 1568)
            for x, noise in zip((drawn["data"], fake), drawn["noise"].split(20), strict=True)
        )
        apart = logits(real, labels) - logits(fake, labels)
        if player == "D":
            between = drawn["mix"] * real + (1 - drawn["mix"]) * fake
            around = real + spec.dragan_spread * drawn["around"]
            want = torch.nn.functional.softplus(-apart).mean()
            want += 0.3 / 2 * (slope(real, labels) ** 2).mean()
            want += 0.2 * ((slope(between, labels) - 1) ** 2).mean()
            want += 0.1 * ((slope(around, labels) - 1) ** 2).mean()
        else:
            means = features(real, labels).mean(0) - features(fake, labels).mean(0)
            want = 0.75 * torch.nn.functional.softplus(apart).mean() + 0.25 * (means**2).sum()
        got = run.game.after(player, run.state, run.draws.get).cost
        torch.testing.assert_close(got[0], want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("norm", ["batch", "virtual"])
def test_captured_updates_and_what_is_compiled_are_the_eager_ones(few, norm):
    spec = TOLD.replace(g_norm=norm)
    eager, captured = Run(spec), Run(spec)
    captured.capture(lambda step: (step(), step)[1])
    for run in (eager, captured):
        run.advance(12)
    torch.testing.assert_close(captured.state.g, eager.state.g, rtol=1e-5, atol=1e-6)
    rules = eager.game.rules
    for player, name in (("D", "d"), ("G", "g")):
        function, args = updates(Structure.of(spec))[name]
        names = ["numbers", *rules.draws(player), *(["fixed"] if norm == "virtual" else [])]
        own = dict(zip(names, args[-len(names) :], strict=True))
        numbers = [own["numbers"][:, 0, i : i + 1] for i in range(rules.count)]
        slots = [len(rules.slots(p)) for p in "GD"]
        g_slots, d_slots = args[2:][: slots[0]], args[2 + slots[0] :][: slots[1]]
        want = rules.update(
            player, args[0], args[1], g_slots, d_slots, numbers, own, own.get("fixed")
        )
        torch.testing.assert_close(function(*args)[0], want.params, rtol=1e-5, atol=1e-6)
