"""The records in a run's folder: plan, requests, status, preview, scores and history."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganlab.jobs import records
from ganlab.languages import _
from ganlab.reading import parse_json
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec

DEVICES = ("auto", "cuda", "mps", "cpu")
EPOCHS = Param(
    "epochs", _("epochs"), 10, 1, 5000, "int", doc=_("Passes through the training images.")
)
CHECKPOINT = Param(
    "checkpoint",
    _("seconds between checkpoints"),
    30.0,
    0.1,
    3600.0,
    doc=_("Lost at most in a crash."),
)
MEASURE = Param(
    "measure", _("epochs between scores"), 0, 0, 5000, "int", doc=_("0: only at the end.")
)
DEVICE = Param("device", _("device"), "auto", kind="choice", choices=DEVICES, doc=_("Trains here."))


@dataclass(frozen=True)
class Plan:
    """What to train and for how long. data: a folder with MNIST, or "" to search for it."""

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
            raise SpecError("data", self.data, _("a folder, or nothing"))

    def to_json(self) -> str:
        """The plan as JSON."""
        items = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return json.dumps(items | {"spec": self.spec.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The inverse of `to_json`. Raises `SpecError`."""
        allowed = _("JSON as written by Plan.to_json()")
        items = parse_json(text, "plan", allowed)
        names = {f.name for f in dataclasses.fields(cls)}
        if not isinstance(items, dict) or "spec" not in items or not items.keys() <= names:
            raise SpecError("plan", text, allowed)
        return cls(**(items | {"spec": Spec.from_dict(items["spec"])}))


@dataclass(frozen=True)
class Status(records.Status):
    """The status of a run.

    iteration of iterations of Algorithm 1, epoch of epochs; images_per_second: real images, None
    while unknown; measuring: the fraction of a measurement done, or None; source: a description of
    the images; latents, measured: the requests (see `Wanted`) that are done.
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
    """Requests to a trainer, and the total number of epochs.

    measure: the number of requests so far, so that one more means to measure once more; latents:
    the seed of the samples shown.
    """

    epochs: int = EPOCHS.default
    measure: int = 0
    latents: int = 0


@dataclass(frozen=True)
class Coverage:
    """The classes that n images cover, by a classifier with `accuracy` on held-out images.

    shares, expected: the fraction of them predicted as each class, and its expected value (from the
    training images, or from the labels that G was given); covered: the classes that count as
    covered; kl: KL(shares || expected) in nats; floor: its mean for a perfect G. See
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
        for name in ("shares", "expected", "covered"):  # JSON has lists only
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if len(self.shares) != len(self.expected) or not {*self.covered} <= {*self._there}:
            raise ValueError("no coverage")

    @property
    def _there(self) -> list[int]:
        return [i for i, share in enumerate(self.expected) if share > 0]

    @property
    def classes(self) -> int:
        """The number of classes to cover."""
        return len(self._there)

    @property
    def missed(self) -> list[int]:
        """The classes that are not covered."""
        return [i for i in self._there if i not in self.covered]


@dataclass(frozen=True)
class Score:
    """A Parzen-window log-likelihood in nats, of G's images after `iteration` iterations.

    mean and its standard error se over n test images; sigma, the best of those tried; samples: the
    number of images in the window. See `ganlab.mnist.parzen`. coverage: of the classes; None if it
    was not measured, as in older versions of ganlab.
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
    """The preview of a run: pixels as bytes, 255 is ink.

    samples (100, 784): ten rows of ten. nearest (10, 784): the training image nearest to the last
    sample of each row, at the Euclidean distance `distance` (10,) for pixels in [0, 1].
    chain (n, 784): G along straight lines between eight latents and back, in equal steps. digits
    (10, 50, 784): images of each label; empty unless G has labels. real, fake, unseen (bins,):
    histograms of D(x) over [0, 1], in fractions, for training images, G's images, and images that D
    was not trained on. iteration: of the preview; latents: the seed of the latents. classes (3,
    10): the share of each class among a thousand of G's images, the expected share, and 1 if it is
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
    LATER = ("classes", "class_kl")  # missing in older files

    @classmethod
    def of(cls, items: dict[str, NDArray[Any]]) -> Preview:
        """A preview from the arrays of a file. Raises ValueError if their shapes are others."""
        numbers = {name: items[name] for name in ("iteration", "latents")}
        if any(n.shape or n.dtype.kind not in "iu" or n < 0 for n in numbers.values()):
            raise ValueError("no numbers")
        none = {"classes": np.zeros((0, 10), np.float32), "class_kl": np.zeros(0, np.float32)}
        items = none | items  # older files lack some
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
    """The values that are drawn over iterations.

    d_loss, g_loss: the costs, without dropout, on the images of the preview; real, fake, unseen:
    the means of D(x) there.
    """

    rows: list[tuple[float, ...]] = field(default_factory=list)

    NAMES = ("iteration", "d_loss", "g_loss", "real", "fake", "unseen")
    MOST = 2000  # rows kept: beyond that, every other row of the older half is dropped
    MOST_BYTES = 1_000_000

    @classmethod
    def of(cls, items: dict[str, NDArray[Any]]) -> History:
        """The rows from the columns (n,) of a file. Raises ValueError if they are no history."""
        columns = [items[name] for name in cls.NAMES]
        shape = columns[0].shape
        if len(shape) != 1 or shape[0] > cls.MOST:
            raise ValueError("no history")
        if any(c.shape != shape or c.dtype != np.float64 for c in columns):
            raise ValueError("columns of different kinds")
        return cls(list(zip(*(c.tolist() for c in columns), strict=True)))

    def add(self, row: tuple[float, ...]) -> None:
        """Add a row, in the order of `NAMES`."""
        self.rows.append(row)
        if len(self.rows) > self.MOST:
            self.rows[: self.MOST // 2] = self.rows[: self.MOST // 2 : 2]

    def until(self, iteration: int) -> History:
        """The history up to this iteration."""
        return History([row for row in self.rows if row[0] <= iteration])

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """Each column by name, (rows,)."""
        table = np.array(self.rows, np.float64).reshape(-1, len(self.NAMES))
        return {name: table[:, i] for i, name in enumerate(self.NAMES)}
