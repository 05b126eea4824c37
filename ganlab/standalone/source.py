"""What a page shows: runs at the present, how to return to their past, their scene and curves."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganlab.comparison import Comparison
from ganlab.domains import Probe
from ganlab.domains.picture import MEAN
from ganlab.engine import Run, Snapshot
from ganlab.engine.executor import Elsewhere
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import points_for
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live import changes, comparison_view, messages
from ganlab.live.history import History
from ganlab.live.moment import Moment
from ganlab.live.pools import NOWHERE, Places
from ganlab.live.run_group import applied
from ganlab.live.scene import scene
from ganlab.record import Recording
from ganlab.registry import SpecError
from ganlab.standalone.moments import Journey

Message = tuple[dict[str, Any], dict[str, np.ndarray]]


@dataclass(frozen=True)
class Seen:
    """The runs at one moment. at: its position on the timeline. rows: of the curves, (1,) each."""

    header: dict[str, Any]
    arrays: dict[str, np.ndarray]
    at: int
    rows: dict[str, np.ndarray]


@dataclass(frozen=True)
class Source:
    """Runs at the present, and what is known of their past.

    Nothing in it changes, so that another thread may read it while the runs continue. scene: their
    scene in the live view; its axes are those of the page. recordings: one of each run, None if it
    was not recorded. history: what was measured so far, with marks and notes; its flags are found
    anew. places: what computes updates, pictures and metrics.
    """

    runs: tuple[Run, ...]
    recordings: tuple[Recording | None, ...]
    experiment: Experiment
    labels: tuple[str, ...]
    scene: Message
    history: History
    places: Places = NOWHERE

    @property
    def alone(self) -> bool:
        """Whether there is a single run."""
        return len(self.runs) == 1

    def journeys(self) -> list[Journey]:
        """A pass through each run."""
        elsewhere: Elsewhere | None = self.places.updates
        pairs = zip(self.runs, self.recordings, strict=True)
        return [Journey(run, recording, elsewhere) for run, recording in pairs]

    def see(self, runs: Sequence[Run]) -> Generator[None, None, Seen]:
        """The runs at a moment: the picture and the numbers."""
        shots, pictures = [], []
        for i, run in enumerate(runs):
            if i:
                yield
            shot = self._shot(i, run)
            shots.append(shot)
            pictures.append(messages.frame(1, shot, run.last or ""))
        header, arrays = pictures[0] if self.alone else comparison_view.side_by_side(pictures)
        at = runs[0].updates if self.alone else max(run.iteration for run in runs)
        return Seen(header, arrays, at, self._rows(runs, shots))

    def _shot(self, number: int, run: Run) -> Snapshot:
        diverged, last = tuple(run.diverged), run.last or ""
        moment = Moment(
            1, run.game, run.state, run.specs, diverged, last, self.history, self.places
        )
        label = self.scene[0]["d_label"] if self.alone else MEAN
        return moment.see(self._view(number, run), label=label)

    def _view(self, number: int, run: Run) -> Probe | None:
        """The probe of the scene's axes, if they are not the target's own."""
        header = self.scene[0]
        box = np.array(header["box"] if self.alone else header["runs"][number]["box"])
        probe = probe_for(run.spec, points_for(run.game))
        return None if np.array_equal(probe.target.box, box) else probe.over(box)

    def _rows(self, runs: Sequence[Run], shots: Sequence[Snapshot]) -> dict[str, np.ndarray]:
        if self.alone:
            none = np.array([np.nan])
            return {name: shots[0].metrics.get(name, none) for name in self.history.series}
        rows: dict[str, np.ndarray] = {}
        for i, (run, shot) in enumerate(zip(runs, shots, strict=True)):
            lost = run.diverged[0] is not None
            rows |= comparison_view.measured(i, {} if lost else shot.metrics)
        return rows


def source_of(runs: Sequence[Run]) -> Source:
    """The Source of one run, or of two to four that are compared.

    Raises `SpecError` for images, for several seeds in one Run, and for runs that cannot be
    compared.
    """
    for run in runs:
        run.spec.in_a_lab()
        if len(run.specs) != 1:
            raise SpecError(
                "run",
                _("{count} runs", count=len(run.specs)),
                _("a Run of one Spec: use several Runs"),
            )
    specs, number = [run.spec for run in runs], 1
    probes = [probe_for(run.spec, points_for(run.game)) for run in runs]
    parts = [scene(spec, probe, number) for spec, probe in zip(specs, probes, strict=True)]
    experiment: Experiment
    if len(runs) == 1:
        experiment, shown, history = Experiment.of(specs[0]), parts[0], History()
    else:
        experiment = Comparison.among(specs)
        panels = comparison_view.panels(specs, probes, experiment.labels)
        shown = comparison_view.combined(experiment, parts, panels, number, experiment.labels)
        history = History(comparison_view.series(len(runs)))
    changes.mark(history, applied(runs), len(runs))
    still = tuple(run.still() for run in runs)
    recordings = tuple(_recording(run) for run in runs)
    return Source(still, recordings, experiment, experiment.labels, shown, history)


def _recording(run: Run) -> Recording | None:
    return run.recorder.still() if isinstance(run.recorder, Recording) else None


def measured(history: History, frames: Sequence[Seen]) -> History:
    """The same history with the numbers of these frames, exactly, and its flags among them."""
    other = History(history.series)
    other.marks, other.diverged = history.marks, history.diverged
    other.bookmarks = history.bookmarks
    now = [[one.header["iteration"], *_values(history, one)] for one in frames]
    own = np.array(now, np.float64)
    own[np.isinf(own)] = np.nan  # infinity has no place on an axis
    first, last = own[0, 0], own[-1, 0]
    rows = history.rows
    here = (rows[:, 0] >= first) & (rows[:, 0] <= last) & ~np.isin(rows[:, 0], own[:, 0])
    both = np.concatenate([rows[here], own])
    other.rows = both[both[:, 0].argsort(kind="stable")]
    at = np.array([[one.header["iteration"], one.at] for one in frames], float)
    other.places = lambda found: [round(x) for x in np.interp(found, *at.T).tolist()]
    return other


def _values(history: History, one: Seen) -> Iterator[float]:
    return (float(one.rows[name][0]) for name in history.series)
