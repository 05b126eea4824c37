"""Images as targets: p_data is known by a file of samples only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch

from ganlab.digits import data, strokes
from ganlab.digits.images import PIXELS, Digits
from ganlab.languages import _
from ganlab.targets.base import TARGETS, Examples, Target, TargetEntry, frozen

LABELS = 10
_MARGIN = 1e-7  # keeps the logit finite for a pixel that is 0 in all images


class Images(Target):
    """Images (n, 784) with pixels in [0, 1], 1 for ink, read on first use.

    Raises `MissingData` (a `SpecError`) on first use if the images cannot be found.
    """

    dim = PIXELS
    box = frozen([[0.0, 1.0]] * PIXELS)
    labels = LABELS

    def __init__(self, load: Callable[[], Digits]):
        self._load = load
        self._loaded: Digits | None = None
        self._lock = threading.Lock()

    @property
    def digits(self) -> Digits:
        """All images: the training images, and those held out for choices and for tests."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    @cached_property
    def pixels(self) -> torch.Tensor:
        """The training images, (n, 784) bytes."""
        return torch.from_numpy(np.array(self.digits.fitted.pixels))

    @cached_property
    def told(self) -> torch.Tensor:
        """The labels of `pixels`, (n,)."""
        return torch.from_numpy(self.digits.fitted.labels.astype(np.int64))

    @property
    def examples(self) -> Examples:
        """The images that are trained on."""
        return Examples(self.pixels, _read, self.told)

    def marginal_logits(self) -> torch.Tensor:
        """Logit of each pixel's mean over the training images, (784,): the 2014 G's first bias."""
        mean = self.digits.fitted.pixels.mean(0, dtype=np.float64) / 255
        mean = np.clip(mean, _MARGIN, 1 - _MARGIN)
        return torch.from_numpy(np.log(mean / (1 - mean))).float()

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """See `Target.sample`; draws with replacement."""
        which = torch.randint(len(self.pixels), (n,), generator=generator)
        return _read(self.pixels[which])

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        raise ValueError("the density of images is unknown")

    def _cell_masses(self, *edges: np.ndarray) -> np.ndarray:
        raise ValueError("the density of images is unknown")


def _read(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.float() / 255


TARGETS.add(
    TargetEntry(
        name="mnist",
        title=_("MNIST"),
        equation=r"x \in [0, 1]^{784}",
        doc=_("Handwritten digits, the first 50,000, read from $GANLAB_DATA or from the cache."),
        cite="LeCun et al. 1998",
        dim=PIXELS,
        labelled=True,
        finite=True,
        unit=True,
        build=lambda: Images(data.load),
    )
)
TARGETS.add(
    TargetEntry(
        name="drawn_digits",
        title=_("digits drawn by ganlab"),
        equation=r"x \in [0, 1]^{784}",
        doc=_("Stroke-drawn digits that replace MNIST when it is missing. They are not MNIST."),
        dim=PIXELS,
        labelled=True,
        finite=True,
        unit=True,
        build=lambda: Images(strokes.digits),
    )
)
