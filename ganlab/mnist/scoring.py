"""Table 1: the Parzen score of a run's images, and of real ones, a step at a time."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Generator

import numpy as np

from ganlab.digits.parts import Digits
from ganlab.engine import Run
from ganlab.mnist import look, parzen
from ganlab.mnist.folder import home
from ganlab.mnist.records import Score

SAMPLES = 10_000
_SEED = 20140610  # of the latents that are measured

Walk = Generator[float, None, Score]


def real(digits: Digits) -> Walk:
    """The score of as many real training images: what the ruler says of p_data itself."""
    images = digits.train[:SAMPLES].images
    score = yield from _measured(images, digits, 0, 0.0, "cpu")
    _keep(digits, score)
    return score


def known(digits: Digits) -> Score | None:
    """The score of the same real images from an earlier measurement."""
    try:
        return Score(**json.loads(_place(digits).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def fake(run: Run, digits: Digits, epoch: float) -> Walk:
    """The score of the run's images now."""
    images = look.samples(run, SAMPLES, _SEED)
    device = "cpu" if run.device.type == "mps" else str(run.device)
    return (yield from _measured(images, digits, run.iteration, epoch, device))


def _measured(images: np.ndarray, digits: Digits, iteration: int, epoch: float, device: str):
    first = digits.validation[: parzen.VALIDATION].images
    found = yield from parzen.steps(images, first, digits.test.images, device=device)
    numbers = (found.mean, found.se, found.sigma, found.n, found.samples)
    return Score(iteration, epoch, *numbers)


def _place(digits: Digits):
    kind = "mnist" if digits.is_mnist else f"{digits.key}-{len(digits.train)}-{len(digits.test)}"
    return home().parent / f"real-{kind}.json"


def _keep(digits: Digits, score: Score) -> None:
    place = _place(digits)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(dataclasses.asdict(score)))
    os.replace(partial, place)
