"""Starts workers as processes that outlive the page, and queues jobs."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from typing import Any, Generic, TypeVar

from filelock import FileLock

from ganlab import processes
from ganlab.jobs.folder import Folder
from ganlab.jobs.records import AT_WORK, QUEUED
from ganlab.limits import limit
from ganlab.paths import kept
from ganlab.registry import SpecError

_EVERY = 1.0  # seconds between two reads of the queue

F = TypeVar("F", bound=Folder[Any, Any, Any])


class Queue(Generic[F]):
    """The jobs of one kind: at most as many as the limit are worked on at once, the others wait.

    Its state is in the jobs' folders, so that several pages and servers share it.
    """

    def __init__(self, kind: type[F]):
        self.kind = kind
        self._attending = threading.Lock()

    def working(self) -> list[F]:
        """The jobs that workers are working on, or about to."""
        return [f for f in self.kind.all() if f.status.state in AT_WORK or f.running]

    def waiting(self) -> list[F]:
        """The jobs that wait, the longest waiting first."""
        known = ((f.status, f) for f in self.kind.all())
        waiting = [(s.time, f.name, f) for s, f in known if s.state == QUEUED]
        return [f for _, _, f in sorted(waiting, key=lambda w: w[:2])]

    def place(self, folder: F) -> int:
        """A job's place in the queue, from 1; 0 if it does not wait."""
        names = [f.name for f in self.waiting()]
        return names.index(folder.name) + 1 if folder.name in names else 0

    def start(self, folder: F) -> None:
        """Start a process that works on a job, from its checkpoint if any; returns at once.

        If the limit is reached the job waits, and is started by any server that has such jobs.
        Raises `SpecError` if the limit is 0, or if a worker has this job already. Later errors are
        reported in the job's status.
        """
        most = limit(self.kind.LIMIT)
        if not most:
            raise SpecError("run", folder.name, self.kind.NONE)
        with self._alone():
            at_work = self.working()
            if folder.name in [f.name for f in at_work]:
                raise SpecError("run", folder.name, "a run that is not in training")
            folder.want(state="training")
            if len(at_work) < most and not self.waiting():
                _launch(folder)
            elif folder.status.state != QUEUED:
                _say(folder, QUEUED, "")
        self.attend()

    def leave(self, folder: F) -> None:
        """Remove a job from the queue."""
        with self._alone():
            if folder.status.state == QUEUED:
                folder.want(state="stopped")
                words = "Removed from the queue."
                folder.say(dataclasses.replace(folder.status, state="stopped", message=words))

    def attend(self) -> None:
        """Make sure that a thread starts the waiting jobs.

        Pages call it, since the server that queued them may have ended.
        """
        if self.waiting() and self._attending.acquire(blocking=False):
            try:
                threading.Thread(target=self._attend, name="ganlab-queue", daemon=True).start()
            except RuntimeError:  # the server is about to end
                self._attending.release()

    def _attend(self) -> None:
        try:
            while self.waiting():
                with contextlib.suppress(OSError), self._alone():
                    most = limit(self.kind.LIMIT)
                    while len(self.working()) < most and (waiting := self.waiting()):
                        _launch(waiting[0])
                time.sleep(_EVERY)
        finally:
            self._attending.release()

    def _alone(self) -> FileLock:
        """The lock for starting workers: several pages and servers may try at the same moment."""
        home = self.kind.home()
        home.mkdir(parents=True, exist_ok=True)
        return FileLock(home.with_name(f"{home.name}.lock"))


def _say(folder: Folder[Any, Any, Any], state: str, message: str) -> None:
    resting = folder.resting(folder.status, state, message)
    folder.say(dataclasses.replace(resting, pid=0, time=time.time()))


def _launch(folder: Folder[Any, Any, Any]) -> None:
    _say(folder, "starting", "Starting a process.")
    with open(folder.log, "ab") as log:
        # In a session of its own it survives a closed terminal and the page's server.
        process = subprocess.Popen(
            [sys.executable, "-m", *folder.command()],
            # If no home is writable, the worker must look where this process does.
            env=os.environ | {"GANLAB_CACHE": str(kept())},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
            creationflags=0 if os.name == "posix" else 0x00000208,  # detached, its own group
        )
    processes.lower_priority(process, 5)  # the labs on this server take priority
