"""What a session is charged for a turn: its updates, at least for most of a slice, and no start."""

import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_helpers import SMALL

from ganlab.comparison import Comparison
from ganlab.live import cpu_time, fair_turns
from ganlab.live.fair_turns import SERVICE_SECONDS, FairTurns
from ganlab.live.pools import Places
from ganlab.live.run_group import RunGroup

seconds = st.floats(0.0, 10.0)


def session(homes=2, compiled=True, playing=30):
    return SimpleNamespace(
        places=Places(homes=homes),
        group=SimpleNamespace(compiled=compiled),
        playing_sessions=playing,
        served=(0.0, time.perf_counter()),
        used=0.0,
    )


def turns(playing=30, cores=2):
    made = FairTurns(cores)
    made.count(playing)
    return made


@given(seconds, seconds)
def test_a_turn_costs_its_updates_and_at_least_most_of_a_slice(took, updates):
    fair = turns()
    one, slice_ = session(), fair.length(session(), others=True)
    charged = fair.trained(one, 0.001, took, updates)
    if not updates:
        assert charged == took  # they were computed here
    else:
        assert charged == pytest.approx(max(updates, 0.85 * min(took, slice_)))


def test_a_turn_while_nobody_waited_costs_at_most_a_slice():
    fair, one = turns(), session()
    seconds, slice_ = fair.length(one, others=False), fair.length(one, others=True)
    assert fair.trained(one, seconds, 0.05, 0.04) == fair.trained(one, seconds, 0.05, 0.0) == slice_
    assert fair.trained(one, slice_, 0.05, 0.04) == 0.04


def test_eager_updates_are_charged_for_half():
    fair = turns()
    whole = fair.trained(session(), 0.001, 0.2, 0.1)
    assert fair.trained(session(compiled=False), 0.001, 0.2, 0.1) == pytest.approx(whole / 2)


@pytest.mark.parametrize("playing", [1, 2, 5, 30, 1000])
def test_a_round_of_slices_has_its_length(playing):
    fair, one = turns(playing), session()
    slice_ = fair.length(one, others=True)
    round_ = slice_ * playing / fair.cores
    shortest, longest = fair_turns._LEAST_SECONDS, fair_turns.HOME_SECONDS
    assert shortest <= slice_ <= longest
    assert round_ == pytest.approx(fair_turns.ROUND_SECONDS) or slice_ in (shortest, longest)
    assert fair.length(one, others=False) == fair_turns.SLICE_SECONDS


def test_pictures_in_the_place_of_turns_leave_shorter_slices():
    fair, one = turns(10), session()
    before = fair.length(one, others=True)
    for _ in range(50):
        fair.trained(one, 0.001, 1.0, 0.5)
        fair.painted(3.0)
        fair.count(10)
    assert fair.length(one, others=True) == pytest.approx(before / 4, rel=0.01)


def test_a_start_is_not_charged_but_endless_ones_are(monkeypatch):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(fair_turns, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    fair, one = turns(), session()
    one.served = (0.0, clock.now)
    assert fair.serviced(one, 0.13, True) == 0.0
    assert fair.serviced(one, 0.13, True) == 0.0
    assert fair.serviced(one, 0.13, True) == pytest.approx(3 * 0.13 - SERVICE_SECONDS)
    assert fair.serviced(one, 0.13, True) == pytest.approx(0.13)
    clock.now += 100.0
    assert fair.serviced(one, 9.0, False) == 0.0  # between turns, of which there are few then
    clock.now += 1000.0
    assert fair.serviced(one, 0.13, True) == 0.0
    free = 0.0  # in 100 s
    for _ in range(1000):
        clock.now += 0.1
        free += 0.1 - fair.serviced(one, 0.1, True)
    assert free == pytest.approx(100 * fair_turns.SERVICE_SHARE / 5 + SERVICE_SECONDS, abs=0.3)


def test_what_other_processes_compute_for_runs_side_by_side_counts_on_every_thread(monkeypatch):
    group = RunGroup(Comparison((SMALL, SMALL.replace(d_lr=0.01)), ("d_lr",)))
    monkeypatch.setattr(RunGroup, "compiled", True)
    for run in group.runs:

        def advance(iterations):
            time.sleep(0.05)  # so that both threads begin
            cpu_time.charge(0.3, 0.2)
            return iterations

        monkeypatch.setattr(run, "advance", advance)
    used, updates = cpu_time.seconds(), cpu_time.updates_elsewhere()
    group.advance(1)
    assert cpu_time.updates_elsewhere() - updates == pytest.approx(0.4)
    assert cpu_time.seconds() - used == pytest.approx(0.6, abs=0.05)
