"""A recorded moment is the run as it was then, bit for bit, and a recording stays small."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganlab import Recording, Run, Spec, SpecError
from ganlab.engine import Keyframe
from ganlab.engine.state import State
from ganlab.record.keyframes import MOST, Keyframes, apart
from tests.programs import play_out

SMALL = Spec(target="ring", latent_dim=2, g_hidden=(4,), d_hidden=(4,), batch=8)

# Changes that need no other: of turns, of the structure, of kept vectors, and of a number alone.
CHANGES = st.sampled_from(
    [("k", 0), ("k", 3), ("g_steps", 2), ("g_steps", 1), ("loss", "hinge"), ("loss", "minimax"),
     ("unroll", 2), ("unroll", 0), ("rule", "optimistic"), ("rule", "simultaneous"),
     ("lookahead", 2), ("g_average", 0.9), ("r1", 0.1), ("r1", 0.0), ("d_lr", 3e-3)]
)  # fmt: skip
STEPS = st.one_of(
    CHANGES.map(lambda change: ("change", *change)),
    st.sampled_from(["D", "G"]).map(lambda player: ("update", player)),
    st.integers(0, 40).map(lambda n: ("make", n)),
    st.integers(0, 6).map(lambda n: ("advance", n)),
)


def same(a: Run, b: Run) -> None:
    """Whether both are at the same moment of the same run."""
    assert a.specs == b.specs and a.diverged == b.diverged and a.last == b.last
    assert a.past == b.past and a.events == b.events and a.start == b.start
    for name in ("d_updates", "g_updates", "phase", "iterations", "g_phase"):
        assert getattr(a.state, name) == getattr(b.state, name), name
    pairs = [(a.state.g, b.state.g), (a.state.d, b.state.d)]
    pairs += zip(a.state.g_slots, b.state.g_slots, strict=True)
    pairs += zip(a.state.d_slots, b.state.d_slots, strict=True)
    assert all(torch.equal(x, y) for x, y in pairs)


def replayed(run: Run, updates: int) -> Run:
    """The moment by the only other way: from the start, in one go, without a keyframe."""
    other = Run(run.start, events=run.events)
    other.make(updates)
    return other


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(STEPS, max_size=12), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_every_moment_is_the_run_replayed_to_it(program, places):
    run = Run([SMALL, SMALL.replace(seed=4)])
    Recording(run, megabytes=0.02)
    play_out(run, program)
    for place in places:  # in any order, so that what one replay has kept serves the next
        updates = round(place * run.updates)
        moment = run.at(updates)
        same(moment, replayed(run, updates))
        if updates < run.updates:  # it continues as the run did
            moment.make(run.updates - updates)
            assert torch.equal(moment.state.g, run.state.g)


def test_a_moment_after_whole_iterations():
    run = Run(SMALL)
    recording = Recording(run)
    run.advance(5), run.update("D"), run.advance(4), run.change(k=3, g_steps=2), run.advance(9)
    for iteration in (0, 1, 5, 6, 9, 10, 18):
        replay = recording.replay(iteration, "iterations")
        assert replay.go() and replay.done
        other = Run(run.start, events=run.events)
        other.advance(iteration)
        same(replay.run, other)


def test_a_replay_in_pieces_is_the_same_and_leaves_keyframes_on_its_way():
    run = Run(SMALL)
    recording = Recording(run)
    run.make(200)
    recording.frames.cut(0)
    replay, pieces = recording.replay(190), 0
    while not replay.go(seconds=0.0):
        pieces += 1
    assert pieces > 3
    same(replay.run, replayed(run, 190))
    for back in range(1, 9):  # each step back is made of few updates
        step = recording.replay(190 - back)
        assert step.left < 2 * back
        step.go()
        same(step.run, replayed(run, 190 - back))


def test_divergence_comes_back_where_it_was():
    spec = SMALL.replace(g_lr=1.0, d_lr=1.0, loss="maximum-likelihood", optimizer="sgd")
    run = Run(spec)
    Recording(run)
    run.make(3000)
    assert run.stopped and run.diverged[0] is not None
    moment = run.at(run.updates)
    assert torch.equal(moment.state.g, run.state.g)
    moment.make(1)
    assert moment.diverged == run.diverged


def test_a_fork_is_the_run_up_to_the_change_and_replays_from_its_address():
    run = Run(SMALL)
    Recording(run)
    run.make(60), run.change(k=2), run.make(60), run.update("G"), run.change(r1=0.1), run.make(9)
    a, b = run.fork(at=80), run.fork(at=80, k=5)
    assert torch.equal(a.state.g, b.state.g) and a.spec.k == 2 and b.spec.k == 5
    assert [event.at for event in a.events] == [60] and [e.at for e in b.events] == [60, 80]
    before = run.state
    a.make(41), b.make(41)
    assert run.state is before and not torch.equal(a.state.g, b.state.g)
    same(a, run.fork(at=80, k=3).fork(at=80) if a.updates == 80 else replayed(a, 121))
    same(b, replayed(b, 121))
    # Now: without another argument; and a fork of what nobody recorded.
    now = run.fork(k=1)
    assert now.updates == run.updates and torch.equal(now.state.g, run.state.g)
    alone = Run(SMALL)
    alone.make(50)
    same(alone.fork(at=20), replayed(alone, 20))
    for bad in (51, -1, 2.5, "3", None, True):
        with pytest.raises(SpecError):
            alone.at(bad)
    with pytest.raises(SpecError):
        alone.fork(at=20, batch=4)
    for bad in (0, -1, math.inf, math.nan, "8", True):
        with pytest.raises(SpecError):
            Recording(alone, megabytes=bad)


def test_a_recording_that_begins_late_says_what_it_replays_up_to_rounding():
    run = Run(SMALL)
    run.make(30)
    recording = Recording(run)
    run.make(30)
    assert [recording.exact(n) for n in (0, 29, 30, 60)] == [False, False, True, True]
    same(run.at(40), replayed(run, 40))
    same(run.at(20), replayed(run, 20))


def test_what_was_replayed_can_be_recorded_from_there():
    run = Run(SMALL)
    recording = Recording(run)
    run.make(200)
    other = run.at(90)
    recording.cut(other)
    assert run.recorder is None and max(recording.frames.updates) <= 90
    other.change(k=4)
    other.make(100)
    for n in (10, 90, 150, 190):
        same(other.at(n), replayed(other, n))


def keyframe(updates: int, size: int) -> Keyframe:
    state = State(torch.zeros(1, size // 4), torch.zeros(1, 0), (), (), updates, 0)
    return Keyframe(state, (SMALL,), 0, torch.ones(1, dtype=torch.bool), (None,), "D")


@pytest.mark.parametrize("size", [4000, 57_000])
@pytest.mark.parametrize("flags", [(), (5_000_000, 23_000_000)])
def test_an_hour_at_full_speed_fits_and_is_dense_near_flags(size, flags):
    """36 million updates: more than an hour of the default nets."""
    frames, at, calls = Keyframes(6e6), 0, np.random.default_rng(0).integers(1, 4096, 4000)
    for i in range(18_000):
        if frames.due(at):
            frames.add(keyframe(at, size))
            assert frames.nbytes <= 6e6 and len(frames) <= MOST
        frames.flags = tuple(flag for flag in flags if flag <= at)
        at += int(calls[i % 4000])
    updates = np.array(frames.updates)
    room = min(MOST, 6e6 // size)
    assert updates[0] == 0 and len(updates) > 0.5 * room
    gaps = np.diff([*updates, at])
    assert gaps.max() < 8 * at / room
    for flag in flags:
        near = gaps[np.abs(updates - flag) < at / 60]
        assert len(near) and near.mean() < 0.6 * np.median(gaps)


def test_nets_that_do_not_fit_are_replayed_from_the_start():
    run = Run(SMALL)
    recording = Recording(run, megabytes=1e-5)
    run.make(30), run.change(k=3), run.make(20)
    assert recording.nbytes == 0
    same(run.at(40), replayed(run, 40))


def test_the_way_to_a_moment_is_dense_near_it_and_fits():
    way = apart([keyframe(n, 1000) for n in range(0, 3000, 7)], 2000, 20_000)
    away = np.sort([abs(2000 - one.updates) for one in way])
    assert len(way) == 20 and away[0] <= 3 and (away[2:] >= 1.3 * away[1:-1]).all()
