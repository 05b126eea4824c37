"""Images of digits with their labels, from any source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SIDE = 28
PIXELS = SIDE * SIDE


@dataclass(frozen=True, eq=False)
class Split:
    """Images as bytes, pixels (n, 784) uint8 in rows from the top, and labels (n,) uint8."""

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.pixels.shape != (len(self.labels), PIXELS):
            raise ValueError(f"pixels {self.pixels.shape} for {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice) -> Split:
        """A range of the images, which shares their memory."""
        return Split(self.pixels[which], self.labels[which])

    @cached_property
    def images(self) -> NDArray[np.float32]:
        """Images (n, 784) in [0, 1], 1 is ink; computed on first use, with four times the bytes."""
        return np.divide(self.pixels, 255, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Digits:
    """A training set and a test set; `source` describes them to the user."""

    source: str
    train: Split
    test: Split
    is_mnist: bool = False

    @cached_property
    def key(self) -> str:
        """An identifier of these images for file names."""
        md5 = hashlib.md5(usedforsecurity=False)
        for split in (self.train, self.test):
            md5.update(np.ascontiguousarray(split.pixels).data)
            md5.update(np.ascontiguousarray(split.labels).data)
        return md5.hexdigest()[:16]

    @cached_property
    def fitted(self) -> Split:
        """The images to fit models to: the first 5/6 of the training set (MNIST: 50,000)."""
        return self.train[: self._fitted_count]

    @cached_property
    def validation(self) -> Split:
        """The images for choices: the last 1/6 of the training set (MNIST: 10,000)."""
        return self.train[self._fitted_count :]

    @property
    def _fitted_count(self) -> int:
        return len(self.train) * 5 // 6
