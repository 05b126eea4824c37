"""Events in a session: their cost, restarts, and reports of events that are not allowed."""

from __future__ import annotations

import threading

import pytest
from live_helpers import SMALL, last, press, same, settle

from ganlab.comparison import Comparison
from ganlab.engine import Run
from ganlab.engine.turns import Clock
from ganlab.events import Event, Text, write
from ganlab.experiment import Experiment
from ganlab.limits import limited
from ganlab.live import configuration as module
from ganlab.live.budget import afford_experiment, demand
from ganlab.registry import SpecError
from ganlab.ui import start


@pytest.mark.parametrize("seeds", [1, 16])
def test_a_change_costs_the_work_of_new_events_alone(opened, monkeypatch, seeds):
    session, browser = opened(Experiment.of(SMALL, seeds))
    passed, written, applied = [], [], []
    passes, add, of = Clock.passes, Text.add, Event.of
    monkeypatch.setattr(Clock, "passes", lambda c, e: passed.append(e) or passes(c, e))
    monkeypatch.setattr(Text, "add", lambda t, e: written.append(e) or add(t, e))
    monkeypatch.setattr(Event, "of", lambda e, spec: applied.append(e) or of(e, spec))
    for i in range(130):
        session.set("k", 1 + i % 2)
        settle(session, browser)
    passed.clear(), written.clear(), applied.clear()
    session.set("k", 3)
    settle(session, browser)
    assert session.run.timeline.happened == 130 and len(passed) == len(written) == 1
    assert 1 <= len(applied) <= 3  # once, for the first seed only
    session.feed.status_wanted = True
    settle(session, browser)
    assert len(written) == 1 and not session.replays


SCHEDULE = "4:k:2,9:r1:0.1,40:k:3"


@pytest.mark.parametrize("by", ["restart", "seed"])
def test_a_restart_during_a_replay_keeps_what_is_still_to_come(opened, by):
    session, browser = opened(Experiment.of(SMALL, events=SCHEDULE))
    for _ in range(6):
        press(session, browser, "step")
    assert (
        session.run.timeline.happened == 2
        and session.run.timeline.left == 1
        and session.spec.k == 2
    )
    if by == "seed":
        session.new_seed()
    else:
        session.command("restart")
    got = settle(session, browser)[0]
    spec = SMALL.replace(seed=int(by == "seed"))
    assert session.begun == Experiment.of(spec, events=SCHEDULE)
    assert session.query == last(got, "status")[0]["query"] == session.begun.to_query()
    assert session.spec == spec and write(session.run.timeline.coming) == SCHEDULE
    for _ in range(16):
        press(session, browser, "step")
    twin = Run(spec, events=SCHEDULE)
    twin.make(session.run.updates)
    assert same(session.run, twin) and session.spec.k == 3
    # All events have happened: after a restart, the run has the current Spec.
    press(session, browser, "restart")
    assert session.run.events == () and session.run.spec.k == 3


def test_what_cannot_be_kept_is_said(opened):
    session, browser = opened(Experiment.of(SMALL, events=SCHEDULE))
    session.set("minibatch_discrimination", 4)
    status = last(settle(session, browser)[0], "status")[0]
    assert status["message"].endswith("Without the changes that were still to come.")
    assert session.run.events == ()


def test_runs_side_by_side_keep_each_their_own(opened):
    pair = Comparison.pair(SMALL).with_events(("4:g_lr:0.02,60:k:2", "12:g_lr:0.02,200:k:3"))
    session, browser = opened(pair)
    for _ in range(3):
        press(session, browser, "step")
    assert [run.timeline.left for run in session.group.runs] == [1, 1] and session.replayed == [
        "g_lr"
    ]
    press(session, browser, "restart")
    assert session.begun == pair and session.group.happened == (0, 0)


def test_nobody_waits_while_the_cost_of_a_change_is_counted(opened, monkeypatch):
    session, _ = opened(Experiment.of(SMALL))
    configuration, waited = session.configuration, []
    lock = configuration.lock

    def count(experiment, coming=None):
        # Another thread changes it meanwhile: this one must start again with the new state.
        other = threading.Thread(target=lambda: (lock.acquire(), lock.release()))
        other.start()
        other.join(timeout=5)
        waited.append(other.is_alive())
        if len(waited) == 1:
            configuration.experiment = configuration.experiment.changed({"d_lr": 0.5})
        return afford_experiment(experiment, coming)

    monkeypatch.setattr(module, "afford_experiment", count)
    session.set("k", 4)
    assert waited == [False, False] and session.spec == SMALL.replace(k=4, d_lr=0.5)


def test_what_is_too_dear_by_its_events_alone_begins_without_them():
    dear = Experiment.of(SMALL.replace(batch=512), events="5:unroll:20")
    with limited(update_seconds=0.5 * demand([dear.after[0]]).update):
        afford_experiment(dear.with_events(()))
        with pytest.raises(SpecError) as caught:
            afford_experiment(dear)
        assert caught.value.name == "events" and "one update would take" in str(caught.value)
        ignored: list[SpecError] = []
        session, shown = start._create(dear, Experiment.of(SMALL), ignored)
    start.SCHEDULER.drop(session)
    assert shown == session.experiment == dear.with_events(())
    assert [error.name for error in ignored] == ["events"]
    assert "starts without these changes" in start._why(ignored[0])


def test_what_is_too_dear_at_its_start_is_lowered_and_keeps_its_events():
    events = "9:k:2"
    dear = Experiment.of(SMALL.replace(batch=4096, d_hidden=(512, 512)), events=events)
    with limited(update_seconds=0.3 * demand(dear.specs).update):
        ignored: list[SpecError] = []
        session, shown = start._create(dear, Experiment.of(SMALL), ignored)
    start.SCHEDULER.drop(session)
    assert shown.base.batch < 4096 and write(shown.events[0]) == events
    assert [type(error).__name__ for error in ignored] == ["TooDear"]


@pytest.mark.parametrize("query", ["k=2&events=5:k:3,5:nope:3", "events=5", "events=9:D,3:D"])
def test_events_of_an_address_that_cannot_be_used_are_left_out_and_said(query):
    ignored: list[SpecError] = []
    read = Experiment.from_query(query, ignored)
    assert read.events == () and len(ignored) == 1
    assert "starts without these changes" in start._why(ignored[0])
