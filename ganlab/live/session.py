"""One browser session's run in a lab: what is run, and its picture and metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ganlab.engine import Run, Snapshot
from ganlab.engine.glance import glance
from ganlab.engine.probe import Probe, probe_for
from ganlab.engine.snapshot import points_for, take
from ganlab.live import axes, messages
from ganlab.live.conductor import Conductor
from ganlab.live.history import History
from ganlab.live.publisher import CROWD, SLOW, Moment
from ganlab.live.scene import scene
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import Spec

_FIT_SECONDS = 0.7  # between two changes of axes that follow G
_ARROWS_EVERY = 5  # of a crowd's have arrows of their own, the others repeat them; and
_ARROWS_EVERY_ALONE = 2  # of whole ones at full speed


class Session(Conductor):
    """A lab's session: one run, seen as closely as can be."""

    last_picture: tuple[dict, dict] | None = None
    _arrows: tuple[int, int, dict] = (0, 0, {})  # of run, for so many frames more, arrays
    _follow = False  # whether the axes follow G, and then
    _view: Probe | None = None  # the probe of these axes, where they are not the target's own,
    _fitted_at = 0.0  # which were fitted then

    def _make(self, spec: Spec) -> tuple[dict, dict]:
        self.run, self.history, self._view = Run(spec, events=self._coming), History(), None
        return scene(spec, self._probe, self.run_number + 1)

    @property
    def _probe(self) -> Probe:
        return probe_for(self.run.specs[0], points_for(self.run.game))

    def _do_follow(self, value: bool) -> None:
        """Have the axes hold p_g from now on, or be the target's own again."""
        self._follow, self._fitted_at = value, 0.0
        self._fit()

    def _fit(self) -> None:
        """Show other axes if p_g asks for them: a scene with another number, of the same run."""
        if self.run is None or self._restart:
            return
        now = time.monotonic()
        if now - self._fitted_at < _FIT_SECONDS:
            return
        self._fitted_at = now
        before = None if self._view is None else self._view.target.box
        box = axes.fitted(self.run, self._probe, before) if self._follow else None
        if box is before:
            return
        if box is not None and before is not None and np.array_equal(box, before):
            return
        self._view = None if box is None else self._probe.over(box)
        number = self.run_number + 1
        header, arrays = scene(self.run.specs[0], self._probe, number, self._view)
        old, drawn = self._shown_scene()
        ghost = {n: a for n, a in drawn.items() if n.startswith("ghost.")}
        self._scene = header | {"query": old["query"]}, arrays | ghost
        self._frame_wanted = True
        with self._sending:
            self.run_number = number
            for subscriber in list(self.subscribers):
                subscriber.put("scene", encode(*self._scene))
                subscriber.put("curves", messages.curves(number, self.history))

    def _after_update(self) -> None:
        super()._after_update()
        if self._follow:
            self._fit()

    def _more_status(self) -> dict[str, Any]:
        return {"follow": self._follow}

    def _measure(self, moment: Moment) -> Iterable[None]:
        shot = self._see(moment, take, picture=False)
        newest = moment.history.add(shot.iteration, shot.metrics)
        if newest and moment.number == self.run_number:
            self._measured = {name: float(value[0]) for name, value in shot.metrics.items()}
            self._status_wanted = self._status_wanted or not self.playing
        return ()

    def _frame(self, moment: Moment) -> Iterator[bytes]:
        # Nobody sees at what moment an arrow of a picture that moves was taken, and arrows are half
        # of a picture's cost. What rests can be looked at closely: it is drawn wholly.
        crowd = self.crowd >= CROWD
        moving = self.playing and (self.speed == 0 or (crowd and self.speed > SLOW))
        every = 1 if not moving else _ARROWS_EVERY if crowd else _ARROWS_EVERY_ALONE
        run, left, arrows = self._arrows
        fresh = run != moment.number or left == 0 or every == 1
        if crowd and self.playing:
            shot = self._see(moment, glance, arrows=fresh)
        else:
            shot = self._see(moment, take, measure=False, arrows=fresh)
        if fresh:
            left = every
            arrows = {n: shot.picture[n] for n in ("grad_x", "grad") if n in shot.picture}
        shot.picture |= arrows
        self._arrows = moment.number, left - 1, arrows
        header, arrays = messages.frame(moment.number, shot, moment.last)
        self.last_picture = (header, arrays)
        yield encode(header, arrays)

    def _see(self, moment: Moment, how: Callable[..., Snapshot], **wanted: bool) -> Snapshot:
        # Read once: the axes may change meanwhile, and then this picture is not sent.
        view = self._view
        return how(
            moment.game,
            moment.state,
            moment.specs,
            list(moment.diverged),
            points=points_for(moment.game),
            view=None if view is None else (view,),
            **wanted,
        )

    def figure(self, request: dict[str, Any]) -> bytes:
        """The still Plotly pictures of the last frame; raises `SpecError` where there is none.

        Waits for the first frame and metrics of a run that has just begun: never to be called on
        a worker.
        """
        end = time.monotonic() + 2
        while True:
            scene_, last = self._scene, self.last_picture
            drawn = None if scene_ is None or last is None else (scene_, last)
            if drawn and drawn[0][0]["run"] == drawn[1][0]["run"] and len(self.history.rows):
                break
            if not self.watched or time.monotonic() > end:
                raise SpecError("figure", request.get("request"), "only once a frame was shown")
            time.sleep(0.02)
        shown, frame = ({**header, **arrays} for header, arrays in drawn)
        return messages.figure(shown, frame, self.history, request)
