"""Pages and tapes of a session's recording: made beside its runs, told of, and stopped."""

import base64
import gzip
import json
import re

import numpy as np
import pytest
from live_helpers import SMALL, of_type, settle

from ganlab import SpecError
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.live import commands, tape_maker
from ganlab.live.session import Session
from ganlab.live.tape_maker import TapeMaker
from ganlab.live.wire import decode

STRETCH = {"cmd": "tape", "first": 2, "last": 5, "seconds": 2}


@pytest.fixture(autouse=True)
def nobody_waits():
    assert TapeMaker._active == 0
    yield
    assert TapeMaker._active == 0


def tape_of(text: str):
    """Header and arrays of the tape in a page."""
    (stored,) = re.findall(r'id="tape">([^<]+)</script>', text)
    return decode(gzip.decompress(base64.b64decode(stored)))


def moved(opened, spec=SMALL, steps=6):
    session, browser = opened(spec)
    for _ in range(steps):
        session.command("step")
    settle(session, browser)
    return session, browser


def ask(session, browser, message):
    """Send a browser's command; returns the exports that it receives."""
    name, value = commands.read(message)
    session.command(name, (browser.subscriber, value))
    return of_type(settle(session, browser)[0], "export")


def test_a_page_has_every_moment_of_a_short_run_and_its_notes(opened):
    session, browser = moved(opened)
    session.set("k", 2)
    session.command("step")
    session.command("bookmark", commands.Bookmark(4, "</script>here"))
    settle(session, browser)
    before = session.run.state
    *_, (header, arrays) = ask(session, browser, {"cmd": "export", "value": "page"})
    assert header["what"] == "page" and header["name"].endswith(".html")
    assert session.run.state is before  # the runs stay where they are
    tape, numbers = tape_of(bytes(arrays["file"]).decode())
    assert [one["iteration"] for one in tape["frames"]] == list(range(8))
    assert [one["at"] for one in tape["frames"]] == [0, 2, 4, 6, 8, 10, 12, 15]
    assert [flag["text"] for flag in tape["flags"]] == ["</script>here", "k 1→2"]
    shot = session.run.at(8).snapshot()
    at = list(numbers["row.iteration"]).index(4)
    assert numbers["row.jsd"][at] == np.float32(shot.metrics["jsd"][0])


def test_a_film_has_the_stretch_that_was_asked_for(opened):
    session, browser = moved(opened)
    *_, (header, arrays) = ask(session, browser, STRETCH)
    assert header["what"] == "tape"
    tape, _ = decode(gzip.decompress(bytes(arrays["file"])))
    assert [one["iteration"] for one in tape["frames"]] == [2, 3, 4, 5] and tape["seconds"] == 2


def test_runs_side_by_side_are_on_one_tape(opened):
    pair = Comparison.by(SMALL, {"k": (1, 2)})
    session, browser = moved(opened, pair, 3)
    *_, (_, arrays) = ask(session, browser, {**STRETCH, "first": 0})
    tape, numbers = decode(gzip.decompress(bytes(arrays["file"])))
    assert tape["labels"] == ["k = 1", "k = 2"] and tape["unit"] == "iterations"
    assert {"row.jsd.0", "row.jsd.1"} <= set(numbers)
    assert {one["name"] for one in tape["coded"]} >= {"p_g.0", "p_g.1"}


def test_the_axes_are_those_that_are_shown(opened):
    session, browser = moved(opened)
    shown = session.scene[0]
    session.scene[0]["box"] = [[low - 3, high + 5] for low, high in shown["box"]]
    source = session.tapes._source()
    view = source._view(0, source.runs[0])
    assert view.target.box.tolist() == shown["box"]


@pytest.mark.parametrize("how", ["stop", "left", "another"])
def test_what_nobody_waits_for_any_more_is_not_made(opened, monkeypatch, how):
    session, browser = moved(opened)
    steps, done = tape_maker._steps, []

    def slowly(*given):
        for share in steps(*given):
            done.append(share)
            if len(done) == 3 and how == "stop":
                commands.read({"cmd": "export", "value": "stop"})
                session.tapes.stop()
            elif len(done) == 3 and how == "left":
                browser.subscriber.closed = True
            elif len(done) == 3:
                session.tapes._now = tape_maker.Wanted("page")
            yield share

    monkeypatch.setattr(tape_maker, "_steps", slowly)
    got = ask(session, browser, {"cmd": "export", "value": "page"})
    assert len(done) == 3 and {m[0]["what"] for m in got} <= {"progress"}
    browser.subscriber.closed = False


def test_it_is_told_how_far_it_is_and_how_many_wait(opened, monkeypatch):
    session, browser = moved(opened)
    monkeypatch.setattr(tape_maker, "_TELL_SECONDS", -1.0)
    told = []
    put = browser.subscriber.put
    monkeypatch.setattr(browser.subscriber, "put", lambda *m: (told.append(m), put(*m)))
    monkeypatch.setattr(TapeMaker, "_active", 4)
    ask(session, browser, {"cmd": "export", "value": "page"})
    monkeypatch.setattr(TapeMaker, "_active", 0)
    texts = [decode(m)[0] for kind, m in told if kind == "page"]
    jobs = [json.loads(one["text"]) for one in texts if one["what"] == "progress"]
    assert jobs[0] == {"kind": "page", "done": 0.0, "waiting": 4}
    shares = [job["done"] for job in jobs]
    assert shares == sorted(shares) and 0.5 < shares[-1] <= 1 and len(set(shares)) > 4


def test_it_costs_about_what_it_may_and_the_less_the_more_wait(opened, monkeypatch):
    budgets = []
    monkeypatch.setattr(tape_maker, "_steps", lambda *given: budgets.append(given[-1]) or [])
    monkeypatch.setattr(TapeMaker, "_send", lambda self, *g: list(tape_maker._steps(*g[1:])))
    session, browser = moved(opened, steps=1)
    for waiting, seconds in ((0, 40), (3, 10), (200, 5)):
        monkeypatch.setattr(TapeMaker, "_active", waiting)
        ask(session, browser, {"cmd": "export", "value": "page"})
        assert budgets[-1] == pytest.approx(seconds)
    monkeypatch.setattr(TapeMaker, "_active", 0)


def test_what_cannot_be_made_is_said(opened, monkeypatch):
    many = Session("many", Experiment.of(SMALL, seeds=16), lambda _: None)
    with pytest.raises(SpecError, match="a view with a timeline"):
        many.tapes.begin(None, tape_maker.Wanted("page"))
    session, browser = moved(opened, steps=1)

    def fails(*_):
        raise OSError("disk")

    monkeypatch.setattr(tape_maker, "_steps", fails)
    (told,) = ask(session, browser, {"cmd": "export", "value": "page"})
    assert json.loads(told[0]["text"])["done"] < 0
    assert "could not be made" in session.note and not session.failed
    for name, value in (("first", -1), ("last", 1), ("seconds", 0), ("seconds", "5")):
        with pytest.raises(SpecError, match=name):
            commands.read(STRETCH | {name: value})
