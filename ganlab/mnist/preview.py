"""The preview of an image run: figures 2 and 3 of the paper, and D's outputs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ganlab.digits.images import Digits, Split
from ganlab.engine import Run
from ganlab.mnist import coverage
from ganlab.mnist.classifier import Classifier
from ganlab.mnist.nearest import nearest
from ganlab.mnist.records import Preview
from ganlab.networks.labels import beside, in_turn, one_hot
from ganlab.targets.raster import LABELS

ROWS = 10
BINS = 40
_ANCHORS, _STEPS = 8, 16  # of the interpolation
_EACH = 50  # images of each label
_CLASSIFIED = 1000  # images whose classes are counted
_JUDGED = 500  # images of each kind that D judges
_AT_ONCE = 1000


class Judged(NamedTuple):
    """D's logits (n,) of training images, G's images, and images it was not trained on."""

    real: torch.Tensor
    fake: torch.Tensor
    unseen: torch.Tensor


def inputs(run: Run, n: int, seed: int, label: int | None = None) -> torch.Tensor:
    """n inputs of G (n, in), a function of the seed, on the run's device.

    Latents, and if there are labels, beside them `label`, or those of `told`.
    """
    spec = run.spec
    z = spec.p_z.sample((n, spec.latent_dim), torch.Generator().manual_seed(seed))
    return beside(z, told(run, n, label)).to(run.device)


def told(run: Run, n: int, label: int | None = None) -> torch.Tensor | None:
    """The labels of n inputs, rows (n, LABELS): `label`, or 0, 1, ..., 9, 0, ... in turn."""
    if not run.spec.labels:
        return None
    return in_turn(n, LABELS) if label is None else one_hot(torch.full((n,), label), LABELS)


def asked(n: int) -> np.ndarray:
    """The share of each label among n in turn, (LABELS,)."""
    return np.bincount(np.arange(n) % LABELS, minlength=LABELS) / n


def make(run: Run, x: torch.Tensor) -> torch.Tensor:
    """The first run's images (n, 784) of G's inputs (n, in)."""
    with torch.no_grad():
        parts = [run.game.make(run.state.g[:1], part[None])[0] for part in x.split(_AT_ONCE)]
    return torch.cat(parts)


def samples(run: Run, n: int, seed: int) -> np.ndarray:
    """n images (n, 784) in [0, 1], float32, for measurements."""
    return make(run, inputs(run, n, seed)).cpu().numpy()


def judge(run: Run, digits: Digits, seed: int = 0) -> Judged:
    """D's logits, without dropout."""
    real, unseen = (_given(run, p[:_JUDGED]) for p in (digits.fitted, digits.validation))
    fake = make(run, inputs(run, _JUDGED, seed)), told(run, _JUDGED)
    with torch.no_grad():
        return Judged(*(_logits(run, *given) for given in (real, fake, unseen)))


def costs(run: Run, judged: Judged) -> tuple[float, ...]:
    """A row of `History` without its iteration."""
    loss = run.game.loss
    real, fake, unseen = (logits[None] for logits in judged)
    means = (x.mean() for x in shown(run, judged))
    return tuple(float(x) for x in (loss.d(real, fake), loss.g(real, fake), *means))


def shown(run: Run, judged: Judged) -> list[torch.Tensor]:
    """D(x) as it is drawn, in [0, 1], for real, fake and unseen images, (n,) each."""
    loss = run.game.loss
    centre = loss.centre(*(logits[None] for logits in judged[:2]))
    return [loss.shown(logits[None] - centre)[0] for logits in judged]


def take(run: Run, digits: Digits, seed: int = 0, classifier: Classifier | None = None) -> Preview:
    """A preview of the first run, with the latents that `seed` gives.

    classifier: predicts the classes of samples; None to leave them out.
    """
    x = inputs(run, ROWS * ROWS, seed)
    if run.spec.labels:  # a row for each label
        x = x.unflatten(0, (ROWS, ROWS)).transpose(0, 1).flatten(0, 1)
    images = make(run, x)
    last = images[ROWS - 1 :: ROWS].cpu().numpy()
    near = nearest(last, digits.fitted.images, device=_measuring(run))
    spread = [_histogram(d) for d in shown(run, judge(run, digits, seed))]
    return Preview(
        run.iteration,
        seed,
        _bytes(images),
        digits.fitted.pixels[near.index],
        near.distance.astype(np.float32),
        _bytes(make(run, _chain(inputs(run, _ANCHORS, seed + 1)))),
        _by_label(run, seed),
        *spread,
        **({} if classifier is None else _classes(run, classifier, seed)),
    )


def _measuring(run: Run) -> str:
    # MPS has no float64.
    return "cpu" if run.device.type == "mps" else str(run.device)


def _given(run: Run, split: Split) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Images (n, 784), and their labels if D has labels."""
    x = torch.from_numpy(split.images).to(run.device)
    if not run.spec.labels:
        return x, None
    return x, one_hot(torch.from_numpy(split.labels.astype(np.int64)), LABELS)


def _logits(run: Run, x: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
    beside_x = None if labels is None else labels[None]
    return run.game.logits(run.state.d[:1], x[None], beside_x)[0]


def _bytes(images: torch.Tensor) -> np.ndarray:
    return (images.clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy()


def _histogram(shown: torch.Tensor) -> np.ndarray:
    counts = torch.histc(shown.float().cpu(), BINS, 0.0, 1.0)
    return (counts / max(1, len(shown))).numpy()


def _chain(anchors: torch.Tensor) -> torch.Tensor:
    """Points on straight lines from each anchor (n, d) to the next, and back to the first."""
    t = torch.linspace(0, 1, _STEPS + 1, device=anchors.device)[:-1, None]
    ways = [a + t * (b - a) for a, b in zip(anchors, anchors.roll(-1, 0), strict=True)]
    return torch.cat([*ways, anchors[:1]])


def _classes(run: Run, classifier: Classifier, seed: int) -> dict[str, np.ndarray]:
    expected = asked(_CLASSIFIED) if run.spec.labels else None
    found = coverage.measure(samples(run, _CLASSIFIED, seed), classifier, expected)
    covered = np.isin(np.arange(LABELS), found.covered)
    return {
        "classes": np.array([found.shares, found.expected, covered], np.float32),
        "class_kl": np.array([found.kl, found.floor], np.float32),
    }


def _by_label(run: Run, seed: int) -> np.ndarray:
    dim = run.spec.dim
    if not run.spec.labels:
        return np.zeros((0, 0, dim), np.uint8)
    rows = [make(run, inputs(run, _EACH, seed + 2, label)) for label in range(LABELS)]
    return _bytes(torch.stack(rows))
