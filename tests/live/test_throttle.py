"""A session keeps its speed, and at full speed returns to the worker often enough."""

import time

import pytest
from live_helpers import counts

from ganlab.engine.turns import Turns
from ganlab.live import feed, session_work, trainer
from ganlab.live import throttle as throttle_module


def test_pace_starts_with_one_update(opened):
    session, browser = opened()
    session.command("speed", 2.0)
    session.command("play")
    end = time.perf_counter() + 0.3
    while time.perf_counter() < end:
        wait = session.work(0.02)
        assert 0 <= wait <= 0.5
        time.sleep(min(wait, 0.02))
    assert counts(session) == (1, 0)


class Clock:
    """A clock that only the test advances."""

    def __init__(self):
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter


@pytest.fixture
def clock(monkeypatch):
    """The clock of the modules that pace a session."""
    made = Clock()
    for module in (session_work, trainer, feed, throttle_module):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.mark.parametrize("speed", [1.0, 7.0, 30.0, 200.0, 1000.0])
def test_pace_is_kept_over_small_hiccups_and_not_over_large_ones(opened, clock, monkeypatch, speed):
    session, browser = opened()
    made = []
    monkeypatch.setattr(session.feed, "publish", lambda now: None)
    play = session.run._play

    def timed(players):
        made.append(clock.now)
        clock.now += 0.0002 * len(players)
        play(players)

    session.run._play = timed
    session.command("speed", speed)
    session.command("play")
    start, hiccup = clock.now, clock.now + 0.7
    while clock.now < start + 3:
        wait = session.work(0.01)
        clock.now += max(wait, 0)
        if clock.now > hiccup:
            clock.now += 0.08  # as a frame of a large run takes
            hiccup += 0.7
    assert speed * 3 - 1 <= len(made) + speed * 0.08 and len(made) <= speed * 3 + 2
    clock.now += 60
    before, start = len(made), clock.now
    while clock.now < start + 1:
        clock.now += max(session.work(0.01), 0)
    assert len(made) - before <= speed * 1.1 + 2


def test_full_speed_makes_calls_of_a_few_milliseconds(opened, clock, monkeypatch):
    """A call grows at most twofold, ends near its length, and shrinks at once when slow."""
    session, browser = opened()
    monkeypatch.setattr(session.feed, "publish", lambda now: None)
    calls, cost = [], [0.0001]

    def make(n: int) -> int:
        calls.append(n)
        clock.now += n * cost[0]
        return n

    session.run.make = make
    session.feed.moments.until = lambda iteration: 0  # curves need no moment of this run
    session.command("play")
    session.work(0.2)
    assert calls[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert 115 <= calls[-1] <= 121 and all(n <= 121 for n in calls)
    calls.clear()
    cost[0] = 0.0085  # another loss
    session.work(2.0)
    assert calls[0] >= 115 and len(calls) > 9 and set(calls[1:]) == {1}
    calls.clear()
    cost[0] = 0.001
    session.work(0.2)
    assert calls[:4] == [1, 2, 4, 8] and set(calls[4:]) <= {11, 12}


def test_a_speed_beyond_what_can_be_computed_takes_calls_as_long_as_full_speed_does(
    opened, clock, monkeypatch
):
    session, browser = opened()
    monkeypatch.setattr(session.feed, "publish", lambda now: None)
    calls, make = [], session.run.make

    def timed(n: int) -> int:
        calls.append(n)
        clock.now += n * 0.0002
        return make(n)

    session.run.make = timed
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


@pytest.mark.parametrize("playing, speed", [(1, 0), (5, 0), (5, 1e6)])
def test_slow_iterations_are_made_update_by_update(opened, clock, monkeypatch, playing, speed):
    session, browser = opened()
    monkeypatch.setattr(session.feed, "publish", lambda now: None)
    play = session.run._play

    def timed(players):
        clock.now += 0.004 * len(players)
        play(players)

    session.run._play = timed
    session.set("k", 4)
    session.playing_sessions = playing
    session.command("speed", float(speed))
    session.command("play")
    turns = []
    for _ in range(30):
        begun = clock.now
        assert session.work(0.005) == 0.0
        turns.append(clock.now - begun)
    # A turn ends with the update that ends nearest to its time.
    assert max(turns[3:]) == pytest.approx(0.004)
    d, g = counts(session)
    assert d + g >= 30 and 4 * g <= d <= 4 * g + 4  # the same updates in the same order


class Program:
    """A run with a compiled program: each call has an overhead, by a clock of the test."""

    compiled = True
    elsewhere = False
    turns = Turns(5, 1)

    def __init__(self, clock: Clock, call: float, update: float):
        self.clock, self.call, self.update = clock, call, update
        self.made: list[int] = []

    def make(self, count: int) -> int:
        self.clock.now += self.call + count * self.update
        self.made.append(count)
        return count


@pytest.mark.parametrize(
    "call, update, most",
    [(0.0012, 0.0001, 4), (0.0001, 0.0005, 3), (0.0001, 0.0015, 1), (0.0001, 0.003, 1)],
)
def test_a_call_has_as_many_updates_as_its_time_allows(monkeypatch, call, update, most):
    """For any overhead of a call, and however long an iteration of six updates takes."""
    clock = Clock()
    monkeypatch.setattr(throttle_module, "time", clock)
    told = []
    run, pace = (
        Program(clock, call, update),
        throttle_module.Throttle(lambda *a: told.append(a)),
    )
    times = [pace.advance(run, 0.002)[1] for _ in range(40)]
    assert run.made[0] == 1 and max(run.made[20:]) == most
    assert max(times) <= max(0.002, call + update) + 1e-9
    assert min(run.made[20:]) >= 0.7 * most
    assert told == [
        (run, pytest.approx(n / 6), pytest.approx(t)) for n, t in zip(run.made, times, strict=True)
    ]


def test_what_few_updates_take_at_a_set_speed_is_no_iterations_time(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(throttle_module, "time", clock)
    told = []
    run, pace = (
        Program(clock, 0.0012, 0.0001),
        throttle_module.Throttle(lambda *a: told.append(a)),
    )
    for _ in range(20):
        pace.catch_up(run, 4.0, 0.012, clock.now)
        clock.now = pace.due
    assert run.made == [1] * 20 and not told
    for _ in range(20):
        pace.catch_up(run, 1e6, 0.012, clock.now)
    assert max(run.made) > 50 and told[-1][1] > 8


@pytest.mark.parametrize("playing, least, most", [(1, 78, 82), (30, 2, 3)])
def test_slow_runs_are_measured_at_every_update_but_not_in_a_class(
    opened, clock, monkeypatch, playing, least, most
):
    """Metrics take 30 ms: for 30 sessions at 6 % of a core, one in 15 s each."""
    monkeypatch.setattr(feed.cpu_time, "seconds", clock.perf_counter)
    session, browser = opened()
    measured = []

    def measure(moments):
        (moment,) = moments
        clock.now += 0.03
        measured.append(moment.state.d_updates + moment.state.g_updates)
        yield b""

    monkeypatch.setattr(session.view, "measure", measure)
    session.playing_sessions = playing
    session.command("speed", 4.0)
    session.command("play")
    start = clock.now
    while clock.now < start + 20:
        clock.now += max(session.work(0.01), 0.001)
        browser.subscriber.drawn(browser.frames)
    assert least <= len(measured) <= most
    if playing == 1:
        assert set(range(2, 78)) <= set(measured)
