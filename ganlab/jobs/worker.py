"""The life of a job in the process that works on it: lock, signals, wishes, words, failures."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from filelock import Timeout

from ganlab.jobs.folder import Folder
from ganlab.registry import SpecError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # of a disk

Report = Callable[[Any], object]


class Stop(Exception):
    """The work ends here: with this state and these words."""

    def __init__(self, state: str, message: str):
        super().__init__(state, message)
        self.state, self.message = state, message


class Worker:
    """Works on a folder's job in this process; whoever wants something asks through the folder.

    report(status) is called whenever something is said. A signal to end (SIGINT, SIGTERM), if
    `signals`, is a wish to stop: a subclass writes a checkpoint first.
    """

    def __init__(self, folder: Folder, report: Report | None = None, signals: bool = False):
        self.folder, self.plan = folder, folder.plan
        self.ending = False  # a signal to end has come
        self._report, self._signals = report, signals
        self._wanted, self._seen = folder.wanted, -1
        start = folder.resting(folder.status, "starting", "")
        self.status = dataclasses.replace(start, pid=os.getpid())
        self.said = 0.0  # when something was said last, by the monotonic clock

    def prepare(self) -> None:
        """Read what the work needs."""
        raise NotImplementedError

    def work_on(self) -> None:
        """Work until it is over, and then raise `Stop`."""
        raise NotImplementedError

    def expected(self, error: Exception) -> bool:
        """Whether an error is told in words alone: a person can mend what causes it."""
        return isinstance(error, (SpecError, OSError))

    def readable(self, error: Exception) -> str:
        """An expected error in words."""
        if isinstance(error, OSError) and error.errno in _FULL:
            return (
                f"{error}. What was trained up to iteration {self.status.checkpoint:,} is kept: "
                "make room on that disk, then start again from there."
            )
        return str(error)

    def work(self) -> Any:
        """Until it is done, stopped or fails; the last status, which is also written.

        Raises `SpecError` if another worker is at work on the folder.
        """
        lock = self.folder.lock()
        try:
            lock.acquire(timeout=2)
        except Timeout:
            raise SpecError("folder", self.folder.name, "one that nobody trains now") from None
        try:
            self.folder.tidy()
            handlers = self._listen()
            try:
                self.prepare()
                self.work_on()
            except Stop as end:
                self.say(state=end.state, message=end.message)
            except Exception as error:  # told on the page, whatever it is
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
        """Tell what has changed."""
        self.status = dataclasses.replace(self.status, **changes, time=time.time())
        self.folder.say(self.status)
        self.said = time.monotonic()
        if self._report:
            self._report(self.status)

    def asked(self) -> Any:
        """What is wanted now."""
        changed = self.folder.changed("wanted.json")
        if changed != self._seen:
            self._wanted, self._seen = self.folder.wanted, changed
        return self._wanted

    def _listen(self) -> dict[int, Any]:
        """Have signals to end ask to stop; the handlers there were."""
        if not self._signals:
            return {}

        def end(number: int, frame: object) -> None:
            self.ending = True

        return {n: signal.signal(n, end) for n in (signal.SIGINT, signal.SIGTERM)}
