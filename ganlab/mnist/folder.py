"""A run as a folder on disk: what is trained, where it stands, what is seen, what is wanted.

A trainer, in whatever process, writes; pages and commands read, and ask through one small file.
So a run survives the page, the browser and the trainer. Every file is replaced in one step:
whoever reads finds the old or the new one, whole.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from ganlab.mnist.records import (
    AT_WORK,
    EPOCHS,
    MOST_WORDS,
    History,
    Look,
    Plan,
    Score,
    Status,
    Wanted,
    record,
)
from ganlab.paths import kept, replace
from ganlab.reading import load_arrays, parse_json, read_text
from ganlab.registry import SpecError

_TRIES = 3
_MOST_SCORES = 10_000
_ROOM = 4096  # bytes of every status
_STARTING = 60.0  # seconds that a trainer may take to begin


class Folder:
    """One run's folder. Readers need no lock; a trainer holds `lock` as long as it is at work."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name, which tells runs apart."""
        return self.path.name

    @property
    def run(self) -> Path:
        """The checkpoint, a file of `Run.save`."""
        return self.path / "run.npz"

    @property
    def log(self) -> Path:
        """What the trainer's process printed."""
        return self.path / "log.txt"

    @classmethod
    def create(
        cls, plan: Plan, path: str | os.PathLike[str] | None = None, owner: str = ""
    ) -> Folder:
        """A new run that nobody trains yet, in `path` or in a fresh folder of `home()`.

        owner: whose it is (`ganlab.rights.owner_of`); "": the operator's alone. Raises `SpecError`
        if there is a run in `path` already.
        """
        if path is None:
            stamp = time.strftime("%Y-%m-%d-%H%M%S")
            path = home() / f"{stamp}-{secrets.token_hex(2)}"
        folder = cls(path)
        if (folder.path / "plan.json").exists():
            raise SpecError("folder", str(path), "one without a run in it")
        new = not folder.path.exists()
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.want(epochs=plan.epochs)
            folder._write("owner.json", json.dumps(owner).encode())
            folder._write("plan.json", plan.to_json().encode())
        except OSError:
            if new:  # half a run is none
                shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder

    @property
    def plan(self) -> Plan:
        """What was asked for; `Wanted.epochs` may have grown since. Raises `SpecError`."""
        try:
            return Plan.from_json(read_text(self.path / "plan.json"))
        except (OSError, ValueError) as error:
            if isinstance(error, SpecError):
                raise
            raise SpecError("folder", str(self.path), "a folder with a run in it") from None

    @property
    def owner(self) -> str:
        """Whose run it is; "": the operator's alone."""
        owner = self._json("owner.json")
        return owner if isinstance(owner, str) else ""

    def replan(self, plan: Plan) -> None:
        """Another plan for the same Spec: where to train, how often to save and to measure."""
        self._write("plan.json", plan.to_json().encode())

    # -- what the trainer says -------------------------------------------------------------------

    def lock(self) -> FileLock:
        """Held by the trainer: released by the system however it ends."""
        return FileLock(self.path / "lock")

    @property
    def running(self) -> bool:
        """Whether a trainer is at work on it."""
        for _ in range(_TRIES):  # another reader may be asking at this very moment
            try:
                with self.lock().acquire(timeout=0):
                    return False
            except Timeout:
                time.sleep(0.002)
        return True

    @property
    def status(self) -> Status:
        """Where it stands. Of a trainer that was killed: "stopped", with what is lost."""
        status = self._read("status.json", Status)
        if status.state == "starting" and not status.pid:
            if abs(time.time() - status.time) > _STARTING:  # or a clock that was wrong
                words = "The trainer did not start: see what it printed."
                return dataclasses.replace(status, state="failed", message=words)
            return status
        if status.state in AT_WORK and status.pid and not self.running:
            status = self._read("status.json", Status)  # it may have ended well meanwhile
        if status.state in AT_WORK and status.pid and not self.running:
            lost = f"The trainer ended unasked; it goes on from iteration {status.checkpoint:,}."
            return dataclasses.replace(
                *(status,), state="stopped", message=lost, measuring=None, seconds_left=None
            )
        return status

    def say(self, status: Status) -> None:
        """Tell where it stands."""
        items = dataclasses.asdict(status)
        try:
            self._write("status.json", _padded(items, _ROOM))
        except OSError:
            # A full disk takes no new file; what went wrong fits into the one there is.
            with open(self.path / "status.json", "r+b") as file:
                room = file.seek(0, os.SEEK_END)
                file.seek(0)
                file.write(_padded(items, max(room, _ROOM)))

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
    def look(self) -> Look | None:
        """The last look, if there was one."""
        names = [f.name for f in dataclasses.fields(Look)]
        older = [name for name in names if name not in Look.LATER]
        return self._arrays("look.npz", Look, names) or self._arrays("look.npz", Look, older)

    def put_look(self, look: Look) -> None:
        """Show this."""
        self._put_arrays("look.npz", vars(look))

    @property
    def history(self) -> History:
        """The rows so far."""
        return self._arrays("history.npz", History, History.NAMES) or History()

    def put_history(self, history: History) -> None:
        """Write all rows."""
        self._put_arrays("history.npz", history.arrays())

    # -- what is asked of it ---------------------------------------------------------------------

    @property
    def wanted(self) -> Wanted:
        """What is asked of its trainer now."""
        return self._read("wanted.json", Wanted)

    def want(self, **changes: Any) -> Wanted:
        """Ask for something else; returns all that is asked now. Raises `SpecError`."""
        if "epochs" in changes:
            changes["epochs"] = EPOCHS.check(changes["epochs"])
        wanted = dataclasses.replace(self.wanted, **changes)
        self._write("wanted.json", json.dumps(dataclasses.asdict(wanted)).encode())
        return wanted

    # -- files -----------------------------------------------------------------------------------

    def changed(self, name: str) -> int:
        """When a file was last replaced, in nanoseconds; 0: there is none."""
        try:
            return (self.path / name).stat().st_mtime_ns
        except OSError:
            return 0

    def _write(self, name: str, content: bytes) -> None:
        partial = self.path / f".{name}.{os.getpid()}.{secrets.token_hex(3)}.partial"
        try:
            partial.write_bytes(content)
            replace(partial, self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a trainer that was killed left half written. For who holds the lock."""
        for partial in self.path.glob(".*.partial"):
            partial.unlink(missing_ok=True)

    def _read(self, name: str, kind: type) -> Any:
        try:
            return record(kind, self._json(name))
        except ValueError:
            return kind()

    def _json(self, name: str) -> Any:
        """What a file holds; None if it is absent or no JSON."""
        try:
            return parse_json(read_text(self.path / name), name, "JSON")
        except (OSError, ValueError):
            return None

    def _put_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        self._write(name, content.getvalue())

    def _arrays(self, name: str, kind: Any, names: Iterable[str]) -> Any:
        items = load_arrays(self.path / name, names, kind.MOST_BYTES)
        try:
            return None if items is None else kind.of(items)
        except ValueError:
            return None


def _padded(items: dict[str, Any], size: int) -> bytes:
    """A status as JSON of exactly `size` bytes; a long message is cut."""
    most = MOST_WORDS
    while len(text := json.dumps(items | {"message": items["message"][:most]})) > size:
        most = most // 2
        if not most:
            raise ValueError("a status of that many bytes is no status")
    return text.ljust(size).encode()


def home() -> Path:
    """Where the page and the command keep runs."""
    return kept() / "mnist" / "runs"


def folders() -> Iterator[Folder]:
    """The runs in `home()`, the newest first."""
    if home().is_dir():
        for path in sorted(home().iterdir(), reverse=True):
            if (path / "plan.json").is_file():
                yield Folder(path)
