"""Which classes G's samples cover, and how evenly: what a GAN that lost its modes cannot hide.

A classifier says of each sample which class it is. Their shares q are compared with those expected,
p, by KL(q || p) in nats, the "reverse KL" of Unrolled GAN (Metz et al. 2017) and VEEGAN (Srivastava
et al. 2017). It sees neither blur nor noise: whatever an image is, it counts for some class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganlab.mnist.classifier import CLASSES, Classifier
from ganlab.mnist.records import Coverage

LEAST = 0.1  # of its expected share, for a class to count as covered
_STEPS = 1000  # of expectation maximisation
_DRAWS, _SEED = 1000, 20140610  # of the floor

Shares = NDArray[np.float64]


def measure(
    images: NDArray[np.float32], classifier: Classifier, expected: Shares | None = None
) -> Coverage:
    """The coverage of images (n, 784) in [0, 1].

    expected: the share that each class should have, (10,); unless given, the training images'.
    """
    expected = classifier.expected if expected is None else expected
    shares = classifier.shares(images)
    return Coverage(
        shares=tuple(shares.tolist()),
        expected=tuple(expected.tolist()),
        covered=tuple(np.flatnonzero(covered(shares, expected, classifier)).tolist()),
        kl=float(kl(shares, expected)),
        floor=floor(len(images), expected, classifier),
        n=len(images),
        accuracy=classifier.accuracy,
    )


def covered(shares: Shares, expected: Shares, classifier: Classifier) -> NDArray[np.bool_]:
    """Whether each class counts as covered, (10,): its unmixed share is a tenth of the expected."""
    return (expected > 0) & (unmixed(shares, classifier) >= LEAST * expected)


def unmixed(shares: Shares, classifier: Classifier) -> Shares:
    """The shares of the classes themselves, (10,), of which the classifier would see `shares`.

    The mixture of the rows of its confusion that makes them most likely, by expectation
    maximisation: what is only mistaken for a class is given back to the others.
    """
    rates = classifier.rates
    mix = np.full(CLASSES, 1 / CLASSES)
    for _ in range(_STEPS):
        seen = mix @ rates
        mix *= rates @ np.divide(shares, seen, out=np.zeros(CLASSES), where=seen > 0)
    return mix


def kl(q: Shares, p: Shares) -> Shares:
    """KL(q || p) in nats, (...,), of shares (..., 10); infinite where q has what p has not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(q > 0, q * np.log(q / p), 0.0)
    return np.maximum(terms.sum(-1), 0.0)


def floor(n: int, expected: Shares, classifier: Classifier) -> float:
    """The KL that a perfect generator's n images read on average: the estimator's bias, in nats.

    It comes from what the classifier mistakes, at the rates of held-out images, and from chance:
    (classes - 1) / 2n for a classifier that is always right.
    """
    seen = expected @ classifier.rates
    draws = np.random.default_rng(_SEED).multinomial(n, seen / seen.sum(), _DRAWS)
    return float(kl(draws / n, expected).mean())


def in_words(found: Coverage) -> str:
    """One line."""
    lost = ", ".join(map(str, found.missed))
    text = f"{len(found.covered)} of {found.classes} classes covered"
    text += f" (not {lost})" if lost else ""
    return f"{text}, KL {found.kl:.3g} nats (perfect: {found.floor:.2g})"
