"""One iteration of a small game by the engine's update rules and optimisers.

To the rules, the first player is D, which moves first, and the second one is G. Everything is in
double precision, and all trajectories (R, 1) are computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ganlab.games.entry import Array, Costs, GameEntry, Values
from ganlab.games.method import Method
from ganlab.optim import OPTIMIZERS, Number, Slots
from ganlab.stabilisers import STABILISERS, Clock
from ganlab.update_rules import RULES, Found

_CONSENSUS = STABILISERS["consensus"].field_term
_LOOKAHEAD = STABILISERS["lookahead"]


@dataclass(frozen=True)
class Player:
    """A player's number (R, 1), and what its optimiser, rule and lookahead keep, (R, 1) each.

    step: the last step of the optimiser, if the rule needs it; slow: where lookahead goes back to.
    """

    at: torch.Tensor
    slots: Slots
    step: torch.Tensor | None = None
    slow: torch.Tensor | None = None

    @property
    def parts(self) -> dict[str, torch.Tensor]:
        """All that it carries on to the next update, (R, 1) each, by name."""
        named = {"at": self.at, **{str(i): slot for i, slot in enumerate(self.slots)}}
        more = {"step": self.step, "slow": self.slow}
        return named | {name: part for name, part in more.items() if part is not None}

    def with_parts(self, parts: dict[str, torch.Tensor]) -> Player:
        """A player with other `parts`, (R, 1) each."""
        slots = tuple(parts[str(i)] for i in range(len(self.slots)))
        return Player(parts["at"], slots, parts.get("step"), parts.get("slow"))


class SmallTurn:
    """An update of `player` in a small game, which implements `ganlab.update_rules.Turn`."""

    def __init__(self, play: SmallGame, player: str, slots: dict[str, Slots], made: int):
        self.play, self.player, self._slots = play, player, slots
        twice = play.rule.twice
        self._look = play.optimizer.numbers(2 * made + 1 if twice else made + 1, play.hyper)
        self.now = play.optimizer.numbers(2 * made + 2 if twice else made + 1, play.hyper)

    @property
    def rates(self) -> tuple[Number, Number]:
        """The step sizes of both players."""
        return self.play.hyper.lr, self.play.hyper.lr

    def costs(self, g: torch.Tensor, d: torch.Tensor) -> Costs:
        """D's and G's cost (R,) at g and d (R, 1)."""
        return self.play.game.costs(d, g, self.play.values)

    def gradient(self, player: str, g: torch.Tensor, d: torch.Tensor) -> Found:
        """A player's cost and gradient at g and d (R, 1), changed as the method says."""
        d_cost, g_cost = self.costs(g, d)
        cost, mine = (d_cost, d) if player == "D" else (g_cost, g)
        if self.play.consensus:
            assert _CONSENSUS is not None
            by_d, by_g = (
                torch.autograd.grad(c.sum(), p, create_graph=True)[0]
                for c, p in ((d_cost, d), (g_cost, g))
            )
            cost = cost + _CONSENSUS(by_d, by_g, self.play.consensus)
        return Found(cost, torch.autograd.grad(cost.sum(), mine)[0])

    def shaped(self, player: str, grad: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        """The gradient (R, 1): games have no stabilisers that change it."""
        return grad

    def stepped(
        self, g: torch.Tensor, d: torch.Tensor, by_g: torch.Tensor, by_d: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, Slots | None]:
        """See `Turn.stepped`; all (R, 1)."""
        apply = self.play.optimizer.apply
        with torch.no_grad():
            d, d_memory = apply(by_d, self._slots["D"], d, *self._look)
            g, g_memory = apply(by_g, self._slots["G"], g, *self._look)
            g = self.play.bounded(g)
        memory = d_memory if self.player == "D" else g_memory
        kept = memory if self.play.rule.twice else None
        return g.detach().requires_grad_(), d.detach().requires_grad_(), kept

    def moved(
        self,
        g: torch.Tensor,
        d: torch.Tensor,
        by_g: torch.Tensor,
        by_d: torch.Tensor,
        share: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Turn.moved`; all (R, 1)."""
        rate = share * self.play.hyper.lr
        with torch.no_grad():
            d, g = d - rate * by_d, self.play.bounded(g - rate * by_g)
        return g.detach().requires_grad_(), d.detach().requires_grad_()


class SmallGame:
    """A game, the values of its parameters, and one of the engine's rules as its method."""

    def __init__(self, game: GameEntry, values: Values, method: Method):
        self.game, self.values, self.method = game, values, method
        self.rule, self.optimizer = RULES[method.rule], OPTIMIZERS[method.optimizer]
        self.hyper, self.consensus = method.hyper, method.consensus
        self._bound = game.bound(values)

    def bounded(self, y: torch.Tensor) -> torch.Tensor:
        """The second player's number (R, 1), clipped if the game clips it."""
        return y if self._bound == float("inf") else y.clamp(-self._bound, self._bound)

    def start(self, players: Array) -> tuple[Player, Player]:
        """Both players at points (R, 2), before any update."""

        def begin(column: Array) -> Player:
            at = torch.tensor(column, dtype=torch.float64).reshape(-1, 1)
            zero = torch.zeros_like(at)
            step = None if self.rule.step is None else zero
            slow = at if self.method.lookahead else None
            return Player(at, (zero,) * self.optimizer.slots, step, slow)

        return begin(players[:, 0]), begin(players[:, 1])

    def iterate(self, d: Player, g: Player, made: int) -> tuple[Player, Player]:
        """Both players after one iteration, the first of which is number made + 1 = 1."""
        new_d = self._update("D", d, g, made)
        new_g = self._update("G", d if self.rule.before else new_d, g, made)
        return new_d, new_g

    def _update(self, name: str, d: Player, g: Player, made: int) -> Player:
        turn = SmallTurn(self, name, {"D": d.slots, "G": g.slots}, made)
        own = d if name == "D" else g
        with torch.enable_grad():
            at_g, at_d = g.at.detach().requires_grad_(), d.at.detach().requires_grad_()
            if self.rule.find is None:
                found = turn.gradient(name, at_g, at_d)
            else:
                found = self.rule.find(turn, at_g, at_d)
        with torch.no_grad():
            kept = own.slots if found.memory is None else found.memory
            new, slots = self.optimizer.apply(found.grad, kept, own.at, *turn.now)
            step = own.step
            if self.rule.step is not None:
                new, step = self.rule.step(own.at, new, step)
            if name == "G":
                new = self.bounded(new)
            moved = replace(own, at=new, slots=slots, step=step)
            return self._looked_back(name, moved, made) if self.method.lookahead else moved

    def _looked_back(self, name: str, player: Player, made: int) -> Player:
        assert _LOOKAHEAD.keep is not None
        n, share = float(self.method.lookahead), self.method.lookahead_share
        values: dict[str, Any] = {"lookahead_d": n, "lookahead_g": n, "lookahead_share": share}
        numbers = _LOOKAHEAD.at(values, Clock(name, made, made, made))
        at, slow = _LOOKAHEAD.keep(player.at, player.slow, *numbers)
        return replace(player, at=at, slow=slow)


def gradients(game: GameEntry, values: Values, consensus: float, players: Array) -> Array:
    """Both players' gradients (R, 2) of their own costs at points (R, 2)."""
    return _gradients(game, values, consensus, players)[0]


def gradients_and_jacobians(
    game: GameEntry, values: Values, consensus: float, players: Array
) -> tuple[Array, Array]:
    """The gradients (R, 2), and their Jacobians (R, 2, 2), by automatic differentiation."""
    grads, by = _gradients(game, values, consensus, players, jacobians=True)
    assert by is not None
    return grads, by


def _gradients(
    game: GameEntry, values: Values, consensus: float, players: Array, jacobians: bool = False
) -> tuple[Array, Array | None]:
    def by(of: torch.Tensor, at: Any, again: bool) -> Any:
        if not of.requires_grad:
            return tuple(torch.zeros_like(x) for x in at)
        return torch.autograd.grad(
            of.sum(), at, create_graph=again, retain_graph=True, allow_unused=True,
            materialize_grads=True,
        )  # fmt: skip

    with torch.enable_grad():
        both = tuple(
            torch.tensor(players[:, i : i + 1], dtype=torch.float64).requires_grad_()
            for i in (0, 1)
        )
        costs = game.costs(both[0], both[1], values)
        again = jacobians or consensus > 0
        grads = [by(costs[i], (both[i],), again)[0] for i in (0, 1)]
        if consensus:
            assert _CONSENSUS is not None
            term = _CONSENSUS(grads[0], grads[1], consensus)
            grads = [grads[i] + by(term, (both[i],), jacobians)[0] for i in (0, 1)]
        out = torch.cat([grad.detach() for grad in grads], 1).numpy()
        if not jacobians:
            return out, None
        rows = [torch.cat([x.detach() for x in by(grad, both, False)], 1) for grad in grads]
        return out, np.stack([row.numpy() for row in rows], 1)
