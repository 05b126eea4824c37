"""Runs a lesson without a page: a simulated learner performs each step's actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ganlab.engine import Run
from ganlab.lessons.action import Action
from ganlab.lessons.condition import Facts
from ganlab.lessons.lesson import Lesson, Step
from ganlab.params import LIVE
from ganlab.presets.preset import POINTS
from ganlab.spec import Spec

_CHECKS = 24  # of a condition within the iterations that a step gives it


@dataclass(frozen=True)
class Rehearsed:
    """What happened in a step. passed: iterations until its condition held, -1 if it never did.

    right: the number of the choice that came true, -1 if none did or none was asked.
    """

    step: Step
    passed: int
    right: int

    @property
    def as_told(self) -> bool:
        """Whether the step was done, and its question had the answer that the lesson gives."""
        told = not self.step.choices or (self.right >= 0 and self.step.right in (-1, self.right))
        return self.passed >= 0 and told


class _Learner:
    """The runs of a part of a lesson, with their measures and the learner's actions."""

    def __init__(self, specs: tuple[Spec, ...]):
        self.runs = [Run([spec]) for spec in specs]
        self.begin()

    def begin(self) -> None:
        """A step begins."""
        self._begun = self.specs
        self._from = self.iteration
        self._rows: list[dict[str, float]] = []
        self._pressed: Counter[str] = Counter()
        self._hidden: set[str] = set()
        self._measured = -1

    @property
    def specs(self) -> tuple[Spec, ...]:
        return tuple(run.spec for run in self.runs)

    @property
    def iteration(self) -> int:
        return max(run.iteration for run in self.runs)

    def advance(self, iterations: int) -> None:
        for run in self.runs:
            if not run.stopped:
                run.advance(iterations)

    def do(self, action: Action) -> None:
        if action.verb in ("hide", "show"):
            self._pressed["layers"] += 1
            (self._hidden.add if action.verb == "hide" else self._hidden.discard)(action.name)
        elif action.verb == "set":
            self._set(action)
        for _ in range(action.times if action.verb == "press" else 0):
            self._press(action.name)

    def _set(self, action: Action) -> None:
        if action.name in LIVE:
            for run in self.runs:
                run.change(**{action.name: action.value})
        else:  # it starts new runs
            specs = [spec.replace(**{action.name: action.value}) for spec in self.specs]
            self._again([Run([spec]) for spec in specs])

    def _press(self, name: str) -> None:
        self._pressed[name] += 1
        if name in ("d", "g"):
            self.runs[0].update("D" if name == "d" else "G")
        elif name == "step":
            self.advance(1)
        elif name in ("restart", "seed"):
            step = int(name == "seed")
            self._again([Run([spec.replace(seed=spec.seed + step)]) for spec in self.specs])

    def _again(self, runs: list[Run]) -> None:
        self.runs, self._from, self._rows, self._measured = runs, 0, [], -1

    def facts(self) -> Facts:
        if self._measured != self.iteration:
            self._measured = self.iteration
            self._rows.append(dict(self._measure()))
        names = {name for row in self._rows for name in row}
        columns = {n: np.array([row.get(n, np.nan) for row in self._rows]) for n in names}
        state = self.runs[0].state
        return Facts(
            self.specs,
            self._begun,
            columns,
            self.iteration,
            self.iteration - self._from,
            state.d_updates,
            state.g_updates,
            all(run.stopped for run in self.runs),
            self._pressed["pause"] > 0,
            self._pressed,
            self._hidden,
        )

    def _measure(self) -> Iterator[tuple[str, float]]:
        for i, run in enumerate(self.runs):
            end = f".{i}" if len(self.runs) > 1 else ""
            for name, values in run.snapshot(points=POINTS).metrics.items():
                yield f"{name}{end}", float(values[0])


def rehearse(lesson: Lesson, seed: int | None = None) -> list[Rehearsed]:
    """What happens in each step. seed: of all its runs; None for the lesson's own.

    If a step's condition does not hold within its iterations, the next step begins anyway.
    """
    out: list[Rehearsed] = []
    learner: _Learner | None = None
    for step in lesson.steps:
        if step.start:
            specs = step.begins.specs
            learner = _Learner(
                specs if seed is None else tuple(s.replace(seed=seed) for s in specs)
            )
        assert learner is not None  # the first step starts runs
        out.append(_rehearse(step, learner))
    return out


def _rehearse(step: Step, learner: _Learner) -> Rehearsed:
    learner.begin()
    if step.until is None:
        # Nothing of the runs is needed, unless they decide an answer.
        right = step.right if step.right >= 0 else step.came_true(learner.facts())
        return Rehearsed(step, 0, right)
    for action in step.does:
        learner.do(action)
    every = max(1, step.within // _CHECKS)
    while True:
        facts = learner.facts()
        if step.until.holds(facts):
            return Rehearsed(step, facts.passed, step.came_true(facts))
        if facts.passed >= step.within or facts.diverged:
            return Rehearsed(step, -1, step.came_true(facts))
        learner.advance(min(every, step.within - facts.passed))
