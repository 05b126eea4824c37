"""A lesson beside a session: its steps, the learner's actions, and whether the step is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from ganlab.languages import _
from ganlab.lessons import Facts, Lesson, Step
from ganlab.lessons.text import paragraphs
from ganlab.live.history import History
from ganlab.live.run_group import RunGroup
from ganlab.live.story import Story
from ganlab.registry import SpecError
from ganlab.spec import Spec


class TaughtSession(Protocol):
    """The interface of a session for its lesson."""

    @property
    def group(self) -> RunGroup | None:
        """The runs, once they have begun."""

    @property
    def run_number(self) -> int:
        """The number of the runs in the current scene."""

    @property
    def history(self) -> History:
        """The curves of the runs."""

    @property
    def state(self) -> str:
        """playing, paused, diverged or waiting (unwatched)."""


class Teaching:
    """A lesson as one session shows it, at one of its steps (from 0).

    before: the same lesson in the session that this one continues. answers, right: by step, the
    number of the choice that the learner took, and of the one that came true.
    """

    def __init__(self, lesson: Lesson, step: int = 0, before: Teaching | None = None):
        self.lesson = lesson
        self.step = min(max(step, 0), len(lesson.steps) - 1)
        same = before is not None and before.lesson is lesson
        self.answers: dict[int, int] = dict(before.answers) if before and same else {}
        self.right: dict[int, int] = dict(before.right) if before and same else {}
        self.done: set[int] = set(before.done) if before and same else set()
        self.pressed: Counter[str] = Counter()
        self.hidden: frozenset[str] = frozenset()
        self._run = -1  # the number of the runs that the step has seen
        self._from = (0, 0)  # iteration, and number of measured rows at its beginning
        self._begun: tuple[Spec, ...] = ()

    @property
    def now(self) -> Step:
        """The step that is shown."""
        return self.lesson.steps[self.step]

    @property
    def waits(self) -> bool:
        """Whether the runs stand still until the learner answers or acts."""
        return self.now.waits and self.step not in self.done

    def story(self, specs: Sequence[Spec]) -> Story | None:
        """The pace of its runs, unless they are no longer the step's."""
        own = self.now.begins.specs
        return Story(None, self.now.pace) if self.now.pace and tuple(specs) == own else None

    # -- what the learner does -------------------------------------------------------------------

    def did(self, button: str) -> None:
        """A button was pressed; called by any thread."""
        self.pressed[button] += 1

    def layers(self, hidden: Sequence[str]) -> None:
        """Layers were switched: these are hidden now."""
        self.hidden = frozenset(hidden)

    def answer(self, choice: int) -> bool:
        """Take a choice; returns whether it is the first one, after which the runs go on.

        Raises `SpecError` unless the step has this choice.
        """
        count = len(self.now.choices)
        if not 0 <= choice < count:
            raise SpecError(
                "answer",
                choice,
                _("one of {count} choices", count=count) if count else _("no question"),
            )
        first = self.step not in self.answers
        if first:
            self.answers[self.step] = choice
            self._begin()
        return first

    def go(self, step: int) -> None:
        """Show another step of the same runs. Raises `SpecError` if it has runs of its own."""
        count = len(self.lesson.steps)
        if not 0 <= step < count or self.lesson.part(step) != self.lesson.part(self.step):
            raise SpecError("to_step", step, _("a step about the runs that are shown"))
        self.step = step
        self._begin()

    def _begin(self) -> None:
        self._run = -1
        self.pressed = Counter()

    # -- on the worker ---------------------------------------------------------------------------

    def check(self, session: TaughtSession) -> None:
        """Mark the step as done if its condition holds."""
        group = session.group
        if group is None:
            return
        if self._run != session.run_number:
            again = self._run >= 0  # other runs within the step, such as after a restart
            self._from = (
                (0, 0) if again else (group.iteration, max(0, len(session.history.rows) - 1))
            )
            self._begun = self._begun if again else group.specs
            self._run = session.run_number
        step = self.now
        if self.step in self.done or (step.ask and self.step not in self.answers):
            return
        facts = self._facts(session, group)
        if step.until is not None and not step.until.holds(facts):
            return
        self.done.add(self.step)
        if step.choices:
            self.right[self.step] = step.came_true(facts)

    def _facts(self, session: TaughtSession, group: RunGroup) -> Facts:
        iteration, row = self._from
        state = group.runs[0].state
        columns = {name: values[row:] for name, values in session.history.arrays().items()}
        return Facts(
            group.specs,
            self._begun,
            columns,
            group.iteration,
            group.iteration - iteration,
            state.d_updates,
            state.g_updates,
            group.stopped,
            session.state == "paused",
            self.pressed,
            self.hidden,
        )

    def status(self, session: TaughtSession) -> dict[str, Any]:
        """The progress, for the status message."""
        self.check(session)
        step, group = self.now, session.group
        passed = 0 if group is None else group.iteration - self._from[0]
        return {
            "step": self.step,
            "done": self.step in self.done,
            "answer": self.answers.get(self.step, -1),
            "right": self.right.get(self.step, -1),
            "late": bool(step.within) and passed > step.within and self.step not in self.done,
            "ticked": sorted(self.done),
        }

    def words(self) -> dict[str, Any]:
        """The constant texts, for the scene."""
        lesson = self.lesson
        return {
            "name": lesson.name,
            "title": lesson.title,
            "question": lesson.doc,
            "cite": lesson.cite,
            "steps": [_words(lesson, i) for i in range(len(lesson.steps))],
        }


def _words(lesson: Lesson, at: int) -> dict[str, Any]:
    step = lesson.steps[at]
    return {
        "title": step.title,
        "text": paragraphs(step.text),
        "part": lesson.part(at),
        "light": list(step.light),
        "ask": step.ask,
        "choices": [choice.text for choice in step.choices],
        "waits": step.until is not None,
        "hint": step.hint,
        "reveal": paragraphs(step.reveal),
        "offers": [{"text": one.text, "set": dict(one.values)} for one in step.offers],
        "does": [action._asdict() for action in step.does],
        "link": None if step.link is None else {"page": step.link[0], "text": step.link[1]},
    }
