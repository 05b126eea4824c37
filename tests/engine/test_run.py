"""Turns, live changes and divergence."""

import dataclasses
import math

import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.engine import Divergence
from ganlab.events import LIVE

WILD = {"optimizer": "sgd", "g_lr": 100.0, "d_lr": 100.0}


def finite(run: Run) -> bool:
    s = run.state
    return all(torch.isfinite(t).all() for t in (s.g, s.d, *s.g_slots, *s.d_slots))


def test_turns_follow_algorithm_1():
    run = Run(Spec(k=2))
    assert [run.update() for _ in range(6)] == ["D", "D", "G"] * 2
    assert (run.iteration, run.state.d_updates, run.last) == (2, 4, "G")
    run = Run(Spec(k=0))
    assert [run.update() for _ in range(3)] == ["G"] * 3 and run.state.d_updates == 0


def test_advance_finishes_an_iteration_begun_by_hand():
    run, straight = Run(Spec(k=2)), Run(Spec(k=2))
    run.update("D")
    assert run.next_player == "D" and run.advance(3) == 3 and run.iteration == 3
    straight.advance(3)
    assert torch.equal(run.state.g, straight.state.g)
    # A third D update is extra: the iteration ends with G, whose turn it is then.
    for _ in range(3):
        run.update("D")
    assert run.next_player == "G" and run.advance(1) == 1 and run.state.d_updates == 9
    assert run.advance(0) == 0


@pytest.mark.parametrize("k", [0, 1, 3])
def test_make_makes_the_next_updates_whoever_they_are_of(k):
    run, by_one = Run(Spec(k=k)), Run(Spec(k=k))
    for count in (1, 2, 5, 9):
        assert run.make(count) == count
        for _ in range(count):
            by_one.update()
        assert torch.equal(run.state.g, by_one.state.g)
        assert torch.equal(run.state.d, by_one.state.d)
        assert (run.iteration, run.state.phase) == (by_one.iteration, by_one.state.phase)
    assert run.make(0) == 0
    assert run.state.d_updates + run.state.g_updates == 17


def test_make_ends_where_every_run_diverges():
    run = Run(Spec(**WILD))
    made = run.make(5000)
    assert run.stopped and 0 < made < 5000
    assert made == run.state.d_updates + run.state.g_updates and finite(run)


def test_k_0_leaves_d_untouched():
    run = Run(Spec(k=0))
    d = run.state.d.clone()
    run.advance(20)
    assert torch.equal(run.state.d, d) and run.state.d_updates == 0


def test_a_player_by_hand_moves_that_player_only():
    run = Run(Spec())
    for player, moved, kept in (("D", "d", "g"), ("G", "g", "d")):
        before = run.state
        assert run.update(player) == player == run.last
        assert not torch.equal(getattr(run.state, moved), getattr(before, moved))
        assert torch.equal(getattr(run.state, kept), getattr(before, kept))


def test_change_takes_effect_from_the_next_update():
    changed, base = Run(Spec(target="ring")), Run(Spec(target="ring"))
    for run in (changed, base):
        run.advance(5)
    changed.change(k=3, d_lr=1e-2, loss="minimax")
    assert torch.equal(changed.state.g, base.state.g)
    assert (changed.spec.k, changed.spec.d_lr, changed.spec.loss) == (3, 1e-2, "minimax")
    changed.advance(5)
    assert changed.state.d_updates == 5 + 15 and changed.iteration == 10
    # The same as replacing the parts by hand: the draws continue.
    slow = Run(Spec(target="ring", k=3, d_lr=1e-2, loss="minimax"))
    slow.state = base.state
    slow.advance(5)
    assert torch.equal(slow.state.g, changed.state.g)


def test_change_reaches_every_run_and_keeps_the_rest():
    run = Run([Spec(seed=s, d_lr=10.0**-s) for s in (2, 3)])
    run.change(g_lr=0.5)
    assert [(s.seed, s.g_lr, s.d_lr) for s in run.specs] == [(2, 0.5, 1e-2), (3, 0.5, 1e-3)]


def test_only_live_fields_can_change():
    assert {"loss", "k", "g_lr", "d_lr", "rule", "unroll", "r1"} <= set(LIVE)
    fixed = {"g_hidden", "d_hidden", "batch", "packing", "minibatch_discrimination", "g_norm"}
    assert not fixed & set(LIVE)
    run = Run(Spec())
    for name, value in dataclasses.asdict(Spec()).items():
        if name not in LIVE:
            with pytest.raises(SpecError) as caught:
                run.change(**{name: value})
            assert caught.value.name == name and "new run" in caught.value.allowed
    for name, value in (("k", 301), ("k", True), ("g_lr", math.nan), ("loss", "x"), ("nope", 1)):
        with pytest.raises(SpecError) as caught:
            run.change(d_lr=0.5, **{name: value})
        assert caught.value.name == name
    assert run.spec == Spec()  # a refused change changes nothing


def test_specs_that_cannot_share_a_run_are_refused():
    for specs in ((), (Spec(), Spec(batch=2)), (Spec(), Spec(k=2)), (Spec(), Spec(target="ring"))):
        with pytest.raises(SpecError) as caught:
            Run(specs)
        assert caught.value.name == "specs"


@pytest.mark.parametrize(
    "fields",
    [
        WILD,
        WILD | {"target": "ring", "k": 3},
        WILD | {"optimizer": "momentum", "loss": "minimax"},
        # Adam's steps do not grow, but squares of its gradients overflow.
        {"g_lr": 100.0, "d_lr": 100.0, "g_hidden": (32,) * 4, "d_hidden": (32,) * 4},
    ],
    ids=str,
)
def test_divergence_says_when_who_and_what(fields):
    run = Run(Spec(**fields))
    made = run.advance(2000)
    event = run.diverged[0]
    assert run.stopped and isinstance(event, Divergence) and made == run.iteration < 2000
    assert event.iteration == run.iteration + 1 and event.player in ("D", "G")
    assert event.player == run.next_player
    assert event.quantity.startswith((event.player, f"the square of {event.player}"))
    assert "rate (now 100)" in event.cause and event.cause.endswith(".")
    assert f"iteration {event.iteration}" in str(event) and event.quantity in str(event)
    assert finite(run)
    state = run.state
    assert run.advance(5) == 0 and run.update() == event.player and run.update("G") == "G"
    assert run.state is state and run.diverged == [event]
    run.snapshot()


@pytest.mark.parametrize(
    ("loss", "logit"), [("maximum-likelihood", 100.0), ("least-squares", 1e25)]
)
def test_a_cost_that_overflows_by_design_is_a_divergence(loss, logit):
    run = Run([Spec(loss=loss, seed=s) for s in (0, 1)])
    run.advance(2)
    run.state.d[0, -1] = logit  # D's last bias: every logit is about this number
    run.update("G")
    event = run.diverged[0]
    assert (event.player, event.quantity, event.iteration) == ("G", "G's loss", 3)
    assert run.diverged[1] is None and finite(run) and not run.stopped
    run.advance(3)
    assert run.diverged == [event, None] and finite(run)


def test_a_diverged_run_is_where_the_last_finite_update_left_it():
    run, twin = Run(Spec(**WILD)), Run(Spec(**WILD))
    run.advance(2000)
    while (twin.state.d_updates, twin.state.g_updates) != (run.state.d_updates, run.iteration):
        twin.update()
    assert torch.equal(run.state.g, twin.state.g) and torch.equal(run.state.d, twin.state.d)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_other_runs_of_a_batch_go_on(optimizer):
    fields = {"optimizer": optimizer, "target": "ring", "g_lr": 0.01}
    calm = [Spec(seed=s, d_lr=0.01, **fields) for s in (0, 1)]
    wild = Spec(seed=2, d_lr=100.0, init_gain=5.0, **fields)
    run = Run([calm[0], wild, calm[1]])
    run.advance(150)
    assert [d is None for d in run.diverged] == [True, False, True] and not run.stopped
    assert run.iteration == 150 and finite(run)
    for row, spec in ((0, calm[0]), (2, calm[1])):
        alone = Run(spec)
        alone.advance(150)
        torch.testing.assert_close(run.state.g[row], alone.state.g[0], rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(run.state.d[row], alone.state.d[0], rtol=1e-3, atol=1e-4)
    alone = Run(wild)
    alone.advance(150)
    got, wanted = run.diverged[1], alone.diverged[0]
    assert (got.iteration, got.player) == (wanted.iteration, wanted.player)
    torch.testing.assert_close(run.state.d[1], alone.state.d[0], rtol=1e-3, atol=1e-4)
    kept = run.state.d[1].clone()
    run.advance(3)
    assert torch.equal(run.state.d[1], kept) and run.diverged[1] is got


def test_a_keyframe_knows_who_diverged_later():
    calm = Spec(target="ring", optimizer="sgd", g_lr=0.01, d_lr=0.01)
    run = Run([calm, calm.replace(seed=2, d_lr=100.0, init_gain=5.0)])
    frame = run.keyframe()
    run.advance(150)
    assert run.alive.tolist() == [True, False]
    back = run.back_at(frame)
    assert frame.alive.tolist() == back.alive.tolist() == [True, True]
    back.advance(150)
    assert back.alive.tolist() == [True, False] and frame.alive.tolist() == [True, True]
    assert run.alive.tolist() == [True, False] and back.diverged[1] == run.diverged[1]


def test_a_batch_stops_once_every_run_has_diverged():
    run = Run([Spec(seed=s, **WILD) for s in range(3)])
    assert run.advance(3000) < 3000 and run.stopped and finite(run)
    assert {d.iteration for d in run.diverged} == {
        r.diverged[0].iteration for r in map(Run, run.specs) if r.advance(3000) < 3000
    }
