"""Every optimiser equals torch.optim's, for any number of runs."""

import pytest
import torch

from ganlab.optim import OPTIMIZERS, Hyper


def torch_momentum(params, hyper):
    # torch's constructor refuses negative momentum, but its step does not.
    optimizer = torch.optim.SGD(params, lr=hyper.lr, momentum=0.1)
    optimizer.param_groups[0]["momentum"] = hyper.momentum
    return optimizer


def torch_nesterov(params, hyper):
    optimizer = torch.optim.SGD(params, lr=hyper.lr, momentum=0.1, nesterov=True)
    optimizer.param_groups[0]["momentum"] = hyper.momentum
    return optimizer


ORACLE = {
    "adam": lambda p, h: torch.optim.Adam(p, lr=h.lr, betas=(h.beta1, h.beta2), eps=1e-8),
    "momentum": torch_momentum,
    "sgd": lambda p, h: torch.optim.SGD(p, lr=h.lr),
    "rmsprop": lambda p, h: torch.optim.RMSprop(p, lr=h.lr, alpha=h.beta2, eps=1e-8),
    "adamw": lambda p, h: torch.optim.AdamW(
        p, lr=h.lr, betas=(h.beta1, h.beta2), eps=1e-8, weight_decay=h.weight_decay
    ),
    "adagrad": lambda p, h: torch.optim.Adagrad(p, lr=h.lr),
    "nesterov": torch_nesterov,
}
HYPERS = [
    Hyper(1e-2, 0.9, 0.999, 0.9),
    Hyper(3e-2, 0.5, 0.999, 0.5),
    Hyper(1e-3, 0.0, 0.9, -0.5),
    Hyper(5e-2, 0.0, 0.0, 0.0),
    Hyper(2e-2, 0.9, 0.99, 0.7, weight_decay=0.5),
]
NAMES = list(OPTIMIZERS)


def quadratic(seed: int, runs: int, size: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """A (runs, size, size) positive definite, and the starting points (runs, size)."""
    draw = torch.Generator().manual_seed(seed)
    root = torch.randn(runs, size, size, dtype=torch.float64, generator=draw)
    start = torch.randn(runs, size, dtype=torch.float64, generator=draw)
    return root @ root.mT / size, start


def descend(name: str, matrix, x, hyper: Hyper, steps: int = 20) -> torch.Tensor:
    entry = OPTIMIZERS[name]
    slots = (torch.zeros_like(x),) * entry.slots
    path = []
    for t in range(1, steps + 1):
        grad = (matrix @ x.unsqueeze(-1)).squeeze(-1)
        kept = [v.clone() for v in (grad, x, *slots)]
        new, new_slots = entry.update(grad, slots, x, t, hyper)
        for before, after in zip(kept, (grad, x, *slots), strict=True):
            assert torch.equal(before, after), "changed in place"
        assert len(new_slots) == entry.slots
        x, slots = new, new_slots
        path.append(x)
    return torch.stack(path)


def test_every_optimiser_has_an_oracle_here():
    assert set(ORACLE) == set(OPTIMIZERS)


@pytest.mark.parametrize("hyper", HYPERS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_are_torch_optims(name, hyper):
    matrix, start = quadratic(0, 3)
    path = descend(name, matrix, start, hyper)
    for run in range(3):
        x = start[run].clone().requires_grad_()
        optimizer = ORACLE[name]([x], hyper)
        for t in range(20):
            optimizer.zero_grad()
            (0.5 * x @ matrix[run] @ x).backward()
            optimizer.step()
            torch.testing.assert_close(path[t, run], x.detach(), rtol=1e-9, atol=1e-11)
    assert (path[-1] - start).abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_numbers_that_differ_between_runs_act_on_their_own_run(name):
    matrix, start = quadratic(1, len(HYPERS))
    numbers = [hyper[:-1] for hyper in HYPERS]  # all but the mapping of an entry's own
    columns = [
        torch.tensor(c, dtype=torch.float64).unsqueeze(1) for c in zip(*numbers, strict=True)
    ]
    together = descend(name, matrix, start, Hyper(*columns))
    for run, hyper in enumerate(HYPERS):
        one = slice(run, run + 1)
        alone = descend(name, matrix[one], start[one], hyper)
        torch.testing.assert_close(together[:, one], alone, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32_with_numbers_as_columns(name):
    x = torch.ones(2, 3)
    slots = (torch.zeros_like(x),) * OPTIMIZERS[name].slots
    hyper = Hyper(*(torch.full((2, 1), v) for v in HYPERS[0][:-1]))
    new, new_slots = OPTIMIZERS[name].update(x, slots, x, 1, hyper)
    assert {new.dtype, *(s.dtype for s in new_slots)} == {torch.float32}


def test_a_zero_gradient_moves_nothing():
    x = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    for name in NAMES:
        slots = (torch.zeros_like(x),) * OPTIMIZERS[name].slots
        new, _ = OPTIMIZERS[name].update(torch.zeros_like(x), slots, x, 1, HYPERS[0])
        assert torch.equal(new, x)


def test_adams_first_step_is_the_rate_whatever_the_gradient():
    for size in (1e-3, 1.0, 1e6):
        x = torch.zeros(1, 2, dtype=torch.float64)
        grad = torch.tensor([[size, -size]], dtype=torch.float64)
        new, _ = OPTIMIZERS["adam"].update(grad, (x, x), x, 1, Hyper(0.01, 0.9, 0.999, 0.0))
        torch.testing.assert_close(new, -0.01 * grad.sign(), rtol=2e-5, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_step_can_be_differentiated_even_where_the_gradient_is_zero(name):
    x = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    scale = torch.tensor([[0.0, 3.0]], dtype=torch.float64, requires_grad=True)
    slots = (torch.zeros_like(x),) * OPTIMIZERS[name].slots
    # Without averaging of the square, so that Adam takes the root at 0.
    new, _ = OPTIMIZERS[name].update(scale * x, slots, x, 1, HYPERS[0])
    (by,) = torch.autograd.grad(new.sum(), scale)
    assert torch.isfinite(by).all()
    eps = 1e-6
    ends = [
        OPTIMIZERS[name].update((scale.detach() + s * eps) * x, slots, x, 1, HYPERS[0])[0]
        for s in (1, -1)
    ]
    slope = (ends[0] - ends[1]) / (2 * eps)
    torch.testing.assert_close(by[:, 1], slope[:, 1], rtol=1e-5, atol=1e-8)


def test_uses_names_spec_fields():
    from ganlab.spec import PARAMS

    for entry in OPTIMIZERS.entries.values():
        assert {p.name for p in entry.params} <= set(PARAMS)


def test_adamw_is_adam_unless_it_decays():
    matrix, start = quadratic(4, 2)
    hyper = Hyper(1e-2, 0.5, 0.9, 0.0)
    assert torch.equal(*(descend(n, matrix, start, hyper) for n in ("adam", "adamw")))
    decayed = descend("adamw", matrix, start, hyper._replace(weight_decay=1.0))
    assert (decayed - descend("adam", matrix, start, hyper)).abs().max() > 1e-2
