"""The next updates of a run in their parts: draws, D's answers, slopes, and both players' moves.

Nothing here changes a run. Its State after each update comes from an executor, so that it equals
the State that the run reaches with the same executor bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from ganlab.domains import Probe
from ganlab.engine.draws import Draws
from ganlab.engine.evaluation import Evaluation, array
from ganlab.engine.executor import Executor
from ganlab.engine.game import Game, evenly
from ganlab.engine.inputs import Drawn, Given
from ganlab.engine.rules import Rules
from ganlab.engine.state import State
from ganlab.losses import LossEntry
from ganlab.optim import Slots
from ganlab.spec import Spec

EACH = 6  # updates of one player, or steps of an unrolled D, that are explained one by one
_BESIDE = 512  # generated samples beside which D is evaluated

Array = np.ndarray
Step = tuple[int, torch.Tensor]  # the number of a step, and D's parameters (1, P_D) after it


@dataclass(frozen=True)
class Explained:
    """One update of `player`, its `first`-th to `last`-th of the iteration; R = 1.

    before, after: the States around it. If last > first, several updates are summarised: all else
    is about the first of them, except `after` and `moved`.

    z (n, latent_dim): the latents drawn; fake (n, dim) = G(z); real (n, dim): the data drawn, None
    if the update draws none. real_logits, fake_logits (m,): D's logits of them in this update, with
    its noise and dropout, one for each pack of n / m samples; real_logits is None if the cost does
    not use them. cost, cost_after: the player's cost before, and after with the same draws.

    Of D's update: real_push, fake_push (m,): -m times the derivative of D's cost by each logit;
    slope: the largest entry of D's gradient after it, if it trained D to its optimum, else nan.
    Of G's update: push (n, dim): -n times the derivative of G's cost by each generated sample,
    through an unrolled D if there is one (fresh samples of its steps are constants); moved (n,
    dim): G(z) after the update; faced: the D that G's update starts from, (1, P_D); ahead: D after
    some of the steps that it would take if unrolled, the last included (it alone if the update
    before was G's as well).
    """

    player: str
    first: int
    last: int
    before: State
    after: State
    z: Array
    fake: Array
    real: Array | None
    real_logits: Array | None
    fake_logits: Array
    cost: float
    cost_after: float
    real_push: Array = field(default_factory=lambda: np.empty(0))
    fake_push: Array = field(default_factory=lambda: np.empty(0))
    push: Array = field(default_factory=lambda: np.empty((0, 0)))
    moved: Array = field(default_factory=lambda: np.empty((0, 0)))
    faced: torch.Tensor | None = None
    ahead: tuple[Step, ...] = ()
    slope: float = math.nan


def explain(
    game: Game, state: State, draws: Draws, executor: Executor, players: bytes
) -> list[Explained]:
    """The next updates of one run, which `players` names as b"D" and b"G", in their parts.

    At most `EACH` for consecutive updates of one player: the last one may summarise several. The
    list ends before an update whose result is not finite. `draws` is read, and no argument changes.
    """
    out: list[Explained] = []
    for player, first, count in _portions(game, state, players):
        opening = not out or out[-1].player != player
        after, made = executor.play(game, state, draws, [True], player.encode() * count)
        if made[0] < count:
            break
        last = first + count - 1
        if player == "D":
            out.append(_of_d(game, draws, state, after, first, last))
        else:
            out.append(_of_g(game, draws, state, after, first, last, EACH if opening else 1))
        state = after
    return out


def _portions(game: Game, state: State, players: bytes) -> Iterator[tuple[str, int, int]]:
    """Player, number in the iteration of the first update, and how many are made together."""
    text = players.decode()
    while text:
        player = text[0]
        run = len(text) - len(text.lstrip(player))
        first = (state.phase if player == "D" else state.g_phase) + 1
        for i in range(min(run, EACH)):
            yield player, first + i, 1 if i < EACH - 1 else run - i
        state, text = game.turns.after(state, text[:run].encode()), text[run:]


def _drawn(game: Game, draws: Draws, player: str, state: State) -> dict[str, torch.Tensor]:
    number = game.number(player, state)
    return {name: draws.get(player, name, number) for name in game.rules.draws(player)}


def _recording_logits(rules: Rules, side: str) -> tuple[Rules, list[tuple[Any, torch.Tensor]]]:
    """The same rules, which note the logits of real and fake samples in the `side`'s cost."""
    noted: list[tuple[Any, torch.Tensor]] = []
    loss: LossEntry = rules.loss

    def d(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        noted.append((real, fake))
        return loss.d(real, fake)

    def g(real: Any, fake: torch.Tensor) -> torch.Tensor:
        noted.append((real, fake))
        return loss.g(real, fake)

    recording = copy(rules)
    recording.loss = replace(loss, d=d) if side == "D" else replace(loss, g=g)
    return recording, noted


def _slopes(cost: torch.Tensor, by: Sequence[torch.Tensor]) -> list[Array]:
    """-m times the derivatives of a cost (1,) by tensors (1, m, ...), each (m, ...)."""
    found = torch.autograd.grad(cost.sum(), tuple(by), allow_unused=True, materialize_grads=True)
    return [array(-slope * slope.shape[1])[0] for slope in found]


def _common(
    rules: Rules,
    drawn: Drawn,
    fake: torch.Tensor,
    logits: tuple[torch.Tensor | None, torch.Tensor],
    cost: torch.Tensor,
    cost_after: torch.Tensor,
) -> tuple[Array, Array, Array | None, Array | None, Array, float, float]:
    """The fields `z` to `cost_after` of either player's update."""
    real, (real_logits, fake_logits) = drawn.get("data"), logits
    return (
        array(drawn["latent"])[0],
        array(fake[..., : rules.structure.dim])[0],
        None if real is None else array(real)[0],
        None if real_logits is None else array(real_logits)[0],
        array(fake_logits)[0],
        cost.item(),
        cost_after.item(),
    )


def _of_d(game: Game, draws: Draws, state: State, after: State, first: int, last: int) -> Explained:
    rules, drawn = game.rules, _drawn(game, draws, "D", state)
    n = rules.given(game.next_numbers("D", state))
    recording, noted = _recording_logits(rules, "D")
    with torch.no_grad():
        fake, real = rules.make(state.g, drawn, game.fixed, n), rules.real(state.g, drawn)
    with torch.enable_grad():  # a term of D's cost may differentiate D
        at = state.d.detach().requires_grad_()
        cost = recording.d_cost(at, real, fake, n, drawn)
        real_logits, fake_logits = noted[0]
        real_push, fake_push = _slopes(cost, (real_logits, fake_logits))
        cost_after = rules.d_cost(after.d.detach().requires_grad_(), real, fake, n, drawn)
    slope = math.nan
    if game.to_optimum:
        slope = game.optimal_d(after, draws.get).slope().item()
    return Explained(
        "D",
        first,
        last,
        state,
        after,
        *_common(rules, drawn, fake, noted[0], cost, cost_after),
        real_push=real_push,
        fake_push=fake_push,
        slope=slope,
    )


def _of_g(
    game: Game, draws: Draws, state: State, after: State, first: int, last: int, most: int
) -> Explained:
    """most: the number of unrolled steps to return."""
    rules, drawn = game.rules, _drawn(game, draws, "G", state)
    n = rules.given(game.next_numbers("G", state))
    recording, noted = _recording_logits(rules, "G")
    d, slots = _faced(rules, state)

    def make(drawn: Drawn, g: torch.Tensor = state.g) -> torch.Tensor:
        return rules.make(g, drawn, game.fixed, n).detach()

    def real(drawn: Drawn, g: torch.Tensor = state.g) -> torch.Tensor:
        return rules.real(g, drawn).detach()

    dim = rules.structure.dim
    with torch.enable_grad():
        fake = make(drawn).requires_grad_()
        cost = recording.g_cost(d, slots, fake, n, drawn, make, real=real)
        (push,) = _slopes(cost, (fake,))
        moved = make(drawn, after.g)
        cost_after = rules.g_cost(
            d,
            slots,
            moved,
            n,
            drawn,
            lambda u: make(u, after.g),
            real=lambda u: real(u, after.g),
        )
        steps = _steps_ahead(rules, d, slots, fake.detach(), n, drawn, (make, real), most)
        ahead = tuple(steps)
    return Explained(
        "G",
        first,
        last,
        state,
        after,
        *_common(rules, drawn, fake, noted[0], cost, cost_after),
        push=push[:, :dim],
        moved=array(moved)[0, :, :dim],
        faced=d,
        ahead=ahead,
    )


def _faced(rules: Rules, state: State) -> tuple[torch.Tensor, Slots]:
    """D (1, P_D) and the slots of its optimiser that G's update starts from."""
    if not rules.rule.before:
        return state.d, state.d_slots
    kept = dict(zip(rules.slots("D"), state.d_slots, strict=True))
    own = range(rules.optimizer.slots)
    return kept["before"], tuple(kept[f"before_{i}"] for i in own)


def _steps_ahead(
    rules: Rules,
    d: torch.Tensor,
    slots: Slots,
    fake: torch.Tensor,
    n: Given,
    drawn: Drawn,
    sides: tuple[Callable[[Drawn], torch.Tensor], Callable[[Drawn], torch.Tensor]],
    most: int,
) -> Iterator[Step]:
    """D after some of its unrolled steps, evenly spaced up to the last: see `Costs.ahead`.

    sides: functions that make samples of G, and data, as D sees them.
    """
    total = rules.structure.unroll
    shown = min(total, most)
    for step in (total * (i + 1) // shown for i in range(shown)):
        some = Rules(replace(rules.structure, unroll=step))
        cut = {
            name: values[:, : values.shape[1] // total * step] if name.startswith("u_") else values
            for name, values in drawn.items()
        }
        yield step, some.ahead(d, slots, fake, n, cut, *sides).detach()


def fields(
    game: Game, state: State, specs: tuple[Spec, ...], view: Probe, ds: Sequence[torch.Tensor]
) -> Array:
    """D(x) as pictures draw it, at the points `view.domain.mesh(view)`: (len(ds), points).

    ds: parameters of D, (1, P_D) each; state: its G makes the other samples, if D compares samples.
    """
    points = view.domain.mesh(view)[None]
    # Every 64th quasi-random latent would be from one corner; exact latents are sorted.
    z = evenly(view.z[None], _BESIDE)[0] if view.exact else view.z[:_BESIDE]
    players = Evaluation(game, state, specs, [view])
    made = players.told(players.generate(z), z)
    return np.stack(
        [
            array(Evaluation(game, replace(state, d=d), specs, [view]).field(points, made))[0]
            for d in ds
        ]
    )
