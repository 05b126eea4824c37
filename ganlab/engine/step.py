"""One update of D or of G: pure functions of parameters and draws (Algorithm 1's two halves)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch

from ganlab.losses import LOSSES
from ganlab.networks import MLP
from ganlab.optim import OPTIMIZERS, Hyper, Number, Slots
from ganlab.spec import Spec

Numbers = tuple[Number, ...]


@dataclass(frozen=True)
class State:
    """Where R runs stand: all that the next update needs besides the Specs.

    g, d: flat parameters (R, P_G), (R, P_D); g_slots, d_slots: the optimisers' vectors, alike;
    d_updates, g_updates: how many each player has made (they number the draws);
    phase: D updates since G's last, so that Algorithm 1 knows whose turn it is.
    """

    g: torch.Tensor
    d: torch.Tensor
    g_slots: tuple[torch.Tensor, ...]
    d_slots: tuple[torch.Tensor, ...]
    d_updates: int = 0
    g_updates: int = 0
    phase: int = 0


class Update(NamedTuple):
    """What an update makes: the player's next parameters and slots, and its cost (R,) before.

    check (R,) is finite if and only if the cost, the parameters and the last slot are (as long as
    their sum does not overflow): one number to look at instead of a scan.
    """

    params: torch.Tensor
    slots: Slots
    cost: torch.Tensor
    check: torch.Tensor


@dataclass(frozen=True)
class Code:
    """What an update's program depends on, and nothing else: shapes and names, no numbers.

    Runs of one Code share a compiled program, whatever their target, rates, k and seeds.
    """

    g_sizes: tuple[int, ...]
    d_sizes: tuple[int, ...]
    g_activation: str
    d_activation: str
    loss: str
    optimizer: str
    batch: int
    unroll: int

    @classmethod
    def of(cls, spec: Spec) -> Code:
        """The Code of a Spec."""
        return cls(
            (spec.latent_dim, *spec.g_hidden, spec.dim),
            (spec.dim, *spec.d_hidden, 1),
            spec.g_activation,
            spec.d_activation,
            spec.loss,
            spec.optimizer,
            spec.batch,
            spec.unroll,
        )


class Rules:
    """Nets, costs and optimiser of a Code; holds no parameters and no numbers.

    `thin` writes thin layers as sums, which a compiler fuses; eagerly a GEMM costs less.
    """

    def __init__(self, code: Code, thin: bool = False):
        self.code = code
        self.G = MLP(code.g_sizes, code.g_activation, thin)
        self.D = MLP(code.d_sizes, code.d_activation, thin)
        self.loss = LOSSES[code.loss]
        self.optimizer = OPTIMIZERS[code.optimizer]

    def logits(self, d: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """D's logits at x: (R, P_D), (R, B, dim) -> (R, B)."""
        return self.D(d, x).squeeze(2)

    def d_cost(self, d: torch.Tensor, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """What D minimises on a minibatch (R, B, dim) each, (R,)."""
        logits = self.logits(d, torch.cat([real, fake], 1))
        return self.loss.d(logits[:, : real.shape[1]], logits[:, real.shape[1] :])

    def ahead(self, d, slots: Slots, numbers: Sequence[Numbers], real, fake) -> torch.Tensor:
        """D's parameters after K = unroll more updates of its own optimiser on this minibatch.

        Differentiable in `fake`, through every step. numbers: the optimiser's, for each of them.
        Source: Metz et al. 2017, eq. 7-10, the same minibatch at each step, as published.
        """
        for i in range(self.code.unroll):
            (grad,) = torch.autograd.grad(self.d_cost(d, real, fake).sum(), d, create_graph=True)
            d, slots = self.optimizer.apply(grad, slots, d, *numbers[i])
        return d

    def d_update(self, g, d, slots: Slots, numbers: Numbers, real, z) -> Update:
        """D's update on real (R, B, dim) and on G's images of z."""
        with torch.no_grad():
            fake = self.G(g, z)
        with torch.enable_grad():
            d = d.detach().requires_grad_()
            cost = self.d_cost(d, real, fake)
            (grad,) = torch.autograd.grad(cost.sum(), d)
        return self._finish(grad, slots, d.detach(), numbers, cost)

    def g_update(self, g, d, slots: Slots, numbers: Numbers, z, d_ahead: tuple = ()) -> Update:
        """G's update on z; `d_ahead` is what unrolling D needs: (d_slots, numbers, real)."""
        with torch.enable_grad():
            g = g.detach().requires_grad_()
            fake = self.G(g, z)
            if self.code.unroll:
                d_slots, d_numbers, real = d_ahead
                d = self.ahead(d.detach().requires_grad_(), d_slots, d_numbers, real, fake)
            cost = self.loss.g(self.logits(d, fake))
            (grad,) = torch.autograd.grad(cost.sum(), g)
        return self._finish(grad, slots, g.detach(), numbers, cost)

    def _finish(self, grad, slots, params, numbers, cost) -> Update:
        with torch.no_grad():
            params, slots = self.optimizer.apply(grad, slots, params, *numbers)
            cost = cost.detach()
            check = cost + params.sum(1)
            if slots:
                check = check + slots[-1].sum(1)  # Adam's squares overflow before all else
        return Update(params, slots, cost, check)


class Game:
    """Rules with the numbers of R runs that share them; holds no parameters."""

    def __init__(self, specs: tuple[Spec, ...], device: torch.device):
        self.rules = Rules(Code.of(specs[0]))
        self.G, self.D, self.loss = self.rules.G, self.rules.D, self.rules.loss
        self.logits = self.rules.logits

        def number(values: list[float]) -> Number:
            if len(set(values)) == 1:
                return values[0]
            return torch.tensor(values, dtype=torch.float64, device=device).unsqueeze(1)

        beta1, beta2 = (number([s.betas[i] for s in specs]) for i in (0, 1))
        momentum = number([s.momentum for s in specs])
        self.g_hyper = Hyper(number([s.g_lr for s in specs]), beta1, beta2, momentum)
        self.d_hyper = Hyper(number([s.d_lr for s in specs]), beta1, beta2, momentum)

    def _numbers(self, t: int, hyper: Hyper, like: torch.Tensor) -> Numbers:
        numbers = self.rules.optimizer.numbers(t, hyper)
        return tuple(n.to(like.dtype) if torch.is_tensor(n) else n for n in numbers)

    def _ahead_numbers(self, state: State) -> list[Numbers]:
        first = state.d_updates + 1
        return [
            self._numbers(first + i, self.d_hyper, state.d) for i in range(self.rules.code.unroll)
        ]

    def ahead(self, state: State, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """The D that G's cost is judged by: `state.d`, or what unrolling makes of it."""
        if not self.rules.code.unroll:
            return state.d
        with torch.enable_grad():
            d, numbers = state.d.detach().requires_grad_(), self._ahead_numbers(state)
            return self.rules.ahead(d, state.d_slots, numbers, real, fake)

    def after_d(self, state: State, draw: Callable[[str, int], torch.Tensor]) -> Update:
        """D's next update; `draw(tag, number)` gives what it draws."""
        n = state.d_updates
        numbers = self._numbers(n + 1, self.d_hyper, state.d)
        real, z = draw("data", n), draw("latent_d", n)
        return self.rules.d_update(state.g, state.d, state.d_slots, numbers, real, z)

    def after_g(self, state: State, draw: Callable[[str, int], torch.Tensor]) -> Update:
        """G's next update; `draw(tag, number)` gives what it draws."""
        n, d_ahead = state.g_updates, ()
        numbers = self._numbers(n + 1, self.g_hyper, state.g)
        if self.rules.code.unroll:
            d_ahead = (state.d_slots, self._ahead_numbers(state), draw("data_g", n))
        z = draw("latent_g", n)
        return self.rules.g_update(state.g, state.d, state.g_slots, numbers, z, d_ahead)


def moved(state: State, player: str, update: Update) -> State:
    """The State after `update` of `player`, "D" or "G"."""
    if player == "D":
        return replace(
            state,
            d=update.params,
            d_slots=update.slots,
            d_updates=state.d_updates + 1,
            phase=state.phase + 1,
        )
    return replace(
        state,
        g=update.params,
        g_slots=update.slots,
        g_updates=state.g_updates + 1,
        phase=0,
    )
