"""Both players' gradients, which the flow follows downhill, and their Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ganlab.engine.tracing import Traces
from ganlab.games.entry import Array, GameEntry, Values
from ganlab.games.inputs import Inputs
from ganlab.stabilisers import STABILISERS

_CONSENSUS = STABILISERS["consensus"].field_term
_TRACES = Traces()
Tensors = tuple[torch.Tensor, ...]


class Field:
    """The gradients of both costs of a game, with consensus optimisation of strength `consensus`.

    Each is the gradient of a player's own cost in its own number.
    """

    def __init__(self, game: GameEntry, values: Values, consensus: float = 0.0):
        self.game, self.consensus, self._inputs = game, consensus, Inputs(values)
        self._key = (game.name, self._inputs.key, consensus)

    def gradients(self, points: Array) -> Array:
        """The gradients (R, 2) at points (R, 2)."""
        (out,) = self._call(self._gradients, points)
        return out.numpy()

    def slopes(self, points: Array) -> tuple[Array, Array]:
        """The gradients (R, 2) at points (R, 2), and their Jacobians (R, 2, 2)."""
        out, by = self._call(self._jacobians, points)
        return out.numpy(), by.numpy()

    def _call(self, function: Callable[..., Tensors], points: Array) -> Tensors:
        key = (self._key, function.__name__)
        return _TRACES.call(key, function, torch.from_numpy(points), self._inputs.tensor)

    def _gradients(self, points: torch.Tensor, inputs: torch.Tensor) -> Tensors:
        _, grads = self._both(points, inputs, again=False)
        return (torch.cat([grad.detach() for grad in grads], 1),)

    def _jacobians(self, points: torch.Tensor, inputs: torch.Tensor) -> Tensors:
        both, grads = self._both(points, inputs, again=True)
        rows = [torch.cat(_by(grad, both, again=False), 1) for grad in grads]
        return torch.cat([grad.detach() for grad in grads], 1), torch.stack(rows, 1)

    def _both(
        self, points: torch.Tensor, inputs: torch.Tensor, again: bool
    ) -> tuple[Tensors, list[torch.Tensor]]:
        """Both numbers (R, 1), and both gradients, which can be differentiated if `again`."""
        with torch.enable_grad():
            both = tuple(points[:, i : i + 1].clone().requires_grad_() for i in (0, 1))
            costs = self.game.costs(both[0], both[1], self._inputs.values(inputs))
            more = again or self.consensus > 0
            grads = [_by(costs[i], (both[i],), more)[0] for i in (0, 1)]
            if self.consensus:
                assert _CONSENSUS is not None
                term = _CONSENSUS(grads[0], grads[1], self.consensus)
                grads = [grads[i] + _by(term, (both[i],), again)[0] for i in (0, 1)]
            return both, grads


def _by(of: torch.Tensor, at: Tensors, again: bool) -> Tensors:
    if not of.requires_grad:
        return tuple(torch.zeros_like(x) for x in at)
    with torch.enable_grad():
        found: Any = torch.autograd.grad(
            of.sum(),
            at,
            create_graph=again,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
    return tuple(found) if again else tuple(x.detach() for x in found)
