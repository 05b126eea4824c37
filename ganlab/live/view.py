"""What is shown of a session's runs: a view makes its scene, frames, curves, status and figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from ganlab.experiment import Experiment
from ganlab.live.commands import FigureRequest
from ganlab.live.history import SERIES, History
from ganlab.live.moment import Moment
from ganlab.live.run_group import RunGroup
from ganlab.live.story import Story
from ganlab.live.subscriber import Subscriber
from ganlab.registry import SpecError
from ganlab.spec import Spec

# Header and arrays of a message.
Message = tuple[dict[str, Any], dict[str, np.ndarray]]
Moments = tuple[Moment, ...]  # one of each Run


class ViewedSession(Protocol):
    """What a view, and the feed of what it makes, ask of their session."""

    experiment: Experiment
    group: RunGroup | None
    run_number: int
    history: History
    story: Story | None
    scene: Message | None
    view: View
    subscribers: list[Subscriber]
    crowd: int
    playing: bool
    note: str

    @property
    def spec(self) -> Spec:
        """The Spec of run A."""

    @property
    def running(self) -> bool:
        """Whether the runs are those that are asked for, and not about to start anew."""

    @property
    def state(self) -> str:
        """What the runs do now, in a word."""

    @property
    def idle(self) -> bool:
        """Whether nothing moves."""

    @property
    def speed(self) -> float:
        """Updates a second; 0: full speed."""

    @property
    def watched(self) -> bool:
        """Whether some browser shows the session now."""

    @property
    def measured(self) -> dict[str, float]:
        """The newest metrics."""

    @property
    def lab_query(self) -> str:
        """The address of one seed in its lab, all but the seed's number, which ends it."""

    def moments(self) -> Moments:
        """The runs as they are now."""

    def status(self) -> dict[str, Any]:
        """What the status message says besides where the runs are."""

    def found(self, number: int, metrics: dict[str, float], tell: bool = False) -> None:
        """The newest metrics of runs `number`; tell: to be told also while they play."""

    def show_scene(self, scene: Message) -> None:
        """Show the same runs on another scene, which has the next number."""

    def command(self, name: str, value: Any = None) -> None:
        """Queue a command for the worker."""

    def wake(self) -> None:
        """Have the worker look at the session soon."""


class View:
    """A session's view. Subclasses make what is shown of one kind of experiment.

    `frame` and `measure` are called on render threads, and yield None between pieces of work after
    which other sessions' pictures may have their turn; everything else is called on the worker.
    """

    frame_seconds = 1 / 36  # at the most this often: more would be the browser's work for nothing
    slowest_frames = 0.17  # but frames come at least this often (seconds)
    # Of updates at full speed in one call. Between two calls the interpreter's lock must be had,
    # which pictures hold often: shorter calls wait for it more than they work.
    call_seconds = 0.012
    has_figures = True

    def __init__(self, session: ViewedSession):
        self.session = session
        self.last_picture: Message | None = None

    @property
    def group(self) -> RunGroup:
        """The runs that are shown, once they have begun."""
        group = self.session.group
        assert group is not None
        return group

    @property
    def series(self) -> tuple[str, ...]:
        """The curves that are measured."""
        return SERIES

    def scene(self, number: int) -> Message:
        """What pictures of the runs, which have just begun, stand on."""
        raise NotImplementedError

    def frame(self, moments: Moments) -> Iterator[bytes | None]:
        """The message of one picture."""
        raise NotImplementedError

    def measure(self, moments: Moments) -> Iterable[None]:
        """Add moments to their history."""
        raise NotImplementedError

    def status(self) -> dict[str, Any]:
        """Fields of the status message that only this view has."""
        return {}

    def axes(self) -> Any:
        """What two runs' curves must have in common to be seen on the same axes."""
        base = self.group.spec
        return base.target, base.target_params

    def why_stopped(self) -> str:
        """What is said when every run has diverged."""
        raise NotImplementedError

    def advanced(self) -> None:
        """The runs have made some updates."""

    def follow(self, value: bool) -> None:
        """Have the axes follow G. Raises `SpecError` where they cannot."""
        raise SpecError("cmd", "follow", "a view whose axes can follow G")

    @property
    def can_draw_figure(self) -> bool:
        """Whether a frame and metrics of these runs were shown."""
        scene, last = self.session.scene, self.last_picture
        if scene is None or last is None or not len(self.session.history.rows):
            return False
        return scene[0]["run"] == last[0]["run"]

    def figure(self, request: FigureRequest) -> bytes:
        """The still pictures of what is shown. Raises `SpecError` where there are none."""
        raise SpecError("figure", request.request, "none of this view")

    def drawn(self, request: FigureRequest) -> tuple[Message, Message]:
        """Scene and newest frame, for `figure`. Raises `SpecError` unless they belong together."""
        scene, last = self.session.scene, self.last_picture
        if scene is None or last is None or not self.can_draw_figure:
            raise SpecError("figure", request.request, "only once a frame was shown")
        return scene, last
