"""Both players' gradients at a run's present parameters, and products with their Jacobian."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.engine.game import Game
from ganlab.engine.inputs import Drawn, Given
from ganlab.engine.run import Run
from ganlab.engine.state import State
from ganlab.optim import OPTIMIZERS

_ROWS = 4  # of the Jacobian, computed at once: more of them leave the processor's cache


class LocalGame:
    """The gradients v (n,) of one run's game at its parameters (n,), D's first.

    The parameters of an encoder that learns beside the game are none of them.
    """

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
        self.sizes = (state.d.shape[1], rules.G.own if rules.structure.beside else rules.G.size)
        self._encoder = state.g[:, self.sizes[1] :].double()
        self._past = {
            p: s.double()[:, : self.sizes["DG".index(p)]]
            for p, slots in (("D", state.d_slots), ("G", state.g_slots))
            for name, s in zip(rules.slots(p), slots, strict=True)
            if name == "historical_averaging"
        }
        self._batches = batches
        self.size = sum(self.sizes)
        self._at = torch.cat([state.d, state.g[:, : self.sizes[1]]], 1).double()[0].requires_grad_()
        with torch.enable_grad():
            self.value = self._gradients(self._at)

    def _gradients(self, at: torch.Tensor) -> torch.Tensor:
        rules = self.game.rules
        d, g = (p.expand(self._batches, -1) for p in at.split(self.sizes))
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
        g = torch.cat([g, self._encoder.expand(len(g), -1)], 1)

        def make(given: Drawn) -> torch.Tensor:
            return rules.make(g, given, self._fixed, n)

        def real(given: Drawn) -> torch.Tensor:
            return rules.real(g, given)

        fake = make(drawn)
        if whose == "D":
            return rules.d_cost(d, real(drawn), fake, n, drawn)
        return rules.g_cost(d, self._slots, fake, n, drawn, make, real=real)

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
            (state.d_slots, state.d_updates, self.game.d_hyper, spec.k, self.sizes[0]),
            (state.g_slots, state.g_updates, self.game.g_hyper, spec.g_steps, self.sizes[1]),
        ):
            own = tuple(s.double()[:, :size] for s in slots[: entry.slots])
            rate = entry.rate(own, max(1, made), hyper.at(made + 1))
            if torch.is_tensor(rate) and rate.numel() > 1 and not made:
                return None  # no gradient has been measured yet
            rate = torch.as_tensor(rate, dtype=torch.float64).cpu()
            out.append((each * rate).expand(1, size)[0].numpy())
        return np.concatenate(out)
