"""The effect of a session's commands."""

import time
from urllib.parse import parse_qsl

import numpy as np
import pytest
from live_helpers import SMALL, Browser, counts, last, of_type, press, same, settle

from ganlab.engine import Run
from ganlab.events import Event
from ganlab.experiment import Experiment
from ganlab.live import run_group as module
from ganlab.live.run_group import RunGroup
from ganlab.live.session import Session
from ganlab.registry import SpecError
from ganlab.spec import Spec

VALUES = {"k": 1, "loss": "non-saturating", "minibatch_discrimination": 0, "unroll": 0}
VALUES |= {"g_lr": 1e-3, "d_lr": 1e-3}


def test_opens_with_a_scene_and_one_of_each(opened):
    session, browser = opened()
    kinds = [m[0]["type"] for m in browser.first]
    assert kinds[0] == "scene" and set(kinds) == {"scene", "status", "curves", "frame"}
    assert kinds.count("scene") == 1
    status = last(browser.first, "status")[0]
    assert (status["state"], status["run"], status["iteration"]) == ("paused", 1, 0)
    assert status["values"] == VALUES
    assert status["rate"] == 0 and status["speed"] == 0 and status["message"] == ""
    assert Spec.from_query(status["query"]) == SMALL
    assert counts(session) == (0, 0)


@pytest.mark.parametrize("name, made", [("d", (1, 0)), ("g", (0, 1))])
def test_a_click_is_one_update(opened, name, made):
    session, browser = opened()
    twin = Run(SMALL)
    got = press(session, browser, name)
    twin.update(name.upper())
    assert counts(session) == made and same(session.run, twin)
    frame, status = last(got, "frame")[0], last(got, "status")[0]
    for header in (frame, status):
        assert (header["d_updates"], header["g_updates"]) == made
    assert (frame["last"], frame["phase"]) == (name.upper(), made[0])
    assert last(got, "curves")[1]["iteration"][-1] == made[1]


@pytest.mark.parametrize("seed", range(6))
def test_updates_by_hand_in_one_call_are_the_single_ones(seed):
    """Also beside events that are still to come, and for updates out of turn."""
    random = np.random.default_rng(seed)
    events = [Event(int(n), fields=(("g_lr", 0.002),)) for n in np.sort(random.integers(1, 30, 2))]
    spec = SMALL.replace(k=int(random.integers(1, 5)), g_steps=int(random.integers(1, 3)))
    group = RunGroup(Experiment.of(spec).with_events((tuple(events),)))
    twin, calls = Run(spec, events=events), 0
    while group.runs[0].updates < 40:
        left = twin.turns.left(twin.state).decode()
        asked = left if random.random() < 0.8 else "".join(random.choice(["D", "G"], 5))
        for player in asked:
            twin.update(player)
        while asked:
            asked, calls = asked[group.update(asked, most=8) :], calls + 1
        assert same(group.runs[0], twin) and group.runs[0].timeline.all == twin.timeline.all
    assert calls < group.runs[0].updates


def test_a_step_is_one_call_and_needs_no_turn(opened):
    session, browser = opened(SMALL.replace(k=5))
    session.command("step")
    assert session.calls(time.perf_counter())
    session.work(0.0)
    assert counts(session) == (5, 1) and not session.trainer.by_hand
    assert last(browser.take(), "frame")[0]["iteration"] == 1


def test_a_click_pauses(opened):
    session, browser = opened()
    session.command("play")
    while counts(session)[1] == 0:
        session.work(0.02)
    before = counts(session)
    press(session, browser, "d")
    assert before[1] > 0 and counts(session) == (before[0] + 1, before[1])
    assert session.state == "paused"


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    "k, names, made",
    [
        (3, ("step",), (3, 1)),
        (3, ("d", "step"), (3, 1)),  # completes the current iteration
        (3, ("d", "d", "d", "d", "step"), (4, 1)),
        (3, ("step", "step"), (6, 2)),
        (3, ("d", "g", "step"), (4, 2)),
        (0, ("step",), (0, 1)),
        (0, ("d", "step"), (1, 1)),
    ],
)
def test_step_finishes_one_iteration(opened, k, names, made, together):
    session, browser = opened(SMALL.replace(k=k))
    if together:
        got = press(session, browser, *names)
    else:
        for name in names:
            got = press(session, browser, name)
    assert counts(session) == made
    status, frame = last(got, "status")[0], last(got, "frame")[0]
    assert (status["d_updates"], status["g_updates"]) == made  # not an intermediate state
    assert (frame["iteration"], frame["phase"], frame["last"]) == (made[1], 0, "G")


def test_commands_before_the_first_work_are_kept():
    session = Session("token", SMALL.replace(k=2), lambda _: None)
    browser = Browser(session)
    session.set("k", 3)
    press(session, browser, "step")
    assert counts(session) == (3, 1) and session.run_number == 1
    browser.leave()


def test_play_and_pause(opened):
    session, browser = opened()
    session.command("play")
    while counts(session)[1] < 3:
        assert session.work(0.05) == 0.0
    assert last(browser.take(), "status")[0]["state"] == "playing"
    made = counts(session)
    assert made[1] >= 3 and made[0] - made[1] in (0, 1)
    got = press(session, browser, "pause")
    assert counts(session) == made
    assert last(got, "status")[0]["state"] == "paused"
    assert last(got, "frame")[0]["iteration"] == made[1]
    assert session.work(0.05) is None and counts(session) == made and browser.take() == []


def test_restart_is_the_same_trajectory_bit_for_bit(opened):
    spec = SMALL.replace(k=2, seed=5)
    session, browser = opened(spec)
    press(session, browser, "step", "d", "g")
    got = press(session, browser, "restart")
    assert [m[0]["run"] for m in got] == [2] * len(got)
    assert of_type(got, "scene") and last(got, "frame")[0]["iteration"] == 0
    assert counts(session) == (0, 0) and session.state == "paused"
    assert list(last(got, "curves")[1]["iteration"]) == [0]
    press(session, browser, *["step"] * 7)
    twin = Run(spec)
    twin.advance(7)
    assert same(session.run, twin)
    session.command("play")
    while session.run.iteration <= 7:
        session.work(0.05)
    press(session, browser, "pause")
    while (twin.state.d_updates, twin.state.g_updates) != counts(session):
        twin.update()
    assert twin.iteration > 7 and same(session.run, twin)


def test_new_seed(opened):
    session, browser = opened()
    session.new_seed()
    got = settle(session, browser)[0]
    assert last(got, "status")[0]["seed"] == last(got, "scene")[0]["seed"] == 1
    assert session.run_number == 2 and same(session.run, Run(SMALL.replace(seed=1)))
    session, browser = opened(SMALL.replace(seed=2**31 - 1))
    session.new_seed()
    settle(session, browser)
    assert session.run.spec.seed == 0


def test_live_values_change_the_run_and_leave_a_mark(opened):
    session, browser = opened()
    twin = Run(SMALL)
    press(session, browser, "step", "step")
    session.set("k", 4)
    session.set("loss", "minimax")
    session.set("g_lr", 0.0123)
    got = press(session, browser, "step")
    twin.advance(2)
    twin.change(k=4, loss="minimax", g_lr=0.0123)
    twin.advance(1)
    assert session.run_number == 1 and counts(session) == (6, 3) and same(session.run, twin)
    marks = last(got, "curves")[0]["marks"]
    assert [m["iteration"] for m in marks] == [2, 2, 2]
    assert {m["text"] for m in marks} == {
        "k 1→4",
        "loss non-saturating→minimax (saturating)",
        "G's rate 0.001→0.0123",
    }
    status = last(got, "status")[0]
    assert status["values"] == VALUES | {"k": 4, "loss": "minimax", "g_lr": 0.0123}
    # The address holds the start of the run, and its events.
    start = Experiment.from_query(parse_qsl(status["query"], keep_blank_values=True))
    assert start.base == SMALL and start.events == (session.run.events,)
    again = Run(start.base, events=start.events[0])
    again.make(9)
    assert same(again, session.run)


@pytest.mark.parametrize(
    "field, value",
    [
        ("k", 301),
        ("k", -1),
        ("k", 1.5),
        ("k", None),
        ("k", True),
        ("k", [1]),
        ("g_lr", float("nan")),
        ("g_lr", 10**400),
        ("loss", "cross"),
        ("loss", {}),
        ("batch", 8),
        ("__class__", 1),
    ],
)
def test_bad_values_change_nothing(opened, field, value):
    session, browser = opened()
    with pytest.raises(SpecError, match=field):
        session.set(field, value)
    assert session.spec == SMALL and settle(session, browser) == [[]]
    assert session.run.spec == SMALL and session.run_number == 1


def test_configure(opened):
    session, browser = opened()
    session.configure(Spec.from_query(SMALL.to_query()))
    assert settle(session, browser) == [[]]
    session.configure(SMALL.replace(k=2))
    settle(session, browser)
    assert (session.run_number, session.run.spec.k) == (1, 2) and len(session.history.marks) == 1
    session.configure(SMALL.replace(k=3, batch=32, target="laplace"))
    got = settle(session, browser)[0]
    status = last(got, "status")[0]
    assert status["run"] == session.run_number == 2
    assert "p_data" in status["message"] and "batch" in status["message"]
    assert "restarted" in status["message"].lower() and " k" not in status["message"]
    assert same(session.run, Run(SMALL.replace(k=3, batch=32, target="laplace")))
    press(session, browser, "step")
    session.configure(session.spec.replace(target="ring"))  # 1-D to 2-D
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["dim"] == 2 and last(got, "frame")[1]["fake"].shape == (1500, 2)


def test_a_toggle_that_restarts_keeps_the_old_curves_behind_the_new(opened):
    session, browser = opened()
    for _ in range(6):
        press(session, browser, "step")
    old = session.history.arrays()
    session.set("minibatch_discrimination", 4)
    got = settle(session, browser)[0]
    spec = SMALL.replace(minibatch_discrimination=4)
    assert session.run_number == 2 and same(session.run, Run(spec))
    assert "Restarted" in last(got, "status")[0]["message"]
    assert Spec.from_query(last(got, "status")[0]["query"]) == spec
    _, arrays = last(got, "scene")
    for name in ("iteration", "jsd", "w1"):
        np.testing.assert_allclose(arrays[f"ghost.{name}"], old[name], rtol=1e-6)
    marks = last(got, "curves")[0]["marks"]
    assert marks == [{"iteration": 0, "text": "minibatch kernels 0→4"}]
    # A restarted run has the same ghost, and so has one that replaced it at once.
    press(session, browser, "step", "step")
    for change in (lambda: session.command("restart"), session.new_seed):
        change()
        arrays = last(settle(session, browser)[0], "scene")[1]
        np.testing.assert_allclose(arrays["ghost.jsd"], old["jsd"], rtol=1e-6)
    # Curves of another p_data are not comparable.
    session.configure(session.spec.replace(target="laplace"))
    arrays = last(settle(session, browser)[0], "scene")[1]
    assert not any(name.startswith("ghost") for name in arrays)


def test_a_restart_after_a_change_keeps_the_curves_of_the_run_that_was_changed(opened):
    session, browser = opened()
    for k in (1, 1, 1, 5, 5, 5):
        session.set("k", k)
        press(session, browser, "step")
    old = session.history.arrays()
    for _ in range(2):  # the second restart repeats the run, whose curves would hide behind its own
        session.command("restart")
        arrays = last(settle(session, browser)[0], "scene")[1]
        np.testing.assert_allclose(arrays["ghost.jsd"], old["jsd"], rtol=1e-6)
        for _ in range(6):
            press(session, browser, "step")


def test_a_toggle_that_is_refused_says_so_and_loses_nothing(opened):
    session, browser = opened(SMALL.replace(r1=1.0))
    press(session, browser, "step")
    with pytest.raises(SpecError) as error:
        session.set("minibatch_discrimination", 4)
    session.refuse("minibatch_discrimination", error.value)
    status = last(settle(session, browser)[0], "status")[0]
    assert status["refused"]["field"] == "minibatch_discrimination"
    assert status["refused"]["why"].startswith(
        "R1, γ = 1 is not allowed; it must be 0 with minibatch"
    )
    assert status["values"]["minibatch_discrimination"] == 0 and status["message"] == ""
    assert (session.run_number, session.run.iteration, session.spec.r1) == (1, 1, 1.0)
    session.set("k", 2)
    assert last(settle(session, browser)[0], "status")[0]["refused"] == {}


def test_a_note_goes_with_the_next_right_command(opened):
    session, browser = opened()
    session.command("note", "k = 99 is not allowed")
    assert last(settle(session, browser)[0], "status")[0]["message"] == "k = 99 is not allowed"
    session.set("k", 9)
    assert last(settle(session, browser)[0], "status")[0]["message"] == ""


@pytest.mark.parametrize("loss", ["f-kl", "wasserstein"])
def test_the_last_picture_of_a_diverged_run_is_complete(opened, loss):
    """A moving picture may show the arrows of an earlier one, but nothing moves any more."""
    spec = SMALL.replace(optimizer="sgd", g_lr=5.0, d_lr=5.0, target="ring", latent_dim=2)
    session, browser = opened(spec.replace(loss=loss, g_activation="leaky_relu", seed=3))
    session.command("play")
    end = time.perf_counter() + 10
    got = []
    while session.state != "diverged" and time.perf_counter() < end:
        session.work(0.01)
        got += browser.take()
    frame, arrays = last(got + settle(session, browser)[0], "frame")
    (moment,) = session.moments()
    assert frame["iteration"] == moment.iteration and not session.playing
    assert np.array_equal(arrays["grad_x"], moment.picture("full")[1]["grad_x"])


def test_divergence(opened):
    spec = SMALL.replace(optimizer="sgd", g_lr=100.0, d_lr=100.0, target="ring", latent_dim=2)
    session, browser = opened(spec)
    twin = Run(spec)
    twin.advance(10_000)
    assert twin.stopped
    session.command("play")
    end = time.perf_counter() + 10
    while session.work(0.05) == 0.0 and time.perf_counter() < end:
        browser.take()
    got = settle(session, browser)[0]
    session.command("watched")
    got += settle(session, browser)[0]
    status = last(got, "status")[0]
    assert status["state"] == "diverged" and status["rate"] == 0
    assert f"iteration {twin.diverged[0].iteration}" in status["message"].replace(",", "")
    assert "rate" in status["message"]
    assert same(session.run, twin)
    _, arrays = session.view.last_picture
    assert all(np.isfinite(arrays[n]).all() for n in ("fake", "manifold", "grad_x"))
    assert session.view.last_picture[0]["g_updates"] == twin.iteration
    made = counts(session)
    press(session, browser, "step", "d", "play")
    assert counts(session) == made and session.state == "diverged"
    assert session.note == status["message"]  # still said
    session.set("g_lr", 1e-3)
    session.set("d_lr", 1e-3)
    session.command("restart")
    for _ in range(3):
        assert session.work(0.02) == 0.0
    assert session.state == "playing" and counts(session)[1] > 0 and session.note == ""
    assert session.run_number == 2


def test_nobody_watches_nothing_moves(opened):
    session, browser = opened()
    session.command("play")
    session.work(0.01)
    browser.subscriber.visible = False
    made = counts(session)
    assert session.state == "waiting"
    assert session.work(0.05) is None and counts(session) == made
    browser.subscriber.visible = True
    assert session.work(0.01) == 0.0 and counts(session) > made


def test_a_flood_of_restarts_does_not_hold_the_worker(opened, monkeypatch):
    session, browser = opened()
    made = []
    monkeypatch.setattr(
        module, "Run", lambda specs, **more: made.append(specs) or Run(specs, **more)
    )
    for _ in range(300):
        session.new_seed()
    session.command("pause")
    settle(session, browser)
    assert len(made) == 1 and session.run.spec.seed == 300
    for _ in range(5000):
        session.command("step")
    session._work.take_commands()
    assert len(session.trainer.by_hand) < 500
