"""One iteration of a small game by the engine's update rules and optimisers.

To the rules, the first player is D, which moves first, and the second one is G. Everything is in
double precision, and all trajectories (R, 1) are computed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from ganlab.engine.tracing import Traces
from ganlab.games.entry import Array, Costs, GameEntry, Values
from ganlab.games.inputs import Inputs
from ganlab.games.method import Method
from ganlab.optim import OPTIMIZERS, Number, Slots
from ganlab.stabilisers import STABILISERS, Clock
from ganlab.update_rules import RULES, Found

_CONSENSUS = STABILISERS["consensus"].field_term
_LOOKAHEAD = STABILISERS["lookahead"]
_TRACES = Traces(after=4)
BLOCK = 4  # iterations of a plain rule in one trace: the time to make a trace grows faster
Parts = tuple[torch.Tensor, ...]  # what both players carry on: the first player's, the second's


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
    def parts(self) -> Parts:
        """All that it carries on to the next update, (R, 1) each."""
        more = (part for part in (self.step, self.slow) if part is not None)
        return (self.at, *self.slots, *more)


class Given(NamedTuple):
    """The numbers of one iteration, as the engine's `Given`; () for what is off.

    now, look: the optimiser's, for the step and for a look-ahead step; consensus: γ; lookahead: the
    share that is kept, and whether it is time.
    """

    now: tuple[Any, ...]
    look: tuple[Any, ...]
    consensus: tuple[Any, ...]
    lookahead: tuple[Any, ...]


class SmallTurn:
    """An update of `player` in a small game, which implements `ganlab.update_rules.Turn`."""

    def __init__(
        self, play: SmallGame, values: Values, player: str, slots: dict[str, Slots], n: Given
    ):
        self.play, self.values, self.player, self._slots, self.n = play, values, player, slots, n

    @property
    def rates(self) -> tuple[Number, Number]:
        """The step size of both players, for optimisers that have no other number."""
        return self.n.now[0], self.n.now[0]

    def costs(self, g: torch.Tensor, d: torch.Tensor) -> Costs:
        """D's and G's cost (R,) at g and d (R, 1)."""
        return self.play.game.costs(d, g, self.values)

    def gradient(self, player: str, g: torch.Tensor, d: torch.Tensor) -> Found:
        """A player's cost and gradient at g and d (R, 1), changed as the method says."""
        d_cost, g_cost = self.costs(g, d)
        cost, mine = (d_cost, d) if player == "D" else (g_cost, g)
        if self.n.consensus:
            assert _CONSENSUS is not None
            by_d, by_g = (
                torch.autograd.grad(c.sum(), p, create_graph=True)[0]
                for c, p in ((d_cost, d), (g_cost, g))
            )
            cost = cost + _CONSENSUS(by_d, by_g, *self.n.consensus)
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
            d, d_memory = apply(by_d, self._slots["D"], d, *self.n.look)
            g, g_memory = apply(by_g, self._slots["G"], g, *self.n.look)
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
        rate = share * self.n.now[0]
        with torch.no_grad():
            d, g = d - rate * by_d, self.play.bounded(g - rate * by_g)
        return g.detach().requires_grad_(), d.detach().requires_grad_()


class SmallGame:
    """A game, the values of its parameters, and one of the engine's rules as its method."""

    def __init__(self, game: GameEntry, values: Values, method: Method):
        self.game, self.method, self._inputs = game, method, Inputs(values)
        self.rule, self.optimizer = RULES[method.rule], OPTIMIZERS[method.optimizer]
        self._steps = "D" * method.first_steps + "G" * method.second_steps
        switches = method.rule, method.optimizer, method.consensus > 0, method.lookahead > 0
        self._bound, self._hyper = game.bound(values), method.hyper
        self._key = (game.name, self._inputs.key, self._bound, self._steps, *switches)
        self._shape: list[Given] = []  # of the numbers of a call

    def bounded(self, y: torch.Tensor) -> torch.Tensor:
        """The second player's number (R, 1), clipped if the game clips it."""
        return y if self._bound == float("inf") else y.clamp(-self._bound, self._bound)

    def start(self, points: Array) -> Parts:
        """All parts, (R, 1) each, of both players at points (R, 2), before any update."""

        def begin(column: Array) -> Player:
            at = torch.tensor(column, dtype=torch.float64).reshape(-1, 1)
            zero = torch.zeros_like(at)
            step = None if self.rule.step is None else zero
            slow = at if self.method.lookahead else None
            return Player(at, (zero,) * self.optimizer.slots, step, slow)

        d, g = begin(points[:, 0]), begin(points[:, 1])
        return (*d.parts, *g.parts)

    def given(self, made: int) -> list[Given]:
        """The numbers of each update of the iteration after `made` others."""
        method, hyper, numbers = self.method, self._hyper, self.optimizer.numbers
        counts = {"D": made * method.first_steps, "G": made * method.second_steps}
        out = []
        for player in self._steps:
            t = counts[player] + 1  # of this player's updates
            now, look = (numbers(2 * t, hyper), numbers(2 * t - 1, hyper)) if self.rule.twice else (
                (numbers(t, hyper),) * 2
            )  # fmt: skip
            back: tuple[Any, ...] = ()
            if method.lookahead:
                values = {
                    "lookahead_d": float(method.lookahead * method.first_steps),
                    "lookahead_g": float(method.lookahead * method.second_steps),
                    "lookahead_share": method.lookahead_share,
                }
                back = _LOOKAHEAD.at(values, Clock(player, counts["D"], counts["G"], made))
            out.append(Given(now, look, (method.consensus,) * (method.consensus > 0), back))
            counts[player] += 1
        return out

    def iterate(self, parts: Parts, made: int, more: int = 1) -> tuple[Array, Parts]:
        """The points (more, R, 2) of `more` iterations after `made` others, and the last parts.

        Several iterations are one call of a trace, which is many times as fast as eager code.
        """
        size = len(self._steps) / 2 * max(1.0, self.rule.work) * (2 if self.method.consensus else 1)
        block = max(1, int(BLOCK / size))
        paths = []
        while more > 0:
            count = block if more >= block else 1
            self._shape = [n for i in range(count) for n in self.given(made + i)]
            flat = [x for given in self._shape for part in given for x in part]
            numbers = torch.tensor(flat, dtype=torch.float64)
            key = (self._key, count)
            path, *rest = _TRACES.call(key, self._block, numbers, self._inputs.tensor, *parts)
            parts = tuple(rest)
            paths.append(path.numpy())
            made, more = made + count, more - count
            if not np.isfinite(paths[-1][-1]).any():
                break
        return np.concatenate(paths), parts

    def _block(self, numbers: torch.Tensor, inputs: torch.Tensor, *parts: torch.Tensor) -> Parts:
        own = len(parts) // 2
        rest, values = iter(numbers.unbind()), self._inputs.values(inputs)
        d, g, before, path = self._player(parts[:own]), self._player(parts[own:]), None, []
        each = len(self._steps)
        for i, given in enumerate(self._shape):
            n = Given(*(tuple(next(rest) for _ in part) for part in given))
            if self._steps[i % each] == "D":
                before, d = d, self._update("D", d, g, values, n)
            else:
                seen = before if self.rule.before and before is not None else d
                g = self._update("G", seen, g, values, n)
            if i % each == each - 1:
                path.append(torch.cat([d.at, g.at], 1))
        return (torch.stack(path), *d.parts, *g.parts)

    def _player(self, parts: Parts) -> Player:
        kept = self.optimizer.slots
        at, slots, more = parts[0], parts[1 : kept + 1], list(parts[kept + 1 :])
        step = None if self.rule.step is None else more.pop(0)
        return Player(at, slots, step, more.pop(0) if self.method.lookahead else None)

    def _update(self, name: str, d: Player, g: Player, values: Values, n: Given) -> Player:
        turn = SmallTurn(self, values, name, {"D": d.slots, "G": g.slots}, n)
        own = d if name == "D" else g
        with torch.enable_grad():
            at_g, at_d = g.at.detach().requires_grad_(), d.at.detach().requires_grad_()
            if self.rule.find is None:
                found = turn.gradient(name, at_g, at_d)
            else:
                found = self.rule.find(turn, at_g, at_d)
        with torch.no_grad():
            kept = own.slots if found.memory is None else found.memory
            new, slots = self.optimizer.apply(found.grad, kept, own.at, *n.now)
            step = own.step
            if self.rule.step is not None:
                new, step = self.rule.step(own.at, new, step)
            if name == "G":
                new = self.bounded(new)
            moved = replace(own, at=new, slots=slots, step=step)
            if not n.lookahead:
                return moved
            assert _LOOKAHEAD.keep is not None
            at, slow = _LOOKAHEAD.keep(moved.at, moved.slow, *n.lookahead)
            return replace(moved, at=at, slow=slow)
