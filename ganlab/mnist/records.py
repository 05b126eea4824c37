"""What a run's folder holds: what is wanted, where it stands, what is seen and measured."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlab.jobs import records
from ganlab.reading import parse_json
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec

DEVICES = ("auto", "cuda", "mps", "cpu")
EPOCHS = Param("epochs", "epochs", 10, 1, 5000, "int", doc="Passes through the training images.")
CHECKPOINT = Param(
    "checkpoint", "seconds between checkpoints", 30.0, 0.1, 3600.0, doc="What a crash may lose."
)
MEASURE = Param("measure", "epochs between scores", 0, 0, 5000, "int", doc="0: only at the end.")
DEVICE = Param("device", "device", "auto", kind="choice", choices=DEVICES, doc="Where it trains.")


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
        if not isinstance(self.data, str):
            raise SpecError("data", self.data, "a folder, or nothing")

    def to_json(self) -> str:
        """The plan as JSON."""
        items = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json.dumps(items | {"spec": self.spec.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The inverse of `to_json`. Raises `SpecError`."""
        allowed = "JSON such as Plan.to_json() writes"
        items = parse_json(text, "plan", allowed)
        names = {f.name for f in dataclasses.fields(cls)}
        if not isinstance(items, dict) or "spec" not in items or not items.keys() <= names:
            raise SpecError("plan", text, allowed)
        return cls(**(items | {"spec": Spec.from_dict(items["spec"])}))


@dataclass(frozen=True)
class Status(records.Status):
    """Where a run stands.

    iteration of iterations of Algorithm 1, epoch of epochs; images_per_second (real ones): None
    while unknown; measuring: the fraction of a measurement done, or None; source: what the images
    are; latents, measured: what was wanted (see `Wanted`) and is done.
    """

    iteration: int = 0
    iterations: int = 0
    epoch: float = 0.0
    epochs: int = 0
    images_per_second: float | None = None
    measuring: float | None = None
    device: str = ""
    device_name: str = ""
    source: str = ""
    is_mnist: bool = False
    latents: int = 0
    measured: int = 0


@dataclass(frozen=True)
class Wanted(records.Wanted):
    """What a person asks of a trainer, and for how many epochs in all.

    measure counts requests: one more means once more; latents: the seed of what is shown.
    """

    epochs: int = EPOCHS.default
    measure: int = 0
    latents: int = 0


@dataclass(frozen=True)
class Coverage:
    """Which classes n images cover, by a classifier of that accuracy on held-out images.

    shares, expected: the fraction of them taken for each class, and what it should be (the training
    images', or the labels' that G was asked for); covered: the classes that count as covered; kl:
    KL(shares || expected) in nats; floor: what it is on average if G is perfect. See
    `ganlab.mnist.coverage`.
    """

    shares: tuple[float, ...]
    expected: tuple[float, ...]
    covered: tuple[int, ...]
    kl: float
    floor: float
    n: int
    accuracy: float

    def __post_init__(self) -> None:
        for name in ("shares", "expected", "covered"):  # JSON knows lists only
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if len(self.shares) != len(self.expected) or not {*self.covered} <= {*self._there}:
            raise ValueError("no coverage")

    @property
    def _there(self) -> list[int]:
        return [i for i, share in enumerate(self.expected) if share > 0]

    @property
    def classes(self) -> int:
        """How many there are to cover."""
        return len(self._there)

    @property
    def missed(self) -> list[int]:
        """Those that do not count as covered."""
        return [i for i in self._there if i not in self.covered]


@dataclass(frozen=True)
class Score:
    """A Parzen-window log-likelihood in nats, of G's images after `iteration` iterations.

    mean and its standard error se of n test images; sigma, chosen among those tried; samples: how
    many images made the window. See `ganlab.mnist.parzen`. coverage: which classes the images
    cover; None where it was not measured, as by versions of ganlab before it.
    """

    iteration: int
    epoch: float
    mean: float
    se: float
    sigma: float
    n: int
    samples: int
    coverage: Coverage | None = None


@dataclass(frozen=True, eq=False)
class Preview:
    """What there is to see of a run: pixels as bytes, 255 is ink.

    samples (100, 784): ten rows of ten, and nearest (10, 784): for the last of each row, the
    training image nearest to it, at `distance` (10,), Euclidean, in images with pixels in [0, 1].
    chain (n, 784): G along straight ways between eight latents and back, equal steps. digits
    (10, 50, 784): of each label; empty unless G is given labels. real, fake, unseen (bins,): how
    D(x) is spread over [0, 1], in fractions, of training images, G's images, and images that D was
    not trained on. iteration: when; latents: the seed of the latents shown. classes (3, 10): the
    share of each class among a thousand of G's images, the expected one, and 1 where it counts as
    covered; class_kl (2,): the KL of these and its floor; empty while there is no classifier.
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
    classes: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 10), np.float32))
    class_kl: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    MOST_BYTES = 4_000_000
    LATER = ("classes", "class_kl")  # which older files lack

    @classmethod
    def of(cls, items: dict[str, NDArray]) -> Preview:
        """A preview from the arrays of a file. Raises ValueError otherwise."""
        numbers = {name: items[name] for name in ("iteration", "latents")}
        if any(n.shape or n.dtype.kind not in "iu" or n < 0 for n in numbers.values()):
            raise ValueError("no numbers")
        none = {"classes": np.zeros((0, 10), np.float32), "class_kl": np.zeros(0, np.float32)}
        items = none | items  # older files lack these
        some = items["classes"].size > 0
        rows, near, bins = items["samples"].shape, items["nearest"].shape, items["real"].shape
        shapes = {
            "samples": (100, *rows[1:2]),
            "nearest": (10, *rows[1:2]),
            "distance": (10,),
            "chain": (*items["chain"].shape[:1], *rows[1:2]),
            "digits": (*((0, 0) if items["digits"].size == 0 else (10, 50)), *rows[1:2]),
            **dict.fromkeys(("real", "fake", "unseen"), bins),
            "classes": (3, 10) if some else (0, 10),
            "class_kl": (2,) if some else (0,),
        }
        for name, shape in shapes.items():
            kind = np.uint8 if items[name].ndim > 1 and name != "classes" else np.float32
            if items[name].shape != shape or items[name].dtype != kind:
                raise ValueError(f"{name}: no {shape}")
        if len(rows) != 2 or len(near) != 2 or len(bins) != 1:
            raise ValueError("no pictures")
        fields: dict[str, Any] = items | {name: int(number) for name, number in numbers.items()}
        return cls(**fields)


@dataclass
class History:
    """What is drawn over iterations.

    d_loss, g_loss: the costs, without dropout, on the images of the preview; real, fake, unseen:
    the mean of D(x) there.
    """

    rows: list[tuple[float, ...]] = field(default_factory=list)

    NAMES = ("iteration", "d_loss", "g_loss", "real", "fake", "unseen")
    MOST = 2000  # rows kept: then every other of the older half goes
    MOST_BYTES = 1_000_000

    @classmethod
    def of(cls, items: dict[str, NDArray]) -> History:
        """The rows of the columns of a file. Raises ValueError where they are no history."""
        columns = [items[name] for name in cls.NAMES]
        shape = columns[0].shape
        if len(shape) != 1 or shape[0] > cls.MOST:
            raise ValueError("no history")
        if any(c.shape != shape or c.dtype != np.float64 for c in columns):
            raise ValueError("columns of different kinds")
        return cls(list(zip(*(c.tolist() for c in columns), strict=True)))

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
