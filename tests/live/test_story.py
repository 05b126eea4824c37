"""Stories: the pace of a preset, and its claim checked on the shown run."""

import time
from dataclasses import replace

import numpy as np
import pytest
from live_helpers import SMALL, Browser, last, of_type, settle

from ganlab.comparison import Comparison
from ganlab.live import session_work, throttle
from ganlab.live.session import Session
from ganlab.live.story import AFTER, Story, differences, opening, story_of
from ganlab.presets import DEFAULTS, OPENING, PRESETS
from ganlab.presets.preset import Preset, trace, watch

LESSON = [name for name in PRESETS if not PRESETS[name].published]


@pytest.fixture
def opened_as():
    """opened_as(preset) -> a session that shows and plays it, and its browser."""
    browsers = []

    def open_(preset: Preset, story: Story | None = None):
        specs = preset.specs
        if len(specs) == 1:
            session = Session("t", specs[0], lambda _: None)
        else:
            comparison = Comparison.among(specs)
            session = Session("t", comparison, lambda _: None)
        session.tell(story or Story(preset, preset.pace))
        browsers.append(Browser(session))
        return session, browsers[-1]

    yield open_
    for browser in browsers:
        browser.leave()


def unseen(session) -> None:
    """Draw and measure nothing, since these tests do not need it."""
    session.feed.hand_over = lambda *_: None


def play(session, browser, done, seconds: float = 60.0) -> dict:
    """Let it work until a status satisfies `done`."""
    end = time.perf_counter() + seconds
    while not browser.subscriber.has_drawn:
        session.work(0.05)
        browser.take()
    unseen(session)
    while time.perf_counter() < end:
        session.work(0.05)
        for header, _ in of_type(browser.take(), "status"):
            if done(header):
                return header
        time.sleep(0.001)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize("name", [*LESSON, 1, 2])
def test_a_story_takes_ten_to_twenty_seconds_then_it_goes_on_slowly(name):
    story = opening(name) if name in OPENING else Story(PRESETS[name], PRESETS[name].pace)
    seconds, fastest = 0.0, 0.0
    for iteration in range(story.iterations):
        rate = story.rate(iteration)
        seconds, fastest = seconds + 1 / rate, max(fastest, rate)
    assert 10 <= seconds <= 20
    assert fastest <= 320  # iterations per second, which an eager run reaches
    assert story.rate(story.iterations) == pytest.approx(AFTER * story.iterations / seconds)
    if name in PRESETS:
        assert story.iterations == PRESETS[name].iterations
    story.released = True
    assert story.rate(0) == story.rate(10**6) == 0


def test_only_what_opens_a_page_and_presets_have_a_pace():
    for dim, spec in DEFAULTS.items():
        assert story_of("", [spec]).pace == OPENING[dim]
        assert story_of("", [spec.replace(k=7)]) is None
    assert story_of("no such", [SMALL]) is None
    assert story_of("hopping", [SMALL]).preset is PRESETS["hopping"]
    for name in PRESETS:
        if PRESETS[name].published:
            assert Story(PRESETS[name], PRESETS[name].pace).rate(0) == 0


def test_time_begins_with_the_first_picture_and_the_visitor_wins(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(session_work.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(throttle.time, "perf_counter", lambda: now[0])
    session = Session("t", SMALL, lambda _: None)
    session.tell(Story(None, ((100, 10.0), (200, 5.0))))
    browser = Browser(session, acknowledges=False)

    def run(seconds: float) -> int:
        for _ in range(round(seconds / 0.05)):
            now[0] += 0.05
            while session.work(0.01) == 0.0:
                pass
            browser.take()
        return session.run.iteration

    assert run(30) == 0, "nobody has seen anything yet"
    browser.acknowledges = True
    browser.subscriber.drawn(browser.frames)
    unseen(session)
    assert run(5) == pytest.approx(50, abs=2)
    browser.subscriber.visible = False
    assert run(30) == pytest.approx(50, abs=2), "in a hidden tab no time passes"
    browser.subscriber.visible = True
    session.command("watched")
    assert run(5) == pytest.approx(100, abs=3)
    assert run(5) == pytest.approx(200, abs=6)
    slow = AFTER * 200 / 15
    assert run(6) == pytest.approx(200 + 6 * slow, abs=6)
    assert last(settle_some(session, browser, now), "status")[0]["story"]["iterations"] == 200
    session.command("speed", 20.0)  # updates per second: ten iterations
    before = session.run.iteration
    assert run(4) == pytest.approx(before + 40, abs=3)
    session.command("restart")
    assert run(4) == pytest.approx(40, abs=3), "what the visitor chose is kept"
    session.command("own_pace")
    session.command("restart")
    assert run(5) == pytest.approx(50, abs=3)
    session.command("go_on")
    session.work(0.0)
    assert session.speed == 0.0
    session.command("restart")
    session.work(0.0)
    assert session.speed == pytest.approx(20.0)
    browser.leave()


def settle_some(session, browser, now) -> list:
    got = []
    for _ in range(20):
        now[0] += 0.05
        session.work(0.01)
        got += browser.take()
    return got


@pytest.mark.parametrize(
    ("name", "iterations", "every", "seed"),
    [("collapse", 60, 20, 1), ("negative-momentum", 80, 4, 0), ("uneven", 40, 10, 3)],
)
def test_a_live_claim_is_what_its_rule_says_of_that_seed(opened_as, name, iterations, every, seed):
    """At full speed, the visitor's choice, checks are made at the same iterations."""
    preset = replace(PRESETS[name], iterations=iterations, every=every, pace=())
    session, browser = opened_as(preset)
    session.command("speed", 0.0)
    session.new_seed(seed)
    status = play(session, browser, lambda h: h["story"]["state"] in ("seen", OTHER))
    (traces,) = watch(preset, [seed])
    assert status["story"]["state"] == ("seen" if preset.holds(*traces) else OTHER)
    assert status["iteration"] >= preset.iterations and status["story"]["changed"] == []
    for rows, offline in zip(session.story._rows, traces, strict=True):
        live = trace(rows)
        assert live["iteration"].tolist() == offline["iteration"].tolist()
        assert np.allclose(live["jsd"], offline["jsd"], atol=1e-5)


OTHER = "not on this seed"


def test_what_does_not_hold_is_said(opened_as):
    never = Preset(
        name="hopping", title="", equation="", doc="", specs=(SMALL,), labels=("G",),
        iterations=20, every=5, holds=lambda a: a["iteration"].tolist() != [0, 5, 10, 15, 20],
    )  # fmt: skip
    session, browser = opened_as(never)
    session.command("speed", 0.0)
    status = play(session, browser, lambda h: h["story"]["state"] == OTHER)
    assert status["iteration"] >= 20


def test_a_claim_that_cannot_be_checked_does_not_stop_the_run(opened_as, caplog, monkeypatch):
    def broken(self, moments):
        raise ZeroDivisionError("no such measure")

    monkeypatch.setattr(Story, "_look", broken)
    session, browser = opened_as(PRESETS["collapse"])
    session.story.released = True
    status = play(session, browser, lambda h: h["story"]["state"] == "not checked")
    assert "the claim of collapse could not be checked" in caplog.text
    play(session, browser, lambda h: h["iteration"] > status["iteration"] + 20)
    assert not session.failed


def test_what_was_changed_is_said_and_not_checked(opened_as):
    preset = PRESETS["collapse"]
    session, browser = opened_as(preset)
    session.command("pause")
    got = settle(session, browser)[0]
    scene, status = last(got, "scene")[0], last(got, "status")[0]
    assert scene["story"]["title"] == preset.title and scene["story"]["claim"] == preset.claim
    assert [cure["field"] for cure in scene["story"]["cures"]] == [n for n, _ in preset.cures]
    assert status["story"]["state"] == "not yet" and scene["query"] == status["query"]
    assert status["query"].endswith("&preset=collapse")
    session.set("k", 3)
    status = last(settle(session, browser)[0], "status")[0]
    assert (status["story"]["state"], status["story"]["changed"]) == ("not checked", ["k"])
    session.set("k", 1)
    assert last(settle(session, browser)[0], "status")[0]["story"]["state"] == "not checked"
    session.command("restart")  # as the preset has it
    assert last(settle(session, browser)[0], "status")[0]["story"]["state"] == "not yet"
    session.new_seed()  # another seed is another try
    status = last(settle(session, browser)[0], "status")[0]
    assert (status["story"]["state"], status["story"]["changed"]) == ("not yet", [])
    session.command("step")  # in the order of Algorithm 1
    assert last(settle(session, browser)[0], "status")[0]["story"]["state"] == "not yet"
    session.command("g")  # out of turn
    assert last(settle(session, browser)[0], "status")[0]["story"]["state"] == "not checked"
    session.tell(None)
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["story"] == {} and session.run_number == 3


def test_cards_labels_name_the_runs(opened_as):
    preset = PRESETS["minibatch-discrimination"]
    session, browser = opened_as(preset)
    session.command("pause")
    got = settle(session, browser)[0]
    scene = last(got, "scene")[0]
    assert [run["label"] for run in scene["runs"]] == ["off", "4 kernels"]
    assert [s["title"] for s in scene["panels"][0]["series"]] == ["off", "4 kernels"]
    assert [run["label"] for run in last(got, "status")[0]["runs"]] == ["off", "4 kernels"]
    columns = session.experiment.columns | {"minibatch_discrimination": (0, 8)}
    session.show(session.experiment.with_columns(columns))
    status = last(settle(session, browser)[0], "status")[0]
    assert "minibatch kernels = 8" in status["runs"][1]["label"]
    assert status["story"]["changed"] == ["minibatch kernels"]


def test_a_speed_of_runs_side_by_side_counts_iterations(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(session_work.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(throttle.time, "perf_counter", lambda: now[0])
    comparison = Comparison.by(SMALL, {"k": (1, 4)})
    session = Session("t", comparison, lambda _: None)
    browser = Browser(session)
    session.command("speed", 8.0)
    unseen(session)
    for _ in range(100):
        now[0] += 0.05
        while session.work(0.01) == 0.0:
            pass
        browser.take()
    assert session.run.iteration == pytest.approx(40, abs=2)
    browser.leave()


def test_what_differs_from_the_default_is_listed():
    assert differences(DEFAULTS[1]) == differences(DEFAULTS[2]) == ()
    spec = DEFAULTS[1].replace(k=5, target_params={"mean": 3.0}, g_hidden=())
    assert differences(spec) == ("G's hidden widths = none", "k = 5", "mean = 3")
    assert differences(spec, ("k", "t.mean")) == ("G's hidden widths = none",)
    # Variants are named as in the sidebar.
    laplace = differences(DEFAULTS[1].replace(target="laplace", loss="wasserstein"))
    assert laplace == ("p_data = Laplace", "loss = Wasserstein")
    for name in LESSON:
        for s in PRESETS[name].specs:
            assert (differences(s) == ()) == (s == DEFAULTS[s.axes])
