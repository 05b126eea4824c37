"""D trained to its optimum: the inner loop of Algorithm 1 as the theory has it.

One such update of D minimises D's cost on fixed minibatches by L-BFGS, eagerly and in double
precision, until no entry of the gradient is larger than `Spec.d_to_optimum`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ganlab.engine.inputs import Given
from ganlab.engine.rules import Rules
from ganlab.engine.state import State, Update
from ganlab.optim import Hyper, Number

SAMPLES = 4096  # of each kind, at least, on which D's cost is minimised
EVALUATIONS = 64  # of the cost and its gradient in one update, at most
HISTORY = 20  # steps from which L-BFGS estimates the curvature
LINE_SEARCH = 25  # evaluations by which the last line search may exceed the limit

Draw = Callable[[str, str, int], torch.Tensor]
Cost = Callable[[torch.Tensor], torch.Tensor]
Numbers = tuple[Hyper, Hyper, dict[str, Number]]  # see `Rules.numbers`


def minibatches(batch: int) -> int:
    """How many minibatches have at least `SAMPLES` samples."""
    return -(-SAMPLES // batch)


class OptimalD:
    """D's optimum in each of R runs.

    each: D's and G's Hyper, and the strengths, of each run. draw(player, name, number): their
    random numbers, (R, ...). costs: for each run, D's cost as a function of its parameters (P_D,)
    in double precision: the mean over D's first minibatches, the same in every update, of the cost
    that an ordinary update has, with G as in `state`.
    """

    def __init__(self, rules: Rules, each: Sequence[Numbers], state: State, draw: Draw):
        count = minibatches(rules.structure.batch)
        drawn = {
            name: torch.stack([draw("D", name, i) for i in range(count)], 1).double()
            for name in rules.draws("D")
        }  # (R, count, batch, ...)
        self._rules, self._state = rules, state
        counts = state.d_updates, state.g_updates, state.iterations
        self.costs = [
            self._cost(
                run,
                {name: values[run] for name, values in drawn.items()},
                rules.given(rules.numbers("D", *counts, *numbers)),
            )
            for run, numbers in enumerate(each)
        ]

    def _cost(self, run: int, drawn: dict[str, torch.Tensor], given: Given) -> Cost:
        rules, data = self._rules, drawn["data"]
        with torch.no_grad():
            g = self._state.g[run].double().expand(len(data), -1)
            fake = rules.make(g, drawn, None, given)
        # Each minibatch is a run of its own, all with the same parameters.
        return lambda d: rules.d_cost(d.expand(len(data), -1), data, fake, given, drawn).mean()

    def update(self, tolerances: Sequence[float]) -> Update:
        """The update that trains D to its optimum; its optimiser's slots do not change.

        It ends early after `EVALUATIONS`, and continues from there in the next one. tolerances: of
        each run, the largest allowed entry of the gradient.
        """
        state, params, before = self._state, [], []
        for cost, start, tolerance in zip(self.costs, state.d, tolerances, strict=True):
            d, first = lowest(cost, start.detach().double(), tolerance)
            params.append(d.to(state.d.dtype))
            before.append(first.to(state.d.dtype))
        new, at = torch.stack(params), torch.stack(before)
        return Update(new, state.d_slots, at, at + new.sum(1))

    def slope(self) -> torch.Tensor:
        """The largest entry of the gradient of each run's cost at the present D, (R,)."""
        out = []
        for cost, params in zip(self.costs, self._state.d, strict=True):
            d = params.detach().double().requires_grad_()
            with torch.enable_grad():
                (grad,) = torch.autograd.grad(cost(d), d)
            out.append(grad.abs().max())
        return torch.stack(out)


def lowest(cost: Cost, start: torch.Tensor, tolerance: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Where `cost` is lowest near `start` (P,), and the cost at the start."""
    d = start.clone().requires_grad_()
    found: list[torch.Tensor] = []
    search = torch.optim.LBFGS(
        [d],
        max_iter=EVALUATIONS,
        max_eval=EVALUATIONS,
        tolerance_grad=tolerance,
        tolerance_change=0.0,
        history_size=HISTORY,
        line_search_fn="strong_wolfe",
    )

    def evaluate() -> torch.Tensor:
        search.zero_grad()
        with torch.enable_grad():
            value = cost(d)
            value.backward()
        found.append(value.detach())
        return value

    search.step(evaluate)
    return d.detach(), found[0]
