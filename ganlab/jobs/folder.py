"""A job as a folder on disk: its plan, its status, and requests to its worker.

A worker, in any process, writes; pages and commands read, and make requests through one small file.
So a job survives the page, the browser and the worker. Every file is replaced atomically: readers
find either the old or the new one, complete.
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
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike, NDArray

from ganlab.jobs.records import AT_WORK, MOST_WORDS, R, Status, Wanted, record
from ganlab.paths import kept, replace
from ganlab.reading import load_arrays, parse_json, read_text
from ganlab.registry import SpecError

_TRIES = 3
_ROOM = 4096  # bytes of every status file
_STARTING = 60.0  # seconds that a worker may take to start


class AnyPlan(Protocol):
    """What a job is to do, as JSON."""

    def to_json(self) -> str:
        """The plan as JSON."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`. Raises ValueError."""


class FromArrays(Protocol):
    """A record that is kept as arrays."""

    MOST_BYTES: int

    @classmethod
    def of(cls, items: dict[str, NDArray[Any]]) -> Self:
        """The record from the arrays of a file, whose shapes it checks. Raises ValueError."""


P = TypeVar("P", bound=AnyPlan)
S = TypeVar("S", bound=Status)
W = TypeVar("W", bound=Wanted)
A = TypeVar("A", bound=FromArrays)


class Folder(Generic[P, S, W]):
    """One job's folder. Readers need no lock; a worker holds `lock` while it works.

    A kind of job is a subclass, which defines the name of its home, the classes of its plan (with
    `to_json` and `from_json`), its status and its requests, the limit of workers at once, and the
    command of its worker.
    """

    KIND: ClassVar[str]
    PLAN: type[P]
    STATUS: type[S]
    WANTED: type[W]
    LIMIT: ClassVar[str]
    NONE: ClassVar[str] = "none: this server starts no such jobs"  # the error if the limit is 0

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r})"

    def command(self) -> list[str]:
        """The arguments after `python -m` that start its worker."""
        raise NotImplementedError

    def asked_first(self, plan: P) -> dict[str, Any]:
        """The first requests for a new job with this plan."""
        return {}

    @classmethod
    def home(cls) -> Path:
        """The folder in which pages and commands keep jobs of this kind."""
        return kept() / cls.KIND / "runs"

    @classmethod
    def all(cls) -> Iterator[Self]:
        """The jobs in `home()`, the newest first."""
        if cls.home().is_dir():
            for path in sorted(cls.home().iterdir(), reverse=True):
                if (path / "plan.json").is_file():
                    yield cls(path)

    @property
    def name(self) -> str:
        """The folder's name, which identifies the job."""
        return self.path.name

    @property
    def log(self) -> Path:
        """The file with the output of the worker's process."""
        return self.path / "log.txt"

    @classmethod
    def create(cls, plan: P, path: str | os.PathLike[str] | None = None, owner: str = "") -> Self:
        """A new job without a worker, in `path` or in a new folder of `home()`.

        owner: the visitor it belongs to (`ganlab.rights.owner_of`); "" for the operator alone.
        Raises `SpecError` if there is a job in `path` already.
        """
        if path is None:
            stamp = time.strftime("%Y-%m-%d-%H%M%S")
            path = cls.home() / f"{stamp}-{secrets.token_hex(2)}"
        folder = cls(path)
        if (folder.path / "plan.json").exists():
            raise SpecError("folder", str(path), "a folder without a run in it")
        new = not folder.path.exists()
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            folder.want(**folder.asked_first(plan))
            folder._write("owner.json", json.dumps(owner).encode())
            folder._write("plan.json", plan.to_json().encode())
        except OSError:
            if new:  # do not leave an incomplete job
                shutil.rmtree(folder.path, ignore_errors=True)
            raise
        return folder

    @property
    def plan(self) -> P:
        """The original plan; `wanted` may have changed since. Raises `SpecError`."""
        try:
            return self.PLAN.from_json(read_text(self.path / "plan.json"))
        except (OSError, ValueError) as error:
            if isinstance(error, SpecError):
                raise
            raise SpecError("folder", str(self.path), "a folder with a run in it") from None

    @property
    def owner(self) -> str:
        """The visitor that the job belongs to; "" for the operator alone."""
        owner = self._json("owner.json")
        return owner if isinstance(owner, str) else ""

    def replan(self, plan: P) -> None:
        """Store another plan for the same work."""
        self._write("plan.json", plan.to_json().encode())

    # -- written by the worker -------------------------------------------------------------------

    def lock(self) -> FileLock:
        """The lock that the worker holds; the system releases it however the worker ends."""
        return FileLock(self.path / "lock")

    @property
    def running(self) -> bool:
        """Whether a worker is working on it."""
        for _ in range(_TRIES):  # another reader may be testing the lock at the same moment
            try:
                with self.lock().acquire(timeout=0):
                    return False
            except Timeout:
                time.sleep(0.002)
        return True

    @property
    def status(self) -> S:
        """The status; if its worker was killed, "stopped" with a message about what is lost."""
        status = self._read("status.json", self.STATUS)
        if status.state == "starting" and not status.pid:
            if abs(time.time() - status.time) > _STARTING:  # or the clock was wrong
                words = "The trainer did not start: see its output."
                return dataclasses.replace(status, state="failed", message=words)
            return status
        if status.state in AT_WORK and status.pid and not self.running:
            status = self._read("status.json", self.STATUS)  # it may have ended meanwhile
        if status.state in AT_WORK and status.pid and not self.running:
            lost = f"The trainer was killed; it can resume from iteration {status.checkpoint:,}."
            return self.resting(status, "stopped", lost)
        return status

    def resting(self, status: S, state: str, message: str) -> S:
        """A status without the values that only a working worker knows."""
        return dataclasses.replace(status, state=state, message=message, seconds_left=None)

    def say(self, status: Status) -> None:
        """Write the status."""
        items = dataclasses.asdict(status)
        try:
            self._write("status.json", _padded(items, _ROOM))
        except OSError:
            # On a full disk no new file can be created, but the error fits into the existing one.
            with open(self.path / "status.json", "r+b") as file:
                room = file.seek(0, os.SEEK_END)
                file.seek(0)
                file.write(_padded(items, max(room, _ROOM)))

    # -- requests --------------------------------------------------------------------------------

    @property
    def wanted(self) -> W:
        """The current requests to its worker."""
        return self._read("wanted.json", self.WANTED)

    def want(self, **changes: Any) -> W:
        """Change the requests; returns all of them. Raises `SpecError`."""
        wanted = dataclasses.replace(self.wanted, **changes)
        self._write("wanted.json", json.dumps(dataclasses.asdict(wanted)).encode())
        return wanted

    # -- files -----------------------------------------------------------------------------------

    def changed(self, name: str) -> int:
        """The time a file was last replaced, in nanoseconds; 0 if there is none."""
        try:
            return (self.path / name).stat().st_mtime_ns
        except OSError:
            return 0

    def tidy(self) -> None:
        """Remove partial files of a killed worker; the caller must hold the lock."""
        for partial in self.path.glob(".*.partial"):
            partial.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        partial = self.path / f".{name}.{os.getpid()}.{secrets.token_hex(3)}.partial"
        try:
            partial.write_bytes(content)
            replace(partial, self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def _read(self, name: str, kind: type[R]) -> R:
        try:
            return record(kind, self._json(name))
        except ValueError:
            return kind()

    def _json(self, name: str) -> Any:
        """The contents of a JSON file; None if it is missing or invalid."""
        try:
            return parse_json(read_text(self.path / name), name, "JSON")
        except (OSError, ValueError):
            return None

    def _put_arrays(self, name: str, arrays: Mapping[str, ArrayLike]) -> None:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        self._write(name, content.getvalue())

    def _arrays(self, name: str, kind: type[A], names: Iterable[str]) -> A | None:
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
            raise ValueError("the status does not fit into that many bytes")
    return text.ljust(size).encode()
