"""The backlog: dense, bounded, and the moments that curves need most come first."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from ganlab.live import pacing, pools
from ganlab.live.backlog import Backlog
from ganlab.live.comparison_view import ComparisonView
from ganlab.live.history import History
from ganlab.live.lab_view import LabView


def fill(backlog: Backlog, to: int, size: float = 1e4) -> None:
    at = 0
    while at < to:
        at += max(1, backlog.until(at))
        backlog.keep(at, at, size)


def test_early_iterations_are_all_kept_and_later_ones_in_proportion():
    backlog = Backlog()
    fill(backlog, 250)
    kept = np.array(backlog.take(np.array([]), 250, 1000))
    assert len(kept) >= 200 and set(range(1, 101)) <= set(kept)
    assert np.diff(np.sort(kept)).max() <= 2


@pytest.mark.parametrize("to", [2_000, 50_000, 10**7])
def test_it_is_bounded_and_covers_all(to):
    backlog = Backlog()
    fill(backlog, to)
    assert 100 <= len(backlog) <= 300
    kept = np.sort(backlog.take(np.array([]), to, 1000))
    assert not backlog and kept[0] <= 20
    assert np.diff(kept).max() <= to / 50


def test_large_nets_keep_few():
    backlog = Backlog()
    fill(backlog, 5000, size=8e6)
    assert len(backlog) <= 3


def test_the_widest_hole_is_filled_first_and_what_is_near_is_dropped():
    backlog = Backlog()
    for at in (101, 400, 500, 612):
        backlog.keep(at, at, 1.0)
    measured = np.array([100.0, 200.0, 300.0, 600.0, 10_000.0])
    assert backlog.take(measured, 10_000, 1) == [400]  # spacing: 20
    assert backlog.take(np.sort([*measured, 400.0]), 10_000, 5) == [500]
    assert len(backlog) == 0


def test_a_fast_run_is_seen_in_hundreds_of_points(opened, monkeypatch):
    for name in ("MEASURE_SHARE", "RESTING_SHARE"):
        monkeypatch.setattr(pacing, name, 1e3)  # never waits
    session, browser = opened()
    session.command("play")
    while session.run is None or session.run.iteration < 260:  # all of them fit into a backlog
        session.work(0.005)
        browser.take()
    session.command("pause")
    end = time.monotonic() + 120
    while session.feed.moments or session.feed.painting or session.backlog:
        session.work(0.01)
        browser.take()
        assert time.monotonic() < end
    x = session.history.iterations
    assert len(x) >= 200 and np.diff(x).max() <= x[-1] / 50
    assert set(range(1, 20)) <= set(x)


@pytest.mark.parametrize(
    ("view", "compiled", "rate", "cost", "soon"),
    [
        (LabView, False, 300, 0.012, 6),
        (LabView, False, 150, 0.02, 10),
        (LabView, True, 3000, 0.01, 10),
        (LabView, True, 6000, 0.002, 3),
        (ComparisonView, True, 2000, 0.016, 30),
        (ComparisonView, True, 3000, 0.004, 10),
    ],
)
def test_curves_have_hundreds_of_points_soon_after_the_start(view, compiled, rate, cost, soon):
    """A session alone, at `rate` iterations/s, whose metrics take `cost` s; simulated."""
    history, backlog = History(("jsd",)), Backlog()
    places = pools.Places()
    session = SimpleNamespace(
        playing_sessions=1,
        playing=True,
        places=places,
        history=history,
        view=view,
        group=SimpleNamespace(iteration=0, compiled=compiled),
    )
    pace = pacing.Pacing(session)
    now = at = free = spent = 0.0
    step = max(1, rate // 100)  # iterations of a call
    while now < 60:
        now, at = now + step / rate, at + step
        session.group.iteration = at
        if backlog.until(int(at)) == 0:
            backlog.keep(int(at), int(at), 1e5)
        if now >= free and pace.next_curves() <= now:
            late = backlog.take(np.append(history.iterations, at), int(at), pace.at_once - 1)
            pace.curves_begun(now)
            pace.measured(1 + len(late))
            pace.cost["curves"] = cost * (1 + len(late))
            free = now + pace.cost["curves"]
            spent += pace.cost["curves"]
            for one in (int(at), *late):
                history.add(one, {"jsd": np.zeros(1)})
        if now > soon:
            x = history.iterations
            assert len(x) >= 200 and np.diff(x).max() <= at / 50
    assert spent < 0.25 * 60  # of the time of a core
