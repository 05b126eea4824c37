"""CPU seconds of a thread, without garbage collection.

Python collects the whole server's garbage in the thread that happens to trigger it. With many
sessions, a full collection takes as long as all turns of several seconds. A session that was
charged for it would make no updates for that long.
"""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

_here = threading.local()


def _collecting(phase: str, info: dict[str, Any]) -> None:
    now = time.thread_time()
    if phase == "start":
        _here.since = now
    else:
        _here.collected = getattr(_here, "collected", 0.0) + now - getattr(_here, "since", now)


gc.callbacks.append(_collecting)


def seconds() -> float:
    """CPU seconds of this thread so far; unlike wall time they exclude other threads."""
    return time.thread_time() - getattr(_here, "collected", 0.0) + getattr(_here, "elsewhere", 0.0)


def charge(seconds: float, updates: float = 0.0) -> None:
    """Add the CPU seconds that another process has used for this thread, `updates` for updates."""
    _here.elsewhere = getattr(_here, "elsewhere", 0.0) + seconds
    _here.updates = updates_elsewhere() + updates


def updates_elsewhere() -> float:
    """CPU seconds that other processes have used for updates for this thread."""
    return getattr(_here, "updates", 0.0)
