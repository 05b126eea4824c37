"""The labels that are likely at a point, over which a picture of D takes the mean."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.targets import Target

MOST = 8  # labels of which a mean consists
RARE = 1e-3  # labels that are less likely are left out

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def likely(
    targets: Sequence[Target], points: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The likely labels of points (R, n, dim), one target for each R, by p_data(label | x).

    For each pair of a point and a label: the number of the point, the label, and its probability,
    all (R, m). The probabilities of a point sum to 1. Rows are filled up with probabilities of 0.
    """
    rows = [
        _likely(target, x.cpu().numpy().tobytes(), len(x))
        for target, x in zip(targets, points, strict=True)
    ]
    most = max(len(at) for at, _, _ in rows)
    at, label, share = (
        torch.from_numpy(np.stack([np.pad(row[i], (0, most - len(row[i]))) for row in rows]))
        for i in range(3)
    )
    return at, label, share.to(points.dtype)


@lru_cache(maxsize=32)
def _likely(target: Target, points: bytes, n: int) -> Pairs:
    # Cached: a picture asks for the same points again and again.
    x = np.frombuffer(points, np.float32).reshape(n, -1).astype(np.float64)
    share = target.posterior(x)
    order = np.argsort(-share, 1)[:, :MOST]
    top = np.take_along_axis(share, order, 1)
    at, column = np.nonzero(top > RARE)
    kept = top[at, column]
    return at, order[at, column], kept / np.bincount(at, kept, n)[at]
