"""What a server asks of the system it runs on; where it is not heard, all goes on without."""

from __future__ import annotations

import ctypes
import os
import threading


def prefer_this_thread() -> None:
    """Ask the system to run this thread before others; only a privileged server is heard.

    Pictures come in short bursts, for which a scheduler would move the training aside.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
    except (OSError, AttributeError):
        pass


def give_back_memory() -> None:
    """Have the C library return freed pages to the system, where it can (glibc)."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        pass
