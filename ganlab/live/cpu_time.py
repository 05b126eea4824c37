"""CPU seconds of a thread's own work.

Python collects garbage, the whole server's, in whatever thread is about to make an object. A full
collection takes as long as several seconds' turns in a class: charged with it, a session would
stand still for so long.
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
    """CPU seconds of this thread so far, unlike the clock's not what others took meanwhile."""
    return time.thread_time() - getattr(_here, "collected", 0.0) + getattr(_here, "elsewhere", 0.0)


def charge(seconds: float) -> None:
    """Count what another process has computed for this thread as its own."""
    _here.elsewhere = getattr(_here, "elsewhere", 0.0) + seconds
