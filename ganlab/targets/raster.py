"""Images as targets: what is known of p_data is a file of samples."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch

from ganlab.digits import data, strokes
from ganlab.digits.images import PIXELS, Digits
from ganlab.targets.base import TARGETS, Target, TargetEntry, frozen

LABELS = 10
_MARGIN = 1e-7  # keeps the logit of a pixel that is never inked finite


class Images(Target):
    """Images (n, 784) with pixels in [0, 1], 1 is ink, read when first asked for.

    An epoch shows each image once: see `ganlab.engine.draws.Epochs`. Raises `MissingData` (a
    `SpecError`) where the images are asked for and cannot be found.
    """

    dim = PIXELS
    box = frozen([[0.0, 1.0]] * PIXELS)

    def __init__(self, load: Callable[[], Digits]):
        self._load = load
        self._loaded: Digits | None = None
        self._lock = threading.Lock()

    @property
    def digits(self) -> Digits:
        """All images, with what is kept for choices and for tests."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    @cached_property
    def pixels(self) -> torch.Tensor:
        """What is trained on, (n, 784) bytes."""
        return torch.from_numpy(np.array(self.digits.fitted.pixels))

    @cached_property
    def labels(self) -> torch.Tensor:
        """The labels of `pixels`, (n,)."""
        return torch.from_numpy(self.digits.fitted.labels.astype(np.int64))

    def marginal_logits(self) -> torch.Tensor:
        """Logit of each pixel's mean over the training images, (784,): where the 2014 G starts."""
        mean = self.digits.fitted.pixels.mean(0, dtype=np.float64) / 255
        mean = np.clip(mean, _MARGIN, 1 - _MARGIN)
        return torch.from_numpy(np.log(mean / (1 - mean))).float()

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`: with replacement."""
        which = torch.randint(len(self.pixels), (n,), generator=generator)
        return self.pixels[which].float() / 255

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        raise ValueError("the density of images is not known")

    def _cell_masses(self, *edges: np.ndarray) -> np.ndarray:
        raise ValueError("the density of images is not known")


TARGETS.add(
    TargetEntry(
        name="mnist",
        title="MNIST",
        equation=r"x \in [0, 1]^{784}",
        doc="Handwritten digits, the first 50,000: found in $GANLAB_DATA or in the cache.",
        cite="LeCun et al. 1998",
        dim=PIXELS,
        labels=LABELS,
        unit=True,
        build=lambda: Images(data.load),
    )
)
TARGETS.add(
    TargetEntry(
        name="drawn_digits",
        title="digits drawn by ganlab",
        equation=r"x \in [0, 1]^{784}",
        doc="Strokes of our own, for where MNIST is missing. They are not MNIST.",
        dim=PIXELS,
        labels=LABELS,
        unit=True,
        build=lambda: Images(strokes.digits),
    )
)
