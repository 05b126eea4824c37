"""The contract of a stabiliser's entry, and the arguments of its hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch

from ganlab.languages import _
from ganlab.optim import Number
from ganlab.registry import Entry, Param, Registry


def over(number: Number, like: torch.Tensor) -> Number:
    """A number, or numbers (R, 1) that differ between runs, shaped to multiply `like` (R, ...)."""
    if isinstance(number, torch.Tensor):
        return number.view(-1, *[1] * (like.ndim - 1))
    return number


class Judged(NamedTuple):
    """A minibatch as D saw it: packs of x (R, n, in), logits (R, n), and a function that judges x.

    If there are labels, `judge` puts those of the minibatch beside x: slopes are in x alone.
    """

    real: torch.Tensor
    fake: torch.Tensor
    real_logits: torch.Tensor
    fake_logits: torch.Tensor
    judge: Callable[[torch.Tensor], torch.Tensor]
    draws: Mapping[str, torch.Tensor]


class Clock(NamedTuple):
    """Whose update it is, the updates that each player made before it, and completed iterations.

    The counts are integers, or arrays of them.
    """

    player: str
    d_updates: Any
    g_updates: Any
    iterations: Any

    @property
    def own(self) -> Any:
        """The number of updates that the player made before."""
        return self.d_updates if self.player == "D" else self.g_updates


class Draw(NamedTuple):
    """Random numbers that a term of D's cost, or a change of what D sees, draws for each minibatch.

    shape(n, width) -> (rows, columns): of a term, for n packs of `width` numbers; of what D sees,
    for n samples, real and generated ones, in as many rows. normal: whether they are from N(0, 1),
    else uniform in [0, 1).
    """

    shape: Callable[[int, int], tuple[int, int]]
    normal: bool = False


@dataclass(frozen=True)
class StabiliserEntry(Entry):
    """player: "D", "G" or "" (both); decides the section and the colour of its controls.

    Hooks. Their `numbers` are the strength and the values of the other numeric parameters (see
    `over`), or the result of `number`:
    d_term(judged, *numbers) -> (R,): a term of D's cost. needs_input_grad: whether it
    differentiates D in its inputs. offset: whether it depends on D's offset, which some losses do
    not. draws: by name, the random numbers that it or `sees` needs.
    sees(x, draws, *numbers) -> x: samples (R, n, dim), real or generated, as D sees them in both
    players' costs; draws: (R, n, columns) by name, rows for the same samples.
    field_term(by_d, by_g, *numbers) -> (R,): a term of the costs of the players in `field_of`, a
    function of both players' gradients (R, P_D) and (R, P_G), which can be differentiated.
    grad_term(grad, params, *numbers) -> grad: changes each player's gradient, in registry order.
    project(params, *numbers) -> params: applied to D's parameters after each of its updates.
    keep(params, kept, *numbers) -> params, kept: applied after each update of the players in
    `keeps`; one vector is kept for each of them, which starts as the parameters.
    number(values, clock): the numbers of one update, from the values of those fields and of
    `extra` by name. extra: more values, each a function of a Spec.
    blurs: whether it makes D's input random, and is left out when D is shown. watches: whether it
    changes neither player.
    refuse(spec): why the Spec's combination has no meaning, or None; called only while it is on.
    Its parameters are toggles of its player; all but the strength are shown only while it is on.
    """

    player: str = ""
    d_term: Callable[..., torch.Tensor] | None = None
    needs_input_grad: bool = False
    offset: bool = False
    draws: Mapping[str, Draw] = field(default_factory=dict)
    sees: Callable[..., torch.Tensor] | None = None
    field_term: Callable[..., torch.Tensor] | None = None
    field_of: str = "DG"
    grad_term: Callable[..., torch.Tensor] | None = None
    project: Callable[..., torch.Tensor] | None = None
    keeps: str = ""
    keep: Callable[..., tuple[torch.Tensor, torch.Tensor]] | None = None
    extra: Mapping[str, Callable[[Any], float]] = field(default_factory=dict)
    number: Callable[[Mapping[str, Any], Clock], tuple[Any, ...]] | None = None
    blurs: bool = False
    watches: bool = False
    refuse: Callable[[Any], str | None] = lambda spec: None

    def __post_init__(self) -> None:
        params = tuple(p if p.owner else self._owned(p) for p in self.params)
        object.__setattr__(self, "params", params)

    def on(self, spec: Any) -> bool:
        """Whether `spec` uses it."""
        return bool(getattr(spec, self.name) != self.params[0].default)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The fields whose values an update takes: its strength, and those that its hooks need."""
        return (self.name, *(p.name for p in self.params[1:] if self.hooked and p.numeric))

    @property
    def hooked(self) -> bool:
        """Whether it is implemented by a hook."""
        hooks = (self.d_term, self.sees, self.field_term, self.grad_term, self.project, self.keep)
        return any(hooks)

    def at(self, values: Mapping[str, Any], clock: Clock) -> tuple[Any, ...]:
        """The arguments of its hooks in one update; values: of `numbers` and `extra`, by name."""
        if self.number is not None:
            return self.number(values, clock)
        return tuple(values[name] for name in self.numbers)

    def _owned(self, param: Param) -> Param:
        first = self.params[0]

        def needed(values: Mapping[str, Any]) -> bool:
            own = param.needs is None or param.needs(values)
            return own and values[first.name] != first.default

        needs = param.needs if param is first else needed
        return replace(param, owner=self.player or "game", more=True, needs=needs)

    @property
    def numeric(self) -> bool:
        """Whether its strength is an input of an update, not part of the shapes or the code."""
        return self.params[0].numeric


STABILISERS: Registry[StabiliserEntry] = Registry("stabiliser")


def strength(name: str, title: str, high: float, typical: float, doc: str) -> Param:
    return Param(
        name,
        title,
        0.0,
        0.0,
        high,
        doc=_("{doc} 0: off.", doc=doc),
        numeric=True,
        live=True,
        typical=typical,
    )


def alone(spec: Any) -> str | None:
    """Why D's slope at a sample is undefined, or None."""
    if spec.minibatch_discrimination:
        return _("0 with minibatch discrimination: D(x) depends on the other samples")
    if spec.d_norm == "batch":
        return _("0 with batch norm in D: D(x) depends on the other samples")
    return None
