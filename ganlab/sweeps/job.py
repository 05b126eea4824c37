"""A sweep as a job: it outlives the page that starts it, pauses, and goes on after a restart."""

from __future__ import annotations

import dataclasses
import os
import time
from dataclasses import dataclass
from typing import Any

from ganlab.jobs import folder as jobs
from ganlab.jobs import records
from ganlab.jobs.queue import Queue
from ganlab.jobs.worker import Stop, Worker
from ganlab.languages import _
from ganlab.limits import compiling, limit
from ganlab.registry import SpecError
from ganlab.sweeps import results
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.run import Failed, minutes, run, to_compile

_SAY = 0.5  # seconds between two statuses
_TURN = 0.2  # seconds between two reads of the requests of a paused map


@dataclass(frozen=True)
class Status(records.Status):
    """The status of a map: finished blocks and runs, of how many."""

    done: int = 0
    blocks: int = 0
    runs_done: int = 0
    runs: int = 0


class Folder(jobs.Folder[Plan, Status, records.Wanted]):
    """One map's folder; its results are in a folder inside it."""

    KIND, PLAN, STATUS, WANTED = "maps", Plan, Status, records.Wanted
    LIMIT, NONE = "map_jobs", _("none: this server trains no maps")

    def command(self) -> list[str]:
        """`ganlab sweep` for this map."""
        return ["ganlab.cli", "sweep", "--job", str(self.path)]

    @property
    def results(self) -> results.Folder:
        """The results so far."""
        return results.Folder(self.path / "results", self.plan)


QUEUE = Queue(Folder)


def check(plan: Plan) -> float:
    """The minutes of a plan. Raises `SpecError` if it exceeds the server's limit."""
    most, asked = limit("map_minutes"), minutes(plan)
    if asked > most:
        allowed = _(
            "at most {most:g} minutes of one core: fewer cells, seeds or iterations", most=most
        )
        raise SpecError("map", _("about {asked:.0f} minutes", asked=asked), allowed)
    return asked


class Mapper(Worker[Plan, Status, records.Wanted]):
    """Trains a map's missing blocks in processes of this one."""

    folder: Folder

    def prepare(self) -> None:
        """Count what is done."""
        place = self.folder.results
        blocks = self.plan.blocks
        done = [b for b in blocks if place.has(b.number)]
        self._before, self._told = self.status.seconds, ""
        self._begun = time.monotonic()
        compiles = bool(to_compile(self.plan)) and compiling()
        self.say(
            state="training",
            message=_("Preparing; compiling takes about half a minute.")
            if compiles
            else _("Preparing."),
            blocks=len(blocks),
            runs=sum(len(b.runs) for b in blocks),
            done=len(done),
            runs_done=sum(len(b.runs) for b in done),
        )

    def expected(self, error: Exception) -> bool:
        """See `Worker.expected`; also a block that cannot be computed."""
        return super().expected(error) or isinstance(error, Failed)

    def work_on(self) -> None:
        """Train until all blocks are finished; pause and stop as requested."""
        while True:
            self._wait()
            self._train()
            if self.status.done == self.status.blocks:
                raise Stop("done", "")

    def _train(self) -> None:
        """Train until all is done, or until asked for something else: blocks in flight are lost."""
        started, first = time.monotonic(), self.status.done
        training = run(self.plan, folder=self.folder.results, tell=self._tell)
        try:
            for finished in training:
                runs = self.status.runs_done + len(self.plan.blocks[finished.block].runs)
                each = (time.monotonic() - started) / (finished.done - first)
                self.status = dataclasses.replace(
                    self.status,
                    done=finished.done,
                    runs_done=runs,
                    checkpoint=finished.done,
                    seconds=self._before + time.monotonic() - self._begun,
                    seconds_left=each * (finished.of - finished.done),
                    message=self._told,
                )
                if time.monotonic() - self.said > _SAY or finished.done == finished.of:
                    self.say()
                if self.ending or self.asked().state != "training":
                    return
        finally:
            training.close()

    def _tell(self, words: str) -> None:
        self._told = words
        self.say(message=words)

    def _wait(self) -> None:
        """Wait while paused. Raises `Stop` if asked to stop."""
        while True:
            wanted = self.asked().state
            if self.ending or wanted == "stopped":
                raise Stop("stopped", _("Stopped on request; it can be resumed."))
            if wanted == "training":
                if self.status.state != "training":
                    self.say(state="training")
                return
            if self.status.state != "paused":
                self.say(state="paused", seconds_left=None)
            time.sleep(_TURN)


def work(path: str | os.PathLike[str]) -> Any:
    """Work on a map's folder in this process; returns the last status."""
    return Mapper(Folder(path), signals=True).work()
