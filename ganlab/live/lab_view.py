"""The view of a lab: one run, seen as closely as can be."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ganlab.domains import Probe
from ganlab.engine import Run, Snapshot
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import points_for
from ganlab.live import axes, messages
from ganlab.live.commands import FigureRequest
from ganlab.live.feed import CROWD, SLOW
from ganlab.live.moment import Moment
from ganlab.live.scene import scene
from ganlab.live.view import Message, Moments, View
from ganlab.live.wire import encode

_FIT_SECONDS = 0.7  # between two changes of axes that follow G
_ARROWS_EVERY = 5  # of a crowd's have arrows of their own, the others repeat them; and
_ARROWS_EVERY_ALONE = 2  # of whole ones at full speed


class LabView(View):
    """One run's picture and curves."""

    _arrows: tuple[int, int, dict] = (0, 0, {})  # of run, for so many frames more, arrays
    _follow = False  # whether the axes follow G, and then
    _view: Probe | None = None  # the probe of these axes, where they are not the target's own,
    _fitted_at = 0.0  # which were fitted then

    @property
    def _run(self) -> Run:
        return self.group.runs[0]

    @property
    def _probe(self) -> Probe:
        return probe_for(self._run.spec, points_for(self._run.game))

    def scene(self, number: int) -> Message:
        """On the target's own axes."""
        self._view = None
        return scene(self._run.spec, self._probe, number)

    def follow(self, value: bool) -> None:
        """Have the axes hold p_g from now on, or be the target's own again."""
        self._follow, self._fitted_at = value, 0.0
        self._fit()

    def _fit(self) -> None:
        """Show other axes if p_g asks for them: a scene with another number, of the same run."""
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
        session.show_scene(scene(self._run.spec, self._probe, number, self._view))

    def advanced(self) -> None:
        """Axes that follow G may have to move."""
        if self._follow:
            self._fit()

    def status(self) -> dict[str, Any]:
        """Whether the axes follow G."""
        return {"follow": self._follow}

    def measure(self, moments: Moments) -> Iterable[None]:
        """The run's metrics."""
        (moment,) = moments
        shot = self._see(moment, picture=False)
        if moment.history.add(shot.iteration, shot.metrics):
            numbers = {name: float(value[0]) for name, value in shot.metrics.items()}
            self.session.found(moment.number, numbers)
        return ()

    def frame(self, moments: Moments) -> Iterator[bytes]:
        """The run's picture."""
        (moment,), session = moments, self.session
        # Nobody sees at what moment an arrow of a picture that moves was taken, and arrows are half
        # of a picture's cost. What rests can be looked at closely: it is drawn wholly.
        crowd = session.crowd >= CROWD
        moving = session.playing and (session.speed == 0 or (crowd and session.speed > SLOW))
        every = 1 if not moving else _ARROWS_EVERY if crowd else _ARROWS_EVERY_ALONE
        run, left, arrows = self._arrows
        fresh = run != moment.number or left == 0 or every == 1
        detail = "coarse" if crowd and session.playing else "full"
        shot = self._see(moment, measure=False, arrows=fresh, detail=detail)
        if fresh:
            left = every
            arrows = {n: shot.picture[n] for n in ("grad_x", "grad") if n in shot.picture}
        shot.picture |= arrows
        self._arrows = moment.number, left - 1, arrows
        header, arrays = messages.frame(moment.number, shot, moment.last)
        self.last_picture = (header, arrays)
        yield encode(header, arrays)

    def _see(self, moment: Moment, **wanted: Any) -> Snapshot:
        # Read once: the axes may change meanwhile, and then this picture is not sent.
        view = self._view
        return moment.see(view, **wanted)

    def why_stopped(self) -> str:
        """What diverged, and where."""
        return str(self.group.diverged[0])

    def figure(self, request: FigureRequest) -> bytes:
        """The still Plotly pictures of the last frame."""
        shown, frame = ({**header, **arrays} for header, arrays in self.drawn(request))
        return messages.figure(shown, frame, self.session.history, request)
