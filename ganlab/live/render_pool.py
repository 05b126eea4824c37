"""Where pictures and metrics are made: in render threads, or by workers between turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ganlab.live import system
from ganlab.live.pacing import MANY_SESSIONS
from ganlab.live.session import Session
from ganlab.live.subscriber import SPECTRUM
from ganlab.live.take_away import PAGE


class RenderPool:
    """Threads for frames and for metrics, and a queue of frames for workers.

    A compiled program does not hold the interpreter lock, so render threads paint beside it. An
    eager update needs the lock as much as a picture does: two threads would exchange the lock at
    every operation and get less done than one thread that does both in turn. So if many frames are
    due, workers paint those of eager runs, unless another process does.
    """

    def __init__(
        self, workers: int, name: str = "ganlab", prepare: Callable[[], None] | None = None
    ):
        # Metrics, figures, files and explanations take long: frames must not wait for them. With
        # one frame thread more than workers, a process has its next picture to make while one is
        # sent.
        counts = {"frame": workers + 1, "curves": 1, "answer": 1, "parts": 1, SPECTRUM: 1, PAGE: 1}
        # A thread of low priority would keep the interpreter lock from the others for too long.
        prepared = dict.fromkeys(counts, prepare) | {PAGE: system.equal_this_thread}
        self._threads = {
            kind: ThreadPoolExecutor(count, f"{name}-{kind}", prepared[kind])
            for kind, count in counts.items()
        }
        self.waiting: deque[Callable[[], None]] = deque()  # for the scheduler's workers

    def by_workers(self, session: Session, kind: str) -> bool:
        """Whether a worker should make this."""
        eager = session.group is not None and not session.group.compiled
        here = session.places.frames is None
        return kind == "frame" and here and eager and session.playing_sessions >= MANY_SESSIONS

    def submit(self, kind: str, job: Callable[[], None]) -> None:
        """Execute a job in a thread. Raises RuntimeError once closed."""
        self._threads[kind].submit(job)

    def close(self) -> None:
        """Cancel all jobs that have not started."""
        self.waiting.clear()
        for threads in self._threads.values():
            threads.shutdown(cancel_futures=True)
