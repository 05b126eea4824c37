"""A broadcast: the session that a class follows, who follows it, and what they are asked.

One session makes each picture once, and the same bytes go to everyone. All methods are called on
the event loop, except where they say otherwise.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ganlab.languages import ENGLISH, _
from ganlab.live.session import Session
from ganlab.live.subscriber import Subscriber
from ganlab.live.wire import encode
from ganlab.registry import SpecError

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # of codes: without vowels they are no words
LENGTH = 4
MOST_CHOICES = 6
LONGEST_QUESTION, LONGEST_CHOICE = 200, 60  # characters
RATE = 15.0  # frames per second of a follower, at most
AWAY_SECONDS = 900.0  # after which a broadcast that its teacher has left is over
_MOST = 50  # broadcasts of a server
_MOST_VOTERS = 2000
_MOST_LAYERS, _LONGEST_LAYER = 40, 40
_TELL_SECONDS = 0.1  # between two messages about the class
_KINDS = ("class", "scene", "waits", "status", "curves", "frame")  # that followers get


@dataclass(frozen=True)
class Question:
    """What the teacher asks; revealed: whether everybody sees how many chose what."""

    number: int
    text: str
    choices: tuple[str, ...]
    revealed: bool = False

    @classmethod
    def read(cls, number: int, message: Mapping[str, Any]) -> Question:
        """The question in a teacher's message. Raises `SpecError`."""
        text, choices = message.get("text"), message.get("choices")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_QUESTION:
            raise SpecError(_("question"), text, _("1 to {most} characters", most=LONGEST_QUESTION))
        texts = choices if isinstance(choices, list) else []
        fit = all(isinstance(c, str) and 0 < len(c.strip()) <= LONGEST_CHOICE for c in texts)
        if not fit or not 2 <= len(texts) <= MOST_CHOICES:
            allowed = _(
                "2 to {count} texts of 1 to {most} characters",
                count=MOST_CHOICES,
                most=LONGEST_CHOICE,
            )
            raise SpecError(_("answers"), choices, allowed)
        return cls(number, text.strip(), tuple(c.strip() for c in texts))


class Follower(Subscriber):
    """The outbox of a browser that follows. voter: who answers; one answer counts for each."""

    follows = True

    def __init__(self, loop: asyncio.AbstractEventLoop, voter: str, language: str = ENGLISH):
        super().__init__(loop, language)
        self.voter = voter
        self.told = b""  # the newest message about the class
        self._next = -math.inf

    def put(self, kind: str, message: bytes) -> None:
        """See `Subscriber`; what only the session's own page can use is left out."""
        if kind in _KINDS:
            super().put(kind, message)

    def wait(self, now: float) -> float:
        """Seconds until frames that were drawn may be counted, so that few are sent."""
        start = max(now, self._next)
        self._next = start + 1 / RATE
        return start - now


class Broadcast:
    """One class: its code for followers, and the token without which nobody can steer."""

    def __init__(self, code: str, session: Session):
        self.code, self.token = code, secrets.token_urlsafe(24)
        self.session = session
        self.followers: list[Follower] = []
        self.teachers: list[asyncio.Event] = []  # set when there is something to tell them
        self.left: float | None = time.monotonic()  # since when no teacher is there
        self.over = False
        self.question: Question | None = None
        self.frozen = False
        self.hidden: tuple[str, ...] = ()  # layers
        self._asked = 0
        self._answers: dict[str, int] = {}
        self._telling = False

    @property
    def module(self) -> str:
        """The module of the front end that draws the session."""
        experiment = self.session.experiment
        if len(experiment.specs) > 1:
            return "compare.js"
        if experiment.seeds > 1:
            return "many.js"
        return "live.js" if experiment.base.axes else "symbols.js"

    @property
    def counts(self) -> list[int]:
        """How many have chosen each answer."""
        chosen = Counter(self._answers.values())
        return [chosen[i] for i in range(len(self.question.choices))] if self.question else []

    # -- followers -------------------------------------------------------------------------------

    def join(self, follower: Follower) -> None:
        """Add a follower."""
        self.followers.append(follower)
        self._tell_one(follower)
        self.changed()

    def leave(self, follower: Follower) -> None:
        """Remove a follower; the answer stays, because a page that is reloaded leaves, too."""
        self.followers.remove(follower)
        self.changed()

    def answer(self, follower: Follower, number: object, choice: object) -> None:
        """Count an answer to the question with this number; the newest one of a follower counts."""
        question = self.question
        if question is None or number != question.number or type(choice) is not int:
            return
        known = follower.voter in self._answers or len(self._answers) < _MOST_VOTERS
        if 0 <= choice < len(question.choices) and known:
            self._answers[follower.voter] = choice
            self.changed()

    # -- the teacher -----------------------------------------------------------------------------

    def bind(self, session: Session) -> None:
        """Show another session from now on: followers connect again."""
        if session is self.session:
            return
        self.session, self.frozen = session, False
        for follower in list(self.followers):
            follower.close()
        self.changed()

    def ask(self, message: Mapping[str, Any]) -> None:
        """Ask another question. Raises `SpecError`."""
        self.question = Question.read(self._asked + 1, message)
        self._asked += 1
        self._answers = {}
        self.changed()

    def reveal(self, on: bool) -> None:
        """Show everybody how many chose what, or nobody but the teacher."""
        if self.question is not None:
            self.question = replace(self.question, revealed=on)
            self.changed()

    def withdraw(self) -> None:
        """Take the question away."""
        self.question, self._answers = None, {}
        self.changed()

    def show(self, frozen: object, hidden: object) -> None:
        """What of the picture is shown. Raises `SpecError`."""
        names: list[Any] = hidden if isinstance(hidden, list) else [None]
        fit = all(isinstance(n, str) and len(n) <= _LONGEST_LAYER for n in names)
        if not fit or len(names) > _MOST_LAYERS:
            raise SpecError("hidden", hidden, _("names of layers"))
        self.frozen, self.hidden = frozen is True, tuple(names)
        self.changed()

    def enter(self) -> asyncio.Event:
        """A teacher is there; the event is set whenever `state` has changed."""
        event = asyncio.Event()
        event.set()
        self.teachers.append(event)
        self.left = None
        return event

    def exit(self, event: asyncio.Event) -> None:
        """A teacher has left."""
        self.teachers.remove(event)
        if not self.teachers:
            self.left = time.monotonic()

    def state(self) -> dict[str, Any]:
        """What the teacher is told."""
        return {
            "type": "class",
            "code": self.code,
            "followers": len(self.followers),
            "question": self._question(counts=True),
        }

    # -- telling ---------------------------------------------------------------------------------

    def changed(self) -> None:
        """Tell everybody soon, at most ten times per second."""
        if not self._telling:
            self._telling = True
            asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)

    def _tell(self) -> None:
        self._telling = False
        for follower in self.followers:
            self._tell_one(follower)
        for event in self.teachers:
            event.set()

    def _tell_one(self, follower: Follower) -> None:
        header = {
            "type": "class",
            "code": self.code,
            "module": self.module,
            "frozen": self.frozen,
            "hidden": list(self.hidden),
            "question": self._question(self.question is not None and self.question.revealed),
            "mine": self._answers.get(follower.voter, -1),
        }
        message = encode(header)
        if message != follower.told:
            follower.told = message
            follower.put("class", message)

    def _question(self, counts: bool) -> dict[str, Any] | None:
        question = self.question
        if question is None:
            return None
        return {
            "number": question.number,
            "text": question.text,
            "choices": list(question.choices),
            "revealed": question.revealed,
            "counts": self.counts if counts else [],
        }


class Broadcasts:
    """The broadcasts of a server, by code."""

    def __init__(self) -> None:
        self._by_code: dict[str, Broadcast] = {}

    def start(self, session: Session) -> Broadcast:
        """A broadcast of a session, or the one that it has. Raises `SpecError` for too many."""
        self.forget()
        for broadcast in self._by_code.values():
            if broadcast.session is session:
                return broadcast
        if len(self._by_code) >= _MOST:
            allowed = _("at most {most} at once on this server", most=_MOST)
            raise SpecError(_("classes"), len(self._by_code) + 1, allowed)
        code = ""
        while not code or code in self._by_code:
            code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        made = self._by_code[code] = Broadcast(code, session)
        return made

    def get(self, code: str) -> Broadcast | None:
        """The broadcast with a code, in capitals or not; from any thread."""
        return self._by_code.get(code.strip().upper())

    def of(self, code: str, token: object) -> Broadcast | None:
        """The broadcast with a code, if this is its token; from any thread."""
        found = self.get(code)
        if found is None or not isinstance(token, str):
            return None
        same = hmac.compare_digest(token.encode(errors="replace"), found.token.encode())
        return found if same else None

    def end(self, broadcast: Broadcast) -> None:
        """End a broadcast: everybody is told that it is over."""
        broadcast.over = True
        self._by_code.pop(broadcast.code, None)
        for follower in list(broadcast.followers):
            follower.close()
        for event in broadcast.teachers:
            event.set()

    def forget(self) -> None:
        """End the broadcasts that their teachers have left for long."""
        now = time.monotonic()
        for broadcast in list(self._by_code.values()):
            if broadcast.left is not None and now - broadcast.left >= AWAY_SECONDS:
                self.end(broadcast)


BROADCASTS = Broadcasts()
