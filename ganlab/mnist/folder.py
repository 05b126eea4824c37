"""The folder of a run on images: a job with checkpoint, scores, pictures and curves."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from ganlab.jobs import folder as jobs
from ganlab.jobs.queue import Queue
from ganlab.jobs.records import record
from ganlab.mnist.records import EPOCHS, History, Plan, Preview, Score, Status, Wanted

_MOST_SCORES = 10_000
_OLDER = "look.npz"  # the former name of the preview's file


class Folder(jobs.Folder[Plan, Status, Wanted]):
    """One run's folder."""

    KIND, PLAN, STATUS, WANTED = "mnist", Plan, Status, Wanted
    LIMIT, NONE = "mnist_runs", "none: this server trains no MNIST runs"

    def command(self) -> list[str]:
        """`ganlab mnist` for this run."""
        return ["ganlab.cli", "mnist", "--quiet", "--as-asked", "--resume", str(self.path)]

    def asked_first(self, plan: Plan) -> dict[str, Any]:
        """Train for the planned number of epochs."""
        return {"epochs": plan.epochs}

    @property
    def run(self) -> Path:
        """The checkpoint, a file of `Run.save`."""
        return self.path / "run.npz"

    def want(self, **changes: Any) -> Wanted:
        """See `jobs.folder.Folder.want`. Raises `SpecError`."""
        if "epochs" in changes:
            changes["epochs"] = EPOCHS.check(changes["epochs"])
        return super().want(**changes)

    def resting(self, status: Status, state: str, message: str) -> Status:
        """See `jobs.folder.Folder.resting`; also without a measurement in progress."""
        rests = super().resting(status, state, message)
        return dataclasses.replace(rests, measuring=None)

    @property
    def scores(self) -> list[Score]:
        """All scores, the oldest first."""
        items = self._json("scores.json")
        try:
            return [record(Score, item) for item in items[:_MOST_SCORES]]
        except (ValueError, TypeError):
            return []

    def put_scores(self, scores: list[Score]) -> None:
        """Write all scores."""
        items = [dataclasses.asdict(score) for score in scores]
        self._write("scores.json", json.dumps(items).encode())

    @property
    def real(self) -> Score | None:
        """The score of as many real training images (iteration 0), or None if not measured."""
        try:
            return record(Score, self._json("real.json"))
        except ValueError:
            return None

    def put_real(self, score: Score) -> None:
        """Write the score of real images."""
        self._write("real.json", json.dumps(dataclasses.asdict(score)).encode())

    @property
    def preview_file(self) -> Path:
        """The file of the preview."""
        older = self.path / _OLDER
        now = self.path / "preview.npz"
        return older if older.exists() and not now.exists() else now

    @property
    def preview(self) -> Preview | None:
        """The last preview, or None."""
        name = self.preview_file.name
        names = [f.name for f in dataclasses.fields(Preview)]
        older = [n for n in names if n not in Preview.LATER]
        found = self._arrays(name, Preview, names)
        if found is None:
            found = self._arrays(name, Preview, older)
        return found

    def put_preview(self, preview: Preview) -> None:
        """Write the preview."""
        self._put_arrays("preview.npz", vars(preview))

    @property
    def history(self) -> History:
        """The history so far."""
        return self._arrays("history.npz", History, History.NAMES) or History()

    def put_history(self, history: History) -> None:
        """Write the history."""
        self._put_arrays("history.npz", history.arrays())


QUEUE = Queue(Folder)
