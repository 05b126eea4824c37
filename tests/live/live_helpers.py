"""Simulated browsers, which take messages from a subscriber's outbox and acknowledge them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np
import torch

from ganlab.engine import Run
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.subscriber import Subscriber
from ganlab.live.wire import decode
from ganlab.spec import Spec

# Fast, and independent of the defaults.
SMALL = Spec(
    target="gaussian",
    latent="normal",
    latent_dim=1,
    g_hidden=(8,),
    d_hidden=(8,),
    loss="non-saturating",
    optimizer="adam",
    k=1,
    g_lr=1e-3,
    d_lr=1e-3,
    batch=16,
    seed=0,
)
Message = tuple[dict, dict[str, np.ndarray]]


class Browser:
    """Takes the messages that are there on request: for sessions that the test itself advances."""

    def __init__(self, session: Session, acknowledges: bool = True):
        self.loop = asyncio.new_event_loop()
        self.subscriber = Subscriber(self.loop)
        self.acknowledges, self.frames = acknowledges, 0
        self.session = session
        session.subscribers.append(self.subscriber)
        session.unwatched_since = None
        session.command("hello", self.subscriber)

    async def _take(self) -> list[Message]:
        got = []
        while True:
            task = asyncio.ensure_future(self.subscriber.next())
            for _ in range(4):
                await asyncio.sleep(0)
            if not task.done():
                task.cancel()
                return got
            if task.result() is None:
                return got
            got.append(decode(task.result()))
            self.frames += got[-1][0]["type"] == "frame"
            if self.acknowledges:
                self.subscriber.drawn(self.frames)

    def take(self) -> list[Message]:
        """The messages that would have been sent by now, in order."""
        return self.loop.run_until_complete(self._take())

    def leave(self) -> None:
        self.session.subscribers.remove(self.subscriber)
        self.subscriber.close()
        self.take()
        self.loop.close()


def of_type(messages: list[Message], kind: str) -> list[Message]:
    return [m for m in messages if m[0]["type"] == kind]


def last(messages: list[Message], kind: str) -> Message:
    return of_type(messages, kind)[-1]


def settle(session: Session, *browsers: Browser) -> list[list[Message]]:
    """Let a paused session work until it has nothing to do; returns what each browser received."""
    got: list[list[Message]] = [[] for _ in browsers]
    for _ in range(200):
        wait = session.work(0.01)
        new = [b.take() for b in browsers]
        for all_, some in zip(got, new, strict=True):
            all_.extend(some)
        if wait is None and not any(new):
            return got
        time.sleep(wait or 0)
    raise AssertionError("the session does not come to rest")


class Audience:
    """Browsers on one event loop in a thread of its own; closes scheduler and loop at the end."""

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.messages: dict[str, list[tuple[float, dict, dict]]] = {}
        self.senders = []

    def watch(self, spec: Spec) -> Session:
        session = self.scheduler.create(spec)
        self.join(session)
        return session

    def join(self, session: Session) -> Subscriber:
        subscriber = Subscriber(self.loop)
        got = self.messages.setdefault(session.token, [])

        async def receive() -> None:
            frames = 0
            while (message := await subscriber.next()) is not None:
                header, arrays = decode(message)
                got.append((time.perf_counter(), header, arrays))
                if header["type"] == "frame":
                    frames += 1
                    subscriber.drawn(frames)
                    self.scheduler.wake(session)

        session.subscribers.append(subscriber)
        session.unwatched_since = None
        session.command("hello", subscriber)
        self.senders.append(asyncio.run_coroutine_threadsafe(receive(), self.loop))
        return subscriber

    def leave(self, session: Session) -> None:
        for subscriber in list(session.subscribers):
            subscriber.close()
            session.subscribers.remove(subscriber)
        session.unwatched_since = time.monotonic()
        session.command("watched")

    def of_type(self, session: Session, kind: str) -> list[tuple[float, dict, dict]]:
        return [m for m in list(self.messages[session.token]) if m[1]["type"] == kind]

    def close(self) -> None:
        self.scheduler.close()
        for sender in self.senders:
            sender.result(timeout=5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)
        self.loop.close()


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until `condition()` holds; fails after `seconds`."""
    end = time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < end, "it did not happen in time"
        time.sleep(0.005)


def counts(session: Session) -> tuple[int, int]:
    return session.run.state.d_updates, session.run.state.g_updates


def same(a: Run, b: Run) -> bool:
    return torch.equal(a.state.g, b.state.g) and torch.equal(a.state.d, b.state.d)


def press(session: Session, browser: Browser, *names: str) -> list:
    for name in names:
        session.command(name)
    return settle(session, browser)[0]
