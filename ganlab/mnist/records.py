"""What a run's folder holds: what is wanted, where it stands, what is seen and measured."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

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
