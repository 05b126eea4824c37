"""The outbox of one WebSocket: a new message replaces an unsent one of its kind."""

from __future__ import annotations

import asyncio
import threading
import time

from ganlab.languages import ENGLISH
from ganlab.live.wire import Packed

SPECTRUM = "spectrum"  # the kind of its message
IN_FLIGHT = 2  # the most frames that are sent but not yet drawn
_ORDER = (
    "class",
    "scene",
    "waits",
    "status",
    "curves",
    "figure",
    "export",
    "page",
    "parts",
    "spectrum",
    "frame",
)
_LASTING = ("export", "page", "class")  # which stay valid when a scene is replaced
_EARLY = ("waits", "class")  # which may be sent before the first scene
_STALE_SECONDS = 10.0  # a browser that draws nothing for this long is not watching


class Subscriber:
    """Filled by workers, emptied by its socket's task on the event loop."""

    follows = False  # whether it only watches another's session

    def __init__(self, loop: asyncio.AbstractEventLoop, language: str = ENGLISH):
        self.language = language  # of the words that it is sent
        self.visible = True
        self.closed = False
        self.reason = ""  # why it was closed, if there is a reason besides its end
        self._loop, self._event = loop, asyncio.Event()
        self._lock = threading.Lock()
        self._box: dict[str, bytes] = {}
        self._begun = False  # whether it was given a scene
        self._poked = False  # whether the loop has been woken already
        self._sent = self._drawn = self._extra = 0
        self._told = time.monotonic()  # when the last message was added
        self._progress = time.monotonic()

    @property
    def watching(self) -> bool:
        """Whether this browser shows what it is sent."""
        if self.closed or not self.visible:
            return False
        waiting = self._sent > self._drawn
        return not (waiting and time.monotonic() - self._progress > _STALE_SECONDS)

    @property
    def has_drawn(self) -> bool:
        """Whether this browser has drawn a picture."""
        return self.watching and self._drawn > 0

    @property
    def ready_for_frame(self) -> bool:
        """Whether a frame sent now would soon be drawn."""
        return self.watching and self._begun and "frame" not in self._box and self._has_credit

    @property
    def has_drawn_all(self) -> bool:
        """Whether this browser has drawn or replaced all frames that it was sent."""
        return self._sent == self._drawn

    @property
    def silence(self) -> float:
        """Seconds since the last message."""
        return time.monotonic() - self._told

    @property
    def _has_credit(self) -> bool:
        return self._sent - self._drawn < IN_FLIGHT + self._extra

    def put(self, kind: str, message: bytes) -> None:
        """Add a message; it replaces an unsent one of its kind.

        A new scene discards the messages before it; before the first scene, only what it waits for
        and what the class is asked are accepted.
        """
        with self._lock:
            if kind == "scene":
                self._box = {k: v for k, v in self._box.items() if k in _LASTING}
                self._begun = True
            elif not self._begun and kind not in _EARLY:
                return
            self._box[kind] = message
            self._told = time.monotonic()
        self._poke()

    def grant(self) -> None:
        """Let one more frame be in flight, so that the next one need not wait."""
        with self._lock:
            self._extra = 1

    def drawn(self, total: int) -> None:
        """The browser has handled `total` frames so far: drawn, or replaced by newer ones."""
        with self._lock:
            total = min(total, self._sent)
            if total > self._drawn:
                self._drawn, self._progress = total, time.monotonic()
            waiting = "frame" in self._box
        if waiting:
            self._poke()

    def close(self, reason: str = "") -> None:
        """Make the sender stop and send the reason; the first reason stays."""
        self.reason, self.closed = self.reason or reason, True
        self._poke()

    def _poke(self) -> None:
        if self._poked:
            return  # waking the loop costs a system call
        self._poked = True
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the loop has ended, so the server is stopping
            self.closed = True

    def _wake(self) -> None:
        self._poked = False
        self._event.set()

    async def next(self) -> bytes | None:
        """The next message to send; None once closed."""
        while not self.closed:
            with self._lock:
                for kind in _ORDER:
                    if kind not in self._box or (kind == "frame" and not self._has_credit):
                        continue
                    if kind == "frame":
                        if self._sent == self._drawn:
                            self._progress = time.monotonic()
                        self._sent += 1
                        self._extra = 0
                    message = self._box.pop(kind)
                    return message.into(self.language) if isinstance(message, Packed) else message
                self._event.clear()
            await self._event.wait()
        return None
