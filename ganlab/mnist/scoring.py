"""Scores of G's images and of real images: Table 1 and coverage, computed step by step."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganlab.digits.images import Digits
from ganlab.engine import Run
from ganlab.jobs.records import record
from ganlab.mnist import classifier, coverage, parzen, preview
from ganlab.mnist.folder import Folder
from ganlab.mnist.records import Score
from ganlab.reading import parse_json, read_text

SAMPLES = 10_000
_SEED = 20140610  # of the measured latents
_FIT = 0.3  # the fraction of a measurement's time that fitting the classifier takes

Walk = Generator[float, None, Score]
Images = NDArray[np.float32]


def real(digits: Digits) -> Walk:
    """The score of real images, which is the best that p_data itself can reach.

    The window is made of as many training images, and coverage is measured on held-out images.
    """
    images, held_out = digits.train[:SAMPLES].images, digits.test[: _classified(digits)].images
    score = yield from _measured(images, held_out, None, digits, 0, 0.0, "cpu")
    _keep(digits, score)
    return score


def known(digits: Digits) -> Score | None:
    """The score of the same real images from an earlier measurement, or None."""
    try:
        score = record(Score, parse_json(read_text(_place(digits)), "score", "JSON"))
    except (OSError, ValueError):
        return None
    return score if score.coverage else None  # an older version measured no coverage


def fake(run: Run, digits: Digits, epoch: float) -> Walk:
    """The score of the run's current images."""
    images = preview.samples(run, SAMPLES, _SEED)
    device = "cpu" if run.device.type == "mps" else str(run.device)
    some = images[: _classified(digits)]
    asked = preview.asked(len(some)) if run.spec.labels else None
    return (yield from _measured(images, some, asked, digits, run.iteration, epoch, device))


def _classified(digits: Digits) -> int:
    """The number of images to classify: at most as many as there are real ones to compare with."""
    return min(SAMPLES, len(digits.test))


def _measured(
    images: Images,
    some: Images,
    expected: NDArray[np.float64] | None,
    digits: Digits,
    iteration: int,
    epoch: float,
    device: str,
) -> Walk:
    """The Parzen score of `images`, and the coverage of `some`; expected: shares of classes."""
    judge, start = classifier.known(digits), 0.0
    if judge is None:
        judge = yield from parzen.portion(classifier.fit(digits), 0.0, _FIT)
        start = _FIT
    first = digits.validation[: parzen.VALIDATION].images
    walk = parzen.steps(images, first, digits.test.images, device=device)
    found = yield from parzen.portion(walk, start, 1.0)
    numbers = (found.mean, found.se, found.sigma, found.n, found.samples)
    return Score(iteration, epoch, *numbers, coverage.measure(some, judge, expected))


def _place(digits: Digits) -> Path:
    kind = "mnist" if digits.is_mnist else f"{digits.key}-{len(digits.train)}-{len(digits.test)}"
    return Folder.home().parent / f"real-{kind}.json"


def _keep(digits: Digits, score: Score) -> None:
    place = _place(digits)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(dataclasses.asdict(score)))
    os.replace(partial, place)
