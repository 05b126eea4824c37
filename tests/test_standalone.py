"""A recording as one web page: it shows the run, and no text in it can become markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab import Recording, Run, Spec, SpecError, export, paths, standalone
from ganlab.cli import main
from ganlab.live.computing import to_end
from ganlab.live.history import SERIES, History
from ganlab.standalone import document
from ganlab.standalone.making import Page
from ganlab.standalone.moments import Journey, plan
from ganlab.standalone.source import measured, source_of
from ganlab.standalone.tape import Tape
from tests.javascript import value

LINE = Spec(g_hidden=(8,), d_hidden=(8,), batch=16)
PLANE = LINE.replace(target="ring", latent_dim=2)
LIVE = paths.ASSETS / "live"


class Parsed(HTMLParser):
    """The scripts of a page and its other texts; policy: of what it may load."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.texts, self.policy, self._in = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self._in = tag
        if tag == "script":
            self.scripts.append([named, ""])
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"]
        assert not any(name.startswith("on") for name in named) and "src" not in named

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            self.scripts[-1][1] += data
        else:
            self.texts.append(data)


def read(page, expression):
    """The value of a JavaScript expression in which `t` is the tape of a page."""
    (kind, tape), _ = Parsed(page).scripts
    assert kind["id"] == "tape"
    code = f"""await (async () => {{
      const t = tape.tapeOf(await tape.unpack({json.dumps(tape)}));
      return {expression};
    }})()"""
    return value(code, tape="tape.js")


FRAME = """[3, t.count - 1].map((i) => {
  const { a, shape, ...header } = t.frame(i);
  const arrays = Object.entries(a).map(([k, v]) => [k, [shape[k], Array.from(v, String)]]);
  const row = [...t.curves.a.iteration].indexOf(header.iteration);
  const rows = Object.entries(t.curves.a).map(([k, v]) => [k, String(v[row])]);
  return { ...header, at: t.at[i], a: Object.fromEntries(arrays), rows: Object.fromEntries(rows) };
})"""


@pytest.mark.parametrize("spec", [LINE, PLANE], ids=["line", "plane"])
def test_a_frame_is_the_run_at_that_moment(spec, tmp_path):
    run = Run(spec)
    recording = Recording(run)
    run.make(7)
    run.change(k=2)
    run.make(20)
    text = standalone.page(recording, tmp_path / "run.html", seconds=1)
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == text
    found = read(text, FRAME)
    assert found[-1]["at"] == run.updates
    box = source_of([run]).scene[0]["box"]
    for one in found:
        shot = run.at(one["at"]).snapshot()
        assert one["iteration"] == shot.iteration and one["d_updates"] == shot.d_updates
        for name in SERIES:
            wanted = np.float32(shot.metrics.get(name, [np.nan])[0])
            np.testing.assert_array_equal(np.float32(one["rows"][name]), wanted, err_msg=name)
        for name, (shape, texts) in one["a"].items():
            drawn = spec.domain.message({n: a[0] for n, a in shot.picture.items()})[name]
            assert list(drawn.shape) == shape
            got = np.array(texts, float).reshape(shape)
            exact = drawn.dtype == np.uint8 or name == "shares"
            step = 0 if exact else 1 / 4096 if name in ("d", "d_star") else np.ptp(box[0]) / 2048
            if name == "p_g":
                step = source_of([run]).scene[1]["p_data"].max() / 2048
            np.testing.assert_allclose(got, drawn.astype(float), rtol=1e-6, atol=0.51 * step)


def test_runs_side_by_side_and_without_a_recording():
    runs = [Run(PLANE), Run(PLANE.replace(k=2))]
    for run in runs:
        run.advance(6)
    text = standalone.page(runs, seconds=1)
    (one, last) = read(text, FRAME)
    labels, unit = read(text, "[t.labels, t.unit]")
    assert unit == "iterations" and labels == ["k = 1", "k = 2"]
    assert last["iteration"] == last["at"] == 6 and one["at"] == 3
    for i, run in enumerate(runs):
        jsd = run.at(3 * (1 + run.spec.k)).snapshot().metrics["jsd"][0]
        assert np.float32(one["rows"][f"jsd.{i}"]) == np.float32(jsd)
        assert one["a"][f"fake.{i}"][0] == [1500, 2]


def test_a_page_is_one_file_that_executes_its_own_script_only():
    run = Run(LINE)
    run.advance(2)
    text = standalone.page(run, seconds=1)
    page = Parsed(text)
    (tape, _), (kind, script) = page.scripts
    assert kind == {"type": "module"} and tape["type"] == "application/octet-stream"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in page.policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == f"'sha256-{digest}'"
    # Links that a reader may follow, and names of XML, but nothing that a browser loads.
    assert not re.search(r"""(?:src|srcset|action)\s*=\s*["']?(?:https?:)?//""", text)
    assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", text)
    assert len(text) < document.SHELL_BYTES


def test_no_word_of_a_run_becomes_a_part_of_the_page(monkeypatch):
    hostile = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>'\"&<!--"
    source = source_of([Run(LINE)])
    monkeypatch.setattr(document, "title", lambda _: hostile)
    monkeypatch.setattr(document, "differences", lambda _: (hostile,))
    monkeypatch.setattr(document.export, "python", lambda *_: hostile)
    source.history.bookmark(0, 0, hostile[:60])
    text = to_end(Page(source, 1).make())
    page = Parsed(text)
    assert len(page.scripts) == 2 and "alert(1)" not in page.scripts[1][1]
    words = "".join(page.texts)
    assert words.count(hostile) == 4  # the title twice
    assert read(text, "t.curves.flags.map((one) => one.text)") == [hostile[:60]]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 50),
    st.integers(0, 5000),
    st.integers(2, 60),
    st.sets(st.integers(0, 5050), max_size=40),
    st.integers(0, 3000),
)
def test_moments_are_even_and_cost_no_more_than_they_may(first, length, most, keys, afford):
    last = first + length
    keys = sorted({k for k in keys if first <= k <= last} | {first, last})
    chosen, cost = plan(first, last, most, keys, afford)
    assert chosen == sorted(set(chosen)) and len(chosen) <= most
    assert (chosen[0], chosen[-1]) == (first, last)
    replayed = [one for one in chosen if one not in keys]
    assert cost <= afford and (cost == 0) == (not replayed)
    free, _ = plan(first, last, most, keys, 10**9)
    spacing = length / max(1, min(most, length + 1) - 1)
    assert len(free) >= min(most, length + 1) / 2
    assert all(b - a <= 2 * spacing + 1 for a, b in zip(free, free[1:], strict=False))


def test_a_journey_reaches_each_moment_and_ends_in_the_present():
    run = Run(LINE)
    recording = Recording(run)
    run.advance(40)
    for still in (recording.still(), None):
        journey = Journey(run.still(), still)
        for iteration in (0, 3, 17, 18, 40):
            assert to_end(journey.to(iteration)) is None
            there, wanted = journey.run, run.at(2 * iteration)
            assert there.iteration == iteration
            assert there.state.g.equal(wanted.state.g) and there.state.d.equal(wanted.state.d)


def test_a_page_for_which_there_is_no_time_has_what_is_at_hand():
    run = Run(LINE)
    recording = Recording(run)
    for _ in range(40):
        run.advance(25)
    keys = {frame.iterations for frame in recording.frames}
    text = to_end(Page(source_of([run]), 10, budget=1e-6).make())
    shown = read(text, "t.iterations")
    assert shown[-1] == 1000 and set(shown) <= keys | {1000}


def test_a_tape_leaves_out_points_and_then_frames_until_it_fits():
    rng = np.random.default_rng(0)
    scene = {"box": [[-2, 2], [-2, 2]]}, {}
    tape = Tape(scene)
    for i in range(40):
        arrays = {"fake": rng.normal(size=(1500, 2)).astype(np.float32)}
        arrays["manifold"] = rng.normal(size=(21, 21, 2)).astype(np.float32)
        tape.add({"iteration": i}, arrays, i)
    whole = 40 * 2 * (1500 + 441) * 1.4
    tape.close(0.4 * whole)
    assert len(tape) == 40 and 0.2 * whole < tape.size <= 0.42 * whole
    tape.fit(0.02 * whole)
    assert 2 <= len(tape) < 40 and tape.size <= 0.02 * whole


def test_numbers_of_frames_replace_those_measured_at_the_same_iteration():
    history = History(("jsd",))
    for i in range(0, 50, 5):
        history.add(i, {"jsd": np.array([float(i)])})
    source = source_of([Run(LINE)])
    seen = [to_end(source.see(source.runs))] * 2
    seen = [
        type(one)(one.header | {"iteration": i}, {}, 2 * i, {"jsd": np.array([-1.0 * i])})
        for one, i in zip(seen, (10, 32), strict=True)
    ]
    rows = measured(history, seen).rows
    assert rows.tolist() == [[10, -10], [15, 15], [20, 20], [25, 25], [30, 30], [32, -32]]


def test_the_command_writes_the_page_of_a_saved_run(tmp_path):
    run = Run(LINE, events="3:k:2")
    run.advance(3)
    run.save(tmp_path / "run.npz")
    out = tmp_path / "run.html"
    assert main(["export", str(tmp_path / "run.npz"), "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == export.page(Run.load(tmp_path / "run.npz"))


def test_bad_input_is_refused(tmp_path):
    run = Run(LINE)
    for name, call in {
        "seconds": lambda: export.page(run, seconds=0),
        "path": lambda: export.page(run, tmp_path / "run.htm.txt"),
        "run": lambda: export.page(LINE),
        "runs": lambda: export.page([Run(PLANE.replace(k=k)) for k in range(1, 6)]),
    }.items():
        with pytest.raises(SpecError) as error:
            call()
        assert error.value.name == name
    with pytest.raises(SpecError, match="a Run of one Spec"):
        export.page(Run([LINE, LINE.replace(seed=1)]))
    with pytest.raises(SpecError, match="two to four"):
        export.page([])
