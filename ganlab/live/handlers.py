"""The function for each command: those of `commands.COMMANDS`, and those of sessions themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ganlab.languages import _, speaking
from ganlab.live.commands import FigureRequest, Scrub, Stretch
from ganlab.live.display import Display
from ganlab.live.lifecycle import Lifecycle
from ganlab.live.rewind import Rewind
from ganlab.live.subscriber import Subscriber
from ganlab.live.take_away import PAGE, STOP
from ganlab.live.tape_maker import TAPE, TapeMaker, Wanted
from ganlab.live.trainer import TrainedSession, Trainer
from ganlab.registry import SpecError

log = logging.getLogger(__name__)

_NOTHING = b""  # the message of a job that has nothing to send
_ANSWERS = {"play", "d", "g", "step", "speed", "change"}
# These act on the present, which is therefore shown again first.
_OF_THE_PRESENT = {"play", "d", "g", "step", "restart", "begin", "change", "resume"}


class CommandedSession(TrainedSession, Protocol):
    """The interface of a session for commands."""

    trainer: Trainer
    display: Display
    lifecycle: Lifecycle
    rewind: Rewind
    refused: dict[str, str]
    tapes: TapeMaker

    def exporter(self, kind: str) -> Callable[[], bytes]:
        """A function that makes the file from the current state of the runs."""


def handle(session: CommandedSession, name: str, value: object) -> None:
    """Execute a command; an error becomes the session's note."""
    group = session.group
    if name in _OF_THE_PRESENT:
        session.rewind.leave()
    if session.lesson is not None:
        session.lesson.did(name)
    try:
        HANDLERS[name](session, value)
        if name in _ANSWERS and not (group is not None and group.stopped):
            session.note = ""  # a valid command clears the message about an invalid one
        if name in ("change", "restart", "begin"):
            session.refused = {}
    except SpecError as error:
        session.note = error.words
    session.feed.status_wanted = True


def _go_on_at_full_speed(session: CommandedSession, _: None) -> None:
    if session.story is not None:
        session.story.released = True


def _figure(session: CommandedSession, asked: tuple[Subscriber, FigureRequest]) -> None:
    subscriber, request = asked
    if not session.view.has_figures:
        raise SpecError("figure", request.request, _("none: this view has no figure"))
    view = session.view

    def make() -> bytes:
        with speaking(subscriber.language):
            return view.figure(request)

    _reply(session, "figure", _("The figure"), subscriber, make)


def _export(session: CommandedSession, asked: tuple[Subscriber, str]) -> None:
    subscriber, kind = asked
    if kind == STOP:
        session.tapes.stop()
        return
    if kind == PAGE:
        session.tapes.begin(subscriber, Wanted(PAGE))
        return
    make = session.exporter(kind)
    _reply(session, "export", _("The file"), subscriber, make)


def _reply(
    session: CommandedSession,
    kind: str,
    what: str,
    subscriber: Subscriber,
    make: Callable[[], bytes],
) -> None:
    """Send a browser the message that `make` returns; if it fails, the session says why."""

    def steps() -> Iterator[bytes]:
        try:
            yield make()
        except SpecError as error:
            session.command("note", error.words)
            yield _NOTHING
        except Exception:
            log.exception("%s failed", what)
            session.command("note", _("{what} could not be made: see the server's log.", what=what))
            yield _NOTHING

    session.feed.answer(kind, subscriber, steps)


def _tape(session: CommandedSession, asked: tuple[Subscriber, Stretch]) -> None:
    subscriber, stretch = asked
    session.tapes.begin(subscriber, Wanted(TAPE, *stretch))


def _scrub(session: CommandedSession, wanted: Scrub) -> None:
    session.rewind.show(wanted)
    if session.rewind.active:
        session.view.explain(False)  # that is about the present


def _explain(session: CommandedSession, on: bool) -> None:
    if on:
        session.rewind.leave()
    session.view.explain(on)
    state = None if session.group is None else session.group.state
    if not on:
        return
    if session.playing and state is not None and (state.phase or state.g_phase):
        session.trainer.step()  # the explanation starts with a whole iteration
    session.trainer.pause()


def _answer(session: CommandedSession, choice: int) -> None:
    lesson = session.lesson
    if lesson is not None and lesson.answer(choice) and lesson.now.plays:
        session.trainer.play()


def _to_step(session: CommandedSession, step: int) -> None:
    if session.lesson is not None:
        session.lesson.go(step)
        session.display.tell(session.lifecycle.said())  # its address names the step


def _layers(session: CommandedSession, hidden: tuple[str, ...]) -> None:
    if session.lesson is not None:
        session.lesson.layers(hidden)


def _hello(session: CommandedSession, subscriber: Subscriber) -> None:
    if session.group is not None:
        session.display.hello(subscriber)
        session.view.explain_again()
        session.view.spectrum_again(subscriber)
    session.feed.frame_wanted = session.feed.status_wanted = True


def _look(session: CommandedSession, follower: Subscriber) -> None:
    if session.group is not None:
        session.display.hello(follower)
    session.feed.frame_wanted = session.feed.status_wanted = True


def _note(session: CommandedSession, text: str) -> None:
    session.note = text


def _refuse(session: CommandedSession, refused: dict[str, str]) -> None:
    session.refused = refused


def _do(session: CommandedSession, work: Callable[[], None]) -> None:
    session.lifecycle.start_if_asked()
    work()


def _tell_story(session: CommandedSession, _: None) -> None:
    if session.running and session.scene is not None:
        session.display.tell(session.lifecycle.said())


HANDLERS: dict[str, Callable[[CommandedSession, Any], None]] = {
    "play": lambda session, _: session.trainer.play(),
    "pause": lambda session, _: session.trainer.pause(),
    "d": lambda session, _: session.trainer.update("D"),
    "g": lambda session, _: session.trainer.update("G"),
    "step": lambda session, _: session.trainer.step(),
    "restart": lambda session, _: session.lifecycle.restart(),
    "speed": lambda session, value: session.trainer.set_speed(value),
    "own_pace": lambda session, _: session.trainer.set_speed(None),
    "go_on": _go_on_at_full_speed,
    "scrub": _scrub,
    "present": lambda session, _: session.rewind.leave(),
    "bookmark": lambda session, value: session.rewind.bookmark(value),
    "continue": lambda session, _: session.lifecycle.continue_from_here(),
    "explain": _explain,
    "spectrum": lambda session, value: session.view.spectrum(value),
    "follow": lambda session, value: session.view.follow(value),
    "label": lambda session, value: session.view.show_label(value),
    "answer": _answer,
    "to_step": _to_step,
    "layers": _layers,
    "figure": _figure,
    "export": _export,
    "tape": _tape,
    # of the session itself
    "begin": lambda session, why: session.lifecycle.begin_anew(why),
    "change": lambda session, _: session.lifecycle.change(),
    "do": _do,
    "hello": _hello,
    "look": _look,  # of one who follows: nothing is computed again
    "note": _note,
    "refuse": _refuse,
    "resume": lambda session, stored: session.lifecycle.resume(stored),
    "tell": _tell_story,
    "watched": lambda session, _: session.trainer.count_from_now(),  # or no longer watched
}
