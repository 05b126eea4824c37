"""Requests to the operating system; if it ignores them, the server works without."""

from __future__ import annotations

import ctypes
import os
import sys
import threading

_INTERVAL = 5e-4  # seconds
_ARENA_MAX, _ARENAS = -8, 2  # the parameter M_ARENA_MAX of glibc, and its value
_TUNABLES = "GLIBC_TUNABLES"
# An update allocates and frees 45 small tensors; by default a thread keeps 7 pieces of a size. And
# what is below the thresholds, in bytes, is not returned to the system to be asked for again.
_KEEPS_FREED = (
    "glibc.malloc.tcache_count=512"
    ":glibc.malloc.mmap_threshold=33554432"
    ":glibc.malloc.trim_threshold=67108864"
)


def share_the_interpreter() -> None:
    """Make a thread that holds the interpreter lock release it soon when others want it.

    A torch operation releases the lock and acquires it again. Beside a thread of pure Python code,
    each operation waits for a whole switch interval, which is 5 ms by default, and a picture has a
    hundred operations.
    """
    sys.setswitchinterval(_INTERVAL)


def prefer_this_thread() -> None:
    """Give this thread a higher priority; only a privileged server may.

    Pictures are short bursts of work, which should not wait for training.
    """
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
    except (OSError, AttributeError):
        pass


def equal_this_thread() -> None:
    """Give this thread the server's own priority, not that of the thread which has started it."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 0)
    except (OSError, AttributeError):
        pass


def defer_this_thread() -> None:
    """Give this thread a lower priority, if the system can do that (Linux).

    On systems where niceness belongs to the whole process, nothing is changed.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
    except OSError:
        pass


def yield_to_others() -> None:
    """Let this thread wait for a free core instead of interrupting another thread (Linux).

    Pictures and metrics come sixty times a second; each would interrupt the training on its core,
    although the other core is often about to be free.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (OSError, AttributeError):
        pass


def share_free_memory() -> None:
    """Have threads share what they have freed, if the C library can do that (glibc).

    By default, each of a server's thirty threads has its own store of it, which no other one uses.
    """
    try:
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
    except (OSError, AttributeError, TypeError):
        pass


def memory_settings() -> dict[str, str]:
    """Environment variables for a child that computes: it keeps what it has freed (glibc).

    The settings that this process has been given stay.
    """
    return {_TUNABLES: os.environ.get(_TUNABLES) or _KEEPS_FREED}


def give_back_memory() -> None:
    """Make the C library return freed pages to the system, if it can (glibc)."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        pass
