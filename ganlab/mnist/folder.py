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
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from ganlab.paths import kept
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec

DEVICES = ("auto", "cuda", "mps", "cpu")
EPOCHS = Param("epochs", "epochs", 10, 1, 5000, "int", doc="Passes through the training images.")
CHECKPOINT = Param(
    "checkpoint", "seconds between checkpoints", 30.0, 0.1, 3600.0, doc="What a crash may lose."
)
MEASURE = Param("measure", "epochs between scores", 0, 0, 5000, "int", doc="0: only at the end.")
DEVICE = Param("device", "device", "auto", kind="choice", choices=DEVICES, doc="Where it trains.")
# The states in which a trainer is at work, and those in which it has left.
_STARTING = 60.0  # seconds that a trainer may take to begin
AT_WORK = ("starting", "training", "paused", "measuring")
LEFT = ("done", "stopped", "diverged", "failed")


@dataclass(frozen=True)
class Plan:
    """What to train and for how long. data: a folder with MNIST, or "" for where it is found."""

    spec: Spec
    epochs: int = EPOCHS.default
    device: str = DEVICE.default
    checkpoint: float = CHECKPOINT.default
    measure: int = MEASURE.default
    data: str = ""

    def __post_init__(self) -> None:
        for param in (EPOCHS, CHECKPOINT, MEASURE, DEVICE):
            object.__setattr__(self, param.name, param.check(getattr(self, param.name)))

    def to_json(self) -> str:
        """The plan as JSON."""
        items = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json.dumps(items | {"spec": self.spec.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The inverse of `to_json`. Raises `SpecError`."""
        try:
            items = json.loads(text)
            return cls(**(items | {"spec": Spec.from_dict(items["spec"])}))
        except (ValueError, TypeError, KeyError) as error:
            if isinstance(error, SpecError):
                raise
            raise SpecError("plan", text, "JSON such as Plan.to_json() writes") from None


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    state: one of `AT_WORK` or `LEFT`; message: what a person should know (why it failed, what is
    being done); iteration of iterations of Algorithm 1, epoch of epochs; seconds: trained so far;
    images_per_second (real ones) and seconds_left: None while unknown; measuring: the fraction of
    a measurement done, or None; source: what the images are; checkpoint: the iteration that a
    crash would go back to; latents, measured: what was wanted (see `Wanted`) and is done.
    """

    state: str = "starting"
    message: str = ""
    iteration: int = 0
    iterations: int = 0
    epoch: float = 0.0
    epochs: int = 0
    seconds: float = 0.0
    images_per_second: float | None = None
    seconds_left: float | None = None
    measuring: float | None = None
    device: str = ""
    device_name: str = ""
    source: str = ""
    is_mnist: bool = False
    checkpoint: int = 0
    latents: int = 0
    measured: int = 0
    pid: int = 0
    time: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """What a person asks of a trainer: to train, pause or stop, for how many epochs in all.

    measure and look count requests: one more means once more; latents: the seed of what is shown.
    """

    state: str = "training"
    epochs: int = EPOCHS.default
    measure: int = 0
    latents: int = 0


@dataclass(frozen=True)
class Score:
    """A Parzen-window log-likelihood in nats, of G's images after `iteration` iterations.

    mean and its standard error se of n test images; sigma, chosen among those tried; samples: how
    many images made the window. See `ganlab.mnist.parzen`.
    """

    iteration: int
    epoch: float
    mean: float
    se: float
    sigma: float
    n: int
    samples: int


@dataclass(frozen=True, eq=False)
class Look:
    """What there is to see of a run: pixels as bytes, 255 is ink.

    samples (100, 784): ten rows of ten, and nearest (10, 784): for the last of each row, the
    training image nearest to it, at `distance` (10,), Euclidean, in images with pixels in [0, 1].
    chain (n, 784): G along straight ways between eight latents and back, equal steps. digits
    (10, 50, 784): of each label; empty unless G is given labels. real, fake, unseen (bins,): how
    D(x) is spread over [0, 1], in fractions, of training images, G's images, and images that D was
    not trained on. iteration: when; latents: the seed of the latents shown.
    """

    iteration: int
    latents: int
    samples: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    distance: NDArray[np.float32]
    chain: NDArray[np.uint8]
    digits: NDArray[np.uint8]
    real: NDArray[np.float32]
    fake: NDArray[np.float32]
    unseen: NDArray[np.float32]


@dataclass
class History:
    """What is drawn over iterations; a row each look.

    d_loss, g_loss: the costs, without dropout, on the images of the look; real, fake, unseen: the
    mean of D(x) there.
    """

    rows: list[tuple[float, ...]] = field(default_factory=list)

    NAMES = ("iteration", "d_loss", "g_loss", "real", "fake", "unseen")
    MOST = 2000  # rows kept: then every other of the older half goes

    def add(self, row: tuple[float, ...]) -> None:
        """One more row, in the order of `NAMES`."""
        self.rows.append(row)
        if len(self.rows) > self.MOST:
            self.rows[: self.MOST // 2] = self.rows[: self.MOST // 2 : 2]

    def until(self, iteration: int) -> History:
        """What there was up to this iteration."""
        return History([row for row in self.rows if row[0] <= iteration])

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Each column by name."""
        table = np.array(self.rows, np.float64).reshape(-1, len(self.NAMES))
        return {name: table[:, i] for i, name in enumerate(self.NAMES)}


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
    def create(cls, plan: Plan, path: str | os.PathLike[str] | None = None) -> Folder:
        """A new run that nobody trains yet, in `path` or in a fresh folder of `home()`.

        Raises `SpecError` if there is a run in `path` already.
        """
        if path is None:
            stamp = time.strftime("%Y-%m-%d-%H%M%S")
            path = home() / f"{stamp}-{secrets.token_hex(2)}"
        folder = cls(path)
        if (folder.path / "plan.json").exists():
            raise SpecError("folder", str(path), "one without a run in it")
        folder.path.mkdir(parents=True, exist_ok=True)
        folder._write("plan.json", plan.to_json().encode())
        folder.want(epochs=plan.epochs)
        return folder

    @property
    def plan(self) -> Plan:
        """What was asked for; `Wanted.epochs` may have grown since. Raises `SpecError`."""
        try:
            return Plan.from_json((self.path / "plan.json").read_text(errors="replace"))
        except OSError:
            raise SpecError("folder", str(self.path), "a folder with a run in it") from None

    # -- what the trainer says -------------------------------------------------------------------

    def lock(self) -> FileLock:
        """Held by the trainer: released by the system however it ends."""
        return FileLock(self.path / "lock")

    @property
    def running(self) -> bool:
        """Whether a trainer is at work on it."""
        lock = self.lock()
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    @property
    def status(self) -> Status:
        """Where it stands. Of a trainer that was killed: "stopped", with what is lost."""
        status = self._read("status.json", Status)
        if status.state == "starting" and not status.pid:
            if time.time() - status.time > _STARTING:
                words = "The trainer did not start: see what it printed."
                return dataclasses.replace(status, state="failed", message=words)
            return status
        if status.state in AT_WORK and status.pid and not self.running:
            lost = f"The trainer ended unasked; it goes on from iteration {status.checkpoint:,}."
            return dataclasses.replace(
                *(status,), state="stopped", message=lost, measuring=None, seconds_left=None
            )
        return status

    def say(self, status: Status) -> None:
        """Tell where it stands."""
        self._write("status.json", json.dumps(dataclasses.asdict(status)).encode())

    @property
    def scores(self) -> list[Score]:
        """What was measured so far, oldest first."""
        try:
            items = json.loads((self.path / "scores.json").read_text())
            return [Score(**item) for item in items]
        except (OSError, ValueError, TypeError):
            return []

    def put_scores(self, scores: list[Score]) -> None:
        """Write all that was measured."""
        items = [dataclasses.asdict(score) for score in scores]
        self._write("scores.json", json.dumps(items).encode())

    @property
    def real(self) -> Score | None:
        """The same measure of as many real training images (iteration 0), once it was taken."""
        try:
            return Score(**json.loads((self.path / "real.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def put_real(self, score: Score) -> None:
        """Write the real images' score."""
        self._write("real.json", json.dumps(dataclasses.asdict(score)).encode())

    @property
    def look(self) -> Look | None:
        """The last look, if there was one."""
        items = self._arrays("look.npz")
        if items is None or set(items) != {f.name for f in dataclasses.fields(Look)}:
            return None
        numbers = {name: int(items.pop(name)) for name in ("iteration", "latents")}
        return Look(**numbers, **items)

    def put_look(self, look: Look) -> None:
        """Show this."""
        self._put_arrays("look.npz", vars(look))

    @property
    def history(self) -> History:
        """The rows so far."""
        items = self._arrays("history.npz")
        if items is None or set(items) != set(History.NAMES):
            return History()
        return History(list(zip(*(items[n].tolist() for n in History.NAMES), strict=True)))

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
            os.replace(partial, self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def _read(self, name: str, kind: type) -> Any:
        try:
            items = json.loads((self.path / name).read_text())
            return kind(**items)
        except (OSError, ValueError, TypeError, AttributeError):
            return kind()

    def _put_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **arrays)
        self._write(name, content.getvalue())

    def _arrays(self, name: str) -> dict[str, Any] | None:
        try:
            raw = io.BytesIO((self.path / name).read_bytes())
            with np.load(raw, allow_pickle=False) as file:
                return {n: file[n] for n in file.files}
        except Exception:  # absent, or damaged: zipfile and NumPy have several errors for it
            return None


def home() -> Path:
    """Where the page and the command keep runs."""
    return kept() / "mnist" / "runs"


def folders() -> Iterator[Folder]:
    """The runs in `home()`, the newest first."""
    if home().is_dir():
        for path in sorted(home().iterdir(), reverse=True):
            if (path / "plan.json").is_file():
                yield Folder(path)
