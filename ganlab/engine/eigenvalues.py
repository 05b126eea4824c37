"""The eigenvalues of a GAN's game at the present parameters: does it rotate, and what is stable?

Both players descend their costs f_D, f_G: v = (∂f_D/∂D, ∂f_G/∂G), with Jacobian J. Near a rest
point the flow is θ' = -J θ; imaginary eigenvalues rotate, and those with a negative real part grow.
With S, the learning rate of each parameter, z = eig(S J) says what one update does.
Sources: Mescheder et al. 2017; Balduzzi et al. 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ganlab.engine.iteration_map import Array, Blocks, Complex, Filter, of_modes, of_turns
from ganlab.engine.local_game import LocalGame
from ganlab.engine.run import Run
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError

DENSE = 2000  # parameters up to which all eigenvalues are computed
SAMPLES = 1024  # about this many samples represent the distributions
_LEADING = 24  # eigenvalues that are found of larger games
_LEFT = 8  # and of those with the smallest real parts
_RESTARTS = 12  # of the Krylov method, at most
_WHOLE = 240  # the largest size of an iteration's map that is not projected
_FLAT = 1e-6  # eigenvalues below this share of the largest one are 0
_CLEAR = 1e-2  # and from this share on they count for `rotation`
_ROUNDED = 1e-7  # growth per step, as a share of the largest |z|, below which it is rounding
_STEPS = np.geomspace(1e-4, 1e3, 141)  # factors to try, for a largest |z| of 1


def _flow(order: int) -> Callable[[Complex], Complex]:
    """exp(-z) up to a power of z: a step along the flow."""
    return lambda z: sum(((-z) ** i / math.factorial(i) for i in range(order + 1)), 0 * z)


_BY_MODES = ("simultaneous", "extragradient")
_WITHOUT_MEMORY: dict[str, Callable[[Complex], Complex]] = {"heun": _flow(2), "rk4": _flow(4)}


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues (m,), those with the largest absolute values first; without units.

    values: z of S J, per iteration; of J if the optimiser is not linear (`per_update` is False).
    complete: whether these are all of `size`. rule: the run's update rule. filter: see
    `OptimizerEntry`; None if it is not linear. blocks: the game for updates in turns, None if it is
    unknown. symmetric, rotating: Frobenius norms of J's parts (J + Jᵀ)/2 and (J - Jᵀ)/2, where the
    whole of J was computed, else None.
    """

    values: Complex
    size: int
    complete: bool
    per_update: bool
    rule: str
    filter: Filter | None
    blocks: Blocks | None = field(default=None, repr=False, compare=False)
    symmetric: float | None = None
    rotating: float | None = None

    @property
    def rotation(self) -> float:
        """The largest |Im z| / |z|, from 0, no rotation, to 1, nothing else.

        Of the z that are at least a hundredth of the largest one.
        """
        z = self.moving
        z = z[abs(z) >= _CLEAR * abs(z).max()] if len(z) else z
        return float((abs(z.imag) / abs(z)).max()) if len(z) else 0.0

    @property
    def rotating_share(self) -> float | None:
        """‖A‖² / ‖J‖², the share of J that only rotates (Balduzzi et al. 2018); None if unknown."""
        if self.symmetric is None or self.rotating is None:
            return None
        both = self.symmetric**2 + self.rotating**2
        return self.rotating**2 / both if both else 0.0

    @property
    def growing(self) -> int:
        """How many of `values` have a negative real part: however small the step, these grow."""
        z = self.moving
        return int((z.real < -_FLAT * abs(z).max()).sum()) if len(z) else 0

    def of_update(self, rule: str = "simultaneous", factor: float = 1.0) -> Complex:
        """The eigenvalues μ of one iteration with `factor` times the learning rates; |μ| > 1 grows.

        rule: "alternating", "simultaneous", "extragradient" or "optimistic", or, with an optimiser
        without memory, "heun" or "rk4". Raises `SpecError` for others, and if the optimiser is not
        linear. Several updates of D count as one longer one if the rule is none of the first two.
        """
        allowed = self.rules
        if rule not in allowed:
            raise SpecError("rule", rule, f"one of {', '.join(allowed) or 'none'} here")
        assert self.filter is not None
        if self.blocks is not None and self._by_turns(rule):
            return of_turns(rule, self.blocks, self.filter, factor)
        z = factor * self.values
        if rule in _WITHOUT_MEMORY:
            return _WITHOUT_MEMORY[rule](z)
        if rule == "optimistic":  # p(μ) μ θ = -q(μ) (2μ - 1) z θ
            p, q = self.filter
            wider = [*np.polymul(p, [1.0, 0.0])], [*np.polymul(q, [2.0, -1.0])]
            return of_modes("simultaneous", z, wider)
        return of_modes(rule, z, self.filter)

    def _by_turns(self, rule: str) -> bool:
        several = self.blocks is not None and self.blocks.steps != (1, 1)
        return rule == "alternating" or (rule == "simultaneous" and several)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that `of_update` knows, given the optimiser."""
        if self.filter is None or not self.per_update:
            return ()
        turns = () if self.blocks is None else ("alternating",)
        plain = tuple(_WITHOUT_MEMORY) if len(self.filter[0]) == 2 else ()
        return (*turns, *_BY_MODES, *plain, "optimistic")

    def largest_step(self, rule: str = "simultaneous") -> float:
        """The factor of the learning rates up to which no μ is outside the unit circle.

        Of the eigenvalues that do not grow at the smallest steps: see `growing`. 0 if rotation
        alone makes every step too large; infinity if there is no largest one. To first order about
        the present parameters. Raises `SpecError` as `of_update` does.
        """
        z = self.moving
        if not len(z):
            return np.inf
        size = float(abs(z).max())
        game, grow, steps = replace(self, values=z[z.real >= -_FLAT * size]), 0, _STEPS
        if self.blocks is not None and self._by_turns(rule):
            # Turns mix the eigenvectors: those that grow are only counted.
            own = np.linalg.eigvals(self.blocks.matrix)
            game, grow, steps = self, int((own.real < -_FLAT * size).sum()), _STEPS[::4]

        def stable(factor: float) -> bool:
            beyond = abs(game.of_update(rule, factor)) > 1 + 1e-11 + _ROUNDED * factor * size
            return int(beyond.sum()) <= grow

        low = 0.0
        for step in sorted([*steps / size, 1.0]):  # the present step for certain
            if not stable(float(step)):
                high = float(step)
                break
            low = float(step)
        else:
            return np.inf
        for _ in range(22 if low else 0):
            middle = (low + high) / 2
            low, high = (middle, high) if stable(middle) else (low, middle)
        return low

    @property
    def moving(self) -> Complex:
        """The values that are not 0, up to rounding."""
        z = self.values
        return z[abs(z) > _FLAT * abs(z).max()] if len(z) and abs(z).max() > 0 else z[:0]


def spectrum(run: Run, which: int = 0, samples: int = SAMPLES, dense: int = DENSE) -> Spectrum:
    """The spectrum of one of a run's games at its present parameters.

    The costs are those of its Spec with all stabilisers, averaged over its next minibatches, about
    `samples` samples. Up to `dense` parameters all eigenvalues are computed, else the leading ones
    by ARPACK. Where an iteration carries on more than 240 numbers, the map of alternating updates
    is projected onto the leading left eigenvectors. float64. Raises `SpecError` for a run that does
    not exist and for numbers that are not allowed.
    """
    if not isinstance(which, int) or not 0 <= which < len(run.specs):
        raise SpecError("run", which, f"0 to {len(run.specs) - 1}")
    for name, value, most in (("samples", samples, 2**16), ("dense", dense, 5000)):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise SpecError(name, value, f"1 to {most}")
    local = LocalGame(run, which, samples)
    spec = local.spec
    rate, entry = local.rates(), OPTIMIZERS[spec.optimizer]
    given = None if entry.filter is None else entry.filter(local.game.d_hyper)
    scale = np.ones(local.size) if rate is None else rate
    found = Spectrum(np.empty(0, complex), local.size, False, rate is not None, spec.rule, given)
    whole: Array | None = None
    values = np.empty(0, complex)
    if local.size <= dense:
        jacobian = local.jacobian()
        whole = scale[:, None] * jacobian
        values = np.linalg.eigvals(whole).astype(complex)
        symmetric, rotating = (np.linalg.norm(jacobian + s * jacobian.T) / 2 for s in (1, -1))
        found = replace(found, complete=True, symmetric=float(symmetric), rotating=float(rotating))
    states = 1 if given is None else len(given[0]) - 1
    if whole is None or (rate is not None and local.size * states > _WHOLE):
        times = (lambda u: whole.T @ u) if whole is not None else (lambda u: local.times(scale * u))
        leading, vectors = _leading(times, local.size)
        values = values if whole is not None else leading
        reduced, split = _reduced(times, vectors, local.sizes[0])
    else:
        reduced, split = whole, local.sizes[0]
    blocks = Blocks(reduced, split, (spec.k, spec.g_steps)) if rate is not None else None
    return replace(found, values=values[np.argsort(-abs(values), kind="stable")], blocks=blocks)


def _leading(times: Callable[[Array], Array], n: int) -> tuple[Complex, Array]:
    """Eigenvalues of (S J)ᵀ, and the real and imaginary parts (n, c) of their eigenvectors."""
    # slow: not at the server's start
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    operator = LinearOperator((n, n), matvec=lambda u: times(u.ravel()), dtype=float)
    found: list[complex] = []
    vectors = []
    for which, count in (("LM", _LEADING), ("SR", _LEFT)):
        start = np.random.default_rng(0).normal(size=n)  # the same every time
        try:
            values, at = eigs(
                operator, min(count, n - 2), which=which, v0=start, tol=1e-6, maxiter=_RESTARTS
            )
        except ArpackNoConvergence as error:
            values, at = error.eigenvalues, error.eigenvectors
        vectors.append(at)
        for z in values:
            if all(abs(z - known) > 1e-4 * abs(z) for known in found):
                found.append(complex(z))
    every = np.hstack(vectors)
    return np.array(found, complex), np.hstack([every.real, every.imag])


def _reduced(times: Callable[[Array], Array], vectors: Array, split: int) -> tuple[Array, int]:
    """S J on the span of D's and of G's parts of left eigenvectors (n, c), and how many are D's.

    S J has the eigenvalues of those vectors there too. D and G stay apart, so that updates in turns
    are the same product of maps as in the whole space.
    """
    parts = []
    for part in (vectors[:split], vectors[split:]):
        u, sizes, _ = np.linalg.svd(part, full_matrices=False)
        parts.append(u[:, sizes > 1e-8 * sizes[0]] if len(sizes) and sizes[0] > 0 else u[:, :0])
    of_d, of_g = parts
    basis = np.zeros((len(vectors), of_d.shape[1] + of_g.shape[1]))
    basis[:split, : of_d.shape[1]], basis[split:, of_d.shape[1] :] = of_d, of_g
    products = np.stack([times(column) for column in basis.T], 1)
    return (basis.T @ products).T, of_d.shape[1]
