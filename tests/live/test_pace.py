"""A session keeps the pace that is asked of it, and at full speed looks up often enough."""

import time
from types import SimpleNamespace

import pytest
from live_helpers import counts

from ganlab.live import conductor
from ganlab.live import pace as pace_module


def test_pace_starts_with_one_update(opened):
    session, browser = opened()
    session.command("speed", 2.0)
    session.command("play")
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        wait = session.work(0.02)
        assert 0 < wait <= 0.5
        time.sleep(min(wait, 0.02))
    assert counts(session) == (1, 0)


class Clock:
    """A clock that only the test moves."""

    def __init__(self):
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter


@pytest.mark.parametrize("speed", [1.0, 7.0, 30.0, 200.0, 1000.0])
def test_pace_is_kept_over_small_hiccups_and_not_over_large_ones(opened, monkeypatch, speed):
    clock = Clock()
    monkeypatch.setattr(conductor, "time", clock)
    monkeypatch.setattr(pace_module, "time", clock)
    session, browser = opened()
    made = []
    monkeypatch.setattr(session, "_publish", lambda now: None)
    update = session.run.update

    def timed(*args):
        made.append(clock.now)
        clock.now += 0.0002
        return update(*args)

    session.run.update = timed
    session.command("speed", speed)
    session.command("play")
    start, hiccup = clock.now, clock.now + 0.7
    while clock.now < start + 3:
        wait = session.work(0.01)
        clock.now += max(wait, 0)
        if clock.now > hiccup:
            clock.now += 0.08  # as a frame of a large run
            hiccup += 0.7
    assert speed * 3 - 1 <= len(made) + speed * 0.08 and len(made) <= speed * 3 + 2
    clock.now += 60
    before, start = len(made), clock.now
    while clock.now < start + 1:
        clock.now += max(session.work(0.01), 0)
    assert len(made) - before <= speed * 1.1 + 2


def test_full_speed_makes_calls_of_a_few_milliseconds(opened, monkeypatch):
    """A call grows at most twofold, ends near its length, and shrinks at once when slow."""
    clock = Clock()
    monkeypatch.setattr(conductor, "time", clock)
    monkeypatch.setattr(pace_module, "time", clock)
    session, browser = opened()
    monkeypatch.setattr(session, "_publish", lambda now: None)
    calls, cost = [], [0.0001]

    def advance(n: int) -> int:
        calls.append(n)
        clock.now += n * cost[0]
        return n

    session.run.advance = advance
    session.command("play")
    session.work(0.2)
    assert calls[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert 115 <= calls[-1] <= 121 and all(n <= 121 for n in calls)
    calls.clear()
    cost[0] = 0.0085  # another k
    session.work(2.0)
    assert calls[0] >= 115 and len(calls) > 9 and set(calls[1:]) == {1}
    calls.clear()
    cost[0] = 0.001
    session.work(0.2)
    assert calls[:4] == [1, 2, 4, 8] and set(calls[4:]) <= {11, 12}


def test_a_speed_beyond_what_can_be_computed_takes_calls_as_long_as_full_speed_does(
    opened, monkeypatch
):
    clock = Clock()
    monkeypatch.setattr(conductor, "time", clock)
    monkeypatch.setattr(pace_module, "time", clock)
    session, browser = opened()
    monkeypatch.setattr(session, "_publish", lambda now: None)
    calls, advance = [], session.run.advance

    def timed(n: int) -> int:
        calls.append(n)
        clock.now += n * 0.0002
        return advance(n)

    session.run.advance = timed
    session.command("speed", 1e6)
    session.command("play")
    session.work(0.2)
    assert max(calls) > 40 and sum(calls) >= 0.9 * 0.2 / 0.0002


def test_no_time_is_none_for_training_and_enough_for_what_is_asked(opened):
    session, browser = opened()
    session.command("play")
    assert session.calls(0.0)
    assert session.work(0.0) == 0.0 and counts(session) == (0, 0) and session.playing
    session.command("speed", 1000.0)
    time.sleep(0.01)
    assert session.work(0.0) == 0.0 and counts(session) == (0, 0)
    for _ in range(3):
        session.command("step")
    while session.work(0.0) is not None:
        pass
    assert counts(session) == (3, 3) and not session.playing


@pytest.mark.parametrize("crowd, speed, whole", [(1, 0, True), (5, 0, False), (5, 1e6, False)])
def test_in_a_crowd_slow_iterations_are_made_update_by_update(
    opened, monkeypatch, crowd, speed, whole
):
    clock = Clock()
    monkeypatch.setattr(conductor, "time", clock)
    monkeypatch.setattr(pace_module, "time", clock)
    session, browser = opened()
    monkeypatch.setattr(session, "_publish", lambda now: None)
    update = session.run.update

    def timed(*args):
        clock.now += 0.004
        return update(*args)

    session.run.update = timed
    session.set("k", 4)
    session.crowd = crowd
    session.command("speed", float(speed))
    session.command("play")
    turns = []
    for _ in range(30):
        begun = clock.now
        assert session.work(0.005) == 0.0
        turns.append(clock.now - begun)
    # A turn ends after the update, or the iteration, that ends nearest to its time.
    assert max(turns[3:]) == pytest.approx(0.02 if whole else 0.004)
    d, g = counts(session)
    assert d + g >= 30 and 4 * g <= d <= 4 * g + 4  # the same updates in the same order


class Program:
    """A run of a compiled program: each call costs something by itself, by a clock of the test."""

    program = object()

    def __init__(self, clock: Clock, call: float, iteration: float):
        self.clock, self.call, self.iteration = clock, call, iteration
        self.spec = SimpleNamespace(k=1)
        self.made: list[float] = []

    def advance(self, count: int) -> int:
        self.clock.now += self.call + count * self.iteration
        self.made.append(count)
        return count

    def update(self) -> None:
        self.clock.now += self.call + self.iteration / 2
        self.made.append(0.5)


def turns_of(monkeypatch, call: float, iteration: float, count: int) -> Program:
    clock = Clock()
    monkeypatch.setattr(pace_module, "time", clock)
    run, pace = Program(clock, call, iteration), pace_module.Pace(lambda *_: None)
    for _ in range(count):
        if pace.slow(run, 0.002):
            pace.update(run)
        else:
            pace.advance(run, 0.002)
    return run


def test_what_a_call_costs_is_not_taken_for_an_iterations_time(monkeypatch):
    run = turns_of(monkeypatch, 0.0012, 0.0001, 40)
    assert 0.5 not in run.made  # a single update would take nearly a whole call's time
    assert run.made[-1] >= 3 and run.call + max(run.made) * run.iteration <= 0.002


def test_a_slow_iteration_of_a_program_is_tried_again_now_and_then(monkeypatch):
    run = turns_of(monkeypatch, 0.0001, 0.003, 100)
    assert run.made[0] == 1 and run.made.count(1) == 4
    assert set(run.made) == {0.5, 1}
