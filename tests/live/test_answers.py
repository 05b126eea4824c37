"""Answers to pages whose whole state is their address: cached, bounded, fair."""

from __future__ import annotations

import asyncio
import threading

from starlette.requests import Request

from ganlab.live import answers
from ganlab.live.answers import ANSWERS, Answers


def test_an_answer_is_kept_for_all_visitors():
    query = "game=quadratic&rule=simultaneous&updates=20"
    assert ANSWERS.get("games", "data", query) is ANSWERS.get("games", "data", query)


def test_kept_answers_are_bounded():
    kept = Answers(most=200_000)

    def get(query: str) -> bytes:
        return kept.get("games", "data", query)

    queries = [f"rule=simultaneous&updates=10&start={x},1" for x in range(1, 6)]
    first = [get(query) for query in queries]
    assert 50_000 < len(first[0]) < 100_000
    assert get(queries[-1]) is first[-1]
    assert get(queries[0]) is not first[0] and get(queries[0]) == first[0]


def test_a_visitor_cannot_stop_others(monkeypatch):
    begun, go = threading.Event(), threading.Event()

    def slow(page: str, kind: str, query: str) -> bytes:
        begun.set()
        assert go.wait(30)
        return query.encode()

    monkeypatch.setattr(answers.ANSWERS, "get", slow)

    def request(host: str) -> Request:
        scope = {"type": "http", "headers": [], "query_string": b"x=1", "path": "/"}
        return Request(
            scope | {"path_params": {"page": "games", "kind": "data"}, "client": (host, 1)}
        )

    async def ask() -> list[int]:
        first = [asyncio.create_task(answers.endpoint(request("a"))) for _ in range(3)]
        await asyncio.to_thread(begun.wait, 30)
        more = await answers.endpoint(request("a"))
        other = asyncio.create_task(answers.endpoint(request("b")))
        await asyncio.sleep(0)
        go.set()
        done = [(await task).status_code for task in (*first, other)]
        return [more.status_code, *done]

    assert asyncio.run(ask()) == [503, 200, 200, 200, 200]
    assert not answers._waiting


def test_other_requests_are_refused():
    def ask(page: str, kind: str, query: bytes) -> int:
        scope = {"type": "http", "headers": [], "query_string": query, "path": "/", "client": None}
        asked = Request(scope | {"path_params": {"page": page, "kind": kind}})
        return asyncio.run(answers.endpoint(asked)).status_code

    assert ask("games", "other", b"") == ask("other", "data", b"") == 404
    assert ask("games", "data", b"a" * 5000) == 404
    assert ask("games", "csv", b"updates=10") == 200
