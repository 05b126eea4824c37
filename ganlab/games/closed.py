"""Eigenvalues of one update at an equilibrium, in closed form from the gradients' Jacobian.

J (2, 2) is the Jacobian of the gradients, [[a, b], [c, d]], and λ its eigenvalues, so that the flow
is x' = -J x. Nothing here calls the code of an update: it is what that is compared with.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ganlab.games.entry import Array
from ganlab.games.method import Method

Complex = NDArray[np.complex128]
# The optimisers with a linear update, as polynomials p, q with p(μ) x + q(μ) h v = 0.
_LINEAR = ("sgd", "momentum", "nesterov")


def eigenvalues(trace: complex, det: complex) -> tuple[complex, complex]:
    """The eigenvalues of a 2 by 2 matrix."""
    root = cmath.sqrt(trace * trace / 4 - det)
    return trace / 2 + root, trace / 2 - root


def of_field(jacobian: Array, consensus: float = 0.0) -> Complex:
    """The eigenvalues λ (2,) of the gradients' Jacobian (2, 2), with consensus optimisation."""
    (a, b), (c, d) = with_consensus(jacobian, consensus)
    return np.array(eigenvalues(a + d, a * d - b * c))


def with_consensus(jacobian: Array, gamma: float) -> Array:
    """J + γ JᵀJ (2, 2): at a rest point, the gradient of γ/2 |v|² is γ Jᵀv."""
    return jacobian + gamma * jacobian.T @ jacobian if gamma else jacobian


def parts(jacobian: Array) -> tuple[float, float]:
    """‖S‖ and ‖A‖ of J = S + A (2, 2): S symmetric, as of a potential, and A, which only rotates.

    Frobenius norms. Source: Balduzzi et al. 2018.
    """
    symmetric, rotating = (np.linalg.norm(jacobian + s * jacobian.T) / 2 for s in (1, -1))
    return float(symmetric), float(rotating)


_ONE_STEP: dict[str, Callable[[complex], complex]] = {
    "simultaneous": lambda z: 1 - z,
    "extragradient": lambda z: 1 - z + z * z,
    "extra-adam": lambda z: 1 - z + z * z,
    "heun": lambda z: 1 - z + z * z / 2,
    "rk4": lambda z: 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24,
    "implicit": lambda z: 1 / (1 + z),
    "continuous": lambda z: cmath.exp(-z),
}


def of_update(jacobian: Array, method: Method) -> Complex | None:
    """The eigenvalues μ (n,) of one update near a rest point; None where no closed form is known.

    With lookahead: of its cycle of n updates. jacobian (2, 2): of the gradients, without consensus.
    """
    linear = method.optimizer in _LINEAR
    beta = method.momentum if method.optimizer in ("momentum", "nesterov") else 0.0
    if not linear or (method.lookahead and method.optimizer != "sgd"):
        return None
    found = _without_lookahead(with_consensus(jacobian, method.consensus), method, beta)
    if found is None or not method.lookahead:
        return found
    if method.rule in ("optimistic", "alternating"):
        return None  # a last step that is not turned back; one player turns back before the other
    share, n = method.lookahead_share, method.lookahead
    return np.asarray(1 + share * (found**n - 1))


def _without_lookahead(jacobian: Array, method: Method, beta: float) -> Complex | None:
    h, rule = method.step, method.rule
    (a, b), (c, d) = jacobian
    plain = method.optimizer == "sgd"
    if max(method.first_steps, method.second_steps) > 1:
        return _several(jacobian, method) if rule == "alternating" and plain else None
    if rule == "sga" and plain:
        # (I + Aᵀ) J with A = (J - Jᵀ)/2: near a rest point the sign of the adjustment is +1.
        half = (b - c) / 2
        return _of_matrix(np.eye(2) - h * (np.eye(2) + [[0, -half], [half, 0]]) @ jacobian)
    if rule == "cgd" and plain:
        response = np.array([[1, -h * b], [-h * c, 1]]) / (1 - h * h * b * c)
        return _of_matrix(np.eye(2) - h * response @ jacobian)
    if rule == "alternating":
        p, q = _step(method.optimizer, h, beta)
        one, two = np.polyadd(p, q * a), np.polyadd(p, q * d)
        crossed = np.append(np.polymul(q, q) * b * c, 0.0)  # G sees D's number of one update later
        return np.roots(np.polysub(np.polymul(one, two), crossed)).astype(complex)
    lambdas = eigenvalues(a + d, a * d - b * c)
    if rule == "simultaneous" and not plain:
        p, q = _step(method.optimizer, h, beta)
        return _roots(p, q, lambdas)
    if rule == "optimistic" and method.optimizer != "nesterov":
        return _roots(_momentum(beta), h * np.array([2.0, -1.0]), lambdas)
    if rule == "extragradient" and method.optimizer == "momentum":
        return np.array([m for z in lambdas for m in _extragradient(h * z, beta)])
    if rule in _ONE_STEP and plain:
        return np.array([_ONE_STEP[rule](h * z) for z in lambdas])
    return None


def _several(jacobian: Array, method: Method) -> Complex:
    """n plain steps of the first player, then m of the second one.

    x' = (1 - h a)^n x - h b s y with s the sum of the first n powers of 1 - h a, and y alike.
    """
    (a, b), (c, d) = jacobian
    h = method.step

    def steps(own: float, cross: float, count: int) -> tuple[float, float]:
        keep = 1 - h * own
        return keep**count, -h * cross * sum(keep**i for i in range(count))

    first, by_y = steps(a, b, method.first_steps)
    second, by_x = steps(d, c, method.second_steps)
    return _of_matrix(np.array([[first, by_y], [by_x * first, second + by_x * by_y]]))


def _step(optimizer: str, h: float, beta: float) -> tuple[Array, Array]:
    """p and q of an optimiser: p(μ) x = -q(μ) v."""
    if optimizer == "sgd":
        return np.array([1.0, -1.0]), np.array([h])
    q = [1.0, 0.0] if optimizer == "momentum" else [1 + beta, -beta]
    return _momentum(beta), h * np.array(q)


def _momentum(beta: float) -> Array:
    """(μ - 1)(μ - β)."""
    return np.array([1.0, -1.0 - beta, beta])


def _roots(p: Array, q: Array, lambdas: tuple[complex, complex]) -> Complex:
    return np.concatenate([np.roots(np.polyadd(p, z * q)) for z in lambdas]).astype(complex)


def _extragradient(z: complex, beta: float) -> tuple[complex, complex]:
    keep = 1 - z
    return eigenvalues(1 + beta * keep - z * keep, beta * keep)


def _of_matrix(matrix: Array) -> Complex:
    return np.array(eigenvalues(np.trace(matrix), np.linalg.det(matrix)))
