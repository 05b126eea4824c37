"""A mixture of Gaussians by expectation maximisation."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from ganlab.baselines.entry import Family, Model, Task
from ganlab.languages import _
from ganlab.registry import SpecError

_COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 25, 32)  # Gaussians
_POINTS = 10_000
_RISES = 3  # of the BIC in turn, after which more Gaussians are not tried


def fit(task: Task) -> Model:
    """The mixture with full covariances whose Bayesian information criterion is lowest.

    Raises `SpecError` without scikit-learn.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture
    except ImportError:
        raise SpecError(
            "baselines", "em", _("an installed one: pip install 'ganlab[baselines]'")
        ) from None
    points = task.some(_POINTS).numpy()
    best: tuple[float, Any] | None = None
    rises = 0
    for count in _COUNTS:
        if count > len(points) // 2 or rises == _RISES or (best and task.over()):
            break
        with warnings.catch_warnings():
            # A mixture that has not settled is as good a candidate as another.
            warnings.simplefilter("ignore", ConvergenceWarning)
            made = GaussianMixture(count, random_state=task.spec.seed).fit(points)
        score = float(made.bic(points))
        rises = 0 if best is None or score < best[0] else rises + 1
        if not rises:
            best = score, made
    if best is None:
        raise SpecError("data_size", len(points), _("at least 2 points"))
    return model(best[1])


def model(found: Any) -> Model:
    """A fitted mixture of scikit-learn as a Model."""
    weights = torch.from_numpy(found.weights_)
    means = torch.from_numpy(found.means_)
    roots = torch.linalg.cholesky(torch.from_numpy(found.covariances_))

    def sample(n: int, draw: torch.Generator) -> torch.Tensor:
        which = torch.multinomial(weights, n, replacement=True, generator=draw)
        noise = torch.randn(n, means.shape[1], 1, generator=draw, dtype=means.dtype)
        made: torch.Tensor = means[which] + (roots[which] @ noise)[..., 0]
        return made

    def log_density(x: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(np.asarray(found.score_samples(x.numpy())))

    count = len(weights)
    return Model(
        sample,
        log_density,
        about=_("{count} Gaussian{value}, by BIC", count=count, value="s" * (count > 1)),
    )


FAMILY = Family(
    name="em",
    title=_("Gaussian mixture (EM)"),
    equation=r"p(x) = \sum_k w_k\,\mathcal{N}(x; \mu_k, \Sigma_k)",
    doc=_("Maximum likelihood of a mixture whose number of Gaussians the BIC chooses."),
    cite="Dempster et al. 1977; Schwarz 1978",
    fit=fit,
    training=_("Each step raises the likelihood; the result depends on the start."),
    inference=_("Exact: p(k | x)."),
    sampling=_("One pass."),
    evaluating=_("Exact."),
    covering=_("Yes, as the likelihood demands, given enough components."),
    design=_("The number and the form of the components."),
)
