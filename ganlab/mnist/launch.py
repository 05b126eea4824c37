"""Trainers as processes of their own, which outlive the page that starts them; a queue for them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from typing import Any

from filelock import FileLock

from ganlab import processes
from ganlab.limits import limit
from ganlab.mnist.folder import Folder, folders, home
from ganlab.mnist.records import AT_WORK, QUEUED
from ganlab.paths import kept
from ganlab.registry import SpecError

_EVERY = 1.0  # seconds between two looks at the queue
_attending = threading.Lock()


def working() -> list[Folder]:
    """The runs of `home()` that trainers are at work on, or are about to be."""
    return [f for f in folders() if f.status.state in AT_WORK or f.running]


def queue() -> list[Folder]:
    """The runs that wait until fewer are at work, who has waited longest first."""
    known = ((f.status, f) for f in folders())
    waiting = [(s.time, f.name, f) for s, f in known if s.state == QUEUED]
    return [f for _, _, f in sorted(waiting, key=lambda w: w[:2])]


def place(folder: Folder) -> int:
    """A run's place in the queue, from 1; 0: it does not wait."""
    names = [f.name for f in queue()]
    return names.index(folder.name) + 1 if folder.name in names else 0


def start(folder: Folder) -> None:
    """Have a new process train a run, from its checkpoint if it has one; returns at once.

    As many train at once as the limit `mnist_runs` says: others wait, and begin while some server
    of these runs is there. Raises `SpecError` if none may train, or this one trains already. What
    goes wrong later is told in the run's status.
    """
    if not limit("mnist_runs"):
        raise SpecError("run", folder.name, "none: this server trains no MNIST runs")
    with _alone():
        at_work = working()
        if folder.name in [f.name for f in at_work]:
            raise SpecError("run", folder.name, "one that nobody trains now")
        folder.want(state="training")
        if len(at_work) < limit("mnist_runs") and not queue():
            _launch(folder)
        elif folder.status.state != QUEUED:
            waits: dict[str, Any] = {"state": QUEUED, "message": "", "pid": 0, "measuring": None}
            folder.say(dataclasses.replace(folder.status, **waits, time=time.time()))
    attend()


def leave_queue(folder: Folder) -> None:
    """Have a run wait no longer."""
    with _alone():
        if folder.status.state == QUEUED:
            folder.want(state="stopped")
            words = "Taken out of the queue."
            folder.say(dataclasses.replace(folder.status, state="stopped", message=words))


def attend() -> None:
    """Have somebody start those who wait; pages call it, since a server may have gone meanwhile."""
    if queue() and _attending.acquire(blocking=False):
        try:
            threading.Thread(target=_attend, name="ganlab-queue", daemon=True).start()
        except RuntimeError:  # the server is about to end
            _attending.release()


def _attend() -> None:
    try:
        while queue():
            with contextlib.suppress(OSError), _alone():
                while len(working()) < limit("mnist_runs") and (waiting := queue()):
                    _launch(waiting[0])
            time.sleep(_EVERY)
    finally:
        _attending.release()


def _alone() -> FileLock:
    """Held while it is decided who trains: several pages and servers may ask at one moment."""
    home().mkdir(parents=True, exist_ok=True)
    return FileLock(home().with_name("runs.lock"))


def _launch(folder: Folder) -> None:
    starting: dict[str, Any] = {"state": "starting", "message": "Starting a process.", "pid": 0}
    folder.say(dataclasses.replace(folder.status, **starting, time=time.time()))
    command = [sys.executable, "-m", "ganlab.cli", "mnist", "--quiet", "--as-asked"]
    command += ["--resume", str(folder.path)]
    with open(folder.log, "ab") as log:
        # A session of its own: neither a closed terminal nor the page's server takes it along.
        process = subprocess.Popen(
            command,
            # Where no home can be written, the trainer must look where this process does.
            env=os.environ | {"GANLAB_CACHE": str(kept())},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
            creationflags=0 if os.name == "posix" else 0x00000208,  # detached, its own group
        )
    processes.stand_back(process, 5)  # the labs on this server come first
