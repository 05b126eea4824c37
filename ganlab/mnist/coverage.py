"""Coverage: which classes G's samples cover and how evenly, which reveals lost modes.

A classifier predicts the class of each sample. The shares q of the classes are compared with the
expected ones, p, by KL(q || p) in nats, the "reverse KL" of Unrolled GAN (Metz et al. 2017) and
VEEGAN (Srivastava et al. 2017). It does not detect blur or noise: every image counts for some
class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ganlab.languages import _
from ganlab.mnist.classifier import CLASSES, Classifier
from ganlab.mnist.records import Coverage

LEAST = 0.1  # of its expected share: the least with which a class counts as covered
_STEPS = 1000  # of expectation maximisation
_DRAWS, _SEED = 1000, 20140610  # for the floor

Shares = NDArray[np.float64]


def measure(
    images: NDArray[np.float32], classifier: Classifier, expected: Shares | None = None
) -> Coverage:
    """The coverage of images (n, 784) in [0, 1].

    expected: the expected share of each class, (10,); by default that in the training images.
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
    """Whether each class is covered, (10,): its corrected share is at least a tenth of expected."""
    return (expected > 0) & (unmixed(shares, classifier) >= LEAST * expected)


def unmixed(shares: Shares, classifier: Classifier) -> Shares:
    """The true shares of the classes, (10,), given the shares that the classifier reports.

    It finds the most likely mixture of the rows of the confusion matrix by expectation
    maximisation, which corrects for misclassified images.
    """
    rates = classifier.rates
    mix = np.full(CLASSES, 1 / CLASSES)
    for _unused in range(_STEPS):
        seen = mix @ rates
        mix *= rates @ np.divide(shares, seen, out=np.zeros(CLASSES), where=seen > 0)
    return mix


def kl(q: Shares, p: Shares) -> Shares:
    """KL(q || p) in nats, (...,), of shares (..., 10); infinite if p = 0 somewhere but q is not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(q > 0, q * np.log(q / p), 0.0)
    divergence: Shares = np.maximum(terms.sum(-1), 0.0)
    return divergence


def floor(n: int, expected: Shares, classifier: Classifier) -> float:
    """The mean KL of n images of a perfect generator, the bias of the estimator, in nats.

    It is due to misclassification, at the rates of held-out images, and to chance, which gives
    (classes - 1) / 2n for a classifier without errors.
    """
    seen = expected @ classifier.rates
    draws = np.random.default_rng(_SEED).multinomial(n, seen / seen.sum(), _DRAWS)
    return float(kl(draws / n, expected).mean())


def in_words(found: Coverage) -> str:
    """A summary on one line."""
    lost = ", ".join(map(str, found.missed))
    text = _(
        "{count} of {classes} classes covered", count=len(found.covered), classes=found.classes
    )
    text += f" (not {lost})" if lost else ""
    return _(
        "{text}, KL {kl:.3g} nats (perfect: {floor:.2g})", text=text, kl=found.kl, floor=found.floor
    )
