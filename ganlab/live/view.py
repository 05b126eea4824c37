"""The view of a session's runs, which makes its scene, frames, curves, status and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from ganlab.engine import Run
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live.commands import FigureRequest, SpectrumRequest
from ganlab.live.history import History
from ganlab.live.lesson import Teaching
from ganlab.live.moment import Moment
from ganlab.live.picture_request import PictureRequest
from ganlab.live.pools import Places
from ganlab.live.run_group import RunGroup
from ganlab.live.story import Story
from ganlab.live.subscriber import SPECTRUM, Subscriber
from ganlab.record.series import SERIES
from ganlab.registry import SpecError
from ganlab.spec import Spec

# Header and arrays of a message.
Message = tuple[dict[str, Any], dict[str, np.ndarray]]
Moments = tuple[Moment, ...]  # one of each Run


def same(one: Moments, other: Moments) -> bool:
    """Whether no run has made an update between these moments."""
    return all(a.state is b.state for a, b in zip(one, other, strict=True))


class ViewedSession(Protocol):
    """The interface of a session for its view and its feed."""

    view: View
    story: Story | None
    lesson: Teaching | None
    subscribers: list[Subscriber]
    playing_sessions: int
    note: str

    @property
    def experiment(self) -> Experiment:
        """The requested experiment."""

    @property
    def group(self) -> RunGroup | None:
        """The runs, once they have begun."""

    @property
    def playing(self) -> bool:
        """Whether updates are made continuously."""

    @property
    def run_number(self) -> int:
        """The number of the runs in the current scene."""

    @property
    def scene(self) -> Message | None:
        """The scene that is shown."""

    @property
    def history(self) -> History:
        """The curves of the runs."""

    @property
    def spec(self) -> Spec:
        """The requested Spec of run A."""

    @property
    def shown(self) -> tuple[Run, ...]:
        """The runs at the moment that is shown."""

    @property
    def rewound(self) -> bool:
        """Whether an earlier moment of the runs is shown."""

    @property
    def running(self) -> bool:
        """Whether the runs are the requested ones, and not about to restart."""

    @property
    def state(self) -> str:
        """playing, paused, diverged or waiting (unwatched)."""

    @property
    def idle(self) -> bool:
        """Whether nothing moves."""

    @property
    def speed(self) -> float:
        """Updates per second; 0: full speed."""

    @property
    def watched(self) -> bool:
        """Whether a browser shows the session now."""

    @property
    def places(self) -> Places:
        """The pools that compute its updates, pictures and metrics."""

    @property
    def slow_places(self) -> Places:
        """The pools for what takes long."""

    @property
    def painted(self) -> bool:
        """Whether the picture of the current moment was made with the last updates."""

    @property
    def measured(self) -> dict[str, float]:
        """The newest metrics."""

    @property
    def lab_query(self) -> str:
        """The query string of one seed in its lab, up to the seed, which must be appended."""

    def moments(self) -> Moments:
        """The current moments of the runs."""

    def status(self) -> dict[str, Any]:
        """The fields of the status message besides the state of the runs."""

    def found(self, number: int, metrics: dict[str, float], tell: bool = False) -> None:
        """Store the newest metrics of runs `number`; tell: send them also while the runs play."""

    def show_scene(self, scene: Message) -> None:
        """Show the same runs with another scene, which gets the next number."""

    def command(self, name: str, value: object = None) -> None:
        """Queue a command for the worker."""

    def wake(self) -> None:
        """Let the worker visit the session soon."""


class View:
    """The view of a session. A subclass shows one kind of experiment.

    `frame` and `measure` are called on render threads, and yield None between pieces of work, after
    which other sessions' pictures get a turn. Everything else is called on the worker.
    """

    frame_seconds = 1 / 60  # the shortest time between frames of a session alone: a display's
    slowest_frames = 0.17  # the longest time between frames, in seconds
    # The length of a call at full speed. Between two calls the interpreter lock must be acquired,
    # which pictures often hold: with shorter calls, training would mostly wait for it.
    call_seconds = 0.012
    # The share of a core, half of it for compiled runs, for the metrics of a session alone while
    # its curves have holes: with `pacing.MEASURE_SHARE` an eager run in the plane would have 30
    # points after 5 s.
    sparse_share = 0.5
    has_figures = True

    def __init__(self, session: ViewedSession):
        self.session = session
        self.last_picture: Message | None = None

    @property
    def group(self) -> RunGroup:
        """The shown runs, once they have begun."""
        group = self.session.group
        assert group is not None
        return group

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the measured curves."""
        return SERIES

    def scene(self, number: int) -> Message:
        """The scene for the pictures of runs that have just begun."""
        raise NotImplementedError

    def frame(self, moments: Moments) -> Iterator[bytes | None]:
        """The message with one picture."""
        raise NotImplementedError

    def next_picture(self) -> PictureRequest | None:
        """The picture that `frame` will ask for next; None if it needs more than one."""
        return None

    def measure(self, moments: Moments) -> Iterable[None]:
        """Measure moments and add them to their history."""
        raise NotImplementedError

    def status(self) -> dict[str, Any]:
        """Fields of the status message that only this view has."""
        return {}

    def axes(self) -> object:
        """A key: two runs' curves can share axes if their keys are equal."""
        base = self.group.spec
        return base.target, base.target_params

    def why_stopped(self) -> str:
        """The message when every run has diverged."""
        raise NotImplementedError

    def advanced(self) -> None:
        """Called after the runs have made some updates."""

    def explain(self, value: bool) -> None:
        """Explain the next iteration while the run is paused, or stop. Raises `SpecError`."""
        if value:
            raise SpecError(
                "cmd", "explain", _("sent to a view of one run, whose iterations can be explained")
            )

    def explain_again(self) -> None:
        """Send the explanation again, to a browser that has just come."""

    def parts(self) -> Callable[[], Iterator[bytes]] | None:
        """A job that explains the next iteration; None if there is nothing new to explain."""
        return None

    def spectrum(self, request: SpectrumRequest) -> None:
        """Compute the spectrum of the run's game now and then, or no longer. Raises `SpecError`."""
        if request.on:
            raise SpecError(
                "cmd", "spectrum", _("sent to a view of one run, whose game has a spectrum")
            )

    def spectrum_again(self, subscriber: Subscriber) -> None:
        """Send the newest spectrum to a browser that has just come."""

    def spectrum_wait(self) -> float | None:
        """Seconds until a spectrum is due; None if none is."""
        return None

    def spectrum_job(self, now: float) -> Callable[[], Iterator[bytes | None]] | None:
        """A job that computes the spectrum; None if none is due."""
        return None

    def background(
        self, now: float, idle: bool, busy: set[str]
    ) -> Iterator[tuple[str, Callable[[], Iterator[bytes | None]]]]:
        """The jobs that are due beside pictures and metrics, by kind; not those in `busy`."""
        if idle and "parts" not in busy and (parts := self.parts()) is not None:
            yield "parts", parts
        if SPECTRUM not in busy and (work := self.spectrum_job(now)) is not None:
            yield SPECTRUM, work

    def follow(self, value: bool) -> None:
        """Let the axes follow G. Raises `SpecError` if they cannot."""
        raise SpecError("cmd", "follow", _("sent to a view whose axes can follow G"))

    def show_label(self, value: int) -> None:
        """Show D and D* of one label, or the mean of all. Raises `SpecError` if there are none."""
        raise SpecError("cmd", "label", _("sent to a view of one run"))

    @property
    def can_draw_figure(self) -> bool:
        """Whether a frame and metrics of these runs were shown."""
        scene, last = self.session.scene, self.last_picture
        if scene is None or last is None or not len(self.session.history.rows):
            return False
        return bool(scene[0]["run"] == last[0]["run"])

    def figure(self, request: FigureRequest) -> bytes:
        """The still pictures of the current frame. Raises `SpecError` if there are none."""
        raise SpecError("figure", request.request, _("none: this view has no figure"))

    def drawn(self, request: FigureRequest) -> tuple[Message, Message]:
        """Scene and newest frame, for `figure`. Raises `SpecError` unless they belong together."""
        scene, last = self.session.scene, self.last_picture
        if scene is None or last is None or not self.can_draw_figure:
            raise SpecError("figure", request.request, _("requested after a frame was shown"))
        return scene, last
