"""A discriminator in the plane whose optimum on a sample can be found exactly.

Its logit is a sum of bumps, each about a training point, plus a constant. D's cost is convex in
their heights, and with a small weight decay it has exactly one minimum, also where D could separate
all points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

Array = NDArray[np.float64]
WIDTH = 0.25  # of a bump
DECAY = 1e-5  # λ of λ/2 |w|² in D's cost
TOLERANCE = 1e-7  # of the largest entry of the gradient
MOST_STEPS = 60


@dataclass(frozen=True)
class Bumps:
    """Bumps 1/(1 + |x - c|²/w²) about `centres` (k, 2), whose tails reach far."""

    centres: Array

    @property
    def size(self) -> int:
        """The number of weights: one for each bump, and the constant."""
        return len(self.centres) + 1

    def _heights(self, x: Array) -> Array:
        away = (x**2).sum(1)[:, None] - 2 * x @ self.centres.T + (self.centres**2).sum(1)
        return np.asarray(1 / (1 + np.maximum(away, 0) / WIDTH**2))

    def of(self, x: Array) -> Array:
        """The bumps and the constant at points x (n, 2) -> (n, size)."""
        return np.concatenate([self._heights(x), np.ones((len(x), 1))], 1)

    def logits(self, weights: Array, x: Array) -> Array:
        """The logit at points x (n, 2) -> (n,), for weights (size,)."""
        return np.asarray(self._heights(x) @ weights[:-1] + weights[-1])

    def slopes(self, weights: Array, x: Array) -> Array:
        """The gradient of the logit by x (n, 2) -> (n, 2)."""
        steep = -2 / WIDTH**2 * self._heights(x) ** 2 * weights[:-1]
        return np.asarray(steep.sum(1)[:, None] * x - steep @ self.centres)


def cost(weights: Array, real: Array, fake: Array) -> float:
    """D's cost with its decay, from the bumps at real and generated points, (n, size) each."""
    value = np.logaddexp(0, -real @ weights).mean() + np.logaddexp(0, fake @ weights).mean()
    return float(value + DECAY / 2 * weights @ weights)


def gradient(weights: Array, real: Array, fake: Array) -> Array:
    """The gradient (size,) of `cost`."""
    up, down = expit(-real @ weights) / len(real), expit(fake @ weights) / len(fake)
    return np.asarray(fake.T @ down - real.T @ up + DECAY * weights)


def optimum(real: Array, fake: Array, start: Array) -> Array:
    """The weights (size,) at which `cost` is lowest, by Newton's method from `start`."""
    weights, now = start, cost(start, real, fake)
    for _ in range(MOST_STEPS):
        grad = gradient(weights, real, fake)
        if np.abs(grad).max() < TOLERANCE:
            break
        curved = DECAY * np.eye(len(weights))
        for seen in (real, fake):
            d = expit(seen @ weights)
            scaled = seen * np.sqrt(d * (1 - d) / len(seen))[:, None]
            curved += scaled.T @ scaled
        step, share = cho_solve(cho_factor(curved), grad), 1.0
        while True:
            new = weights - share * step
            value = cost(new, real, fake)
            if value <= now - 1e-4 * share * grad @ step or share < 1e-6:
                break
            share /= 2
        weights, now = new, value
    return weights
