"""A kernel density estimate: a Gaussian at each training point."""

from __future__ import annotations

import numpy as np
import torch

from ganlab.baselines.entry import Family, Model, Task
from ganlab.languages import _
from ganlab.targets.mixtures import GaussianMixture

_POINTS = 5000
_TRIED = 1000  # points that choose the width
_WIDTHS = 16


def fit(task: Task) -> Model:
    """The estimate with the width that is likeliest for a fifth of the points, left out."""
    points = task.some(_POINTS).numpy()
    held = np.zeros(len(points), bool)
    held[:: max(2, -(-len(points) // _TRIED), 5)] = True
    kept, tried = points[~held], points[held]
    scott = float(task.scale[1].mean()) * len(kept) ** (-1 / (task.dim + 4))
    widths = scott * np.geomspace(0.02, 2.0, _WIDTHS)
    scores = [estimate(kept, width).log_density(tried).mean() for width in widths]
    return model(points, float(widths[int(np.argmax(scores))]))


def estimate(points: np.ndarray, width: float) -> GaussianMixture:
    """The mixture of N(x_i, width² I), points (n, dim)."""
    dim = points.shape[1]
    weights = np.full(len(points), 1 / len(points))
    return GaussianMixture(points, width, weights, np.array([[-1.0, 1.0]] * dim))


def model(points: np.ndarray, width: float) -> Model:
    """The estimate with points (n, dim) as a Model."""
    made = estimate(points, width)
    return Model(
        lambda n, draw: made.sample(n, draw).double(),
        lambda x: torch.from_numpy(made.log_density(x.numpy())),
        about=_("{count:,} kernels, σ = {width:.2g}", count=len(points), width=width),
    )


FAMILY = Family(
    name="kde",
    title=_("kernel density (Parzen)"),
    equation=r"p(x) = \frac1n \sum_i \mathcal{N}(x; x_i, \sigma^2 I)",
    doc=_("A Gaussian at each training point, whose width a fifth of the points chooses."),
    cite="Parzen 1962; Breuleux et al. 2011",
    fit=fit,
    training=_("None: it keeps the data and chooses one width."),
    inference=_("There is no z."),
    sampling=_("One pass: a training point and noise."),
    evaluating=_("Exact, with a sum over all data."),
    covering=_("All: each point has its kernel."),
    design=_("The kernel; in many dimensions none is good."),
)
