"""A small convolutional net that tells which of ten classes an image is, fitted to a set's images.

It judges G's samples (`ganlab.mnist.coverage`) and is not part of the game. With one thread, a
fixed seed and a fixed order, it is the same on one machine, whatever else happens there.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, cross_entropy, linear

from ganlab.digits.images import SIDE, Digits, Split
from ganlab.engine.threads import one_thread
from ganlab.paths import kept, replace
from ganlab.reading import load_arrays

CLASSES = 10
STEPS = 1000  # of Adam: two passes through MNIST
_BATCH, _RATE, _SEED = 100, 3e-3, 20140610
_AT_ONCE = 1000
_MOST_BYTES = 300_000
# Two convolutions with stride 2, from 28 to 12 to 5 pixels a side, and a linear layer.
_SHAPES = {
    "w1": (16, 1, 5, 5),
    "b1": (16,),
    "w2": (32, 16, 3, 3),
    "b2": (32,),
    "w3": (CLASSES, 32 * 5 * 5),
    "b3": (CLASSES,),
}


@dataclass(frozen=True, eq=False)
class Classifier:
    """The classifier: weights by name, float32, and its statistics.

    counts (10,): training images of each class; confusion (10, 10): held-out images by their true
    class (rows) and predicted class (columns).
    """

    weights: dict[str, Tensor]
    counts: NDArray[np.int64]
    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """The fraction of held-out images that are classified correctly; 0 if there are none."""
        total = self.confusion.sum()
        return float(self.confusion.trace() / total) if total else 0.0

    @property
    def rates(self) -> NDArray[np.float64]:
        """`confusion` (10, 10) as fractions of each row.

        1 on the diagonal for classes without images.
        """
        rows = self.confusion.sum(1, keepdims=True)
        return np.where(rows > 0, self.confusion / np.maximum(rows, 1), np.eye(CLASSES))

    @property
    def expected(self) -> NDArray[np.float64]:
        """The share of each class in the training images, (10,)."""
        shares: NDArray[np.float64] = self.counts / self.counts.sum()
        return shares

    def shares(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """The fraction of images (n, 784), in [0, 1], that is predicted as each class, (10,)."""
        return np.bincount(self.classes(images), minlength=CLASSES) / len(images)

    def classes(self, images: NDArray[np.float32]) -> NDArray[np.int64]:
        """The predicted class of each image (n, 784), (n,), among those in the training images."""
        absent = torch.from_numpy(self.counts == 0)
        with one_thread(), torch.no_grad():
            found = [
                _logits(self.weights, torch.from_numpy(np.array(part, np.float32)))
                .masked_fill(absent, -math.inf)
                .argmax(1)
                for part in np.split(images, range(_AT_ONCE, len(images), _AT_ONCE))
            ]
        return torch.cat(found).numpy()


def known(digits: Digits) -> Classifier | None:
    """The classifier of the same images from an earlier fit, or None."""
    arrays = load_arrays(_place(digits), (*_SHAPES, "counts", "confusion"), _MOST_BYTES)
    if arrays is None or any(
        arrays[name].shape != shape or arrays[name].dtype != np.float32
        or not np.isfinite(arrays[name]).all()
        for name, shape in _SHAPES.items()
    ):  # fmt: skip
        return None
    counts, confusion = arrays["counts"], arrays["confusion"]
    if (counts.shape, confusion.shape) != ((CLASSES,), (CLASSES, CLASSES)) or any(
        a.dtype != np.int64 or a.min() < 0 for a in (counts, confusion)
    ):
        return None
    if not counts.sum():
        return None
    return Classifier({n: torch.from_numpy(arrays[n]) for n in _SHAPES}, counts, confusion)


def fit(digits: Digits) -> Generator[float, None, Classifier]:
    """Fit a classifier to `digits.fitted` and test it on `digits.test`.

    A generator of the fraction done, whose steps take some ten milliseconds each. It returns the
    classifier, which is also saved for `known`.
    """
    split = digits.fitted
    generator = torch.Generator().manual_seed(_SEED)
    weights = {name: _start(name, generator).requires_grad_() for name in _SHAPES}
    adam = torch.optim.Adam(weights.values(), _RATE)
    pixels, labels = np.asarray(split.pixels), torch.from_numpy(split.labels.astype(np.int64))
    size = min(_BATCH, len(split))
    order = torch.empty(0, dtype=torch.int64)
    for step in range(STEPS):
        if len(order) < size:
            order = torch.randperm(len(split), generator=generator)
        batch, order = order[:size], order[size:]
        with one_thread():
            adam.param_groups[0]["lr"] = _RATE * (1 - step / STEPS)
            adam.zero_grad()
            x = torch.from_numpy(pixels[batch.numpy()]) / 255
            cross_entropy(_logits(weights, x), labels[batch]).backward()
            adam.step()
        yield (step + 1) / STEPS
    counts = np.bincount(split.labels, minlength=CLASSES).astype(np.int64)
    fitted = {name: w.detach() for name, w in weights.items()}
    made = Classifier(fitted, counts, np.zeros((CLASSES, CLASSES), np.int64))
    made = Classifier(fitted, counts, _confusion(made, digits.test))
    _keep(digits, made)
    return made


def _start(name: str, generator: torch.Generator) -> Tensor:
    """Uniform weights with the bound of PyTorch's layers, 1 / sqrt(inputs)."""
    inputs = math.prod(_SHAPES[name.replace("b", "w")][1:])
    bound = 1 / math.sqrt(inputs)
    return torch.empty(_SHAPES[name]).uniform_(-bound, bound, generator=generator)


def _logits(w: dict[str, Tensor], x: Tensor) -> Tensor:
    """The logit of each class for images (n, 784) in [0, 1]: (n, 10)."""
    x = x.view(-1, 1, SIDE, SIDE)
    x = conv2d(x, w["w1"], w["b1"], stride=2).relu()
    x = conv2d(x, w["w2"], w["b2"], stride=2).relu()
    return linear(x.flatten(1), w["w3"], w["b3"])


def _confusion(classifier: Classifier, split: Split) -> NDArray[np.int64]:
    if not len(split):
        return classifier.confusion
    pairs = split.labels.astype(np.int64) * CLASSES + classifier.classes(split.images)
    return np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES).astype(np.int64)


def _place(digits: Digits) -> Path:
    return kept() / "mnist" / f"classifier-{digits.key}-{STEPS}.npz"


def _keep(digits: Digits, made: Classifier) -> None:
    arrays: dict[str, Any] = {name: w.numpy() for name, w in made.weights.items()}
    content = io.BytesIO()
    np.savez(content, **arrays, counts=made.counts, confusion=made.confusion)
    place = _place(digits)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):  # if it cannot be saved, it is fitted again
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content.getvalue())
        replace(partial, place)
