"""The eigenvalues of a GAN's game at the present parameters: does it rotate, and what is stable?

Both players descend their costs f_D, f_G: v = (∂f_D/∂D, ∂f_G/∂G), with Jacobian J. Near a rest
point the flow is θ' = -J θ; imaginary eigenvalues rotate, and those with a negative real part grow.
With S, the learning rate of each parameter, z = eig(S J) says what one update does.
Sources: Mescheder et al. 2017; Balduzzi et al. 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

from ganlab.engine.game import Game
from ganlab.engine.inputs import Drawn, Given
from ganlab.engine.run import Run
from ganlab.engine.state import State
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError

Complex = NDArray[np.complex128]
DENSE = 2000  # parameters up to which all eigenvalues are computed
SAMPLES = 1024  # about as many samples stand for the distributions
_LEADING = 24  # eigenvalues that are found of larger games
_LEFT = 8  # and of those with the smallest real parts
_ROWS = 64  # of the Jacobian, computed at once
_FLAT = 1e-6  # eigenvalues below this share of the largest one are 0
_STEPS = np.geomspace(1e-3, 1e3, 400)  # factors of the learning rates that are tried
# μ of one plain update by z: θ' = μ θ.
_RULES: dict[str, Callable[[Complex], Complex]] = {
    "simultaneous": lambda z: 1 - z,
    "extragradient": lambda z: 1 - z + z**2,
    "heun": lambda z: 1 - z + z**2 / 2,
    "rk4": lambda z: 1 - z + z**2 / 2 - z**3 / 6 + z**4 / 24,
}


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues (m,), those with the largest absolute values first; without units.

    values: z of S J, per iteration; of J if the optimiser is not linear (`per_update` is False).
    complete: whether these are all of `size`. rule: the run's update rule. filter: see
    `OptimizerEntry`; None if it is not linear.
    """

    values: Complex
    size: int
    complete: bool
    per_update: bool
    rule: str
    filter: tuple[list[float], list[float]] | None

    @property
    def rotation(self) -> float:
        """The largest |Im z| / |z| where z is not 0: from 0, no rotation, to 1, nothing else."""
        z = self.moving
        return float((abs(z.imag) / abs(z)).max()) if len(z) else 0.0

    @property
    def growing(self) -> int:
        """How many of `values` have a negative real part: however small the step, these grow."""
        z = self.moving
        return int((z.real < -_FLAT * abs(z).max()).sum()) if len(z) else 0

    def of_update(self, rule: str = "simultaneous", factor: float = 1.0) -> Complex:
        """The eigenvalues μ of one update with `factor` times the learning rates; |μ| > 1 grows.

        rule: "simultaneous" (alternating updates are the same to first order in the step),
        "optimistic", or, with an optimiser without memory, "extragradient", "heun" or "rk4".
        Raises `SpecError` for others, and if the optimiser is not linear.
        """
        allowed = self.rules
        if rule not in allowed:
            raise SpecError("rule", rule, f"one of {', '.join(allowed) or 'none'} here")
        assert self.filter is not None
        p, q = (np.array(part) for part in self.filter)
        z = factor * self.values
        if rule in _RULES and len(p) == 2:
            return _RULES[rule](z)
        # optimistic: p(μ) μ θ = -q(μ) (2μ - 1) z θ
        if rule == "optimistic":
            p, q = np.polymul(p, [1.0, 0.0]), np.polymul(q, [2.0, -1.0])
        return np.concatenate([np.roots(np.polyadd(p, one * q)) for one in z]).astype(complex)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that `of_update` knows, given the optimiser."""
        if self.filter is None or not self.per_update:
            return ()
        return (
            (*_RULES, "optimistic") if len(self.filter[0]) == 2 else ("simultaneous", "optimistic")
        )

    def largest_step(self, rule: str = "simultaneous") -> float:
        """The factor of the learning rates up to which no μ is outside the unit circle.

        Of the eigenvalues that do not grow at any step: see `growing`. 0 if rotation alone makes
        every step too large; infinity beyond 1,000. To first order about the present parameters.
        Raises `SpecError` as `of_update` does.
        """
        z = self.moving
        z = z[z.real >= -_FLAT * abs(z).max()] if len(z) else z
        game = Spectrum(z, self.size, self.complete, self.per_update, self.rule, self.filter)

        def stable(factor: float) -> bool:
            return not len(z) or bool(abs(game.of_update(rule, factor)).max() <= 1 + 1e-9)

        low = 0.0
        for factor in _STEPS:
            if not stable(float(factor)):
                high = float(factor)
                break
            low = float(factor)
        else:
            return np.inf
        for _ in range(30 if low else 0):
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
    by ARPACK. float64. Raises `SpecError` for a run that does not exist and for numbers that are
    not allowed.
    """
    if not isinstance(which, int) or not 0 <= which < len(run.specs):
        raise SpecError("run", which, f"0 to {len(run.specs) - 1}")
    for name, value, most in (("samples", samples, 2**16), ("dense", dense, 5000)):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise SpecError(name, value, f"1 to {most}")
    local = _Local(run, which, samples)
    rate = local.rates()
    scale = np.ones(local.size) if rate is None else rate
    values: Complex
    if local.size <= dense:
        values = np.linalg.eigvals(scale[:, None] * local.jacobian()).astype(np.complex128)
    else:
        values = _leading(local, scale)
    values = values[np.argsort(-abs(values), kind="stable")]
    entry = OPTIMIZERS[local.spec.optimizer]
    given = None if entry.filter is None else entry.filter(local.game.d_hyper)
    complete = local.size <= dense
    return Spectrum(values, local.size, complete, rate is not None, local.spec.rule, given)


def _leading(local: _Local, scale: NDArray[np.float64]) -> Complex:
    """Eigenvalues of S J from products Jᵀ u, since (S J)ᵀ = Jᵀ S has the same ones."""
    n = local.size
    operator = LinearOperator((n, n), matvec=lambda u: local.times(scale * u.ravel()), dtype=float)
    found: list[complex] = []
    for which, count in (("LM", _LEADING), ("SR", _LEFT)):
        start = np.random.default_rng(0).normal(size=n)  # the same every time
        try:
            values = eigs(
                operator, count, which=which, v0=start, tol=1e-6, return_eigenvectors=False
            )
        except ArpackNoConvergence as error:
            values = error.eigenvalues
        for z in values:
            if all(abs(z - known) > 1e-4 * abs(z) for known in found):
                found.append(complex(z))
    return np.array(found, complex)


class _Local:
    """The gradients v (n,) of one run's game at its parameters (n,), D's first."""

    def __init__(self, run: Run, which: int, samples: int):
        self.spec = run.specs[which]
        device = run.device
        self.game = Game.of((self.spec,), device)
        state = run.state.row(which)
        self.state: State = state
        batches = max(1, -(-samples // self.spec.batch))
        self._n: dict[str, Given] = {}
        self._drawn: dict[str, Drawn] = {}
        rules = self.game.rules
        for player, made in (("D", state.d_updates), ("G", state.g_updates)):
            self._n[player] = rules.given(self.game.next_numbers(player, state))
            self._drawn[player] = {
                name: run.draws.slab(which, player, name, made, batches).to(device).double()
                for name in rules.draws(player)
            }
        fixed = self.game.fixed
        self._fixed = None if fixed is None else fixed.double().expand(batches, -1, -1)
        self._slots = tuple(s.double().expand(batches, -1) for s in state.d_slots)
        self._past = {
            p: s.double()
            for p, slots in (("D", state.d_slots), ("G", state.g_slots))
            for name, s in zip(rules.slots(p), slots, strict=True)
            if name == "historical_averaging"
        }
        self._batches = batches
        self._sizes = (state.d.shape[1], state.g.shape[1])
        self.size = sum(self._sizes)
        self._at = torch.cat([state.d, state.g], 1).double()[0].requires_grad_()
        with torch.enable_grad():
            self.value = self._gradients(self._at)

    def _gradients(self, at: torch.Tensor) -> torch.Tensor:
        rules = self.game.rules
        d, g = (p.expand(self._batches, -1) for p in at.split(self._sizes))
        out = []
        for player, x in (("D", d), ("G", g)):
            (grad,) = torch.autograd.grad(self._cost(player, g, d).sum(), x, create_graph=True)
            grad = grad.mean(0, keepdim=True)
            out.append(rules.shaped(grad, x[:1], self._past.get(player), self._n[player]))
        return torch.cat(out, 1)[0]

    def _cost(self, player: str, g: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
        """A player's cost (M,) on its next M minibatches, with the terms of both gradients."""
        terms, n = self.game.rules.fields[player], self._n[player]
        if not terms:
            return self._own(player, player, g, d)
        costs = {p: self._own(p, player, g, d) for p in "DG"}
        by_d, by_g = (
            torch.autograd.grad(costs[p].sum(), x, create_graph=True)[0]
            for p, x in (("D", d), ("G", g))
        )
        cost = costs[player]
        for name, term in terms:
            cost = cost + term(by_d, by_g, *n.of[name])
        return cost

    def _own(self, whose: str, player: str, g: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
        """The cost (M,) of D or G on the minibatches that `player` draws."""
        rules, drawn, n = self.game.rules, self._drawn[player], self._n[player]

        def make(given: Drawn) -> torch.Tensor:
            return rules.make(g, given, self._fixed)

        fake = make(drawn)
        if whose == "D":
            return rules.d_cost(d, drawn["data"], fake, n, drawn)
        return rules.g_cost(d, self._slots, fake, n, drawn, make)

    def times(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Jᵀ u, (n,)."""
        (out,) = torch.autograd.grad(
            self.value, self._at, torch.from_numpy(u).to(self._at), retain_graph=True
        )
        return out.cpu().numpy()

    def jacobian(self) -> NDArray[np.float64]:
        """J (n, n), row by row."""
        rows = []
        for some in torch.eye(self.size, dtype=torch.float64, device=self._at.device).split(_ROWS):
            (part,) = torch.autograd.grad(
                self.value, self._at, some, retain_graph=True, is_grads_batched=True
            )
            rows.append(part)
        return torch.cat(rows).cpu().numpy()

    def rates(self) -> NDArray[np.float64] | None:
        """The learning rate of each parameter per iteration, (n,); None if it is not known."""
        entry, state, spec = OPTIMIZERS[self.spec.optimizer], self.state, self.spec
        if entry.rate is None:
            return None
        out = []
        for slots, made, hyper, each, size in (
            (state.d_slots, state.d_updates, self.game.d_hyper, spec.k, self._sizes[0]),
            (state.g_slots, state.g_updates, self.game.g_hyper, spec.g_steps, self._sizes[1]),
        ):
            own = tuple(s.double() for s in slots[: entry.slots])
            rate = entry.rate(own, max(1, made), hyper.at(made + 1))
            if torch.is_tensor(rate) and rate.numel() > 1 and not made:
                return None  # no gradient has been measured yet
            rate = torch.as_tensor(rate, dtype=torch.float64).cpu()
            out.append((each * rate).expand(1, size)[0].numpy())
        return np.concatenate(out)
