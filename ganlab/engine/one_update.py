"""One update as an update rule sees it: gradients and costs on request."""

from __future__ import annotations

import torch

from ganlab.engine.costs import Costs
from ganlab.engine.inputs import Drawn, Given
from ganlab.optim import Number, Slots
from ganlab.stabilisers import over
from ganlab.update_rules import Found


class OneUpdate:
    """An update of `player`, which implements `ganlab.update_rules.Turn`: see `Rules.update`.

    rules: the `Rules` that make it; n, drawn, fixed: its numbers, its random numbers, and the
    reference batch if there is one.
    """

    def __init__(
        self,
        rules: Costs,
        player: str,
        g_slots: Slots,
        d_slots: Slots,
        n: Given,
        drawn: Drawn,
        fixed: torch.Tensor | None,
    ):
        self.rules, self.player, self._n, self._drawn, self._fixed = rules, player, n, drawn, fixed
        self._slots = {"D": d_slots, "G": g_slots}
        self._pasts: dict[str, torch.Tensor | None] = {"D": None, "G": None}
        if rules.past:
            for name in "DG":
                at = rules.slots(name).index("historical_averaging")
                self._pasts[name] = self._slots[name][at]

    def back(self) -> torch.Tensor:
        """D (R, P_D) before its last update; its optimiser's slots of then are used from now on."""
        names, own = self.rules.slots("D"), self.rules.optimizer.slots
        slots = self._slots["D"]
        self._slots["D"] = tuple(slots[names.index(f"before_{i}")] for i in range(own))
        return slots[names.index("before")]

    @property
    def rates(self) -> tuple[Number, Number]:
        """D's and G's learning rates, for optimisers that have no other number."""
        return self._n.d[0], self._n.g[0]

    def _make(self, g: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        return self.rules.make(g, drawn, self._fixed, self._n)

    def costs(self, g: torch.Tensor, d: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """D's and G's cost (R,) on one minibatch, differentiable in g and d."""
        fake, score = self.rules.made(g, self._drawn, self._fixed, self._n)
        real = self.rules.real(g, self._drawn)
        d_cost = self.rules.d_cost(d, real, fake, self._n, self._drawn)
        return d_cost, self._g_cost(g, d, fake, score)

    def _g_cost(
        self, g: torch.Tensor, d: torch.Tensor, fake: torch.Tensor, score: torch.Tensor | None
    ) -> torch.Tensor:
        n, drawn, rules = self._n, self._drawn, self.rules
        slots = self._slots["D"]
        cost = rules.g_cost(
            d, slots, fake, n, drawn, lambda u: self._make(g, u), score, lambda u: rules.real(g, u)
        )
        return cost + rules.regression(g, fake, drawn) if rules.structure.beside else cost

    def _by(
        self, player: str, g: torch.Tensor, d: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The cost (R,) of `player` and its gradient in that player's parameters."""
        mine = d if player == "D" else g
        if self.rules.fields[player]:
            d_cost, g_cost = self.costs(g, d)
            by_d, by_g = (
                torch.autograd.grad(c.sum(), p, create_graph=True)[0]
                for c, p in ((d_cost, d), (g_cost, g))
            )
            cost = d_cost if player == "D" else g_cost
            for name, term in self.rules.fields[player]:
                cost = cost + term(by_d, by_g, *self._n.of[name])
        elif player == "D":
            with torch.no_grad():
                fake = self._make(g, self._drawn)
                real = self.rules.real(g, self._drawn)
            cost = self.rules.d_cost(d, real, fake, self._n, self._drawn)
        else:
            made = self.rules.made(g, self._drawn, self._fixed, self._n)
            cost = self._g_cost(g, d, *made)
        return cost, torch.autograd.grad(cost.sum(), mine)[0]

    def gradient(self, player: str, g: torch.Tensor, d: torch.Tensor) -> Found:
        """A player's cost and gradient at (g, d), changed as the stabilisers that are on say."""
        cost, grad = self._by(player, g, d)
        at, past = d if player == "D" else g, self._pasts[player]
        with torch.no_grad():
            if past is not None:
                pull = over(self._n.strength("historical_averaging"), cost)
                cost = cost + pull * ((at - past) ** 2).sum(1)
            return Found(cost, self.shaped(player, grad, at))

    def shaped(self, player: str, grad: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        """See `Turn.shaped`."""
        with torch.no_grad():
            return self.rules.shaped(grad, at, self._pasts[player], self._n)

    def stepped(
        self, g: torch.Tensor, d: torch.Tensor, by_g: torch.Tensor, by_d: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, Slots | None]:
        """See `Turn.stepped`."""
        optimizer, n = self.rules.optimizer, self._n
        kept = optimizer.slots
        with torch.no_grad():
            d, d_memory = optimizer.apply(by_d, self._slots["D"][:kept], d, *n.look_d)
            g, g_memory = optimizer.apply(by_g, self._slots["G"][:kept], g, *n.look_g)
            d = self.rules.bounded(d, n)
        memory = d_memory if self.player == "D" else g_memory
        return (
            g.detach().requires_grad_(),
            d.detach().requires_grad_(),
            memory if self.rules.rule.twice else None,
        )

    def moved(
        self,
        g: torch.Tensor,
        d: torch.Tensor,
        by_g: torch.Tensor,
        by_d: torch.Tensor,
        share: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Turn.moved`."""
        d_rate, g_rate = self.rates
        with torch.no_grad():
            d = self.rules.bounded(d - share * by_d * d_rate, self._n)
            g = g - share * by_g * g_rate
        return g.detach().requires_grad_(), d.detach().requires_grad_()
