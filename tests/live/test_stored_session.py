"""A session that continues another after a restart of the server, bit for bit."""

import time

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, until

from ganlab.comparison import Comparison
from ganlab.engine import Run
from ganlab.experiment import Experiment
from ganlab.limits import limited
from ganlab.live import stored_session
from ganlab.live.commands import Bookmark
from ganlab.live.history import History
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.story import opening
from ganlab.record import RunFile

OTHER = SMALL.replace(k=3)
KINDS = {
    "lab": Experiment.of(SMALL),
    "many": Experiment.of(SMALL, 16),
    "compare": Comparison.among((SMALL, OTHER)),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))


def watched(experiment, token: str):
    session = Session(token, experiment, lambda _: None)
    return session, Browser(session)


def work_until(session, browser, condition) -> None:
    end = time.monotonic() + 30
    while session.run is None or not condition():
        assert time.monotonic() < end
        session.work(0.02)
        browser.take()


def same(a, b) -> bool:
    """Whether two sessions' runs are the same, bit for bit."""
    pairs = list(zip(a.group.runs, b.group.runs, strict=True))
    states = [(x.state, y.state) for x, y in pairs]
    return all(
        x.specs == y.specs and x.diverged == y.diverged and torch.equal(x.alive, y.alive)
        for x, y in pairs
    ) and all(
        (x.d_updates, x.g_updates, x.phase) == (y.d_updates, y.g_updates, y.phase)
        and all(torch.equal(p, q) for p, q in zip(x.g_slots, y.g_slots, strict=True))
        and all(torch.equal(p, q) for p, q in zip(x.d_slots, y.d_slots, strict=True))
        and torch.equal(x.g, y.g)
        and torch.equal(x.d, y.d)
        for x, y in states
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_goes_on_where_the_one_before_was(kind):
    one, browser = watched(KINDS[kind], "one")
    work_until(one, browser, lambda: one.run.iteration > 5)
    one.set("g_lr", 2e-3)
    work_until(one, browser, lambda: one.history.marks and len(one.history.rows) > 2)
    one.command("speed", 30.0)
    one.command("pause")
    work_until(one, browser, lambda: not one.playing and one.speed == 30)
    if one.rewind.recordings:
        one.rewind.bookmark(Bookmark(3, "here"))
    one.history.ghost = {name: column[:3] for name, column in one.history.arrays().items()}
    one.store()
    # What happened afterwards is not stored.
    kept = [run.state for run in one.group.runs]
    two, other = watched(one.experiment, "two")
    two.resume("one")
    work_until(two, other, lambda: "continues where it was" in two.note)
    assert same(one, two) and two.group.iteration == one.group.iteration > 5
    assert (two.playing, two.speed) == (False, 30)
    assert two.history.marks == one.history.marks != []
    assert two.history.bookmarks == one.history.bookmarks
    for a, b in zip(one.rewind.recordings, two.rewind.recordings, strict=True):
        assert all(torch.equal(a.at(n).state.g, b.at(n).state.g) for n in (2, 5, b.run.updates))
        assert all(b.exact(n) for n in range(b.run.updates))
    before, after = one.history.arrays(), two.history.arrays()
    assert list(before) == list(after)
    rows = len(before["iteration"])
    assert all(np.array_equal(before[n], after[n][:rows], equal_nan=True) for n in before)
    ghost = {n.removeprefix("ghost."): a for n, a in two.scene[1].items() if "ghost." in n}
    assert all(np.array_equal(before[n][:3], a, equal_nan=True) for n, a in ghost.items()) and ghost
    # The same holds for every update from here on.
    for session in (one, two):
        session.group.make(20)
    assert same(one, two) and one.group.runs[0].state is not kept[0]
    browser.leave()
    other.leave()


def test_it_is_taken_up_once_and_only_by_the_same_configuration():
    one, browser = watched(SMALL, "one")
    work_until(one, browser, lambda: one.run.iteration > 3)
    one.store()
    two, other = watched(OTHER, "two")
    two.resume("one")
    work_until(two, other, lambda: "starts again at iteration 0" in two.note)
    assert two.run.spec == OTHER and two.after == "one"
    assert stored_session.load("one") is None
    browser.leave()
    other.leave()


def test_a_run_that_continues_is_begun_once():
    one, browser = watched(SMALL, "one")
    work_until(one, browser, lambda: one.run.iteration > 3)
    one.store()
    browser.leave()
    # The worker visits at once whenever it is woken.
    two = Session("two", SMALL, lambda session: session.work(0))
    two.begin(opening(1), after="one")
    assert (two.run_number, two.group.iteration) == (1, one.group.iteration)
    assert two.scene[0]["story"] == two.story.words()
    two.begin(None)
    assert two.run_number == 1


def test_of_several_runs_all_are_moved_or_none():
    specs = (SMALL, OTHER)
    olds = tuple(Run(spec) for spec in specs)
    for run in olds:
        run.make(6)
    history = History()
    fresh = (Run(SMALL), Run(OTHER.replace(seed=3)))
    what = RunFile(olds, playing=True)
    assert not stored_session.restore(what, fresh, history)
    assert [run.updates for run in fresh] == [0, 0]
    fresh = tuple(Run(spec) for spec in specs)
    assert stored_session.restore(what, fresh, history) and [run.updates for run in fresh] == [6, 6]


def test_what_is_damaged_or_not_there_is_said_and_nothing_breaks(tmp_path):
    one, browser = watched(SMALL, "one")
    work_until(one, browser, lambda: one.run.iteration > 3)
    for cut in (0, 100, -1):
        one.store()
        (file,) = (tmp_path / "sessions").iterdir()
        file.write_bytes(file.read_bytes()[:cut])
        assert stored_session.load("one") is None
        assert not file.exists()
    two, other = watched(SMALL, "two")
    two.resume("nonsense/../..")
    work_until(two, other, lambda: "starts again at iteration 0" in two.note)
    browser.leave()
    other.leave()


def test_the_disk_is_bounded(tmp_path):
    one, browser = watched(SMALL, "one")
    work_until(one, browser, lambda: one.run.iteration > 3)
    one.store()
    (file,) = (tmp_path / "sessions").iterdir()
    size = file.stat().st_size
    with limited(stored_sessions_mb=4.5 * size / 1e6):
        for name in "abcdefgh":
            one.token = name
            one.store()
            time.sleep(0.02)
        left = [name for name in "abcdefgh" if stored_session.load(name) is not None]
    assert left == list("efgh")
    with limited(stored_sessions_mb=0):
        one.store()
    assert stored_session.load(one.token) is None
    browser.leave()


def test_a_hub_that_is_closed_leaves_its_runs_to_the_next():
    scheduler = Scheduler(1)
    one = scheduler.create(SMALL)
    browser = Browser(one)
    until(lambda: one.run is not None and one.run.iteration > 5)
    scheduler.close()
    assert scheduler.get(one.token) is None
    browser.leave()
    scheduler = Scheduler(1)
    two = scheduler.create(SMALL)
    two.resume(one.token)
    browser = Browser(two)
    until(lambda: two.run is not None and two.run.iteration >= one.run.iteration)
    browser.leave()
    # It is unwatched: it is stored when its time comes.
    two.unwatched_since = time.monotonic() - 2 * scheduler.drop_seconds
    scheduler._drop_unwatched()
    until(lambda: two.token not in scheduler.sessions)
    assert scheduler.get(two.token) is None and stored_session.load(two.token) is not None
    scheduler.close()


def test_a_picture_that_comes_too_late_does_not_drop_a_run_that_is_to_be_stored():
    scheduler = Scheduler(1)
    one = scheduler.create(SMALL)
    browser = Browser(one)
    until(lambda: one.run is not None and one.run.iteration > 5)
    one.command("pause")
    until(lambda: one.state == "paused" and not one.feed.painting)
    close = scheduler.slow_pool.close

    def late() -> None:  # the threads that make pictures have ended, sessions are not stored yet
        one.feed.hand_over("curves", lambda: iter([b""]))
        close()

    scheduler.slow_pool.close = late
    scheduler.close()
    browser.leave()
    assert stored_session.load(one.token) is not None
