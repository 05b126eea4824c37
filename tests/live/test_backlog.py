"""The backlog: dense, bounded, and the moments that curves need most come first."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ganlab.live import pacing
from ganlab.live.backlog import Backlog


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
    for name in ("ALONE_SHARE", "RESTING_SHARE"):
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
