"""MLPs compared with torch.nn with the same weights; initial weights with their definitions."""

import math

import pytest
import torch
from torch import nn

from ganlab.networks import ACTIVATIONS, INITS, MLP
from ganlab.registry import SpecError


class Maxout(nn.Module):
    """The largest of each five neighbours."""

    def forward(self, a):
        return torch.stack([group.max(-1).values for group in a.split(5, -1)], -1)


MODULES = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "elu": nn.ELU,
    "tanh": nn.Tanh,
    "maxout": Maxout,
}
PIECES = {"maxout": 5}
HIDDEN = [(), (7,), (5, 6), (4, 1, 3), (3, 8, 2, 5)]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sequential(net: MLP, flat: torch.Tensor) -> nn.Sequential:
    """torch.nn's network with the parameters `flat` (P,), in float64."""
    layers, at = [], 0
    for i, (n_in, n_out) in enumerate(zip(net.sizes[:-1], net.sizes[1:], strict=True)):
        if i < len(net.sizes) - 2:
            n_out *= PIECES.get(net.activation, 1)
        layer = nn.Linear(n_in, n_out).double()
        with torch.no_grad():
            layer.weight.copy_(flat[at : at + n_in * n_out].view(n_in, n_out).T)
            at += n_in * n_out
            layer.bias.copy_(flat[at : at + n_out])
            at += n_out
        layers += [layer, MODULES[net.activation]()]
    assert at == flat.numel() == net.size
    return nn.Sequential(*layers[:-1])


def layers(net: MLP, flat: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    parts = flat.split(list(net.counts))
    views = [p.view(s) for p, s in zip(parts, net.shapes, strict=True)]
    return list(zip(views[::2], views[1::2], strict=True))


def test_every_activation_has_an_oracle_here():
    assert set(MODULES) == set(ACTIVATIONS)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_forward_and_gradients_are_torch_nns(activation, hidden):
    net = MLP((2, *hidden, 3), activation)
    flat = torch.randn(2, net.size, dtype=torch.float64, generator=seeded(0)).requires_grad_()
    x = torch.randn(2, 11, 2, dtype=torch.float64, generator=seeded(1)).requires_grad_()
    weight = torch.randn(2, 11, 3, dtype=torch.float64, generator=seeded(2))
    out = net(flat, x)
    assert out.shape == (2, 11, 3)
    by_flat, by_x = torch.autograd.grad((out * weight).sum(), (flat, x))
    for run in range(2):
        oracle = sequential(net, flat[run].detach())
        own = x[run].detach().requires_grad_()
        wanted = oracle(own)
        torch.testing.assert_close(out[run], wanted, rtol=1e-12, atol=1e-12)
        grads = torch.autograd.grad((wanted * weight[run]).sum(), (own, *oracle.parameters()))
        torch.testing.assert_close(by_x[run], grads[0], rtol=1e-11, atol=1e-11)
        pairs = zip(layers(net, by_flat[run]), grads[1::2], grads[2::2], strict=True)
        for (got_w, got_b), wanted_w, wanted_b in pairs:
            torch.testing.assert_close(got_w, wanted_w.T, rtol=1e-11, atol=1e-11)
            torch.testing.assert_close(got_b[0], wanted_b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_runs_do_not_see_each_other(activation):
    net = MLP((2, 16, 16, 2), activation)
    flat = torch.randn(3, net.size, generator=seeded(0))
    x = torch.randn(3, 50, 2, generator=seeded(1))
    before = net(flat, x)
    for run in range(3):
        alone = net(flat[run : run + 1], x[run : run + 1])
        torch.testing.assert_close(before[run : run + 1], alone, rtol=1e-6, atol=1e-6)
    flat[1], x[1] = float("nan"), float("inf")
    after = net(flat, x)
    assert torch.equal(after[0], before[0]) and torch.equal(after[2], before[2])
    assert after[1].isnan().all()


@pytest.mark.parametrize("gain", [0.05, 1.0, 3.0])
def test_default_init_is_torchs_uniform(gain):
    net = MLP((4, 100, 50, 2), "relu")
    flat = net.init("default", gain, seeded(5))
    for (weight, bias), (n_in, _) in zip(layers(net, flat), net.shapes[::2], strict=True):
        for values, bound in ((weight, gain / math.sqrt(n_in)), (bias, 1 / math.sqrt(n_in))):
            assert values.abs().max() <= bound
            if values.numel() >= 400:
                assert values.abs().max() > 0.97 * bound
                # The variance of U[-b, b] is b^2/3, that of its square 4 b^4/45.
                error = 4 * bound**2 * math.sqrt(4 / 45 / values.numel())
                assert abs(values.square().mean().item() - bound**2 / 3) < error
                assert abs(values.mean().item()) < 4 * bound / math.sqrt(3 * values.numel())


def test_default_init_bounds_are_those_of_torch_nn():
    torch.manual_seed(0)
    layer = nn.Linear(9, 5000)
    for values in (layer.weight, layer.bias):
        assert 0.99 / 3 < values.abs().max().item() <= 1 / 3


@pytest.mark.parametrize("sizes", [(2, 16, 16, 1), (1, 8, 3, 2), (5, 5)], ids=str)
def test_orthogonal_init(sizes):
    net, gain = MLP(sizes, "tanh"), 0.8
    for weight, bias in layers(net, net.init("orthogonal", gain, seeded(1)).double()):
        n_in, n_out = weight.shape
        gram = weight @ weight.T if n_in <= n_out else weight.T @ weight
        wanted = gain**2 * torch.eye(min(n_in, n_out), dtype=torch.float64)
        torch.testing.assert_close(gram, wanted, rtol=0, atol=1e-6)
        assert not bias.any()


@pytest.mark.parametrize("gain", [0.02, 1.0])
def test_gaussian_init(gain):
    net = MLP((4, 100, 50, 2), "maxout")
    flat = net.init("gaussian", gain, seeded(3))
    for weight, bias in layers(net, flat):
        assert not bias.any()
        n = weight.numel()
        # The same std in every layer of any width; 4 standard errors of mean and variance.
        assert abs(weight.mean().item()) < 4 * gain / math.sqrt(n)
        assert abs(weight.square().mean().item() / gain**2 - 1) < 4 * math.sqrt(2 / n)
        assert abs((weight.double() / gain).pow(4).mean().item() - 3) < 4 * math.sqrt(96 / n)


@pytest.mark.parametrize("scheme", list(INITS))
def test_init_follows_its_generator_alone(scheme):
    net = MLP((2, 8, 1), "relu")
    before = torch.get_rng_state()
    one = net.init(scheme, 1.0, seeded(7))
    assert one.shape == (net.size,) and one.dtype == torch.float32
    assert torch.equal(one, net.init(scheme, 1.0, seeded(7)))
    assert not torch.equal(one, net.init(scheme, 1.0, seeded(8)))
    assert torch.equal(before, torch.get_rng_state())
    for (a, _), (b, _) in zip(
        layers(net, one), layers(net, net.init(scheme, 2.0, seeded(7))), strict=True
    ):
        torch.testing.assert_close(2 * a, b)


def test_size_and_shapes():
    net = MLP((2, 32, 32, 1), "relu")
    assert net.size == 2 * 32 + 32 + 32 * 32 + 32 + 32 + 1
    assert net.shapes == ((2, 32), (1, 32), (32, 32), (1, 32), (32, 1), (1, 1))


def test_maxout_has_five_times_the_weights():
    net = MLP((2, 3, 4, 1), "maxout")
    assert net.shapes == ((2, 15), (1, 15), (3, 20), (1, 20), (4, 1), (1, 1))
    a = torch.arange(20.0).view(2, 10)
    assert ACTIVATIONS["maxout"].apply(a).tolist() == [[4.0, 9.0], [14.0, 19.0]]


def test_unknown_names():
    with pytest.raises(SpecError, match="activation = 'gelu'"):
        MLP((1, 2, 1), "gelu")(torch.zeros(1, 7), torch.zeros(1, 3, 1))
    with pytest.raises(SpecError, match="init = 'zeros'"):
        MLP((1, 1), "relu").init("zeros", 1.0, seeded(0))
