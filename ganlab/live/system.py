"""What a server asks of the system it runs on; where it is not heard, all goes on without."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

_INTERVAL = 5e-4  # seconds


def share_the_interpreter() -> None:
    """Have a thread that holds the interpreter's lock give it up soon when others want it.

    An operation of torch gives the lock up and must have it back: beside a thread of plain Python
    each waits for the whole interval, which is 5 ms by default, and a picture is a hundred of them.
    """
    sys.setswitchinterval(_INTERVAL)


def prefer_this_thread() -> None:
    """Ask the system to run this thread before others; only a privileged server is heard.

    Pictures come in short bursts, for which a scheduler would move the training aside.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
    except (OSError, AttributeError):
        pass


def defer_this_thread() -> None:
    """Ask the system to run this thread after others, where it can (Linux).

    Where niceness is the whole process's, nothing is asked.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
    except OSError:
        pass


def give_back_memory() -> None:
    """Have the C library return freed pages to the system, where it can (glibc)."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        pass
