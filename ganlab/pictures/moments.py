"""Moments of runs as messages for the front end: one forward pass through their past."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ganlab.engine import Run
from ganlab.live import messages
from ganlab.live.computing import to_end
from ganlab.live.wire import encode
from ganlab.losses import LOSSES
from ganlab.record import Recording
from ganlab.registry import SpecError
from ganlab.standalone.source import Seen, measured, source_of
from ganlab.targets import TARGETS

MOST = 4  # runs side by side
Given = Run | Recording | Sequence[Run | Recording]


def runs_of(given: Given) -> list[Run]:
    """The runs of a picture. Raises `SpecError` for other objects and for more than four."""
    several: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    runs = [one.run if isinstance(one, Recording) else one for one in several]
    for one in runs:
        if not isinstance(one, Run):
            raise SpecError("run", one, "a Run, a Recording, or a list of one to four")
    if not 1 <= len(runs) <= MOST:
        raise SpecError("runs", len(runs), f"1 to {MOST} side by side")
    return runs


class Cast:
    """The runs of a picture: one, or up to four side by side.

    moving: whether a line shows the moment of each frame on the curves.
    Raises `SpecError` as `standalone.source.source_of` does.
    """

    def __init__(self, runs: Sequence[Run], moving: bool = False):
        self._source, self._moving = source_of(runs), moving
        self._seen: list[Seen] = []

    @property
    def iteration(self) -> int:
        """The iterations of the run that has made the most."""
        return max(run.iteration for run in self._source.runs)

    @property
    def lost(self) -> bool:
        """Whether a run has diverged."""
        return any(run.diverged[0] for run in self._source.runs)

    @property
    def about(self) -> str:
        """The setting in a few words."""
        spec = self._source.runs[0].spec
        words = [TARGETS[spec.target].title, LOSSES[spec.loss].title]
        if self._source.alone:
            words += [f"k = {spec.k}", f"seed {spec.seed}"]
        return " · ".join(words)

    @property
    def layers(self) -> list[str]:
        """The ids of the layers of the pictures."""
        return [layer["id"] for layer in self._source.scene[0]["layers"]]

    def scene(self) -> bytes:
        """The message with what is constant."""
        header, arrays = self._source.scene
        return encode(header | {"knobs": [], "query": ""}, arrays)

    def curves(self) -> bytes:
        """The message with what was measured in all moments so far, and marks of the events."""
        history = measured(self._source.history, self._seen)
        first = self._seen[0].header["iteration"]
        history.marks = [mark for mark in history.marks if mark["iteration"] >= first]
        history.places = None  # no flags
        return messages.curves(0, history)

    def moments(self, iterations: Sequence[int]) -> Iterator[bytes]:
        """The frames after these iterations, ascending; the same object for the same iteration."""
        journeys, frame = self._source.journeys(), b""
        for number, iteration in enumerate(iterations):
            if not number or iteration != iterations[number - 1]:
                for journey in journeys:
                    deque(journey.to(iteration), maxlen=0)
                frame = self._frame([journey.run for journey in journeys], iteration)
            yield frame

    def _frame(self, runs: Sequence[Run], iteration: int) -> bytes:
        seen = to_end(self._source.see(runs))
        header = seen.header | {"iteration": iteration, "moving": self._moving}
        # A run that has diverged keeps its last state.
        if not self._seen or self._seen[-1].header["iteration"] < iteration:
            self._seen.append(dataclasses.replace(seen, header=header, arrays={}))
        lost = [str(run.diverged[0] or "") for run in runs]
        if self._source.alone:
            header |= {"numbers": self._numbers(runs[0], seen), "lost": lost[0]}
        else:
            found = zip(header["runs"], self._source.labels, lost, strict=True)
            rows = [float(seen.rows[f"jsd.{i}"][0]) for i in range(len(runs))]
            header["runs"] = [
                said | {"label": label, "jsd": _finite(jsd), "lost": why}
                for (said, label, why), jsd in zip(found, rows, strict=True)
            ]
            whole = [f"{letter}: {why}" for letter, why in zip("ABCD", lost, strict=False) if why]
            header |= {"lost": "   ".join(whole)}
        return encode(header, seen.arrays)

    def _numbers(self, run: Run, seen: Seen) -> list[tuple[str, float | None, str]]:
        """The names, values and units of the numbers above the picture."""
        modes = self._source.scene[0]["modes"]
        found = [("JSD", "jsd", "nats")]
        found += [("W₁", "w1", "")] if run.spec.axes else []
        found += [("modes", "modes", f"of {modes}")] if modes > 1 else []
        return [(name, _finite(float(seen.rows[key][0])), unit) for name, key, unit in found]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
