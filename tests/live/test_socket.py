"""The WebSocket from outside: conversation, refusals, and hostile clients."""

import asyncio
import json
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from live_helpers import SMALL, until
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import net_util

from ganlab.allowance import Allowance
from ganlab.limits import limited
from ganlab.live import conversation
from ganlab.live import socket as module
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.wire import decode
from ganlab.shape import Shape
from ganlab.spec import KNOBS, Spec
from tests.settings import settings


class Client:
    """A browser: acknowledges frames, and stores the newest message of each type."""

    def __init__(self, ws):
        self.ws, self.frames, self.newest = ws, 0, {}

    def send(self, **command) -> None:
        self.ws.send_text(json.dumps(command))

    def next(self) -> dict:
        header, arrays = decode(self.ws.receive_bytes())
        self.newest[header["type"]] = header | arrays
        if header["type"] == "frame":
            self.frames += 1
            self.send(cmd="ack", n=self.frames)
        return header

    def until(self, condition, most: int = 500) -> dict:
        for _ in range(most):
            header = self.next()
            if condition(header):
                return header
        raise AssertionError("no such message")

    def status(self, **wanted) -> dict:
        """The first status from now on that contains all of `wanted`."""
        return self.until(
            lambda h: h["type"] == "status" and all(h[k] == v for k, v in wanted.items())
        )

    def complaint(self, part: str) -> str:
        def said(header: dict) -> str:
            """The text above the picture, or beside a knob."""
            return header["message"] or header["refused"].get("why", "")

        return said(self.until(lambda h: h["type"] == "status" and part in said(h)))


@pytest.fixture
def scheduler():
    scheduler = Scheduler(1)
    yield scheduler
    scheduler.close()


@pytest.fixture
def client(scheduler):
    async def endpoint(ws):
        await module.endpoint(ws, scheduler)

    app = Starlette(routes=[WebSocketRoute("/live/{token}", endpoint)])
    with TestClient(app) as client:
        yield client


@pytest.fixture
def talk(scheduler, client):
    """A session that plays, and a browser connected to it."""
    session = scheduler.create(SMALL)
    with client.websocket_connect(f"/live/{session.token}") as ws:
        browser = Client(ws)
        browser.session = session
        yield browser


def closed_with(client, session) -> WebSocketDisconnect:
    """The close code and reason of a connection that the server refuses."""
    with client.websocket_connect(f"/live/{session.token}") as ws:
        with pytest.raises(WebSocketDisconnect) as ended:
            ws.receive_bytes()
    return ended.value


def test_sockets_are_bounded(scheduler, client):
    one, other = scheduler.create(SMALL), scheduler.create(SMALL)
    with limited(session_sockets=2, sockets=3):
        with ExitStack() as open_:
            for session in (one, one, other):
                ws = open_.enter_context(client.websocket_connect(f"/live/{session.token}"))
                ws.receive_bytes()
            for session, words in ((one, "open 2 times"), (other, "limit of open pages")):
                refused = closed_with(client, session)
                assert refused.code == module.BUSY and words in refused.reason
        until(lambda: not one.subscribers)
        with client.websocket_connect(f"/live/{one.token}") as ws:
            ws.receive_bytes()


def test_a_run_that_failed_says_why_and_is_served_again_once_changed(scheduler, client, talk):
    talk.next()
    talk.session.fail(MemoryError())
    with pytest.raises(WebSocketDisconnect) as ended:
        while True:
            talk.next()
    assert ended.value.code == module.FAILED and "not enough memory" in ended.value.reason
    assert closed_with(client, talk.session).reason == ended.value.reason
    talk.session.configure(SMALL.replace(seed=4))
    with client.websocket_connect(f"/live/{talk.session.token}") as ws:
        again = Client(ws)
        assert again.until(lambda h: h["type"] == "frame") and again.newest["scene"]["seed"] == 4


def test_a_long_reason_fits_a_closing_frame():
    assert len(module.short("é" * 500).encode()) <= 123


def quiet(talk: Client) -> Session:
    """Pause, and read the messages in flight."""
    talk.send(cmd="pause")
    talk.status(state="paused")
    return talk.session


def test_a_whole_conversation(talk):
    first = talk.next()
    assert (first["type"], first["run"], first["dim"]) == ("scene", 1, 1)
    talk.until(lambda h: h["type"] == "frame" and h["iteration"] > 3)
    session = quiet(talk)
    before = talk.newest["status"]
    talk.send(cmd="d")
    now = talk.status(d_updates=before["d_updates"] + 1)
    assert now["g_updates"] == before["g_updates"]
    talk.send(cmd="g")
    now = talk.status(g_updates=before["g_updates"] + 1)
    talk.send(cmd="step")
    now = talk.status(g_updates=now["g_updates"] + 1)
    talk.send(cmd="set", field="k", value=5)
    now = talk.until(lambda h: h["type"] == "status" and h["values"]["k"] == 5)
    assert now["run"] == 1 and session.run.spec.k == 5
    until(lambda: talk.newest.get("curves", {}).get("marks") or not talk.next())
    talk.send(cmd="speed", value=50)
    assert talk.status(speed=50)["state"] == "paused"
    talk.send(cmd="play")
    talk.status(state="playing")
    talk.send(cmd="seed")
    assert talk.status(run=2)["seed"] == 1
    talk.send(cmd="restart")
    talk.until(lambda h: h["type"] == "scene" and h["run"] == 3)
    assert talk.status(run=3)["state"] == "playing"
    quiet(talk)
    talk.send(cmd="figure", request=41, theme="dark", width=500, height=400, hidden=["d"])
    figure = talk.until(lambda h: h["type"] == "figure")
    assert (figure["request"], figure["run"]) == (41, 3) and figure["picture"]["data"]
    assert figure["curves"]["data"]


def test_frames_stop_without_acknowledgement(scheduler, client):
    session = scheduler.create(SMALL)
    with client.websocket_connect(f"/live/{session.token}") as ws:
        frames = 0
        end = time.perf_counter() + 0.8
        while time.perf_counter() < end:
            frames += decode(ws.receive_bytes())[0]["type"] == "frame"
        assert frames == 2
        ws.send_text(json.dumps({"cmd": "ack", "n": 2}))
        while decode(ws.receive_bytes())[0]["type"] != "frame":
            pass


def refused(client: TestClient, path: str, **headers) -> int:
    with pytest.raises(WebSocketDisconnect) as caught:  # noqa: PT012
        with client.websocket_connect(path, headers=headers) as ws:
            ws.receive_bytes()
    return caught.value.code


def test_unknown_token(scheduler, client):
    assert refused(client, "/live/nonsense") == 4404
    session = scheduler.create(SMALL)
    scheduler.drop(session)
    assert refused(client, f"/live/{session.token}") == 4404


@pytest.fixture
def offline(monkeypatch):
    """For a foreign origin Streamlit would query the internet for this machine's address."""
    monkeypatch.setattr(net_util, "get_external_ip", lambda: None)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://testserver.evil.example", "http://testserver:81", "null"]
    + ["", "http://[", "testserver"],
)
def test_foreign_origin(scheduler, client, origin, offline):
    session = scheduler.create(SMALL)
    assert refused(client, f"/live/{session.token}", origin=origin) == 4403
    assert session.subscribers == []


def test_own_origin(scheduler, client):
    session = scheduler.create(SMALL)
    headers = {"origin": "http://testserver"}
    with client.websocket_connect(f"/live/{session.token}", headers=headers) as ws:
        assert decode(ws.receive_bytes())[0]["type"] == "scene"


@pytest.mark.parametrize(
    ("origin", "host", "option", "value"),
    [
        # A proxy that passes on the host's name without its port.
        ("http://lab.example:8080", "lab.example", "server.enableCORS", False),
        ("http://lab.example:8080", "lab.example", "browser.serverAddress", "lab.example"),
        ("https://lab.example", "127.0.0.1:8501", "server.corsAllowedOrigins", None),
        ("http://localhost:8080", "localhost", None, None),
    ],
)
def test_what_streamlit_allows_its_own_is_allowed(origin, host, option, value, offline):
    anybody = option == "server.enableCORS"
    if option is not None:
        assert not module.allowed(origin, host)
    with settings({option: [origin] if value is None else value} if option else {}):
        assert module.allowed(origin, host)
        # And nothing more, unless all origins are allowed.
        for foreign in ("http://evil.example", "http://lab.example.evil.example"):
            assert module.allowed(foreign, host) == anybody
        with settings({"server.allowedHosts": ["elsewhere.example"]}):
            assert not module.allowed(origin, host)


HOSTILE = [
    ("", "Expecting value"),
    ("{", "Expecting"),
    ("x" * 5000, "message"),
    ("[" * 4000, ""),
    ('{"cmd":' + "[" * 2000 + "]" * 2000 + "}", ""),
    ("[]", "message"),
    ("null", "message"),
    ('"play"', "message"),
    ("{}", "cmd"),
    ('{"cmd": "format"}', "cmd"),
    ('{"cmd": "hello"}', "cmd"),
    ('{"cmd": "_start"}', "cmd"),
    ('{"cmd": ["play"]}', "cmd"),
    ('{"cmd": {"play": 1}}', "cmd"),
    ('{"cmd": null}', "cmd"),
    ('{"cmd": "speed"}', "speed"),
    ('{"cmd": "speed", "value": NaN}', "speed"),
    ('{"cmd": "speed", "value": Infinity}', "speed"),
    ('{"cmd": "speed", "value": -1}', "speed"),
    ('{"cmd": "speed", "value": 1e-300}', "speed"),
    ('{"cmd": "speed", "value": 5e-324}', "speed"),
    ('{"cmd": "speed", "value": true}', "speed"),
    ('{"cmd": "speed", "value": "9"}', "speed"),
    ('{"cmd": "speed", "value": 1' + "0" * 3000 + "}", "speed"),
    ('{"cmd": "set"}', "no such field"),
    ('{"cmd": "set", "field": "seed", "value": 1}', "seed"),
    ('{"cmd": "set", "field": ["k"], "value": 1}', "no such field"),
    ('{"cmd": "set", "field": "k"}', "k = None"),
    ('{"cmd": "set", "field": "k", "value": 999}', "k = 999"),
    ('{"cmd": "set", "field": "k", "value": {"a": []}}', "k = "),
    ('{"cmd": "set", "field": "k", "value": 1' + "0" * 3000 + "}", "k = "),
    ('{"cmd": "set", "field": "g_lr", "value": NaN}', "G's rate = nan"),
    ('{"cmd": "set", "field": "loss", "value": "<script>"}', "loss"),
    ('{"cmd": "ack"}', "n = "),
    ('{"cmd": "ack", "n": -1}', "n = "),
    ('{"cmd": "ack", "n": 1.5}', "n = "),
    ('{"cmd": "ack", "n": true}', "n = "),
]


def test_hostile_messages_are_answered_and_change_nothing(talk):
    session = quiet(talk)
    before = session.run.state
    for text, part in HOSTILE:
        session.note = ""
        talk.ws.send_text(text)
        assert len(talk.complaint(part)) < 600, text[:60]
    for binary in (b"", b"\xff\xfe", b'{"cmd": "play"}'):
        session.note = ""
        talk.ws.send_bytes(binary)
        talk.complaint("text")
    assert session.run.state is before and session.run_number == 1
    assert (session.playing, session.speed, session.spec) == (False, 0.0, SMALL)
    talk.send(cmd="step")
    talk.status(g_updates=before.g_updates + 1, message="")


def test_hostile_figure_requests(talk):
    session = quiet(talk)
    until(lambda: session.view.last_picture is not None)
    for request in (
        {"hidden": 5},
        {"hidden": {"d": 1}},
        {"hidden": [[], None, 3]},
        {"width": "1e9", "height": -5, "theme": ["dark"]},
        {"width": 1e300, "height": True, "scale": "x"},
    ):
        talk.send(cmd="figure", request=request, **request)
        figure = talk.until(lambda h: h["type"] == "figure")
        assert figure["request"] == request
        assert 50 <= figure["picture"]["layout"]["width"] <= 8000


def test_a_figure_that_fails_is_answered(talk, monkeypatch):
    session = quiet(talk)
    monkeypatch.setattr(session.view, "figure", lambda request: 1 / 0)
    talk.send(cmd="figure", request=1)
    talk.complaint("figure")


def test_commands_do_not_wait_for_a_figure(talk, monkeypatch):
    session = quiet(talk)
    asked = []

    def slow(request):
        asked.append(request.request)
        time.sleep(0.5)
        return figure(request)

    figure = session.view.figure
    monkeypatch.setattr(session.view, "figure", slow)
    for number in range(5):
        talk.send(cmd="figure", request=number)
    talk.send(cmd="d")
    started = time.perf_counter()
    before = talk.newest["status"]["d_updates"]
    talk.status(d_updates=before + 1)
    assert time.perf_counter() - started < 0.4
    talk.until(lambda h: h["type"] == "figure" and h["request"] == 4)
    assert asked[-1] == 4 and len(asked) <= 2  # the newest request wins


def test_a_flood_is_slowed_down(talk):
    session = quiet(talk)
    most = 0
    for i in range(120):
        talk.send(cmd="restart")
        if i % 10 == 0:
            most = max(most, session.backlog)
    talk.send(cmd="speed", value=7)
    for _ in range(1000):
        most = max(most, session.backlog)
        if session.speed == 7:
            break
        time.sleep(0.01)
    assert session.speed == 7 and most <= 150
    assert session.run_number > 1
    # Each restart's scene was sent while the client did not read.
    talk.until(lambda h: h["type"] == "status" and h["speed"] == 7, most=10_000)


def test_restarts_that_wait_together_are_one(talk):
    session = quiet(talk)
    before = session.run_number
    # All at once, however fast the worker is; one more may fall into the turn that takes them.
    session._work._queue.extend([("restart", None)] * 80)
    session.command("restart")
    until(lambda: not session.backlog and session.run_number > before)
    time.sleep(0.1)
    assert before < session.run_number <= before + 2


def test_leaving_frees_the_subscriber(scheduler, client):
    session = scheduler.create(SMALL)
    assert session.unwatched_since is not None
    path = f"/live/{session.token}"
    with client.websocket_connect(path) as one:
        assert decode(one.receive_bytes())[0]["type"] == "scene"
        with client.websocket_connect(path) as two:
            assert decode(two.receive_bytes())[0]["type"] == "scene"
            assert len(session.subscribers) == 2 and session.unwatched_since is None
        until(lambda: len(session.subscribers) == 1)
        assert session.unwatched_since is None and session.watched
    until(lambda: session.subscribers == [])
    assert abs(session.unwatched_since - time.monotonic()) < 5
    time.sleep(0.1)
    made = session.run.iteration
    time.sleep(0.2)
    assert session.run.iteration == made and scheduler.get(session.token) is session
    with client.websocket_connect(path) as again:  # it continues
        header = decode(again.receive_bytes())[0]
        assert (header["type"], header["run"]) == ("scene", 1)
        until(lambda: session.run.iteration > made)


def test_a_dropped_session_says_so(scheduler, talk):
    talk.next()
    scheduler.drop(talk.session)
    with pytest.raises(WebSocketDisconnect) as caught:  # noqa: PT012
        while True:
            talk.next()
    assert caught.value.code == 4404


def test_a_session_dropped_while_its_browser_connects(scheduler, client, monkeypatch):
    session = scheduler.create(SMALL)
    got = scheduler.get

    def late(token):
        found = got(token)
        scheduler.drop(session)  # as the sweeper may do right after
        return found

    monkeypatch.setattr(scheduler, "get", late)
    assert refused(client, f"/live/{session.token}") == 4404


def test_hiding_pauses_and_showing_goes_on(talk):
    talk.until(lambda h: h["type"] == "frame" and h["iteration"] > 1)
    session = talk.session
    talk.send(cmd="visible", value=False)
    until(lambda: not session.watched)
    time.sleep(0.1)
    made = session.run.iteration
    time.sleep(0.2)
    assert session.run.iteration == made
    talk.send(cmd="visible", value=True)
    until(lambda: session.run.iteration > made)


def test_who_sends_more_than_hands_and_pictures_do_waits():
    messages, commands = Allowance(*conversation._MESSAGES), Allowance(*conversation._COMMANDS)
    at = 1000.0
    for i in range(6000):  # a dragged slider beside pictures at their highest rate
        at += 1 / (60 + 20)
        assert messages.wait(at) == pytest.approx(0, abs=1e-9)
        assert i % 4 or commands.wait(at) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("text, cost", [
    ('{"cmd": "ack", "n": 0}', 0), ('{"cmd": "pause"}', 1), ("{", conversation._ERROR),
    ('{"cmd": "no"}', conversation._ERROR), (None, conversation._ERROR),
    ('{"cmd": "ack"}', conversation._ERROR),
])  # fmt: skip
def test_what_a_message_counts_as(text, cost):
    session = Session("t", Spec(), lambda _: None)
    scheduler = SimpleNamespace(wake=lambda _: None)
    subscriber = SimpleNamespace(drawn=lambda _: None)
    asked = conversation._receive(text, session, subscriber, scheduler)
    assert asyncio.run(asked) == cost


def test_what_a_teacher_locked_is_refused_in_words(talk):
    session = quiet(talk)
    session.give_shape(Shape(hide=("restart",), lock=("field-*", "step"), show=("k",)))
    before = session.run.state
    for command, what in (
        ({"cmd": "step"}, "One iteration"),
        ({"cmd": "restart"}, "Restart"),
        ({"cmd": "set", "field": "g_lr", "value": 0.1}, "G's rate"),
        ({"cmd": "set", "field": "loss", "value": "minimax"}, "loss"),
    ):
        session.note = ""
        talk.send(**command)
        assert talk.complaint(f"{what} is locked") == f"{what} is locked by your teacher."
    assert session.run.state is before and session.spec == SMALL and session.run_number == 1
    talk.send(cmd="set", field="k", value=3)
    assert talk.status(values={"k": 3} | {n: getattr(SMALL, n) for n in KNOBS if n != "k"})
    assert session.query.endswith("&hide=restart&lock=field-*,step&show=k")
