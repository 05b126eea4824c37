"""A class that follows a teacher's session: one picture for all, and nobody else can steer."""

import json
import random
import time
from contextlib import ExitStack

import pytest
from live_helpers import SMALL, until
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ganlab.allowance import Admission
from ganlab.limits import limited
from ganlab.live import commands, follow, opened, teach
from ganlab.live.broadcast import AWAY_SECONDS, LENGTH, LETTERS, Broadcasts
from ganlab.live.scheduler import Scheduler
from ganlab.live.socket import BUSY, FORBIDDEN, GONE
from ganlab.live.wire import decode


@pytest.fixture
def scheduler():
    scheduler = Scheduler(1)
    yield scheduler
    scheduler.close()


@pytest.fixture
def broadcasts():
    return Broadcasts()


@pytest.fixture
def client(scheduler, broadcasts):
    def bound(function):
        async def endpoint(request):
            return await function(request, scheduler, broadcasts)

        return endpoint

    routes = [
        WebSocketRoute("/class/{code}", bound(follow.endpoint)),
        WebSocketRoute("/class/{code}/teach", bound(teach.endpoint)),
        Route("/class/{code}/fork", bound(follow.fork), methods=["POST"]),
        Route("/live/{token}/class", bound(teach.start), methods=["POST"]),
    ]
    with TestClient(Starlette(routes=routes)) as client:
        yield client


class Student:
    """A follower that acknowledges its frames."""

    def __init__(self, ws):
        self.ws, self.frames, self.newest, self.raw = ws, 0, {}, {}

    def send(self, **command) -> None:
        self.ws.send_text(json.dumps(command))

    def next(self) -> dict:
        raw = self.ws.receive_bytes()
        header, arrays = decode(raw)
        self.newest[header["type"]] = header
        if header["type"] == "frame":
            self.frames += 1
            self.raw[header["iteration"]] = raw
            self.send(cmd="ack", n=self.frames)
        return header

    def until(self, condition, most: int = 500) -> dict:
        for _ in range(most):
            header = self.next()
            if condition(header):
                return header
        raise AssertionError("no such message")

    def asked(self, condition) -> dict:
        return self.until(lambda h: h["type"] == "class" and condition(h))


class Teacher:
    """A teacher's socket."""

    def __init__(self, ws):
        self.ws = ws

    def send(self, **command) -> None:
        self.ws.send_text(json.dumps(command))

    def state(self, condition) -> dict:
        for _ in range(100):
            message = json.loads(self.ws.receive_text())
            if condition(message):
                return message
        raise AssertionError("no such message")


@pytest.fixture
def room(scheduler, client):
    """A class: its session, code and token; student(name) and teacher() connect to it."""

    class Room:
        def __init__(self, stack):
            self.stack = stack
            self.session = scheduler.create(SMALL)
            answer = client.post(f"/live/{self.session.token}/class")
            self.code, self.token = answer.json()["code"], answer.json()["token"]

        def student(self, name="") -> Student:
            path = f"/class/{self.code.lower()}?me={name}"
            return Student(self.stack.enter_context(client.websocket_connect(path)))

        def teacher(self, **more) -> Teacher:
            ws = self.stack.enter_context(client.websocket_connect(f"/class/{self.code}/teach"))
            one = Teacher(ws)
            one.send(cmd="enter", token=self.token, session=self.session.token, **more)
            return one

    with ExitStack() as stack:
        yield Room(stack)


def end_of(client, path, *texts) -> int:
    """The code with which a socket is closed that sends these texts."""
    with client.websocket_connect(path) as ws:
        for text in texts:
            ws.send_text(text)
        with pytest.raises(WebSocketDisconnect) as ended:
            while True:
                ws.receive_text()
    return ended.value.code


def test_followers_get_the_same_bytes_of_one_computation(room, scheduler):
    students = [room.student(f"{i:016x}") for i in range(3)]
    for student in students:
        first = student.until(lambda h: h["type"] == "class")
        assert first["module"] == "live.js" and first["code"] == room.code
        student.until(lambda h: h["type"] == "frame")
    room.session.command("pause")
    paused = [s.until(lambda h: h.get("state") == "paused")["iteration"] for s in students]
    room.session.command("step")
    at = max(paused) + 1
    for student in students:
        student.until(lambda h: h["type"] == "frame" and h["iteration"] == at)
    assert len({s.raw[at] for s in students}) == 1
    assert all(sub.follows for sub in room.session.subscribers)
    assert list(scheduler.sessions) == [room.session.token]  # there is one run for all


def test_no_message_of_a_follower_changes_the_session(room):
    student, witness = room.student(), room.student()
    witness.until(lambda h: h["type"] == "frame")
    room.session.command("pause")
    witness.until(lambda h: h["type"] == "status" and h["state"] == "paused")
    session = room.session

    def state():
        run = session.run
        return run.spec, run.updates, session.state, session.speed, session.note, session.query

    before = state()
    draw = random.Random(5)
    hostile = [
        {"cmd": name, "value": value, "field": "k", "at": 0, "kept": True, "text": "x"}
        for name in (*commands.COMMANDS, "enter", "ask", "reveal", "withdraw", "show", "end")
        for value in (7, True)
        if name not in ("ack", "visible")
    ]
    draw.shuffle(hostile)
    follow_messages, follow._MESSAGES = follow._MESSAGES, (1e6, 1e6)  # the test does not wait
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(follow, "_INVALID", 0.0)
            other = room.student()
            for message in hostile:
                other.send(**message)
            for text in ("", "[]", "null", "{", "[" * 3000, '{"cmd": []}', "x" * 5000):
                other.ws.send_text(text)
            other.ws.send_bytes(b"\0" * 100)
            other.send(cmd="visible", value=False)
            other.send(cmd="visible", value=True)
            other.send(cmd="ack", n=10**9)
            room.teacher().send(cmd="ask", text="?", choices=["a", "b"])
            other.asked(lambda h: h["question"] is not None)  # so it was heard to the end
            number = other.newest["class"]["question"]["number"]
            other.send(cmd="answer", question=number, value=1)
            other.asked(lambda h: h["mine"] == 1)
    finally:
        follow._MESSAGES = follow_messages
    session.command("watched")
    until(lambda: session.backlog == 0)
    assert state() == before
    student.send(cmd="play")
    time.sleep(0.2)
    assert state() == before


def test_only_the_token_steers(room, client, broadcasts):
    path = f"/class/{room.code}/teach"
    wrong = {"cmd": "enter", "token": room.token[:-1] + "?", "session": room.session.token}
    for first in (
        json.dumps(wrong),
        json.dumps({"cmd": "end"}),
        "[]",
        "{",
        json.dumps({"cmd": "enter"}),
    ):
        assert end_of(client, path, first, json.dumps({"cmd": "end"})) == FORBIDDEN
    assert end_of(client, "/class/ZZZZ/teach", json.dumps(wrong)) == GONE
    assert client.post("/live/unknown/class").status_code == 404
    assert broadcasts.get(room.code) is not None and broadcasts.of(room.code, None) is None
    # The same session has the same class, with the same token; no follower is ever sent either.
    again = client.post(f"/live/{room.session.token}/class").json()
    assert again == {"code": room.code, "token": room.token}
    student = room.student()
    seen = b""
    for _ in range(8):
        raw = student.ws.receive_bytes()
        seen += raw
        if decode(raw)[0]["type"] == "frame":
            break
    assert room.token.encode() not in seen and room.session.token.encode() not in seen
    room.teacher().send(cmd="end")
    with pytest.raises(WebSocketDisconnect) as ended:
        while True:
            student.next()
    assert ended.value.code == GONE and broadcasts.get(room.code) is None


def test_a_question_has_one_answer_of_each_follower_and_survives_reloads(room):
    teacher = room.teacher()
    a, b, c = (room.student(name * 16) for name in "abc")
    teacher.state(lambda m: m["followers"] == 3)
    for bad in (
        {"text": "", "choices": ["x", "y"]},
        {"text": "?", "choices": ["x"]},
        {"text": "?"},
    ):
        teacher.send(cmd="ask", **bad)
        assert "must be" in teacher.state(lambda m: m["type"] == "refused")["why"]
    teacher.send(cmd="ask", text=" How many? ", choices=["one", "two", "three"])
    number = a.asked(lambda h: h["question"])["question"]["number"]
    assert a.newest["class"]["question"]["text"] == "How many?"
    a.send(cmd="answer", question=number, value=0)
    a.send(cmd="answer", question=number, value=2)  # changed
    b.send(cmd="answer", question=number, value=2)
    for bad in (3, -1, 1.0, True, "0", None, [0]):
        c.send(cmd="answer", question=number, value=bad)
    c.send(cmd="answer", question=number + 1, value=1)
    teacher.state(lambda m: m["question"] and m["question"]["counts"] == [0, 0, 2])
    assert a.asked(lambda h: h["mine"] == 2)["question"]["counts"] == []  # not revealed
    c.send(cmd="answer", question=number, value=1)
    teacher.send(cmd="reveal", value=True)
    shown = c.asked(lambda h: h["question"] and sum(h["question"]["counts"]) == 3)
    assert shown["question"]["counts"] == [0, 1, 2] and shown["mine"] == 1
    # Either side is loaded again: the same code, question and answers.
    b.ws.close()
    again = room.student("b" * 16)
    assert again.asked(lambda h: h["question"])["mine"] == 2
    teacher.ws.close()
    back = room.teacher()
    now = back.state(lambda m: m["question"] and m["followers"] == 3)
    assert now["question"]["counts"] == [0, 1, 2] and now["code"] == room.code
    again.send(cmd="answer", question=number, value=0)
    back.state(lambda m: m["question"] and m["question"]["counts"] == [1, 1, 1])
    back.send(cmd="show", frozen=True, hidden=["d"])
    assert a.asked(lambda h: h["frozen"])["hidden"] == ["d"]
    back.send(cmd="withdraw")
    a.asked(lambda h: h["question"] is None)


def test_a_class_follows_its_teacher_to_another_page(room, scheduler):
    from ganlab.comparison import Comparison

    student, teacher = room.student(), room.teacher()
    student.until(lambda h: h["type"] == "frame")
    pair = scheduler.create(Comparison.pair(SMALL))
    teacher.send(cmd="enter", session=pair.token)
    with pytest.raises(WebSocketDisconnect) as ended:
        while True:
            student.next()
    assert ended.value.code == follow.AGAIN
    again = room.student()
    assert again.until(lambda h: h["type"] == "class")["module"] == "compare.js"
    assert len(again.until(lambda h: h["type"] == "scene")["runs"]) == 2
    until(lambda: not room.session.subscribers)


def test_a_follower_that_says_nothing_is_let_go_all_the_same(room, scheduler):
    silent, teacher = room.student(), room.teacher()
    until(lambda: room.session.subscribers)
    teacher.send(cmd="enter", session=scheduler.create(SMALL).token)
    until(lambda: not room.session.subscribers)
    with pytest.raises(WebSocketDisconnect) as ended:
        while True:
            silent.ws.receive_bytes()
    assert ended.value.code == follow.AGAIN


def test_a_fork_is_the_shown_moment_for_the_page_that_asked(room, client):
    student = room.student()
    student.until(lambda h: h["type"] == "frame" and h["iteration"] > 5)
    room.session.command("pause")
    student.until(lambda h: h["type"] == "status" and h["state"] == "paused")
    page = opened.PAGE_TOKENS.new()
    path = f"/class/{room.code}/fork"
    assert client.post(path, headers={follow.PAGE: "page-unknown"}).status_code == 404
    assert client.post("/class/ZZZZ/fork", headers={follow.PAGE: page}).status_code == 404
    answer = client.post(path, headers={follow.PAGE: page})
    assert answer.status_code == 200 and answer.json() == {}
    made = opened.WAITING.take(page)
    experiment, file = made.experiment, made.file
    (run,), own = file.runs, room.session.run
    assert run is not own and run.updates == own.updates
    assert bool((run.state.g == own.state.g).all() and (run.state.d == own.state.d).all())
    assert experiment.base == own.spec and file.playing is False
    room.session.command("step")
    until(lambda: own.updates > run.updates)  # the class goes on, the fork stays


def test_followers_frames_and_codes_are_bounded(room, client, broadcasts, monkeypatch):
    assert len(room.code) == LENGTH and set(room.code) <= set(LETTERS)
    with limited(followers=1):
        student = room.student()
        student.until(lambda h: h["type"] == "frame")
        assert end_of(client, f"/class/{room.code}") == BUSY
    start, before = time.monotonic(), student.frames
    while time.monotonic() - start < 1.0:
        student.next()
    # Fifteen per second are counted as drawn, two more may be on their way, and one is late.
    assert student.frames - before <= 15 + 2 + 2
    monkeypatch.setattr(follow, "guesses", Admission(3, 0.01, 0.1))
    codes = [end_of(client, "/class/ZZZZ") for _ in range(5)]
    assert codes == [GONE] * 3 + [BUSY] * 2
    assert end_of(client, f"/class/{room.code}") == BUSY  # who guesses also learns no right code


def test_a_class_that_is_left_is_over(room, broadcasts, monkeypatch):
    one = broadcasts.get(room.code)
    broadcasts.forget()
    assert broadcasts.get(room.code) is one
    one.left -= AWAY_SECONDS
    broadcasts.forget()
    assert broadcasts.get(room.code) is None and one.over
