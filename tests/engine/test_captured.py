"""Captured updates, tested on the CPU except for the recording itself, which needs a GPU."""

import pytest
import torch

from ganlab import Run, Spec
from ganlab.registry import SpecError

RING = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16)
SPECS = {
    "plain": RING,
    "k": RING.replace(k=3, unroll=2),
    "k0": RING.replace(k=0),
    "simultaneous": RING.replace(rule="simultaneous", optimizer="momentum", g_lr=0.01),
    "optimistic": RING.replace(rule="optimistic", historical_averaging=0.1),
    "extra": RING.replace(rule="extragradient", r1=0.1, instance_noise=0.1),
    "extra-adam": RING.replace(rule="extra-adam", unroll=1),
    "norm": RING.replace(g_norm="virtual", d_dropout=0.3, optimizer="rmsprop", weight_clip=0.1),
    "schedules": RING.replace(
        optimizer="momentum", momentum_rise=0.2, momentum_ramp=9, lr_decay=0.01, lr_floor=1e-4
    ),
}


def replayed(step):
    """Like a graph, repeats the same work on the same tensors."""
    step(), step(), step()
    return step


def same(a: Run, b: Run) -> None:
    for x, y in zip((a.state.g, a.state.d), (b.state.g, b.state.d), strict=True):
        # Numbers are float32 there: equal up to rounding.
        torch.testing.assert_close(x, y, rtol=1e-5, atol=1e-6)
    for name in ("d_updates", "g_updates", "phase", "iterations", "g_phase"):
        assert getattr(a.state, name) == getattr(b.state, name)
    assert a.last == b.last


@pytest.mark.parametrize("name", SPECS)
def test_captured_updates_are_the_eager_ones(name):
    specs = [SPECS[name].replace(seed=s) for s in (0, 1)]
    eager, captured = Run(specs), Run(specs)
    captured.capture(replayed)
    start = captured.state
    for run in (eager, captured):
        run.advance(20)
        run.update()
        run.update("G")
        run.advance(7)
    same(eager, captured)
    assert not torch.equal(captured.state.g, start.g)
    # A State taken before is not modified.
    again = Run(specs).state
    assert torch.equal(start.g, again.g) and torch.equal(start.d, again.d)


def test_more_updates_than_one_call_takes():
    eager, captured = Run(RING), Run(RING)
    captured.capture(replayed)
    for run in (eager, captured):
        run.advance(150)  # 300 updates
    same(eager, captured)


def test_what_changes_during_a_run():
    eager, captured = Run(RING), Run(RING)
    captured.capture(replayed)
    for run in (eager, captured):
        run.advance(5)
        run.change(g_lr=1e-3, k=2)
        run.advance(5)
        run.change(loss="minimax", r1=0.5)
        run.advance(5)
    same(eager, captured)
    assert captured.captured is not None


def test_a_run_that_diverges_keeps_its_last_finite_parameters():
    wild = RING.replace(optimizer="sgd", loss="wasserstein", d_lr=50.0, g_lr=50.0)
    specs = [wild, wild.replace(d_lr=1e-4, g_lr=1e-4)]
    eager, captured = Run(specs), Run(specs)
    captured.capture(replayed)
    for run in (eager, captured):
        run.advance(120)
    assert eager.diverged[0] is not None and eager.diverged[1] is None
    found, wanted = captured.diverged[0], eager.diverged[0]
    assert (found.iteration, found.player) == (wanted.iteration, wanted.player)
    assert captured.diverged[1] is None and captured.alive.tolist() == [False, True]
    assert torch.isfinite(captured.state.g).all() and torch.isfinite(captured.state.d).all()
    torch.testing.assert_close(captured.state.g[1], eager.state.g[1], rtol=1e-4, atol=1e-6)


def test_graphs_are_for_cuda():
    with pytest.raises(SpecError, match="device = 'cpu' .* CUDA graphs"):
        Run(RING).capture()
