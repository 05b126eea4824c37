"""Live views in a notebook, without one: a fake comm in place of the widget's."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from live_helpers import SMALL, until

import ganlab
from ganlab import Run
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.live.notebook import Kernel, Shown
from ganlab.live.scheduler import Scheduler
from ganlab.live.start import start_of
from ganlab.live.wire import decode
from ganlab.presets import PRESETS
from ganlab.registry import SpecError
from ganlab.spec import Spec


class Comm:
    """A widget's comm with views that acknowledge frames, as assets/live/notebook.js does."""

    def __init__(self):
        self.shown = None
        self.frames: dict[str, int] = {}
        self.newest: dict[str, dict] = {}
        self.ended: dict[str, str] = {}
        self.kinds: list[str] = []

    def send(self, content: dict, buffers: list[bytes]) -> None:
        view = content["view"]
        if "end" in content:
            self.ended[view] = content["end"]
            return
        header, _ = decode(buffers[0])
        self.newest[header["type"]] = header
        self.kinds.append(f"{view} {header['type']}")
        if header["type"] == "frame":
            self.frames[view] = self.frames.get(view, 0) + 1
            self.say(view, cmd="ack", n=self.frames[view])

    def open(self, view: str = "a") -> None:
        self.frames[view] = 0
        self.shown.receive({"view": view, "open": True})

    def say(self, view: str = "a", **command) -> None:
        self.shown.receive({"view": view, "text": json.dumps(command)})

    def act(self, view: str = "a", **act) -> None:
        self.shown.receive({"view": view, "act": act})

    def status(self, **wanted) -> None:
        until(lambda: all(self.newest.get("status", {}).get(k) == v for k, v in wanted.items()))


@pytest.fixture(scope="module")
def by():
    kernel = Kernel(Scheduler(1, drop_seconds=math.inf))
    yield kernel
    kernel.close()


@pytest.fixture
def show(by):
    """show(what) -> a comm whose view "a" is displayed."""
    made = []

    def show_(what=SMALL, **options) -> Comm:
        comm = Comm()
        comm.shown = Shown(what, comm.send, by=by, **options)
        made.append(comm.shown)
        comm.open()
        until(lambda: "frame" in comm.newest)
        return comm

    yield show_
    for shown in made:
        shown.close()


def test_a_view_moves_is_changed_by_its_knobs_and_stands_still(show):
    comm = show()
    assert comm.kinds[0] == "a scene"
    until(lambda: comm.frames["a"] > 5)  # more than are ever in flight
    comm.say(cmd="set", field="k", value=3)
    until(lambda: comm.shown.runs[0].spec.k == 3)
    comm.shown.command("pause")
    (run,) = comm.shown.runs
    comm.status(state="paused")
    time.sleep(0.05)
    assert comm.shown.runs[0].iteration == run.iteration > 0
    comm.shown.command("play")
    until(lambda: comm.shown.runs[0].iteration > run.iteration)


def test_a_run_of_a_view_is_a_copy_with_its_past(show):
    comm = show()
    until(lambda: comm.shown.session.run.updates > 120)
    comm.say(cmd="set", field="k", value=3)
    until(lambda: comm.shown.session.run.spec.k == 3)
    comm.shown.command("pause")
    (run,) = comm.shown.runs
    updates = run.updates
    assert run.snapshot(points=4096).metrics["jsd"].shape == (1,)
    then, alone = run.at(100), Run(SMALL)
    alone.make(100)
    assert then.updates == 100 and torch.equal(then.state.g, alone.state.g)
    again = Run(run.start, events=run.events)
    again.make(updates)
    assert torch.equal(again.state.d, run.state.d)
    session = comm.shown.session
    run.change(k=1)
    run.advance(5)
    assert session.spec.k == 3 and session.run.spec.k == 3 and session.run.events != run.events
    assert session.rewind.recordings[0].run is session.run


def test_a_run_continues_in_the_view_from_where_it_is(show):
    run = Run(SMALL)
    run.advance(20)
    run.change(k=2)
    run.advance(3)
    comm = show(run, playing=False)
    (shown,) = comm.shown.runs
    assert shown.iteration == 23 and shown.spec.k == 2 and shown.events == run.events
    assert torch.equal(shown.state.g, run.state.g)
    comm.say(cmd="step")
    until(lambda: comm.shown.runs[0].iteration == 24)
    assert run.iteration == 23  # it is not the run itself
    run.advance(1)
    assert torch.equal(comm.shown.runs[0].state.g, run.state.g)


def test_changes_from_python(show):
    comm = show()
    comm.shown.change(k=4)
    assert comm.shown.runs[0].spec.k == 4 and comm.newest["scene"]["run"] == 1
    comm.shown.change(seed=7)  # a new run
    (run,) = comm.shown.runs
    assert run.start[0].seed == 7
    with pytest.raises(SpecError, match="k"):
        comm.shown.change(k=-1)


def test_views_of_one_session_are_served_each_for_itself(show):
    comm = show(playing=False)
    comm.open("b")
    until(lambda: comm.frames["b"])
    assert "b scene" in comm.kinds
    comm.shown.receive({"view": "a", "close": True})
    until(lambda: len(comm.shown.session.subscribers) == 1)
    count = comm.kinds.count("a status")
    comm.say("b", cmd="step")
    until(lambda: comm.frames["b"] > 1)
    assert comm.kinds.count("a status") == count
    comm.say("a", cmd="step")  # it is gone
    comm.shown.receive({"view": "b", "open": True})  # again, as after a lost message
    until(lambda: comm.kinds.count("b scene") == 2 and len(comm.shown.session.subscribers) == 1)
    assert comm.shown.runs[0].iteration == 1


@pytest.mark.parametrize(
    "content", [None, 3, "x", {}, {"view": 1}, {"view": "a"}, {"view": "a", "text": 5},
                {"view": "a", "text": "{"}, {"view": "a", "act": 3}, {"view": "a", "act": {}},
                {"view": "no", "text": '{"cmd": "pause"}'},
                {"view": "a", "act": {"act": [], "run": {}}}],
)  # fmt: skip
def test_other_messages_do_nothing(show, content):
    comm = show(playing=False)
    comm.shown.receive(content)
    comm.say(cmd="step")
    until(lambda: comm.shown.runs[0].iteration == 1)


def test_a_view_without_a_display_does_not_train_and_a_closed_one_says_so(show, by):
    comm = show()
    comm.shown.receive({"view": "a", "close": True})
    until(lambda: not comm.shown.session.subscribers)
    before = comm.shown.runs[0].iteration
    time.sleep(0.05)
    assert comm.shown.runs[0].iteration == before and comm.shown.session.state == "waiting"
    comm.open()
    until(lambda: comm.shown.runs[0].iteration > before)
    comm.shown.close()
    until(lambda: comm.ended == {"a": ""})
    assert comm.shown.closed and comm.shown.session not in by.scheduler.sessions.values()
    assert comm.shown.runs[0].iteration >= before  # it outlives the view
    comm.open("late")
    until(lambda: comm.ended.get("late") == "")


def test_a_run_that_failed_says_why(show):
    comm = show()
    comm.shown.session.fail(MemoryError())
    until(lambda: "not enough memory" in comm.ended.get("a", ""))
    with pytest.raises(RuntimeError, match="not enough memory"):
        comm.shown.runs  # noqa: B018
    comm.open("again")
    until(lambda: "not enough memory" in comm.ended.get("again", ""))
    comm.shown.change(seed=3)
    comm.open("once more")
    until(lambda: comm.frames["once more"])


def test_two_runs_side_by_side(show):
    comm = show([SMALL, SMALL.replace(k=3)], playing=False)
    assert len(comm.newest["scene"]["runs"]) == 2
    assert [run.spec.k for run in comm.shown.runs] == [1, 3]
    comm.act(act="swap", run=1)
    until(lambda: [run.spec.k for run in comm.shown.runs] == [3, 1])


@pytest.mark.parametrize(
    "act, words", [
        ({"act": "fork", "name": "k"}, "view.fork(k=...)"),
        ({"act": "seed", "seed": 5}, "replace(seed=5)"),
        ({"act": "gallery"}, "PRESETS"),
        ({"act": "preset", "name": "far-apart-pair"}, ""),
    ],
)  # fmt: skip
def test_what_leads_to_other_pages_is_said_in_python(show, act, words):
    if act.get("name") == "far-apart-pair":
        act["name"] = next(name for name in PRESETS if len(PRESETS[name].specs) == 2)
        words = act["name"]
    comm = show(playing=False)
    comm.act(**act)
    until(lambda: words in comm.newest["status"]["message"])
    assert "In another cell" in comm.newest["status"]["message"]


def test_a_preset_is_shown_with_its_words(show):
    name = next(name for name in PRESETS if len(PRESETS[name].specs) == 1)
    comm = show(PRESETS[name], playing=False)
    assert comm.newest["scene"]["story"]["name"] == name
    other = next(n for n in PRESETS if n != name and len(PRESETS[n].specs) == 1)
    comm.act(act="preset", name=other)
    until(lambda: comm.shown.runs[0].start == PRESETS[other].specs)
    until(lambda: comm.newest["scene"]["story"].get("name") == other)
    comm.act(act="leave")
    until(lambda: not comm.newest["scene"]["story"])


# -- what can be shown --------------------------------------------------------------------------


def test_what_a_notebook_can_show():
    spec, run = Spec(), Run(Spec(), events="10:k:5")
    assert start_of(spec) == (Experiment.of(spec), (), "")
    assert start_of([spec])[0].specs == (spec,)
    assert start_of(Experiment.of(spec, 16))[0].seeds == 16
    experiment, runs, _ = start_of(run)
    assert experiment.events == (run.events,) and runs == (run,)
    seeds = Run([spec.replace(seed=i) for i in range(16)])
    assert start_of(seeds)[0] == Experiment.of(spec, 16)
    run.advance(20)
    fork = run.fork(loss="minimax")
    pair, runs, _ = start_of([run, fork])
    assert isinstance(pair, Comparison) and pair.fields == ("loss",) and runs == (run, fork)
    assert pair.after == (run.spec, fork.spec)
    assert start_of((spec, spec.replace(k=3)))[0].fields == ("k",)


@pytest.mark.parametrize(
    "what", [
        lambda: None, lambda: 3, lambda: "ring", lambda: [], lambda: [None], lambda: [Spec(), "x"],
        lambda: [Spec(), Spec()], lambda: [Spec(seed=i, k=i + 1) for i in range(2)],
        lambda: [Spec(k=i) for i in range(1, 7)], lambda: Run([Spec(seed=i) for i in (0, 5)]),
    ],
)  # fmt: skip
def test_what_it_cannot_show(what):
    with pytest.raises(SpecError):
        start_of(what())


# -- the widget ---------------------------------------------------------------------------------


def test_without_anywidget_it_says_what_to_install():
    code = (
        "import sys; sys.modules['anywidget'] = None; import ganlab, ganlab.live\n"
        "try: ganlab.live(ganlab.Spec())\n"
        "except ImportError as error: print(error)\n"
        "print('streamlit' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'pip install "ganlab[jupyter]"' in done.stdout, done.stderr
    assert done.stdout.split()[-1] == "False"


@pytest.fixture
def widget(monkeypatch, by):
    """ganlab.live, whose views are served by the tests' kernel, and the messages that they send."""
    pytest.importorskip("anywidget")
    from ganlab.live import notebook
    from ganlab.live import widget as module

    monkeypatch.setattr(notebook, "kernel", lambda: by)
    monkeypatch.setattr(module, "_cell", lambda: ("", ""))
    views = []

    def live(what=SMALL, **options):
        views.append(ganlab.live(what, **options))
        return views[-1]

    live.module = module
    yield live
    for view in views:
        view._leave()


def test_the_widget_has_the_front_end_and_gives_its_runs(widget):
    view = widget()
    assert view.kind == "live" and view._esm.rstrip().endswith("export default _made.default;")
    assert widget([SMALL, SMALL.replace(k=3)]).kind == "compare"
    assert widget(Experiment.of(SMALL, 16)).kind == "many"
    assert view.run.iteration == 0 and len(view.runs) == 1
    data = view._repr_mimebundle_()[0]
    assert "run the cell" in data["text/plain"] and "model_id" in str(data)
    view.change(k=3)
    fork = view.fork(k=5)
    assert [run.spec.k for run in fork.runs] == [3, 5] and fork.kind == "compare"
    with pytest.raises(SpecError):
        view.fork(seed=3)
    fork._leave()


def test_messages_go_through_the_widget(widget, monkeypatch):
    view, sent = widget(), []
    monkeypatch.setattr(view, "send", lambda content, buffers: sent.append((content, buffers)))
    view._handle_custom_msg({"view": "v", "open": True}, [])
    until(lambda: sent)
    content, (buffer,) = sent[0]
    header, arrays = decode(buffer)
    assert content == {"view": "v"} and header["type"] == "scene"
    assert np.isfinite(arrays["p_data"]).all()


@pytest.mark.parametrize(
    "options", [{"theme": "blue"}, {"height": 5}, {"height": True}, {"height": 500.0}], ids=str
)
def test_options_that_are_refused(widget, options):
    with pytest.raises(SpecError):
        widget(**options)


def test_an_execution_of_a_cell_ends_the_views_of_the_previous_one(widget, monkeypatch):
    ids = [("cell", "1"), ("cell", "1"), ("other", "2"), ("cell", "3"), ("", "")]
    monkeypatch.setattr(widget.module, "_cell", lambda: ids.pop(0))
    monkeypatch.setattr(widget.module, "_by_cell", {})
    views = [widget() for _ in range(5)]
    assert [view._shown.closed for view in views] == [True, True, False, False, False]
