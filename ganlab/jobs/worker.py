"""The worker process of a job: lock, signals, requests, status and errors."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import time
from collections.abc import Callable
from typing import Any, Generic

from filelock import Timeout

from ganlab.jobs.folder import Folder, P, S, W
from ganlab.registry import SpecError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # errors of a full disk

Report = Callable[[S], object]


class Stop(Exception):
    """Ends the work with this state and message."""

    def __init__(self, state: str, message: str):
        super().__init__(state, message)
        self.state, self.message = state, message


class Worker(Generic[P, S, W]):
    """Works on a folder's job in this process; requests come through the folder.

    report(status) is called with each new status. With `signals`, a signal to end (SIGINT, SIGTERM)
    is a request to stop; subclasses write a checkpoint first.
    """

    def __init__(
        self, folder: Folder[P, S, W], report: Report[S] | None = None, signals: bool = False
    ):
        self.folder, self.plan = folder, folder.plan
        self.ending = False  # whether a signal to end has arrived
        self._report, self._signals = report, signals
        self._wanted, self._seen = folder.wanted, -1
        start = folder.resting(folder.status, "starting", "")
        self.status = dataclasses.replace(start, pid=os.getpid())
        self.said = 0.0  # time of the last status, by the monotonic clock

    def prepare(self) -> None:
        """Read the inputs of the work."""
        raise NotImplementedError

    def work_on(self) -> None:
        """Work until done, and then raise `Stop`."""
        raise NotImplementedError

    def expected(self, error: Exception) -> bool:
        """Whether an error needs no traceback, since the user can fix its cause."""
        return isinstance(error, (SpecError, OSError))

    def readable(self, error: Exception) -> str:
        """The message of an expected error."""
        if isinstance(error, OSError) and error.errno in _FULL:
            return (
                f"{error}. Training up to iteration {self.status.checkpoint:,} is saved: free some "
                "space on that disk, then start again from there."
            )
        return str(error)

    def work(self) -> S:
        """Work until done, stopped or failed; returns the last status, which is also written.

        Raises `SpecError` if another worker has the folder.
        """
        lock = self.folder.lock()
        try:
            lock.acquire(timeout=2)
        except Timeout:
            raise SpecError("folder", self.folder.name, "a run that is not in training") from None
        try:
            self.folder.tidy()
            handlers = self._listen()
            try:
                self.prepare()
                self.work_on()
            except Stop as end:
                self.say(state=end.state, message=end.message)
            except Exception as error:  # of any kind: shown on the page
                if not self.expected(error):
                    self.say(state="failed", message=f"{type(error).__name__}: {error}")
                    raise
                self.say(state="failed", message=self.readable(error))
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
            return self.status
        finally:
            lock.release()

    def say(self, **changes: Any) -> None:
        """Write a status with these changes."""
        self.status = dataclasses.replace(self.status, **changes, time=time.time())
        self.folder.say(self.status)
        self.said = time.monotonic()
        if self._report:
            self._report(self.status)

    def asked(self) -> W:
        """The current requests."""
        changed = self.folder.changed("wanted.json")
        if changed != self._seen:
            self._wanted, self._seen = self.folder.wanted, changed
        return self._wanted

    def _listen(self) -> dict[int, Any]:
        """Turn signals to end into requests to stop; returns the previous handlers."""
        if not self._signals:
            return {}

        def end(number: int, frame: object) -> None:
            self.ending = True

        return {n: signal.signal(n, end) for n in (signal.SIGINT, signal.SIGTERM)}
