"""Closeness within a minibatch is the same in blocks and in one piece, with all gradients."""

import pytest
import torch

from ganlab.networks import blocks
from ganlab.networks.blocks import closeness

DIMS = 3


def plain(mine: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """The formula, all pairs at once."""
    shape = (-1, DIMS)
    apart = mine.unflatten(1, shape)[..., :, None] - others.unflatten(1, shape)[..., None, :]
    return torch.exp(-apart.abs().sum(2)).sum(-1)


def points(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=draw, dtype=torch.float64).requires_grad_()


def derivatives(f, *tensors: torch.Tensor) -> list[torch.Tensor]:
    """f, its gradient, the gradient of the gradient's square, and so on once more."""
    made = f(*tensors)
    out, value = [made], (made**2).sum()
    for _ in range(3):
        grads = torch.autograd.grad(value, tensors, create_graph=True)
        out += grads
        value = sum((g**2).sum() for g in grads)
    return out


@pytest.mark.parametrize("elements", [1, 40, 200])  # a pair of rows, a few, uneven blocks
@pytest.mark.parametrize("lead", [1, 2])
def test_blocks_equal_the_plain_formula_to_the_third_derivative(monkeypatch, elements, lead):
    monkeypatch.setattr(blocks, "MOST_ELEMENTS", elements)
    mine, others = points(lead, 2 * DIMS, 7), points(lead, 2 * DIMS, 5, seed=1)
    mixed = derivatives(lambda a, b: closeness(a, b, DIMS), mine, others)
    for got, right in zip(mixed, derivatives(plain, mine, others), strict=True):
        torch.testing.assert_close(got, right, rtol=1e-10, atol=1e-10)


def test_a_minibatch_against_itself(monkeypatch):
    monkeypatch.setattr(blocks, "MOST_ELEMENTS", 50)
    mine = points(1, 2 * DIMS, 7)
    blocked = derivatives(lambda a: closeness(a, a, DIMS), mine)
    for got, right in zip(blocked, derivatives(lambda a: plain(a, a), mine), strict=True):
        torch.testing.assert_close(got, right, rtol=1e-10, atol=1e-10)


def test_what_fits_into_one_block_is_the_plain_formula_bit_for_bit():
    mine = points(1, 5 * DIMS, 64)
    assert torch.equal(closeness(mine, mine, DIMS), plain(mine, mine))


def test_no_tensor_of_a_block_is_larger_than_allowed(monkeypatch):
    monkeypatch.setattr(blocks, "MOST_ELEMENTS", 1000)
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        found = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            tensors = out if isinstance(out, (tuple, list)) else (out,)
            sizes = [t.numel() for t in tensors if isinstance(t, torch.Tensor)]
            self.found = max(self.found, *sizes, 0)
            return out

    mine = points(1, 2 * DIMS, 40)  # 9,600 elements of pairs
    with Largest() as largest:
        derivatives(lambda a: closeness(a, a, DIMS), mine)
    assert 100 <= largest.found <= 1000
