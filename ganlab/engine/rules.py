"""One update of D or of G: pure functions of parameters, numbers and draws (Algorithm 1's halves).

Every update takes both players' parameters and slots, the numbers of `Rules.numbers` and the
draws of `Rules.draws`, so that one loop can compute any of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganlab.engine.costs import Costs
from ganlab.engine.inputs import Drawn, Given
from ganlab.engine.one_update import OneUpdate
from ganlab.engine.state import Update
from ganlab.optim import Number, Slots


class Rules(Costs):
    """The updates of D and G of a Structure; holds no parameters and no numbers."""

    def update(
        self,
        player: str,
        g: torch.Tensor,
        d: torch.Tensor,
        g_slots: Slots,
        d_slots: Slots,
        numbers: Sequence[Number],
        drawn: Drawn,
        fixed: torch.Tensor | None = None,
    ) -> Update:
        """One update of `player`, from g (R, P_G), d (R, P_D) and their slots, (R, P) each.

        numbers: as `inputs` lists them, each a number or (R, 1). drawn: the random inputs by name,
        (R, B, ...). fixed: the reference batch (R, B, dim), if there is one.
        """
        n = self.given(numbers)
        own_params, own_slots = (d, d_slots) if player == "D" else (g, g_slots)
        update = OneUpdate(self, player, g_slots, d_slots, n, drawn, fixed)
        if self.rule.before and player == "G":
            d = update.back()
        with torch.enable_grad():
            both = self.asks_both(player)
            g = g.detach().requires_grad_(both or player == "G")
            d = d.detach().requires_grad_(both or player == "D")
            if self.rule.find is None:
                found = update.gradient(player, g, d)
            else:
                found = self.rule.find(update, g, d)
        with torch.no_grad():
            kept = own_slots if found.memory is None else found.memory
            return self._finish(
                player, found.grad, own_slots, kept, own_params, n, found.cost.detach()
            )

    def _finish(
        self,
        player: str,
        grad: torch.Tensor,
        slots: Slots,
        kept: Slots,
        params: torch.Tensor,
        n: Given,
        cost: torch.Tensor,
    ) -> Update:
        """The update by `grad`, if the player has `slots`; `kept` starts with the optimiser's."""
        names, own = self.slots(player), self.optimizer.slots
        have = dict(zip(names, slots, strict=True))
        new, new_slots = self.optimizer.apply(
            grad, kept[:own], params, *(n.d if player == "D" else n.g)
        )
        made = dict(zip(names[:own], new_slots, strict=True))
        if self.rule.step is not None:
            new, made["step"] = self.rule.step(params, new, have["step"])
        if player == "G" and self.structure.beside:
            new = self.G.paced(params, new, n.e_rate)
        if player == "D":
            new = self.bounded(new, n)
            if self.rule.before:
                made["before"] = params
                made |= {f"before_{i}": slots[i] for i in range(own)}
        for name, keep in self._keeps[player]:
            new, made[name] = keep(new, have[name], *n.of[name])
        check = cost + new.sum(1)
        if own:
            check = check + new_slots[-1].sum(1)  # Adam's squares overflow before anything else
        return Update(new, tuple(made[name] for name in names), cost, check)
