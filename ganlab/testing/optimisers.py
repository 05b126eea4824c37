"""Checks of optimisers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ganlab.optim import Hyper, OptimizerEntry, Slots
from ganlab.testing.common import equal

_STEPS = 60


def _hyper(entry: OptimizerEntry, lr: Any = 0.02) -> Hyper:
    """The Hyper of a Spec with defaults, except for the learning rate."""
    own = {param.name: param.default for param in entry.params if param.name in entry.own}
    return Hyper(lr, 0.5, 0.9, 0.5, own=own)


def _vectors(seed: int, runs: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(runs, 4, dtype=torch.float64, generator=draw).to(dtype)


def _slots(entry: OptimizerEntry, runs: int, dtype: torch.dtype = torch.float64) -> Slots:
    return tuple(_vectors(10 + i, runs, dtype).abs() + 0.1 for i in range(entry.slots))


def updates_are_pure(entry: OptimizerEntry, beside: Mapping[str, object]) -> None:
    """(R, P) in and out, the declared number of slots, same dtype, nothing changed in place."""
    for dtype in (torch.float32, torch.float64):
        grad, params, slots = _vectors(0, 3, dtype), _vectors(1, 3, dtype), _slots(entry, 3, dtype)
        given = (grad, params, *slots)
        before = [x.clone() for x in given]
        new, kept = entry.update(grad, slots, params, 2, _hyper(entry))
        assert new.shape == params.shape and new.dtype == dtype
        assert len(kept) == entry.slots, f"it says {entry.slots} slots, and returns {len(kept)}"
        assert all(slot.shape == params.shape and slot.dtype == dtype for slot in kept)
        assert all(torch.equal(x, y) for x, y in zip(given, before, strict=True)), "in place"


def rates_of_their_own_act_on_their_own_run(
    entry: OptimizerEntry, beside: Mapping[str, object]
) -> None:
    """Numbers (R, 1) act on each run as they do on it alone."""
    grad, params, slots = _vectors(2, 3), _vectors(3, 3), _slots(entry, 3)
    rates = torch.tensor([[0.01], [0.02], [0.3]], dtype=torch.float64)
    new, kept = entry.update(grad, slots, params, 3, _hyper(entry, rates))
    for run in range(3):
        one = slice(run, run + 1)
        alone, own = entry.update(
            grad[one],
            tuple(s[one] for s in slots),
            params[one],
            3,
            _hyper(entry, float(rates[run])),
        )
        equal(f"parameters of run {run}", new[one], alone, rtol=1e-10)
        for ours, wanted in zip(kept, own, strict=True):
            equal(f"a slot of run {run}", ours[one], wanted, rtol=1e-10)


def numbers_may_be_those_of_many_updates(
    entry: OptimizerEntry, beside: Mapping[str, object]
) -> None:
    """`numbers` also accepts an array of updates t, since the loop in C needs many at once."""
    hyper = _hyper(entry)
    many = entry.numbers(np.arange(1.0, 6.0), hyper)
    for i in range(5):
        one = entry.numbers(i + 1, hyper)
        assert len(one) == len(many), "as many numbers for every update"
        for ours, wanted in zip(many, one, strict=True):
            np.testing.assert_allclose(np.broadcast_to(ours, 5)[i], wanted, rtol=1e-12)


def a_zero_gradient_moves_nothing(entry: OptimizerEntry, beside: Mapping[str, object]) -> None:
    """At the first update, a zero gradient changes nothing."""
    params = _vectors(4, 2)
    slots = (torch.zeros_like(params),) * entry.slots
    new, _ = entry.update(torch.zeros_like(params), slots, params, 1, _hyper(entry))
    assert torch.equal(new, params)


def it_goes_downhill(entry: OptimizerEntry, beside: Mapping[str, object]) -> None:
    """On a quadratic bowl the optimiser ends lower than it started."""
    x = _vectors(5, 1)
    slots: Slots = (torch.zeros_like(x),) * entry.slots
    steepness = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
    first = (steepness * x * x).sum()
    for t in range(1, _STEPS + 1):
        x, slots = entry.update(2 * steepness * x, slots, x, t, _hyper(entry))
    last = (steepness * x * x).sum()
    assert last < 0.9 * first, f"from {first:.3g} to {last:.3g} in {_STEPS} updates"


def can_be_differentiated(entry: OptimizerEntry, beside: Mapping[str, object]) -> None:
    """Updates are differentiable in gradient, slots and parameters, as unrolling needs."""
    grad, params = (_vectors(seed, 1).requires_grad_() for seed in (6, 7))
    slots = tuple(slot.requires_grad_() for slot in _slots(entry, 1))

    def update(grad: torch.Tensor, params: torch.Tensor, *slots: torch.Tensor) -> Slots:
        new, kept = entry.update(grad, slots, params, 2, _hyper(entry))
        return (new, *kept)

    assert torch.autograd.gradcheck(update, (grad, params, *slots))


CHECKS = (
    updates_are_pure,
    rates_of_their_own_act_on_their_own_run,
    numbers_may_be_those_of_many_updates,
    a_zero_gradient_moves_nothing,
    it_goes_downhill,
    can_be_differentiated,
)
