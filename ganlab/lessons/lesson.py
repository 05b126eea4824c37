"""Lessons: steps beside a live view, each of which waits for a condition or for the learner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganlab.experiment import Experiment
from ganlab.lessons.action import Action
from ganlab.lessons.condition import Condition, Facts
from ganlab.registry import Entry

Pace = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Choice:
    """An answer to a question. when: the condition that makes it the right one; None if none is."""

    text: str
    when: Condition | None = None


@dataclass(frozen=True)
class Offer:
    """A button of a step: its words, and the fields that it changes in all runs."""

    text: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of a lesson: one idea.

    start: the address of the runs that it begins with; "" if it goes on with those of the step
    before. begins: the experiment of that address, for all steps that share its runs; pace: of
    these runs.
    paused: whether they stand still at first; a question makes them wait for its answer as well.
    light: ids of the controls, layers and curves to highlight. ask, choices: a question about what
    will happen; right: the number of the right choice, -1 if the run decides. until: the condition
    on which the step is done; None: it is done once it is read, or answered. within: iterations
    until then, 0 if the learner decides; does: the learner's actions, which a button and the tests
    can perform; hint: what to do if it takes longer. reveal: the text that is shown once the step
    is done.
    offers: buttons. link: a page to open, and its words.
    """

    title: str
    text: str
    begins: Experiment
    start: str = ""
    pace: Pace = ()
    paused: bool = False
    light: tuple[str, ...] = ()
    ask: str = ""
    choices: tuple[Choice, ...] = ()
    right: int = -1
    until: Condition | None = None
    within: int = 0
    does: tuple[Action, ...] = ()
    hint: str = ""
    reveal: str = ""
    offers: tuple[Offer, ...] = ()
    link: tuple[str, str] | None = None

    @property
    def waits(self) -> bool:
        """Whether its runs stand still until the learner has answered, or acted."""
        return bool(self.start) and (self.paused or bool(self.ask))

    @property
    def plays(self) -> bool:
        """Whether its runs go on as soon as the question is answered."""
        return self.waits and self.until is not None

    def came_true(self, facts: Facts) -> int:
        """The number of the choice that is right in this run; -1 if none is, or none was asked."""
        for number, choice in enumerate(self.choices):
            if choice.when is not None and choice.when.holds(facts):
                return number
        return self.right


@dataclass(frozen=True)
class Lesson(Entry):
    """A lesson. name: that of its file; title; doc: the question that it answers; cite: sources.

    minutes: about how long it takes.
    """

    minutes: int = 5
    steps: tuple[Step, ...] = ()

    def part(self, step: int) -> int:
        """The number of the step from which the runs of `step` (from 0) are."""
        return max(i for i in range(step + 1) if self.steps[i].start)
