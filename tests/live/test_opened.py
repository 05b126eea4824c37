"""Files that pages open: which experiment they are, and what is refused."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, settle
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from ganlab import Recording, Run, RunFile, Spec, SpecError
from ganlab.allowance import Admission
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.limits import limited
from ganlab.live import opened, upload
from ganlab.live.commands import Bookmark, Scrub
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.own_data import STORE
from ganlab.own_data.points import points_of

RING = SMALL.replace(target="ring", latent_dim=2)


def written(file: RunFile) -> bytes:
    out = io.BytesIO()
    file.write(out)
    return out.getvalue()


def of(*specs: Spec, **more) -> bytes:
    runs = tuple(Run(spec) for spec in specs)
    return written(RunFile(runs, **more))


def read(content: bytes) -> opened.Opened:
    return opened.read(io.BytesIO(content), "a.ganlab")


@pytest.fixture
def shown():
    """shown(experiment, state=None) -> a paused session, and its browser."""
    browsers = []

    def show(experiment: Experiment, state: RunFile | None = None) -> tuple[Session, Browser]:
        session = Session("t", experiment, lambda _: None)
        browsers.append(Browser(session))
        session.begin(None, state=state)
        if state is None:
            session.command("pause")
        settle(session, browsers[-1])
        return session, browsers[-1]

    yield show
    for browser in browsers:
        browser.leave()


KINDS = {
    "lab": Experiment.of(RING, events="20:k:2,33:G,90:r1:0.1"),
    "compare": Comparison.by(RING, {"k": (1, 3)}),
    "many": Experiment.of(RING, 16),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_opened_file_shows_all_that_was_saved_and_continues_bit_for_bit(shown, kind):
    one, browser = shown(KINDS[kind])
    for _ in range(40):
        one.command("step")
        settle(one)
    if kind != "many":
        one.command("bookmark", Bookmark(7, "here"))
    got = settle(one, browser)[0]
    assert got
    experiment, file, *_ = read(written(one.file()))
    two, other = shown(experiment, file)
    assert two.state == "paused" and "at iteration 40" in two.note
    assert type(experiment) is type(KINDS[kind]) and two.group.specs == one.group.specs
    a, b = one.history, two.history
    assert (a.marks, a.bookmarks) == (b.marks, b.bookmarks)
    assert [f["text"] for f in a.find_flags()] == [f["text"] for f in b.find_flags()]
    for name, column in a.arrays().items():
        np.testing.assert_array_equal(column, b.arrays()[name][: len(column)])
    # An earlier moment, and the next ones, are the same.
    for session in (one, two) if kind != "many" else ():
        session.command("scrub", Scrub(17, False))
        settle(session)
    if kind != "many":
        status = two.status()["timeline"]
        assert status["exact"] and status["first"] == 0 and status["past"]
    for x, y in zip(one.shown, two.shown, strict=True):
        assert x.state.equals(y.state) and x.specs == y.specs
    for session in (one, two):
        session.command("present")
        session.work(0.0)
        session.command("step")
        settle(session)
        session.group.make(30)
    for x, y in zip(one.group.runs, two.group.runs, strict=True):
        assert x.state.equals(y.state) and x.events == y.events and x.start == y.start
    assert two.query == one.query


def test_what_another_machine_has_made_is_opened_with_a_word_about_it(shown, monkeypatch):
    run = Run(RING)
    Recording(run)
    run.advance(60)
    with monkeypatch.context() as patch:
        patch.setattr("ganlab.record.run_file.surroundings", lambda: "another")
        content = written(RunFile.of(run))
    session, browser = shown(*read(content)[:2])
    assert "Replays may differ by rounding" in session.note
    assert torch.equal(session.run.state.g, run.state.g)
    session.command("scrub", Scrub(61, False))
    settle(session, browser)
    assert not session.status()["timeline"]["exact"]


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "no zip"),
        (of(SMALL, SMALL.replace(seed=3)), "one seed"),
        (of(SMALL, RING), "one p_data"),
        (of(SMALL, SMALL), "at least one field"),
        (written(RunFile((Run([SMALL, SMALL.replace(seed=4)]),))), "side by side"),
        (written(RunFile((Run([SMALL.replace(seed=3 * i) for i in range(16)]),))), "consecutive"),
        (written(RunFile((Run(Spec(target="mnist")),))), "target"),
    ],
    ids=["empty", "seeds", "targets", "equal", "rows", "apart", "images"],
)
def test_what_no_page_shows_is_refused(content, words):
    with pytest.raises(SpecError, match=words):
        read(content)


def test_what_would_cost_too_much_is_refused_before_its_states_are_read(monkeypatch):
    run = Run(RING, events="500:unroll:20")
    Recording(run)
    run.make(40)
    content = written(RunFile.of(run))
    assert read(content).experiment == Experiment.of(RING)
    monkeypatch.setattr("ganlab.record.moments.frames", lambda *_: pytest.fail("were read"))
    with limited(update_seconds=0.001), pytest.raises(SpecError, match="this server allows"):
        read(content)
    with limited(run_file_mb=0.1), pytest.raises(SpecError, match="more than 100,000 bytes"):
        read(content + bytes(100_000))


# -- the address ---------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch):
    """sent(content, name="a.ganlab", token=None, **headers) -> status, words; and the session."""
    scheduler = Scheduler(1)
    session = scheduler.create(SMALL)
    monkeypatch.setattr(upload, "_admission", Admission(100.0, 100.0, 1.0))
    monkeypatch.setattr(upload, "_arriving", asyncio.Semaphore(2))
    monkeypatch.setattr(upload, "_reading", asyncio.Semaphore(1))

    async def endpoint(request):
        return await upload.endpoint(request, scheduler)

    app = Starlette(routes=[Route("/live/{token}/open", endpoint, methods=["POST"])])
    client = TestClient(app)

    def send(content, name="a.ganlab", token=None, **headers):
        url = f"/live/{token or session.token}/open"
        answer = client.post(url, content=content, headers={upload.NAME: name, **headers})
        return answer.status_code, answer.json().get("refused", "")

    send.session = session
    yield send
    scheduler.close()


def test_a_file_waits_for_the_script_of_its_own_page(sent):
    run = Run(RING)
    run.advance(3)
    assert sent(written(RunFile.of(run))) == (200, "")
    assert opened.WAITING.take("another") is None
    found = opened.WAITING.take(sent.session.token)
    assert found.file.runs[0].state.equals(run.state) and not found.file.playing
    assert opened.WAITING.take(sent.session.token) is None
    assert sent.session.run is None  # which is as it was


def test_a_page_without_a_session_has_a_token_of_its_own(sent):
    token = opened.PAGE_TOKENS.new()
    assert sent(of(RING), token=token) == (200, "")
    assert opened.WAITING.take(token).experiment == Experiment.of(RING)
    assert sent(of(RING), token="page-forged")[0] == 404


def test_refusals_are_answers_in_words(sent):
    assert sent(b"nothing", "%E2%82%AC.ganlab") == (200, "it is no zip archive, or it is cut off")
    status, words = sent(of(SMALL, RING, SMALL))
    assert status == 200 and "is not allowed" in words
    assert sent(b"", token="nobody")[0] == 404
    assert sent(b"", Origin="https://elsewhere.example")[0] == 403
    with limited(run_file_mb=0.1):
        assert sent(bytes(100_001)) == (413, "it has more than 0.1 MB")
        parts = (bytes(50_000) for _ in range(3))  # without a length
        assert sent(parts)[0] == 413
    assert opened.WAITING.take(sent.session.token) is None


def test_a_table_becomes_the_data_of_the_page(sent):
    """SMALL is on the line: it takes the first column, and keeps its other fields."""
    assert sent(b"who,a,b\nA,1,2\nB,3,4\nC,oops,5\nD,4,6\n", "t%C3%A4ble.csv") == (200, "")
    found = opened.WAITING.take(sent.session.token)
    spec = found.experiment.base
    assert found.file is None and spec.target == "own_points"
    assert spec.replace(target=SMALL.target, target_params=SMALL.target_params) == SMALL
    points = points_of(STORE.get(spec.target_params["data"]), 1)
    np.testing.assert_allclose(points.x[:, 0] * points.spread + points.centre, [1, 3, 4], rtol=1e-6)
    assert points.axes == ("a",) and "row 4 (a: “oops”)" in found.note
    token = opened.PAGE_TOKENS.new()
    assert sent(b"1,2\n3,4\n", "t.csv", token) == (200, "")
    assert opened.WAITING.take(token).experiment.base.target == "own_points_2d"
    arrays = io.BytesIO()
    np.savez(arrays, x=np.arange(6.0))
    assert sent(arrays.getvalue(), "t.npz", token) == (200, "")
    assert opened.WAITING.take(token).experiment.base.target == "own_points"
    status, words = sent(b"a,b\nx,y\n", "t.csv")
    assert status == 200 and "it must be a column of numbers: it has none among 2" in words
    assert "no zip archive" in sent(b"nothing", "t.npz")[1]
    with limited(table_mb=0.1):
        assert sent(bytes(100_001), "t.csv") == (413, "it has more than 0.1 MB")


def test_a_page_that_sends_many_files_must_wait(sent, monkeypatch):
    monkeypatch.setattr(upload, "_admission", Admission(2.0, 0.01, 1.0))
    assert [sent(b"")[0] for _ in range(3)] == [200, 200, 429]


def test_files_that_wait_are_bounded(monkeypatch):
    waiting, found = opened.Waiting(), read(of(SMALL))
    monkeypatch.setattr(opened, "_KEPT_MB", 3.5 * opened._size(found) / 1e6)
    for token in "abcde":
        waiting.put(token, found)
    assert [token for token in "abcde" if waiting.take(token)] == ["c", "d", "e"]
