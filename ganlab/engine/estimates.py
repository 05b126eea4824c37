"""Estimators of G's gradient beside the exact one, at one moment of a run on symbols.

G's cost is the mean over p_g of what each string costs at the present D: a sum over all strings, so
that its gradient is known without sampling. Each estimator's gradients of many minibatches are
compared with it. All of them are taken at the same G, D and latents.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from ganlab.domains.symbols import SYMBOLS
from ganlab.engine.draws import generator
from ganlab.engine.game import Game
from ganlab.engine.run import Run
from ganlab.engine.state import State
from ganlab.engine.symbols import temperature
from ganlab.estimators import (
    BASELINES,
    ESTIMATORS,
    EstimatorEntry,
    by_score,
    gumbel,
    log_share,
    seen,
)
from ganlab.languages import _
from ganlab.losses import LossEntry
from ganlab.registry import SpecError
from ganlab.spec import Spec

SAMPLES = 2**14  # in all minibatches together (about)
MINIBATCHES = (16, 128)  # the fewest and the most
_FLOATS = 2**22  # gradients held at once
_LATENTS = 2**11  # of an exact gradient, at once


@dataclass(frozen=True)
class Estimate:
    """One estimator's gradients of G's cost.

    estimator, baseline: their names; the latter is empty unless it has one. mean: the norm of their
    mean. bias: the norm of the mean's difference from the exact gradient; error: the part of it
    that is expected of an unbiased estimator after so few minibatches. variance: the trace of the
    covariance of one minibatch's gradient. cosine: of the mean with the exact gradient.
    """

    estimator: str
    baseline: str
    mean: float
    bias: float
    error: float
    variance: float
    cosine: float


@dataclass(frozen=True)
class Estimates:
    """exact: the norm of the exact gradient; cost: G's exact cost; of `minibatches` of `batch`."""

    exact: float
    cost: float
    minibatches: int
    batch: int
    temperature: float
    rows: tuple[Estimate, ...]


def minibatches(spec: Spec) -> int:
    """The number of minibatches that are compared."""
    return max(MINIBATCHES[0], min(MINIBATCHES[1], SAMPLES // spec.batch))


def refused(spec: Spec) -> str:
    """Why there is no exact gradient to compare with; "" if there is one."""
    if spec.domain is not SYMBOLS:
        return _("The exact gradient is a sum over all x: only symbols can be listed.")
    game = Game.of((spec,), torch.device("cpu"))
    if game.loss.g_sees_real:
        return _("With the loss {title}, a symbol has no cost of its own.", title=game.loss.title)
    return ""


def estimates(run: Run, which: int = 0) -> Estimates:
    """The estimators beside the exact gradient, of run number `which` at its present parameters.

    Of the loss alone: without unrolling, feature matching and noise. Raises `SpecError` if there is
    no exact gradient.
    """
    spec = run.specs[which]
    if why := refused(spec):
        raise SpecError(
            "estimates", spec.target, _("a run with an exact gradient ({why})", why=why.rstrip("."))
        )
    return _Comparison(Game.of((spec,), run.device), run.state.row(which), spec).made()


class _Comparison:
    def __init__(self, game: Game, state: State, spec: Spec):
        self.game, self.state, self.spec = game, state, spec
        self.letters, self.loss = spec.letters, game.loss
        self.count = minibatches(spec)
        device = state.g.device
        draw = generator(spec.seed, "estimates", state.g_updates)
        shape = (self.count, spec.batch)
        self.z = spec.p_z.sample((*shape, spec.latent_dim), draw).to(device)
        self.noise = gumbel((*shape, spec.dim), draw).to(device)
        tau = temperature(game, state)
        own = tau.item() if torch.is_tensor(tau) else float(tau)
        # If the chosen estimator has no temperature, the others use that of the Spec.
        self.tau = own if game.rules.structure.tempered else spec.temperature

    def made(self) -> Estimates:
        """All of them."""
        exact, cost = exact_gradient(self.game, self.state, self.spec, self.z.flatten(0, 1)[None])
        rows = [
            self._row(ESTIMATORS[name], baseline, exact)
            for name in ESTIMATORS
            for baseline in (BASELINES if ESTIMATORS[name].scored else ("",))
            if not (baseline == "batch" and self.spec.batch < 2)
        ]
        norm = exact.norm().item()
        return Estimates(norm, cost, self.count, self.spec.batch, self.tau, tuple(rows))

    def _row(self, entry: EstimatorEntry, baseline: str, exact: torch.Tensor) -> Estimate:
        total, squares = torch.zeros_like(exact), 0.0
        for grads in self._gradients(entry, baseline):
            total += grads.sum(0)
            squares += grads.square().sum().item()
        mean = total / self.count
        length = mean.norm().item()
        variance = max(0.0, squares - self.count * length**2) / (self.count - 1)
        norms = length * exact.norm().item()
        return Estimate(
            entry.name,
            baseline,
            length,
            (mean - exact).norm().item(),
            math.sqrt(variance / self.count),
            variance,
            (mean @ exact).item() / norms if norms else math.nan,
        )

    def _gradients(self, entry: EstimatorEntry, baseline: str) -> Iterator[torch.Tensor]:
        """The gradients of the minibatches, some at a time, (some, P) float64."""
        each = max(1, _FLOATS // self.state.g.shape[1])
        for z, noise in zip(self.z.split(each), self.noise.split(each), strict=True):
            g = self.state.g.detach().expand(len(z), -1).clone().requires_grad_()
            d = self.state.d.detach().expand(len(z), -1)
            with torch.enable_grad():
                a = self.game.make(g, z, 0)
                x = seen(entry, a, self.letters, noise if entry.samples else None, self.tau)
                logits = self.game.logits(d, x)
                cost = self.loss.g(None, logits)
                if entry.scored:
                    score = log_share(a, x, self.letters)
                    cost = by_score(self.loss.g, logits, score, baseline)
                (grad,) = torch.autograd.grad(cost.sum(), g)
            yield grad.double()


def costs_of_strings(
    game: Game, loss: LossEntry, d: torch.Tensor, words: torch.Tensor
) -> torch.Tensor:
    """What each string costs G at D's parameters (1, P_D): words (S, dim) -> (S,)."""
    with torch.no_grad():
        logits = game.logits(d, words[None].to(d))[0]
        each: torch.Tensor = loss.g(None, logits[:, None])
    return each


def exact_gradient(
    game: Game, state: State, spec: Spec, z: torch.Tensor
) -> tuple[torch.Tensor, float]:
    """The gradient (P,) of the mean cost over p_g, float64, and that cost, for latents z (1, n, k).

    A sum over all strings for each latent.
    """
    from ganlab.targets import make_target
    from ganlab.targets.symbols import Symbols

    target = make_target(spec.target, spec.target_params)
    assert isinstance(target, Symbols)
    letters, count = len(target.alphabet), z.shape[1]
    half = -(-target.positions // 2)
    each = costs_of_strings(game, game.loss, state.d, target.words).double()
    table = each.view(letters**half, -1)
    total, cost = torch.zeros(state.g.shape[1], dtype=torch.float64, device=z.device), 0.0
    for some in z.split(_LATENTS, 1):
        g = state.g.detach().double().requires_grad_()
        with torch.enable_grad():
            share = game.make(g, some.double(), 0)[0].unflatten(-1, (-1, letters)).softmax(-1)
            first, second = _products(share[:, :half]), _products(share[:, half:])
            mean = ((first @ table) * second).sum() / count
            (grad,) = torch.autograd.grad(mean, g)
        total += grad[0]
        cost += mean.item()
    return total, cost


def _products(share: torch.Tensor) -> torch.Tensor:
    """Probabilities of the strings of some positions: (n, positions, letters) -> (n, k)."""
    out = share.new_ones(len(share), 1)
    for position in range(share.shape[1]):
        out = (out[:, :, None] * share[:, position, None, :]).flatten(1)
    return out
