"""The answers to a view's Export menu."""

import csv
import io
import json

import numpy as np
import pytest
from live_helpers import SMALL, settle

from ganlab import RunFile, Spec, SpecError, export
from ganlab.events import write
from ganlab.experiment import Experiment
from ganlab.live.commands import Bookmark
from ganlab.live.session import Session
from ganlab.live.wire import decode

DEAR = "5:unroll:20", "events"


def test_a_session_exports_its_run(opened):
    session, browser = opened()
    session.command("step")
    session.command("step")
    settle(session, browser)
    said = {kind: decode(session.export(kind))[0] for kind in ("python", "json", "csv")}
    assert {m["type"] for m in said.values()} == {"export"}
    assert Spec.from_json(said["json"]["text"]) == session.spec
    assert "run.advance(2)" in said["python"]["text"]
    head, *rows = csv.reader(io.StringIO(said["csv"]["text"]))
    arrays = session.history.arrays()
    head = [name.partition(" [")[0] for name in head]  # without units
    assert head == list(arrays) and len(rows) == len(arrays["iteration"]) > 0
    for i, name in enumerate(head):
        got = [float(row[i]) if row[i] else np.nan for row in rows]
        np.testing.assert_array_equal(
            got, np.where(np.isfinite(arrays[name]), arrays[name], np.nan)
        )
    for bad in ("png", "", "None", "<b>"):
        with pytest.raises(SpecError, match="one of python, script, notebook"):
            session.export(bad)


def test_what_was_changed_on_the_way_is_in_the_script_and_in_the_address(opened):
    session, browser = opened()
    session.command("step")
    settle(session, browser)
    session.set("k", 3)
    session.command("g")
    session.command("step")
    settle(session, browser)
    begun, events = session.begun, write(session.run.events)
    assert begun.base == session.run.start[0] and begun.events == (session.run.events,) != ((),)
    assert [m["text"] for m in session.history.marks] == ["k 1→3", "out of turn: G"]
    text = decode(session.export("python"))[0]["text"]
    assert repr(events) in text and "Run(spec, events=events)" in text
    assert session.query.endswith(f"&events={events}") and len(session.query) < 1500
    # Too long for an address, which holds the current Spec; the script holds everything.
    for k in range(70):
        session.set("k", 1 + k % 2)
        settle(session, browser)
        session.command("g")
        settle(session, browser)
    assert (
        session.begun == Experiment.of(session.spec)
        and not session.replays
        and "events" not in session.query
    )
    assert repr(write(session.run.events)) in decode(session.export("python"))[0]["text"]


def test_every_kind_of_file_and_its_size(opened):
    session, browser = opened()
    session.command("step")
    session.set("k", 2)
    session.command("step")
    settle(session, browser)
    sizes = json.loads(decode(session.export("sizes"))[0]["text"])
    assert set(sizes) == {*export.KINDS, "page"}
    for kind in export.KINDS:
        message, arrays = decode(session.export(kind))
        content = arrays["file"].tobytes() if arrays else message["text"].encode()
        assert message["what"] == kind and message["name"].endswith(export.ending(kind))
        assert sizes[kind] / 4 < len(content) < sizes[kind] * 4, kind
    run = session.run
    script = decode(session.export("script"))[1]["file"].tobytes().decode()
    assert script == export.script(run.start[0], run.iteration, run.past)


def test_the_file_of_the_run_holds_what_the_page_shows(opened):
    session, browser = opened()
    for _ in range(20):
        session.command("step")
    settle(session, browser)
    session.command("bookmark", Bookmark(5, "here"))
    settle(session, browser)
    content = decode(session.export("run"))[1]["file"].tobytes()
    file = RunFile.load(io.BytesIO(content))
    assert file.runs[0].state.equals(session.run.state) and len(file.runs[0].recorder.frames) > 2
    assert file.notes == tuple(session.history.notes) and file.notes[0]["text"] == "here"
    for name, column in session.history.arrays().items():
        np.testing.assert_array_equal(file.curves[name], column)


def test_what_cannot_be_exported_is_said_and_the_session_goes_on(opened, monkeypatch):
    session, browser = opened()
    session.command("step")
    settle(session, browser)

    def refuses(*_):
        raise SpecError("script", "late", "a variant of ganlab itself")

    monkeypatch.setattr(export, "script", refuses)
    session.command("export", (browser.subscriber, "script"))
    settle(session, browser)
    assert "a variant of ganlab itself" in session.note
    session.command("step")
    settle(session, browser)
    assert session.group.iteration == 2


@pytest.mark.parametrize(
    "spec, text, name",
    [
        (SMALL, "5:unroll:20,4:D", "events"),
        (SMALL.replace(batch=2048, g_hidden=(512,) * 4, d_hidden=(512,) * 4), *DEAR),
        (SMALL, ",".join(f"{i}:unroll:{1 + i % 19}" for i in range(40)), "events"),
    ],
)  # fmt: skip
def test_events_that_ask_too_much_are_refused(spec, text, name):
    with pytest.raises(SpecError) as caught:
        Session("t", Experiment.of(spec, events=text), lambda _: None)
    assert caught.value.name == name


def test_what_is_turned_during_a_replay_must_go_with_what_is_to_come(opened):
    session = Session("t", Experiment.of(SMALL, events="20:g_steps:2"), lambda _: None)
    with pytest.raises(SpecError):
        session.set("rule", "optimistic")
    session.set("k", 2)
    assert session.spec == SMALL.replace(k=2)
    session.configure(SMALL.replace(g_hidden=(4,), rule="optimistic"))  # restarts without events
    session.lifecycle.start()
    assert session.run.events == () and session.run.spec.rule == "optimistic"
