"""The message that explains the next iteration of a run in its parts: see docs/protocol.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ganlab.domains import Probe
from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.evaluation import arrow_length
from ganlab.engine.executor import Executor
from ganlab.engine.explain import Explained, explain, fields
from ganlab.live import part_words
from ganlab.losses import LOSSES
from ganlab.spec import Spec

SHOWN = 64  # samples of a minibatch that are sent
_PUSH = 0.4  # the pull on a logit whose arrow has half of the largest length

Arrays = dict[str, np.ndarray]
Message = tuple[dict[str, Any], Arrays]


def parts(
    game: Game,
    state: State,
    specs: tuple[Spec, ...],
    number: int,
    view: Probe,
    executor: Executor,
) -> Message:
    """Header and arrays of the next iteration of run `number`, or of the rest of this one.

    view: the probe of the axes. executor: that of the run, so that the parts are those of its own
    updates bit for bit.
    """
    spec, draws = specs[0], Draws(specs, game.rules, state.g.device)
    with np.errstate(all="ignore"):  # G or D may overflow
        found = explain(game, state, draws, executor, game.turns.left(state))
        params = _Params()
        told = [
            part | _fields_of(part["kind"], one, params)
            for number_, one in enumerate(found)
            for part in part_words.of(spec, one, number_, _opens(found, number_))
        ]
        header = {
            "type": "parts",
            "run": number,
            "iteration": state.iterations,
            "batch": spec.batch,
            "shown": min(SHOWN, spec.batch),
            "latent_dim": spec.latent_dim,
            "equation": part_words.equation(spec.loss),
            "beside": part_words.beside(spec),
            "note": part_words.note(spec),
            "parts": told,
        }
        arrays: Arrays = {}
        for set_, one in enumerate(found):
            own = _of_d(one, spec) if one.player == "D" else _of_g(one, view)
            arrays |= {f"{name}.{set_}": array[:SHOWN] for name, array in own.items()}
        if params.all:
            arrays["d"] = view.domain.small(fields(game, state, specs, view, params.all))
    return header, {name: np.asarray(a) for name, a in arrays.items()}


def _opens(found: list[Explained], number: int) -> bool:
    """Whether update `number` is the first one of its player."""
    return number == 0 or found[number - 1].player != found[number].player


def _fields_of(kind: str, one: Explained, params: _Params) -> dict[str, Any]:
    """The numbers of the fields of D that a part shows: d, and d_after or ahead."""
    if one.player == "D":
        return {"d": params.add(one.before.d), "d_after": params.add(one.after.d)}
    assert one.faced is not None
    ahead = [params.add(d) for _, d in one.ahead]
    now = {"d": params.add(one.faced) if kind in ("g_make", "ahead") or not ahead else ahead[-1]}
    return now | ({"ahead": ahead} if kind == "ahead" else {})


class _Params:
    """Different parameters of D, each (1, P_D)."""

    def __init__(self) -> None:
        self.all: list[torch.Tensor] = []

    def add(self, d: torch.Tensor) -> int:
        """The number of these parameters."""
        for number, known in enumerate(self.all):
            if known is d or torch.equal(known, d):
                return number
        self.all.append(d)
        return len(self.all) - 1


def _samples(one: Explained) -> Arrays:
    out = {"z": one.z[:, :2], "fake": one.fake}
    return out if one.real is None else out | {"real": one.real}


def _of_d(one: Explained, spec: Spec) -> Arrays:
    assert one.real_logits is not None
    loss = LOSSES[spec.loss]
    real, fake = (torch.from_numpy(x)[None] for x in (one.real_logits, one.fake_logits))
    centre = loss.centre(real, fake)
    shown = [loss.shown(x - centre)[0].numpy() for x in (real, fake)]
    pushes = [push / (np.abs(push) + _PUSH) for push in (one.real_push, one.fake_push)]
    values = zip(("d_real", "d_fake", "push_real", "push_fake"), (*shown, *pushes), strict=True)
    # One value for each pack, which all samples of the pack get.
    return _samples(one) | {name: np.repeat(value, spec.packing) for name, value in values}


def _of_g(one: Explained, view: Probe) -> Arrays:
    box = view.target.box
    norm = np.maximum(np.linalg.norm(one.push, axis=1, keepdims=True), 1e-30)
    arrows = one.push / norm * arrow_length(norm) * (box[0, 1] - box[0, 0])
    return _samples(one) | {"push": arrows, "moved": one.moved}
