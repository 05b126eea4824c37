"""Trainers as processes of their own, which outlive the page that starts them."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
import time

from filelock import FileLock

from ganlab.mnist.folder import Folder, folders, home
from ganlab.mnist.records import AT_WORK
from ganlab.registry import SpecError


def busy() -> Folder | None:
    """The run of `home()` that a trainer is at work on, or is about to be."""
    return next((f for f in folders() if f.status.state in AT_WORK or f.running), None)


def start(folder: Folder) -> None:
    """Have a new process train a run, from its checkpoint if it has one; returns at once.

    One run at a time: raises `SpecError` while another one is at work. What goes wrong later is
    told in the run's status.
    """
    home().mkdir(parents=True, exist_ok=True)
    with FileLock(home().with_name("runs.lock")):  # two pages may start one at the same moment
        other = busy()
        if other is not None:
            raise SpecError("run", folder.name, f"one at a time: {other.name} is at work")
        folder.want(state="training")
        starting = {"state": "starting", "message": "Starting a process.", "pid": 0}
        folder.say(dataclasses.replace(folder.status, **starting, time=time.time()))
    command = [sys.executable, "-m", "ganlab.cli", "mnist", "--quiet", "--as-asked"]
    command += ["--resume", str(folder.path)]
    with open(folder.log, "ab") as log:
        # A session of its own: neither a closed terminal nor the page's server takes it along.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
            creationflags=0 if os.name == "posix" else 0x00000208,  # detached, its own group
        )
    if os.name == "posix":  # the labs on this server come first
        with contextlib.suppress(OSError):
            nice = max(5, os.getpriority(os.PRIO_PROCESS, 0))
            os.setpriority(os.PRIO_PROCESS, process.pid, nice)
