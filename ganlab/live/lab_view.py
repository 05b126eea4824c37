"""The view of a lab: one run in full detail."""

from __future__ import annotations

import logging
import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ganlab.domains import Probe
from ganlab.domains.picture import MEAN
from ganlab.engine import Run
from ganlab.engine.cost import cost, surely_below
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import points_for
from ganlab.languages import _
from ganlab.live import axes, drawing, messages
from ganlab.live.commands import FigureRequest, SpectrumRequest
from ganlab.live.pacing import MANY_SESSIONS, SLOW
from ganlab.live.picture_request import PictureRequest
from ganlab.live.scene import scene
from ganlab.live.spectrum_watch import SpectrumWatch
from ganlab.live.subscriber import Subscriber
from ganlab.live.view import Message, Moments, View, ViewedSession
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_NOT_SYMBOLS = _("which symbols do not have")
_FIT_SECONDS = 0.7  # between two changes of axes that follow G
_EXPLAINED_TIMES = 4.0  # an explanation takes as long as this many of its iterations
_LONG_SECONDS = 0.3  # of an explanation that is made by the processes for slow runs
_ARROWS_EVERY = 5  # frames of many sessions get new arrows this rarely, and
_ARROWS_EVERY_ALONE = 2  # full frames at full speed this rarely; the others repeat the last ones


class LabView(View):
    """One run's picture and curves."""

    _arrows: tuple[int, int, dict[str, np.ndarray]] = (
        0,
        0,
        {},
    )  # of which run, for how many more frames, arrays
    _follow = False  # whether the axes follow G
    _view: Probe | None = None  # the probe of these axes, if they are not the target's own
    _label = MEAN  # the one whose D is shown
    _fitted_at = 0.0  # when they were fitted
    _explains = False  # whether the next iteration is explained
    _explained: tuple[Any, ...] = ()  # what the last explanation was about

    def __init__(self, session: ViewedSession):
        super().__init__(session)
        self._spectrum = SpectrumWatch(session)

    @property
    def _run(self) -> Run:
        return self.group.runs[0]

    @property
    def _probe(self) -> Probe:
        return probe_for(self._run.spec, points_for(self._run.game))

    def scene(self, number: int) -> Message:
        """The scene on the target's own axes."""
        self._view = None
        if self._label >= self._run.spec.labels:
            self._label = MEAN
        return self._scene(number)

    def _scene(self, number: int) -> Message:
        spec, probe = self._run.spec, self._probe
        header, arrays = scene(spec, probe, number, self._view, self._label)
        return header | drawing.offered(spec, probe.target), arrays

    def follow(self, value: bool) -> None:
        """Let the axes follow p_g from now on, or return them to the target's own."""
        if value and self.session.spec.domain.enumerated:
            raise SpecError(
                "cmd",
                "follow",
                _("sent to a run with axes, {not_symbols}", not_symbols=_NOT_SYMBOLS),
            )
        self._follow, self._fitted_at = value, 0.0
        self._fit()

    def _fit(self) -> None:
        """Show other axes if p_g requires them: a scene with another number, of the same run."""
        session = self.session
        if not session.running:
            return
        now = time.monotonic()
        if now - self._fitted_at < _FIT_SECONDS:
            return
        self._fitted_at = now
        before = None if self._view is None else self._view.target.box
        box = axes.fitted(self._run, self._probe, before) if self._follow else None
        if box is before:
            return
        if box is not None and before is not None and np.array_equal(box, before):
            return
        self._view = None if box is None else self._probe.over(box)
        number = session.run_number + 1
        session.show_scene(self._scene(number))

    def show_label(self, value: int) -> None:
        """See `View.show_label`."""
        labels = self.session.spec.labels
        if value >= labels:
            allowed = (
                _("from 0 to {last}", last=labels - 1) if labels else _("none: D is told no labels")
            )
            raise SpecError("label", value, allowed)
        if value != self._label and self.session.running:
            self._label = value
            self.session.show_scene(self._scene(self.session.run_number + 1))

    def explain(self, value: bool) -> None:
        """Explain the next iteration while the run is paused, or stop."""
        if value and self.session.spec.domain.enumerated:
            raise SpecError(
                "cmd",
                "explain",
                _("sent to a run in which G moves points, {not_symbols}", not_symbols=_NOT_SYMBOLS),
            )
        self._explains, self._explained = value, ()

    def explain_again(self) -> None:
        """Send the explanation again, to a browser that has just come."""
        self._explained = ()

    def parts(self) -> Callable[[], Iterator[bytes]] | None:
        """A job that explains the next iteration; None if there is nothing new to explain."""
        if not self._explains or self.group.stopped or not self.session.running:
            return None
        (moment,), view, program = self.session.moments(), self._view, self._run.program
        now = moment.number, moment.state, moment.specs, view, program
        same = self._explained[:1] == now[:1]
        if same and all(map(operator.is_, now[1:], self._explained[1:])):
            return None
        self._explained = now

        def make() -> Iterator[bytes]:
            # Others' pictures must not wait for a long explanation.
            places = self.session.slow_places if _takes_long(moment.spec) else moment.places
            try:
                yield encode(*replace(moment, places=places).parts(view, program))
            except MemoryError:
                raise
            except Exception:
                log.exception("an iteration could not be explained")
                self.session.command("note", _("It could not be explained: see the server's log."))
                yield b""

        return make

    def spectrum(self, request: SpectrumRequest) -> None:
        """See `View.spectrum`."""
        self._spectrum.switch(request)

    def spectrum_again(self, subscriber: Subscriber) -> None:
        """See `View.spectrum_again`."""
        self._spectrum.again(subscriber)

    def spectrum_wait(self) -> float | None:
        """See `View.spectrum_wait`."""
        return self._spectrum.wait(time.perf_counter())

    def spectrum_job(self, now: float) -> Callable[[], Iterator[bytes | None]] | None:
        """See `View.spectrum_job`."""
        return self._spectrum.job(now)

    def advanced(self) -> None:
        """Refit axes that follow G if it is time."""
        if self._follow:
            self._fit()

    def status(self) -> dict[str, Any]:
        """Whether the axes follow G, iterations are explained, and the spectrum is computed."""
        return {
            "follow": self._follow,
            "explains": self._explains,
            "spectrum": self._spectrum.request.on,
        }

    def measure(self, moments: Moments) -> Iterable[None]:
        """Measure the run."""
        (moment,) = moments
        metrics = moment.measure()
        moment.history.lost((moment.diverged[0],))
        if moment.history.add(moment.iteration, metrics) or self.session.rewound:
            numbers = {name: float(value[0]) for name, value in metrics.items()}
            self.session.found(moment.number, numbers)
        return ()

    def frame(self, moments: Moments) -> Iterator[bytes]:
        """The run's picture."""
        (moment,) = moments
        detail, fresh = self._how(moment.number)
        _, left, arrows = self._arrows
        # Should the axes change meanwhile, this picture is not sent.
        picture = moment.picture(detail, self._view, None if fresh else arrows, self._label)
        if fresh:
            left, arrows = self._every, messages.arrows_of(picture)
        self._arrows = moment.number, left - 1, arrows
        self.last_picture = picture
        yield encode(*picture)

    @property
    def _every(self) -> int:
        """After how many pictures the arrows are computed anew."""
        # In a moving picture nobody notices repeated arrows, which take half of a picture's time.
        # A paused picture can be examined closely, so it is drawn completely.
        session = self.session
        many = session.playing_sessions >= MANY_SESSIONS
        moving = session.playing and (session.speed == 0 or (many and session.speed > SLOW))
        return 1 if not moving else _ARROWS_EVERY if many else _ARROWS_EVERY_ALONE

    def _how(self, number: int) -> tuple[str, bool]:
        """The detail of the next picture of run `number`, and whether it has new arrows."""
        run, left, _ = self._arrows
        fresh = run != number or left == 0 or self._every == 1
        many = self.session.playing_sessions >= MANY_SESSIONS
        return "coarse" if many and self.session.playing else "full", fresh

    def next_picture(self) -> PictureRequest:
        """See `View.next_picture`."""
        number = self.session.run_number
        detail, fresh = self._how(number)
        box = None if self._view is None else self._view.target.box
        arrows = None if fresh else self._arrows[2]
        points = points_for(self._run.game)
        return PictureRequest(number, points, detail, box, arrows, self._label)

    def why_stopped(self) -> str:
        """What diverged, and where."""
        return str(self.group.diverged[0])

    def figure(self, request: FigureRequest) -> bytes:
        """The still Plotly pictures of the last frame."""
        shown, frame = ({**header, **arrays} for header, arrays in self.drawn(request))
        return messages.figure(shown, frame, self.session.history, request)


def _takes_long(spec: Spec) -> bool:
    """Whether explaining an iteration takes long."""
    iteration = _LONG_SECONDS / _EXPLAINED_TIMES
    if surely_below(spec, 1, iteration / (spec.k + spec.g_steps), math.inf):
        return False  # counting takes a tenth of a second
    return cost(spec).iteration.seconds > iteration
