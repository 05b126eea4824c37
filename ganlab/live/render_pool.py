"""Who makes pictures and metrics: threads beside the training, or the workers between turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ganlab.live.feed import CROWD
from ganlab.live.session import Session


class RenderPool:
    """Threads for frames and for metrics, and the frames that wait for a worker.

    A compiled program runs without the interpreter, so pictures are painted beside it. An eager
    update is as much Python as a picture is: side by side they hand the interpreter's lock to and
    fro at every operation, and get less done than one thread that does both in turn. So workers
    paint the eager runs' frames where many are to be painted.
    """

    def __init__(
        self, workers: int, name: str = "ganlab", prepare: Callable[[], None] | None = None
    ):
        # Metrics take long, and so do figures and files: frames do not wait for them.
        self._threads = {
            kind: ThreadPoolExecutor(count, f"{name}-{kind}", prepare)
            for kind, count in (("frame", workers), ("curves", 1), ("answer", 1))
        }
        self.waiting: deque[Callable[[], None]] = deque()  # the scheduler's, for its workers

    def by_workers(self, session: Session, kind: str) -> bool:
        """Whether a worker is to make this."""
        eager = session.group is not None and session.group.program is None
        return kind == "frame" and eager and session.crowd >= CROWD

    def submit(self, kind: str, job: Callable[[], None]) -> None:
        """Have a thread do it; raises RuntimeError once closed."""
        self._threads[kind].submit(job)

    def close(self) -> None:
        """Make nothing that is not yet begun."""
        self.waiting.clear()
        for threads in self._threads.values():
            threads.shutdown(cancel_futures=True)
