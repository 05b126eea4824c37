"""The scheduler: every session of this server, by token, and the pools that train them.

Sessions with slow updates have a pool of their own, whose threads have a low priority, and their
runs are computed in another process (see `pools`): an update that takes a second must block
neither the other sessions' workers nor the interpreter lock.
"""

from __future__ import annotations

import gc
import logging
import secrets
import threading
import time
from collections.abc import Callable

from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.limits import limit
from ganlab.live import computing, messages, system
from ganlab.live.pools import Pools
from ganlab.live.precompile import Precompiler
from ganlab.live.process_pool import START
from ganlab.live.session import Session
from ganlab.live.subscriber import SPECTRUM
from ganlab.live.take_away import PAGE
from ganlab.live.worker_pool import WorkerPool
from ganlab.machine import whole_cores
from ganlab.registry import SpecError
from ganlab.spec import Spec

log = logging.getLogger(__name__)

DROP_SECONDS = 90.0  # after which an unwatched session is stored on disk and dropped
_SWEEP_SECONDS = 2.0
_SILENT_SECONDS = 1.5  # after which a slow run's page is told what it waits for
_WAITS = {
    START: _("its process is starting"),
    computing.PLAY: _("computing an update"),
    "picture": _("computing a picture"),
    "tiles": _("computing a picture"),
    "parts": _("computing the parts of an iteration"),
    "spectrum": _("computing eigenvalues"),
    "see": _("computing metrics"),
    "measure_tiles": _("computing metrics"),
}
_LEAVING_SECONDS = 5.0  # after which an unwatched session may be dropped to make room
_RELOAD_SECONDS = 3.0  # after which a page that was left is not one that is loaded again
_COLLECT_SECONDS = 60.0  # between two collections of garbage while somebody watches


class Scheduler:
    """Sessions by token, two pools of workers, and a thread that compiles in idle time.

    pools: processes that compute for the sessions; None: this one computes everything.
    """

    def __init__(
        self,
        workers: int | None = None,
        drop_seconds: float = DROP_SECONDS,
        pools: Pools | None = None,
    ):
        self.sessions: dict[str, Session] = {}
        self.drop_seconds = drop_seconds
        cores = workers or max(1, min(4, whole_cores() // 2))
        if pools is not None and workers is None:
            cores = max(cores, pools.homes)
            # While one thread waits for a process, another one prepares the next call to it.
            workers = max(cores, 2 * pools.homes)
        self.pool = WorkerPool(self, "ganlab", workers or cores, system.prefer_this_thread, cores)
        self.slow_pool = WorkerPool(
            self, "ganlab-slow", int(limit("slow_runs")), system.defer_this_thread
        )
        self.pools = pools
        self.precompiler = Precompiler(
            lambda: list(self.sessions.values()),
            children=lambda: [] if pools is None else pools.children,
        )
        self._lock = threading.Lock()
        self._sweeper: threading.Thread | None = None
        # Whether somebody has watched, or a session was dropped, since garbage was collected.
        self._garbage, self._collected_at = False, 0.0
        self._closed = threading.Event()

    def create(self, experiment: Experiment | Spec) -> Session:
        """A new session; it starts when a browser watches it.

        Raises `SpecError` for images, for an experiment that exceeds this server's limits, and if
        the number of sessions has reached its limit.
        """
        session = Session(secrets.token_urlsafe(24), experiment, self.wake, self._paint)
        session.pools = self.pools
        if self.pools is not None:
            self.pools.begin()
        with self._lock:
            self._make_room()
            self.sessions[session.token] = session
            if self._sweeper is None:
                self._sweeper = threading.Thread(
                    target=self._sweep, name="ganlab-sweep", daemon=True
                )
                self._sweeper.start()
        self.pool.start()
        return session

    def _make_room(self) -> None:
        """Drop unwatched sessions if the number of sessions has reached its limit."""
        most, now = int(limit("sessions")), time.monotonic()
        if len(self.sessions) < most:
            return
        for session in list(self.sessions.values()):
            since = session.unwatched_since
            if since is not None and now - since > _LEAVING_SECONDS:
                self._put_away(session)
        if len(self.sessions) >= most:
            raise SpecError(
                "views",
                len(self.sessions) + 1,
                _("at most {most} open at once on this server", most=most),
            )

    def get(self, token: str) -> Session | None:
        """The session with a token; None if it is gone."""
        return self.sessions.get(token)

    def drop(self, session: Session) -> None:
        """Remove a session and close its sockets."""
        self.sessions.pop(session.token, None)
        session.close()
        for subscriber in list(session.subscribers):
            subscriber.close()

    def fail(self, session: Session, error: Exception) -> None:
        """Stop a session that raised an error, and tell its browsers why, until it is changed."""
        if session.token not in self.sessions:
            return  # it was dropped while it worked
        log.exception("a session failed; it stops until it is changed", exc_info=error)
        session.fail(error)
        self.wake(session)

    def close(self) -> None:
        """Stop the workers, store every session on disk, and drop them all."""
        self._closed.set()
        self.precompiler.close()
        self.pool.close()
        self.slow_pool.close()
        if self._sweeper is not None:
            self._sweeper.join(timeout=5)
        for session in list(self.sessions.values()):
            self._put_away(session)
        if self.pools is not None:  # not before: they may have the sessions' States
            self.pools.close()

    def _put_away(self, session: Session) -> None:
        try:
            session.store()
        except Exception:
            log.exception("a run could not be stored for its page's return")
        self.drop(session)

    # -- the interface of pools ----------------------------------------------------------------

    def there(self, pool: WorkerPool, session: Session) -> bool:
        """Whether a session is still served, by this pool."""
        return session.token in self.sessions and self._pool_of(session) is pool

    def members(self, pool: WorkerPool) -> list[Session]:
        """The pool's sessions."""
        return [s for s in list(self.sessions.values()) if self._pool_of(s) is pool]

    def wake(self, session: Session) -> None:
        """Let a worker visit `session` soon."""
        pool = self._pool_of(session)
        if pool is self.slow_pool:
            pool.start()
        pool.wake(session)

    def _pool_of(self, session: Session) -> WorkerPool:
        return self.slow_pool if session.slow else self.pool

    def _paint(self, session: Session, kind: str, job: Callable[[], None]) -> None:
        """Have a render thread or a worker do `job`: a frame or metrics, say."""
        try:
            alone = kind in (PAGE, SPECTRUM)  # one at a time in the whole server
            pool = self.pool if alone else self._pool_of(session)
            pool.paint(session, kind, job)
        except RuntimeError:
            pass  # closing, which stores the session

    def _sweep(self) -> None:
        while not self._closed.wait(min(_SWEEP_SECONDS, self.drop_seconds / 2)):
            self._drop_unwatched()
            self._collect_garbage(time.monotonic())
            self.tell_waiting()

    def tell_waiting(self) -> None:
        """Tell the pages of slow runs of which there is nothing new what they wait for."""
        for session in self.members(self.slow_pool):
            text = self._waits_for(session)
            for subscriber in list(session.subscribers) if text else ():
                if subscriber.watching and subscriber.silence > _SILENT_SECONDS:
                    subscriber.put("waits", messages.waits(text))

    def _waits_for(self, session: Session) -> str:
        """What a slow run waits for; "" if for nothing."""
        runs = () if session.group is None else tuple(session.group.runs)
        stages = [] if self.pools is None else [self.pools.doing(run.game) for run in runs]
        known = [_WAITS[stage] for stage in stages if stage in _WAITS]
        turn = _("waiting for its turn: other slow runs are computed")
        return known[0] if known else turn if any(stages) or session.scheduled else ""

    def _drop_unwatched(self) -> None:
        now = time.monotonic()
        for session in list(self.sessions.values()):
            since = session.unwatched_since
            if since is not None and now - since > self.drop_seconds:
                self._put_away(session)
                self._garbage = True
        if self.pools is not None:
            self.pools.rest()
            playing = [s for s in list(self.sessions.values()) if s.playing and s.watched]
            self.pools.leave_a_core(not any(s.trains_on_all_cores for s in playing))

    def _collect_garbage(self, now: float) -> None:
        """Free the memory and files of dropped sessions and of pages that were left.

        Python does so after many new objects, which may come hours later. With a class, it holds
        the interpreter lock for 50 ms.
        """
        left = [s.unwatched_since for s in list(self.sessions.values())]
        alone = all(since is not None and now - since > _RELOAD_SECONDS for since in left)
        if self._garbage and (alone or now - self._collected_at > _COLLECT_SECONDS):
            gc.collect()
            system.give_back_memory()
            self._garbage, self._collected_at = False, now
        self._garbage = self._garbage or not alone


SCHEDULER = Scheduler(pools=Pools())
