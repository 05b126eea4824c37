"""When a frame is due, and that an acknowledgement can trigger it without the worker."""

import time
from types import SimpleNamespace

import pytest
from live_helpers import last, of_type, settle

from ganlab.limits import limited
from ganlab.live.pacing import Pacing
from ganlab.live.pools import Places
from ganlab.live.view import View

TICK = 1 / 60


def pacing(playing=1, cost=0.0):
    view = SimpleNamespace(frame_seconds=View.frame_seconds, slowest_frames=View.slowest_frames)
    places = Places()
    one = Pacing(SimpleNamespace(playing_sessions=playing, view=view, places=places))
    one.cost["frame"] = cost
    one.frame_begun(100.0)
    return one


def first_due(one, drawn):
    """Ticks of a display from a frame to the next one."""
    return next(i / 100 for i in range(2000) if one.frame_due(100.0 + i / 100 * TICK, drawn))


def test_a_frame_follows_the_acknowledgement_of_a_display_even_if_that_comes_early():
    assert 0.5 < first_due(pacing(), drawn=True) < 0.9
    # The next one is also made while one waits for its tick.
    assert first_due(pacing(), drawn=False) == first_due(pacing(), drawn=True)


def test_rarer_frames_come_later_without_an_acknowledgement():
    with limited(frame_rate=26):
        assert 0.5 < first_due(pacing(), drawn=True) * 26 / 60 < 0.9
        assert 1.1 < first_due(pacing(), drawn=False) * 26 / 60 < 1.5


def test_an_operator_may_allow_fewer_frames():
    with limited(frame_rate=12):
        assert 5 * 0.5 < first_due(pacing(), drawn=True) < 5 * 0.9
        assert first_due(pacing(2), True) == pytest.approx(5, 0.02)
    with limited(frame_rate=240):  # never more than a display shows
        assert 0.5 < first_due(pacing(), drawn=True)


def test_several_sessions_share_the_time_for_frames_as_before():
    assert first_due(pacing(2), True) == first_due(pacing(2), False)
    assert 1.5 < first_due(pacing(2), True) < 1.7  # 36 frames/s
    assert first_due(pacing(10, cost=0.003), True) == pytest.approx(10 * 0.003 / 0.25 / TICK, 0.02)


def test_an_acknowledgement_makes_the_next_frame_once(opened):
    session, browser = opened()
    feed = session.feed
    session.command("play")
    session.work(0.001)
    feed.pacing.frame_begun(1e9)  # the worker finds that it is too early
    session.work(0.001)
    browser.take()
    feed.acknowledged()
    assert not of_type(browser.take(), "frame")
    feed.pacing.frame_begun(0.0)
    feed.acknowledged()
    frames = of_type(browser.take(), "frame")
    assert [header["iteration"] for header, _ in frames] == [session.run.iteration]
    feed.pacing.frame_begun(0.0)
    feed.acknowledged()
    feed.publish(time.perf_counter())  # the same moment is not drawn twice,
    assert not of_type(browser.take(), "frame")
    session.command("pause")  # but a paused picture is, since it is complete
    assert last(settle(session, browser)[0], "frame")[0]["iteration"] == session.run.iteration


def test_an_acknowledgement_shows_no_moment_of_previous_runs(opened):
    session, browser = opened()
    session.command("play")
    session.work(0.001)
    session.feed.pacing.frame_begun(1e9)
    session.work(0.001)
    browser.take()
    session.lifecycle.start()
    session.feed.pacing.frame_begun(0.0)
    session.feed.acknowledged()
    assert not of_type(browser.take(), "frame")
