"""What of p_g lies outside of a box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganlab.domains.base import Domain, Probe
from ganlab.latents import Intervals


def within(x: np.ndarray, box: np.ndarray) -> bool:
    """Whether all samples x (n, dim) are in the box (dim, 2)."""
    # Not x.min(0): NumPy reduces along the first axis of so few columns ten times as slowly.
    return bool(((x >= box[:, 0]) & (x <= box[:, 1])).all())


def beyond_row(share: float, total: np.ndarray | float) -> np.ndarray:
    """One side's share, and its mean from the total (dim,) over it: (1 + dim,)."""
    return np.append(share, np.asarray(total) / (share or 1.0))


def outside(
    domain: Domain, views: Sequence[Probe], gz: np.ndarray, over: Intervals | None = None
) -> np.ndarray:
    """`Domain.beyond` of each run on its own axes: gz (R, n, dim) -> (R, sides, 1 + dim)."""
    mass = None if over is None else over.mass
    rows = [
        domain.beyond(x[None], view.target.box, mass)[0] for view, x in zip(views, gz, strict=True)
    ]
    return np.stack(rows)
