"""The cost and accuracy of the classifier of digits, and the coverage of known mixtures.

    python benchmarks/coverage.py --data FOLDER

Without MNIST it measures digits drawn by ganlab. Every mixture is made of held-out images, to which
the classifier was not fitted; "without c" is all of them except class c.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from ganlab.digits import data, strokes
from ganlab.digits.images import Digits
from ganlab.mnist import classifier, coverage


def fitted(digits: Digits) -> classifier.Classifier:
    """A newly fitted classifier, after printing what it cost."""
    start, began = time.perf_counter(), time.process_time()
    walk = classifier.fit(digits)
    while True:
        try:
            next(walk)
        except StopIteration as end:
            made = end.value
            break
    took, cpu = time.perf_counter() - start, time.process_time() - began
    print(f"fitted to {len(digits.fitted):,} images: {cpu:.1f} s of one core ({took:.1f} s passed)")
    began = time.process_time()
    made.classes(digits.test.images)
    print(
        f"{len(digits.test):,} images classified: {time.process_time() - began:.2f} s of one core"
    )
    by_class = " ".join(f"{rate:.1%}" for rate in made.rates.diagonal())
    print(f"held-out accuracy {made.accuracy:.2%}; by class {by_class}")
    return made


def cases(digits: Digits) -> dict[str, np.ndarray]:
    """Images by name."""
    images, labels = digits.test.images, digits.test.labels
    rng = np.random.default_rng(0)
    found = {f"real, held out ({len(images):,})": images}
    for c in range(classifier.CLASSES):
        found[f"without {c}"] = images[labels != c]
    found["only 1s"] = images[labels == 1]
    found["0 to 4"] = images[labels < 5]
    found["the mean image"] = np.repeat(images.mean(0, keepdims=True), 1000, 0)
    found["uniform noise"] = rng.random((1000, images.shape[1]), np.float32)
    if digits.is_mnist:
        found["digits drawn by ganlab"] = strokes.digits(len(images), 0).train.images
    return found


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="MNIST's folder; else $GANLAB_DATA, else ganlab's cache")
    options = parser.parse_args()
    try:
        digits = data.load(options.data)
    except data.MissingData as missing:
        print(missing)
        digits = strokes.digits()
    print(digits.source)
    judge = fitted(digits)
    print(f"{'images':24} {'n':>6} {'covered':>8} {'KL':>8} {'floor':>8}  not covered")
    for name, images in cases(digits).items():
        found = coverage.measure(images, judge)
        count = f"{len(found.covered)} of {found.classes}"
        lost = " ".join(map(str, found.missed))
        numbers = f"{found.kl:8.4f} {found.floor:8.4f}"
        print(f"{name:24} {found.n:6} {count:>8} {numbers}  {lost}")


if __name__ == "__main__":
    main()
