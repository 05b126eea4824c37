"""The parts of a session's runs that browsers show: their number, scene and curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ganlab.live import changes, messages
from ganlab.live.feed import Feed
from ganlab.live.history import History
from ganlab.live.run_group import RunGroup
from ganlab.live.story import offers
from ganlab.live.subscriber import Subscriber
from ganlab.live.view import Message, View
from ganlab.live.wire import encode
from ganlab.params import PARAMS
from ganlab.spec import Spec

_FEW = 5  # a run with fewer measurements does not replace the previous ghost


class Shown(NamedTuple):
    """The previous runs: axes, Specs and events, the last Spec of the first one, and curves."""

    axes: object
    course: object
    spec: Spec
    history: History


class Display:
    """The scene of the runs that are shown and the curves that are measured of them.

    run_number: counts scenes, so that messages of an earlier scene can be recognised.
    """

    def __init__(self, view: View, feed: Feed):
        self.view, self.feed = view, feed
        self.run_number = 0
        self.scene: Message | None = None
        self.history = History(view.series)

    def shown(self, group: RunGroup) -> Shown:
        """What is kept of these runs when others replace them."""
        return Shown(self.view.axes(), group.course, group.spec, self.history)

    def prepare(self) -> None:
        """Make a scene and empty curves for new runs."""
        self.history = History(self.view.series)
        self.scene = self.view.scene(self.run_number + 1)

    def keep_ghost(self, last: Shown, group: RunGroup) -> None:
        """Draw the last runs' curves faintly behind the new ones', and mark the changes."""
        if last.axes != self.view.axes():
            return
        again = last.course == group.course or len(last.history.rows) < _FEW
        self.history.ghost = last.history.ghost if again else last.history.arrays()
        for name in PARAMS:
            if getattr(last.spec, name) != getattr(group.spec, name):
                self.history.mark(0, *changes.in_words(name, last.spec, group.spec))

    def go_back(self, iteration: int) -> None:
        """Make a scene for the same runs at an earlier iteration, with what came later as a ghost.

        To be called before `begin`.
        """
        self.history = self.history.until(iteration)
        self.scene = self.view.scene(self.run_number + 1)

    def begin(self, said: Mapping[str, object]) -> None:
        """Send the scene of new runs; said: more fields of its header."""
        assert self.scene is not None
        header, arrays = self.scene
        ghost = {f"ghost.{name}": array for name, array in self.history.ghost.items()}
        self.scene = header, arrays | ghost
        offered = () if said.get("lesson") else offers(self.view.group.spec)
        header.update(said, offers=[list(offer) for offer in offered])
        self.feed.begin()
        message = encode(*self.scene)
        with self.feed.sending:
            self.run_number += 1
            self.feed.send(message)

    def show(self, scene: Message) -> None:
        """Show the same runs on another scene, which has the next number."""
        assert self.scene is not None
        (header, arrays), (old, drawn) = scene, self.scene
        ghost = {n: a for n, a in drawn.items() if n.startswith("ghost.")}
        kept = {n: old[n] for n in ("query", "story", "lesson", "offers") if n in old}
        self.scene = header | kept, arrays | ghost
        self.feed.frame_wanted = True
        message = encode(*self.scene)
        with self.feed.sending:
            self.run_number = header["run"]
            self.feed.send(message, curves=True)

    def tell(self, said: Mapping[str, object]) -> None:
        """Send the scene again, with other fields in its header."""
        assert self.scene is not None
        self.scene[0].update(said)
        self.feed.send(encode(*self.scene), curves=True)
        self.feed.frame_wanted = True

    def hello(self, subscriber: Subscriber) -> None:
        """Send the scene and the curves to a new browser."""
        if self.scene is not None:
            subscriber.put("scene", encode(*self.scene))
            subscriber.put("curves", messages.curves(self.run_number, self.history))
