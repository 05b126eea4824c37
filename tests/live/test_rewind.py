"""The timeline: an earlier moment is shown exactly, and the runs stand still meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, last, of_type, press, settle

from ganlab import Run
from ganlab.comparison import Comparison
from ganlab.engine.divergence import Divergence
from ganlab.experiment import Experiment
from ganlab.live.commands import Bookmark, Scrub, read
from ganlab.live.fork import fork
from ganlab.live.history import SERIES, History
from ganlab.live.session import Session
from ganlab.registry import SpecError

RING = SMALL.replace(target="ring", latent_dim=2)


@pytest.fixture
def opened(opened):
    """opened(experiment) -> a paused session that has made some iterations, and its browser."""

    def advanced(experiment: Experiment, iterations: int = 40) -> tuple[Session, Browser]:
        session, browser = opened(experiment)
        for _ in range(iterations):
            session.command("step")
            settle(session)
        settle(session, browser)
        return session, browser

    return advanced


def scrub(session: Session, browser: Browser, at: int, kept: bool = False) -> list:
    session.command("scrub", Scrub(at, kept))
    return settle(session, browser)[0]


def test_a_moment_is_shown_as_it_was_and_the_runs_stand_still(opened):
    session, browser = opened(Experiment.of(RING, events="20:k:2,33:G"))
    before, run = session.run.state, session.run
    now = last(press(session, browser, "pause"), "status")[0]
    for at in (11, 30, 29, 0, 33, 50):
        got = scrub(session, browser, at)
        frame, status, curves = (last(got, kind) for kind in ("frame", "status", "curves"))
        then = Run(RING, events=run.events)
        then.make(at)
        other = Session("o", Experiment.of(then.spec), lambda _: None)
        watcher = Browser(other)
        other.command("pause")
        settle(other, watcher)
        for part in ("g", "d"):
            assert torch.equal(getattr(session.shown[0].state, part), getattr(then.state, part))
        assert frame[0]["d_updates"] + frame[0]["g_updates"] == at
        picture = session.shown[0].snapshot().picture
        np.testing.assert_allclose(frame[1]["shares"], picture["shares"][0], atol=1e-6)
        line, values = status[0]["timeline"], status[0]["values"]
        assert line["at"] == at and line["past"] and line["exact"] and line["unit"] == "updates"
        assert line["last"] == run.updates and line["iteration"] == then.iteration
        assert values["k"] == then.spec.k and status[0]["state"] == "paused"
        assert status[0]["iteration"] == now["iteration"]
        row = np.searchsorted(curves[1]["iteration"], then.iteration)
        assert curves[1]["iteration"][row] == then.iteration  # measured, so that numbers are its
        want = then.snapshot(picture=False).metrics["jsd"][0]
        assert curves[1]["jsd"][row] == pytest.approx(want, rel=1e-5)
        assert session.measured["jsd"] == pytest.approx(want, rel=1e-5)
        assert session.run is run and run.state is before
        watcher.leave()
    got = press(session, browser, "present")
    line = last(got, "status")[0]["timeline"]
    assert not line["past"] and line["at"] == line["last"] == run.updates
    assert last(got, "frame")[0]["iteration"] == run.iteration and run.state is before


def test_the_newest_of_several_requests_wins(opened):
    session, browser = opened(Experiment.of(RING))
    for at in (70, 3, 9, 41):
        session.command("scrub", Scrub(at, True))
    got = settle(session, browser)[0]
    assert last(got, "status")[0]["timeline"]["at"] == 41
    assert len(of_type(got, "frame")) == 1


def test_a_long_replay_is_made_in_turns_behind_the_nearest_keyframe(opened):
    session, browser = opened(Experiment.of(RING), 60)
    (recording,) = session.rewind.recordings
    recording.frames.cut(0)
    recording.rate = 1.0  # it is expected to take minutes
    session.command("scrub", Scrub(100, False))
    assert session.work(0.0) == 0.0  # without a turn nothing is replayed
    assert session.shown[0].updates == 0 and session.rewind.status()["wanted"] == 100
    assert session.work(1e-6) == 0.0
    assert 0 < session.rewind.status()["done"] < 1
    session.command("scrub", Scrub(104, False))  # another request replaces it
    settle(session, browser)
    assert session.shown[0].updates == 104 and session.rewind.status()["wanted"] == -1
    # A drag does not wait for it.
    recording._way, recording.rate = [], 1.0
    scrub(session, browser, 60, kept=True)
    assert session.shown[0].updates in (0, *recording.frames.updates)


@pytest.mark.parametrize("name", ["play", "step", "restart", "seed"])
def test_what_concerns_the_present_returns_to_it(opened, name):
    session, browser = opened(Experiment.of(SMALL), 10)
    scrub(session, browser, 5)
    if name == "seed":
        session.new_seed()
        settle(session, browser)
    else:
        session.command(name)
        session.work(0.0)
    assert not session.rewind.active and session.rewind.runs is None
    if name == "step":
        settle(session, browser)
        assert session.run.iteration == 11
    assert session.playing == (name == "play")


def test_a_run_that_played_plays_on(opened):
    session, browser = opened(Experiment.of(SMALL), 10)
    session.command("play")
    session.work(0.0)
    session.command("scrub", Scrub(4, False))
    session.work(0.01)
    assert not session.playing and session.state == "paused"
    updates = session.run.updates
    with pytest.raises(SpecError, match="past"):
        session.set("k", 3)
    session.command("present")
    session.work(0.01)
    assert session.playing and session.run.updates >= updates and session.run.spec.k == 1


def test_runs_side_by_side_are_shown_at_the_same_iteration(opened):
    pair = Comparison.by(RING, {"k": (1, 3)})
    session, browser = opened(pair, 30)
    for at, kept in ((7, False), (12, False), (20, True)):
        got = scrub(session, browser, at, kept)
        line = last(got, "status")[0]["timeline"]
        assert line["unit"] == "iterations" and line["last"] == 30
        assert line["at"] == at or kept  # then the nearest keyframe
        for shown, spec in zip(session.shown, pair.specs, strict=True):
            then = Run(spec)
            then.advance(line["at"])
            assert torch.equal(shown.state.g, then.state.g) and shown.iteration == line["at"]
    assert [run.iteration for run in session.group.runs] == [30, 30]
    kept = sum(recording.nbytes for recording in session.rewind.recordings)
    assert 0 < kept <= 8e6


def test_a_run_continues_from_an_earlier_moment_with_the_rest_as_a_ghost(opened):
    session, browser = opened(Experiment.of(RING, events="20:k:2,70:r1:0.1"))
    press(session, browser, "continue")
    assert "earlier moment" in session.note and session.run.spec.r1 == 0.1
    scrub(session, browser, 50)
    before = session.history.arrays()
    session.command("continue")
    session.work(0.0)
    assert (
        session.playing
        and session.run.updates == 50
        and session.run.spec.r1 == session.spec.r1 == 0
    )
    session.command("pause")
    got = settle(session, browser)[0]
    scene, curves = last(got, "scene"), last(got, "curves")
    np.testing.assert_array_equal(scene[1]["ghost.iteration"], np.float32(before["iteration"]))
    assert curves[1]["iteration"].max() <= session.run.iteration
    assert [mark["text"] for mark in curves[0]["marks"]] == ["k 1→2"]
    # From here on it is a run of its own, whose address replays it, and whose moments are there.
    session.set("k", 1)
    for _ in range(20):
        press(session, browser, "step")
    run = session.run
    then = Run(RING, events=run.events)
    then.make(run.updates)
    assert torch.equal(then.state.g, run.state.g)
    assert session.begun == Experiment.of(RING, events=run.events)
    assert [event.at for event in run.events] == [20, 50]
    scrub(session, browser, 55)
    moment = Run(RING, events=run.events)
    moment.make(55)
    assert torch.equal(session.shown[0].state.d, moment.state.d)


def test_runs_side_by_side_continue_together(opened):
    pair = Comparison.by(RING, {"k": (1, 3)})
    session, browser = opened(pair, 30)
    scrub(session, browser, 12)
    session.command("continue"), session.work(0.0), session.command("pause")
    settle(session, browser)
    assert [run.iteration for run in session.group.runs] == [12, 12]
    for _ in range(8):
        press(session, browser, "step")
    scrub(session, browser, 17)
    for shown, spec in zip(session.shown, pair.specs, strict=True):
        then = Run(spec)
        then.advance(17)
        assert torch.equal(shown.state.g, then.state.g)


def test_a_fork_begins_at_the_moment_in_two_runs_that_differ_from_there(opened):
    session, browser = opened(Experiment.of(RING, events="20:g_steps:2"))
    with pytest.raises(SpecError, match="earlier moment"):
        fork(session, "k")
    scrub(session, browser, 48)
    with pytest.raises(SpecError, match="can change"):
        fork(session, "batch")
    pair, state = fork(session, "k")
    other = Session("o", pair, lambda _: None)
    watcher = Browser(other)
    other.begin(None, state=state)
    settle(other, watcher)
    a, b = other.group.runs
    then = session.shown[0]
    assert not other.playing and torch.equal(a.state.g, then.state.g)
    assert torch.equal(b.state.d, then.state.d) and (a.spec.k, b.spec.k) == (1, 5)
    for _ in range(5):
        press(other, watcher, "step")
    # The address of the page replays both from their start.
    address = Comparison.from_query(other.query)
    for run, events, spec in zip((a, b), address.events, address.specs, strict=True):
        replay = Run(spec, events=events)
        replay.make(run.updates)
        assert torch.equal(replay.state.g, run.state.g)
    assert not torch.equal(a.state.g, b.state.g)
    watcher.leave()


def test_notes_are_flags_until_they_are_emptied_and_go_with_their_moment(opened):
    session, browser = opened(Experiment.of(RING))

    def notes() -> list[tuple[int, int, str]]:
        settle(session, browser)
        flags = session.history.find_flags()
        return [(f["at"], f["iteration"], f["text"]) for f in flags if f["kind"] == "note"]

    for at, text in ((30, "here"), (60, "there"), (30, "look")):
        session.command("bookmark", Bookmark(at, text))
    got = settle(session, browser)[0]
    sent = [flag["text"] for flag in last(got, "curves")[0]["flags"] if flag["kind"] == "note"]
    assert sent == ["look", "there"] and notes() == [(30, 15, "look"), (60, 30, "there")]
    session.command("bookmark", Bookmark(81, "beyond the present"))
    assert len(notes()) == 2 and "timeline" in session.note
    scrub(session, browser, 40)
    session.command("continue"), session.work(0.0), session.command("pause")
    assert notes() == [(30, 15, "look")]
    session.command("bookmark", Bookmark(30, ""))
    assert notes() == []
    for i in range(51):
        session.command("bookmark", Bookmark(i % 40, f"{i}"))
    assert len(notes()) == 40
    for bad in ({"at": 1, "text": "a" * 61}, {"at": 1, "text": "a\nb"}, {"at": 1.5, "text": ""}):
        with pytest.raises(SpecError):
            read({"cmd": "bookmark", **bad})


def test_the_past_is_not_explained_and_an_explanation_is_of_the_present(opened):
    session, browser = opened(Experiment.of(RING), 10)
    session.command("explain", True)
    settle(session, browser)
    got = scrub(session, browser, 5)
    assert not last(got, "status")[0]["explains"] and not of_type(got, "parts")
    session.command("explain", True)
    got = settle(session, browser)[0]
    assert last(got, "status")[0]["explains"] and not session.rewind.active
    assert last(got, "parts")[0]["iteration"] == 10


def test_many_seeds_have_no_timeline(opened):
    session, browser = opened(Experiment.of(SMALL, 16), 2)
    got = scrub(session, browser, 1)
    assert last(got, "status")[0]["timeline"] == {} and "timeline" in session.note


def test_flags_are_marks_and_found_moments_at_their_places():
    history = History()
    assert history.find_flags() == []
    history.places = lambda iterations: [2 * i for i in iterations]
    for i in range(12):
        values = {name: np.array([0.5]) for name in SERIES}
        history.add(10 * i, values | {"held": np.array([8.0 if i < 6 else 1.0])})
    history.mark(30, "k", "1", "5")
    history.lost((Divergence(111, "D", "cost", "is not finite"),))
    history.lost((None,))  # an earlier moment, which had not diverged yet
    assert [tuple(flag.values()) for flag in history.find_flags()] == [
        (60, 30, "k 1→5", "change"),
        (120, 60, "mode lost", "found"),
        (222, 111, "divergence", "found"),
    ]
