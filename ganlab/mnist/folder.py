"""A run on images as a job's folder: the checkpoint, scores, pictures and curves."""

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
_OLDER = "look.npz"  # what a preview's file was called by ganlab 0.1


class Folder(jobs.Folder):
    """One run's folder."""

    KIND, PLAN, STATUS, WANTED = "mnist", Plan, Status, Wanted
    LIMIT, NONE = "mnist_runs", "none: this server trains no MNIST runs"

    def command(self) -> list[str]:
        """`ganlab mnist` with this run."""
        return ["ganlab.cli", "mnist", "--quiet", "--as-asked", "--resume", str(self.path)]

    def asked_first(self, plan: Plan) -> dict[str, Any]:
        """As many epochs as planned."""
        return {"epochs": plan.epochs}

    @property
    def run(self) -> Path:
        """The checkpoint, a file of `Run.save`."""
        return self.path / "run.npz"

    def want(self, **changes: Any) -> Wanted:
        """As every job's. Raises `SpecError`."""
        if "epochs" in changes:
            changes["epochs"] = EPOCHS.check(changes["epochs"])
        return super().want(**changes)

    def resting(self, status: Status, state: str, message: str) -> Status:
        """As every job's; nothing is measured either."""
        return dataclasses.replace(super().resting(status, state, message), measuring=None)

    @property
    def scores(self) -> list[Score]:
        """What was measured so far, oldest first."""
        items = self._json("scores.json")
        try:
            return [record(Score, item) for item in items[:_MOST_SCORES]]
        except (ValueError, TypeError):
            return []

    def put_scores(self, scores: list[Score]) -> None:
        """Write all that was measured."""
        items = [dataclasses.asdict(score) for score in scores]
        self._write("scores.json", json.dumps(items).encode())

    @property
    def real(self) -> Score | None:
        """The same measure of as many real training images (iteration 0), once it was taken."""
        try:
            return record(Score, self._json("real.json"))
        except ValueError:
            return None

    def put_real(self, score: Score) -> None:
        """Write the real images' score."""
        self._write("real.json", json.dumps(dataclasses.asdict(score)).encode())

    @property
    def preview_file(self) -> Path:
        """Where the preview is."""
        older = self.path / _OLDER
        now = self.path / "preview.npz"
        return older if older.exists() and not now.exists() else now

    @property
    def preview(self) -> Preview | None:
        """The last preview, if there was one."""
        name = self.preview_file.name
        names = [f.name for f in dataclasses.fields(Preview)]
        older = [n for n in names if n not in Preview.LATER]
        return self._arrays(name, Preview, names) or self._arrays(name, Preview, older)

    def put_preview(self, preview: Preview) -> None:
        """Show this."""
        self._put_arrays("preview.npz", vars(preview))

    @property
    def history(self) -> History:
        """The rows so far."""
        return self._arrays("history.npz", History, History.NAMES) or History()

    def put_history(self, history: History) -> None:
        """Write all rows."""
        self._put_arrays("history.npz", history.arrays())


QUEUE = Queue(Folder)
