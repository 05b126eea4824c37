"""A target: the logistic distribution."""

import math

import numpy as np
import torch
from scipy.special import expit, log_expit, logit

from ganlab.registry import Param
from ganlab.targets import TARGETS, Target1D, TargetEntry
from ganlab.targets.base import line_box


class Logistic(Target1D):
    """F(x) = 1/(1 + exp(-(x - m)/s))."""

    def __init__(self, centre: float, scale: float):
        self.centre, self.scale = centre, scale
        self.box = line_box(centre, centre, 9 * scale)

    def _standard(self, x):
        return (np.asarray(x, np.float64) - self.centre) / self.scale

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        u = torch.rand(n, 1, dtype=torch.float64, generator=generator).clamp(1e-15, 1 - 1e-15)
        return (self.centre + self.scale * torch.logit(u)).float()

    def _log_density(self, x):
        y = self._standard(x[..., 0])
        return log_expit(y) + log_expit(-y) - math.log(self.scale)

    def cdf(self, x):
        return expit(self._standard(x))

    def sf(self, x):
        return expit(-self._standard(x))

    def _ppf(self, u):
        return self.centre + self.scale * logit(u)


ENTRY = TARGETS.add(
    TargetEntry(
        name="logistic",
        title="logistic",
        equation=r"F(x) = \frac{1}{1 + e^{-(x - m)/s}}",
        doc="Nearly a normal distribution, with longer tails: does G reach them?",
        params=(
            Param("centre", "centre", 0.5, -3.0, 3.0, doc="Its mean."),
            Param("scale", "scale", 0.4, 0.05, 2.0, doc="How wide it is."),
        ),
        build=Logistic,
    )
)
