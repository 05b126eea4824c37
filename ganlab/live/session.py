"""One browser session's run: commands in, messages out, work in slices."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from ganlab.engine import Run
from ganlab.engine.probe import POINTS, probe_for
from ganlab.engine.run import LIVE
from ganlab.engine.snapshot import take
from ganlab.live import messages
from ganlab.live.history import History
from ganlab.live.scene import scene
from ganlab.live.subscriber import Subscriber
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

log = logging.getLogger(__name__)

PUBLISH_SECONDS = 0.002
FRAME_SECONDS = 1 / 45  # at the most this often
FRAME_SHARE = 0.4  # of a painter's time goes into one session's frames, at the most,
MEASURE_SHARE = 0.2  # and this into its metrics;
SLOWEST_FRAMES = 0.2  # but frames come at least this often (seconds)
STATUS_SECONDS = 0.25
SLOW = 8.0  # updates/s up to which every update is shown
_ANSWERS = {"play", "d", "g", "step", "speed", "change"}
_CATCH_UP_SECONDS = 0.1
_MOST_TODO = 200  # updates by hand that may be waiting
_HEAVY = 20_000  # parameters of G from which p_g is estimated from fewer latents


class Session:
    """Owned by the hub; `work` runs on one worker at a time, everything else from anywhere."""

    def __init__(
        self,
        token: str,
        spec: Spec,
        wake: Callable[[Session], None],
        paint: Callable[[Session, Callable[[], None]], None] = lambda session, job: job(),
    ):
        self.token, self.spec = token, spec
        self._paint = paint
        self._painting: set[str] = set()
        self._sending = threading.Lock()  # a new scene, or what belongs to the one before
        self.lock = threading.Lock()
        self.subscribers: list[Subscriber] = []
        self.unwatched_since: float | None = time.monotonic()
        self.scheduled = False  # the hub's: queued or being worked on
        self.again = False  # the hub's: woken while being worked on
        self.used = 0.0  # the hub's: CPU seconds had, for fair turns
        self.due = math.inf  # the hub's: when it is to be looked at unasked
        self._wake = wake
        self._inbox: deque[tuple[str, Any]] = deque()
        self._todo: deque[str] = deque()
        self._restart = True
        self.playing, self.speed = True, 0.0
        self.run_number, self.note = 0, ""
        self.run: Run | None = None
        self.last_picture: tuple[dict, dict] | None = None
        self._scene: tuple[dict, dict] | None = None
        self._measured: dict[str, float] = {}
        self._frame_cost = self._measure_cost = 0.0
        self._frame_at = self._measure_at = self._status_at = self._update_at = 0.0
        self._frame_wanted = self._measure_wanted = self._status_wanted = True
        self._rate, self._rate_from = 0.0, (0.0, 0)
        self._publish_at = 0.0  # between updates there is no need to look more often

    # -- from any thread ---------------------------------------------------------------------

    def command(self, name: str, value: Any = None) -> None:
        """Queue a command for the worker, which takes it between two updates."""
        self._inbox.append((name, value))
        self._wake(self)

    def set(self, field: str, value: Any) -> None:
        """Change what can change during a run; raises `SpecError`."""
        if field not in LIVE:
            raise SpecError(field, value, f"only {', '.join(LIVE)} can change during a run")
        with self.lock:
            self.spec = self.spec.replace(**{field: PARAMS[field].check(value)})
        self.command("change", field)

    def configure(self, spec: Spec) -> None:
        """Make `spec` the run's: in place if only live fields differ, else by restarting."""
        with self.lock:
            before, self.spec = self.spec, spec
        names = [n for n in (*PARAMS, "target_params") if getattr(before, n) != getattr(spec, n)]
        if not names:
            return
        if all(n in LIVE for n in names):
            for name in names:
                self.command("change", name)
        else:
            titles = [PARAMS[n].title if n in PARAMS else "p_data" for n in names if n not in LIVE]
            self.command("restart", f"Restarted: {', '.join(titles)} changed.")

    @property
    def backlog(self) -> int:
        """Commands not yet taken by a worker."""
        return len(self._inbox)

    def new_seed(self) -> None:
        """Restart with the next seed."""
        with self.lock:
            self.spec = self.spec.replace(seed=(self.spec.seed + 1) % (PARAMS["seed"].high + 1))
        self.command("restart")

    @property
    def watched(self) -> bool:
        """Whether some browser shows this session now."""
        return any(s.watching for s in list(self.subscribers))

    @property
    def state(self) -> str:
        """playing, paused, diverged or waiting (nobody watches)."""
        if self.run is not None and self.run.stopped:
            return "diverged"
        if not self.playing:
            return "paused"
        return "playing" if self.watched else "waiting"

    # -- on a worker -------------------------------------------------------------------------

    def work(self, seconds: float) -> float | None:
        """Work for about `seconds`; returns when to come again (None: when woken)."""
        end = time.perf_counter() + seconds
        while True:
            self._take_commands()
            if self._restart:
                self._start()
            now = time.perf_counter()
            wait = self._advance(now)
            now = time.perf_counter()
            idle = wait is None or wait > 0
            if idle or now >= self._publish_at or self._status_wanted:
                self._publish(now)
            if idle:
                return self._pause_for(wait)
            if now >= end:
                return 0.0

    def _pause_for(self, wait: float | None) -> float | None:
        # A frame that waits for credit is woken by the acknowledgement instead.
        if self._frame_wanted and any(s.ready_for_frame for s in list(self.subscribers)):
            wait = min(FRAME_SECONDS, wait if wait is not None else FRAME_SECONDS)
        return wait

    def _take_commands(self) -> None:
        # Those that come meanwhile wait: a flood of them must not hold the worker.
        for _ in range(len(self._inbox)):
            name, value = self._inbox.popleft()
            try:
                getattr(self, f"_do_{name}")(value)
                if name in _ANSWERS and not (self.run is not None and self.run.stopped):
                    self.note = ""  # what was wrong before is answered by what is right now
            except SpecError as error:
                self.note = str(error)
            self._status_wanted = True

    def _do_play(self, _: Any) -> None:
        self.playing, self._update_at = True, time.perf_counter()
        self._todo.clear()
        if self.run is not None:
            self._rate_from = (time.perf_counter(), self.run.iteration)

    def _do_pause(self, _: Any) -> None:
        self.playing = False
        self._frame_wanted = self._measure_wanted = True

    def _do_d(self, _: Any) -> None:
        self._by_hand("D")

    def _do_g(self, _: Any) -> None:
        self._by_hand("G")

    def _do_step(self, _: Any) -> None:
        phase, k = 0, self.spec.k
        if self.run is not None and not self._restart:
            phase = self.run.state.phase
        for player in self._todo:
            phase = phase + 1 if player == "D" else 0
        self._by_hand(*["D"] * (k - phase), "G")

    def _by_hand(self, *players: str) -> None:
        self._do_pause(None)
        if len(self._todo) < _MOST_TODO:
            self._todo.extend(players)

    def _do_speed(self, value: float) -> None:
        self.speed, self._update_at = value, time.perf_counter()

    def _do_restart(self, note: str | None) -> None:
        self.note = note or ""
        self.playing = self.playing or (self.run is not None and self.run.stopped)
        self._todo.clear()
        self._restart = True

    def _do_change(self, field: str) -> None:
        if self.run is None or self._restart:
            return  # the run that starts now has it
        before, after = getattr(self.run.spec, field), getattr(self.spec, field)
        if before == after:
            return
        self.run.change(**{field: after})
        form = PARAMS[field].format if PARAMS[field].kind != "float" else "{:.3g}".format
        self.history.mark(self.run.iteration, PARAMS[field].title, form(before), form(after))
        self._measure_wanted = self._frame_wanted = True

    def _do_hello(self, subscriber: Subscriber) -> None:
        if self.run is not None and self._scene is not None:
            subscriber.put("scene", encode(*self._scene))
            subscriber.put("curves", messages.curves(self.run_number, self.history))
        self._frame_wanted = self._status_wanted = True

    def _do_note(self, text: str) -> None:
        self.note = text

    def _do_look(self, _: Any) -> None:
        """Watching began or ended: nothing to do but to say so."""

    def _start(self) -> None:
        # Read once: another thread may change it meanwhile, and then asks for a restart.
        spec, self._restart = self.spec, False
        self.run = Run(spec)
        heavy = self.run.game.G.size > _HEAVY
        self._points = POINTS // 8 if heavy else POINTS
        self._probe = probe_for(spec, self._points)
        self.history = History()
        self._measured = {}
        self._rate_from = (time.perf_counter(), 0)
        self._update_at = time.perf_counter()
        self._frame_wanted = self._measure_wanted = self._status_wanted = True
        self._scene = scene(spec, self._probe, self.run_number + 1)
        message = encode(*self._scene)
        with self._sending:
            self.run_number += 1
            for subscriber in list(self.subscribers):
                subscriber.put("scene", message)

    def _advance(self, now: float) -> float | None:
        """One update if it is time for one; how long until the next (None: no next)."""
        assert self.run is not None
        run = self.run
        if run.stopped:
            self._todo.clear()
            return None
        if self._todo:
            run.update(self._todo.popleft())
            if not self._todo:
                self._frame_wanted = self._measure_wanted = self._status_wanted = True
            self._after_update()
            return 0.0
        if not self.playing or not self.watched:
            return None
        if self.speed > 0:
            wait = self._update_at - now
            if wait > 0.0005:
                return wait
            # Of a hiccup (a frame, other sessions' turns) only this much is caught up.
            self._update_at = max(self._update_at + 1 / self.speed, now - _CATCH_UP_SECONDS)
        run.update()
        self._frame_wanted = self._measure_wanted = True
        self._after_update()
        return 0.0

    def _after_update(self) -> None:
        assert self.run is not None
        if self.run.stopped:
            self.note = str(self.run.diverged[0])
            self._status_wanted = self._frame_wanted = self._measure_wanted = True

    def _publish(self, now: float) -> None:
        self._publish_at = now + PUBLISH_SECONDS
        watching = [s for s in list(self.subscribers) if s.watching]
        if not watching:
            return
        idle = not self.playing and not self._todo
        slow = 0 < self.speed <= SLOW
        if self._measure_wanted and "curves" not in self._painting:
            # The first moments are the steepest part of every curve.
            pace = STATUS_SECONDS if len(self.history.rows) > 40 else STATUS_SECONDS / 4
            due = max(pace, self._measure_cost / MEASURE_SHARE)
            if idle or slow or self.run.stopped or now - self._measure_at >= due:
                self._measure_at, self._measure_wanted = now, False
                self._hand_over("curves", self._measure)
        if self._frame_wanted and "frame" not in self._painting:
            due = max(FRAME_SECONDS, min(self._frame_cost / FRAME_SHARE, SLOWEST_FRAMES))
            ready = any(s.ready_for_frame for s in watching)
            if ready and (idle or now - self._frame_at >= due):
                self._frame_at, self._frame_wanted = now, False
                self._hand_over("frame", self._frame)
        if self._status_wanted or (self.playing and now - self._status_at >= STATUS_SECONDS):
            self._status(watching, now)

    def _hand_over(self, kind: str, make: Callable[..., bytes]) -> None:
        """Have a painter look at the run as it is now, while the run goes on."""
        run, number, history = self.run, self.run_number, self.history
        # A State never changes, so another thread may take its time over it.
        look = partial(take, run.game, run.state, run.specs, run.diverged, points=self._points)
        last = run.last or ""

        def job() -> None:
            message = make(number, look, history, last)
            with self._sending:
                if number == self.run_number:
                    for subscriber in list(self.subscribers):
                        if subscriber.watching:
                            subscriber.put(kind, message)
            self._painting.discard(kind)
            if self._frame_wanted or self._measure_wanted or self._status_wanted:
                self._wake(self)

        self._painting.add(kind)
        self._paint(self, job)

    def _measure(self, number: int, look: Callable, history: History, last: str) -> bytes:
        started = time.perf_counter()
        shot = look(picture=False)
        history.add(shot.iteration, shot.metrics)
        if number == self.run_number:
            self._measured = {name: float(value[0]) for name, value in shot.metrics.items()}
            self._status_wanted = self._status_wanted or not self.playing
        message = messages.curves(number, history)
        self._measure_cost = time.perf_counter() - started
        return message

    def _frame(self, number: int, look: Callable, history: History, last: str) -> bytes:
        started = time.perf_counter()
        header, arrays = messages.frame(number, look(measure=False), last)
        self.last_picture = (header, arrays)
        message = encode(header, arrays)
        self._frame_cost = time.perf_counter() - started
        return message

    def _status(self, watching: list[Subscriber], now: float) -> None:
        run = self.run
        then, iterations = self._rate_from
        if now - then >= 0.5:
            self._rate = (run.iteration - iterations) / (now - then)
            self._rate_from = (now, run.iteration)
        self._status_at, self._status_wanted = now, False
        rate = self._rate if self.state == "playing" else 0.0
        message = messages.status(
            self.run_number, run, self.spec, self.state, rate, self.speed, self.note, self._measured
        )
        for subscriber in watching:
            subscriber.put("status", message)

    # -- on a pause --------------------------------------------------------------------------

    def figure(self, request: dict[str, Any]) -> bytes:
        """The still Plotly pictures of the last frame; raises `SpecError` where there is none.

        Waits for the first frame of a run that has just begun: never to be called on a worker.
        """
        end = time.monotonic() + 2
        while True:
            scene_, last = self._scene, self.last_picture
            if scene_ is not None and last is not None and last[0]["run"] == scene_[0]["run"]:
                break
            if not self.watched or time.monotonic() > end:
                raise SpecError("figure", request.get("request"), "only once a frame was shown")
            time.sleep(0.02)
        return messages.figure(
            {**scene_[0], **scene_[1]}, {**last[0], **last[1]}, self.history, request
        )
