"""A browser's conversation with its session: messages out, commands in, over any connection."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from ganlab.allowance import Allowance
from ganlab.languages import ENGLISH, _
from ganlab.live import commands, drawing
from ganlab.live.commands import Command
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.subscriber import Subscriber
from ganlab.live.wire import MOST_TEXT
from ganlab.registry import SpecError
from ganlab.shaping import refuse
from ganlab.spec import KNOBS

_SEND_SECONDS = 30.0  # a browser that reads nothing for this long is disconnected
_PARTING_SECONDS = 1.0  # for what a browser has sent before it was told that this is the end
_MOST_BACKLOG = 100  # commands in a session's queue
# Limits of messages per browser: how many at once, and then per second. Frames are acknowledged up
# to 60 times per second, and a dragged slider sends 20 commands. Each message takes a tenth of a
# millisecond of the event loop, which all browsers share.
_MESSAGES = 100.0, 80.0
_COMMANDS = 40.0, 20.0
_ERROR = 4.0  # an invalid command counts as this many: it is answered in words
_MOST_NESTED = 20  # objects and lists in a message


class Gone(Exception):
    """The browser has left, or no longer reads."""


class Connection(Protocol):
    """A connection to one browser. Every method raises `Gone` once the browser has left."""

    async def receive(self) -> str | None:
        """The browser's next message; None if it is not text."""

    async def send(self, message: bytes) -> None:
        """Send a message."""

    async def end(self, reason: str) -> None:
        """Close it; reason: why the run has failed, "" if it did not."""


async def converse(
    connection: Connection, session: Session, scheduler: Scheduler, language: str = ENGLISH
) -> None:
    """Serve one browser in its language until it leaves, or the session is over."""
    subscriber = Subscriber(asyncio.get_running_loop(), language)
    session.subscribers.append(subscriber)
    session.unwatched_since = None
    if scheduler.get(session.token) is not session:
        subscriber.close()  # the session was dropped at this moment, perhaps without closing us
    session.command("hello", subscriber)
    messages, tasks = Allowance(*_MESSAGES), Allowance(*_COMMANDS)

    async def hear(text: str | None) -> None:
        await asyncio.sleep(messages.wait(time.monotonic()))
        cost = await _receive(text, session, subscriber, scheduler)
        if cost:
            await asyncio.sleep(tasks.wait(time.monotonic(), cost))
        while session.backlog > _MOST_BACKLOG and not subscriber.closed:
            await asyncio.sleep(0.02)  # a flood stays in the sender's buffers

    try:
        await exchange(connection, subscriber, hear)
    finally:
        session.subscribers.remove(subscriber)
        if not session.subscribers:
            session.unwatched_since = time.monotonic()
        session.command("watched")


async def exchange(
    connection: Connection, subscriber: Subscriber, hear: Callable[[str | None], Awaitable[None]]
) -> None:
    """Send a subscriber's messages and hear what its browser says, until either of them ends."""
    hearing = asyncio.create_task(_listen(connection, subscriber, hear))
    try:
        await _deliver(connection, subscriber)
        # A browser that is slow, or waits itself, may never say that it has left.
        for ended in (await asyncio.wait([hearing], timeout=_PARTING_SECONDS))[0]:
            ended.result()
    finally:
        subscriber.close()
        hearing.cancel()


async def _listen(
    connection: Connection, subscriber: Subscriber, hear: Callable[[str | None], Awaitable[None]]
) -> None:
    try:
        while not subscriber.closed:
            await hear(await connection.receive())
    except (Gone, RuntimeError):  # RuntimeError: this process is stopping, its threads have ended
        pass
    finally:
        subscriber.close()


async def _deliver(connection: Connection, subscriber: Subscriber) -> None:
    """Send the messages of a subscriber until it is closed, or the browser has left."""
    try:
        while (message := await subscriber.next()) is not None:
            await asyncio.wait_for(connection.send(message), _SEND_SECONDS)
        await connection.end(subscriber.reason)
    except (Gone, TimeoutError):
        pass  # the browser left between two messages, or no longer reads them
    finally:
        subscriber.closed = True


def parsed(text: str | None) -> object:
    """A browser's message, read as JSON; None if it is nested too deeply.

    Raises `SpecError` unless it is a short text, ValueError or RecursionError unless it is JSON.
    """
    if text is None:
        raise SpecError("message", "(binary)", _("text"))
    if len(text) > MOST_TEXT:
        raise SpecError("message", text, _("at most {most_text} characters", most_text=MOST_TEXT))
    # Detecting nesting that is too deep takes a millisecond.
    flat = text.count("[") + text.count("{") <= _MOST_NESTED
    return json.loads(text) if flat else None


async def _receive(
    text: str | None,
    session: Session,
    subscriber: Subscriber,
    scheduler: Scheduler,
) -> float:
    """Execute a browser's command; invalid ones are answered, and raise nothing.

    Returns the number of commands that it counts as: 0 for an acknowledgement.
    """
    try:
        command = commands.read(parsed(text))
        refuse(session.shape, command.name, getattr(command.value, "field", ""))
        await _do(command, session, subscriber, scheduler)
    except (SpecError, ValueError, RecursionError) as error:
        session.command("note", error.words if isinstance(error, SpecError) else str(error))
        return _ERROR
    return 0.0 if command.name == "ack" else 1.0


async def _do(
    command: Command,
    session: Session,
    subscriber: Subscriber,
    scheduler: Scheduler,
) -> None:
    name, value = command
    if name == "ack":
        subscriber.drawn(value)
        session.feed.acknowledged()
        scheduler.wake(session)
    elif name == "visible":
        subscriber.visible = value
        session.command("watched")
    elif name == "seed":
        if session.lesson is not None:
            session.lesson.did(name)
        session.new_seed()
    elif name == "set":
        try:
            # Counting the cost of the new Spec may take tenths of a second.
            await asyncio.to_thread(session.set, value.field, value.value)
        except SpecError as error:
            if value.field not in KNOBS:
                raise
            session.refuse(value.field, error)
    elif name in ("draw_curve", "draw_ink"):
        try:
            await asyncio.to_thread(session.draw, value)
        except SpecError as error:
            session.refuse(drawing.FIELD, error)
    elif name in ("figure", "export", "tape"):
        session.command(name, (subscriber, value))
    else:
        session.command(name, value)
