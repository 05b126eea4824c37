"""The moments of a run as plain arrays and JSON, as files hold them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from ganlab.engine import Keyframe, Run, State, storage
from ganlab.engine.structure import Structure
from ganlab.engine.timeline import Timeline
from ganlab.events import after, write
from ganlab.record.keyframes import Keyframes
from ganlab.record.recording import Maker, Missing, Past, Recording
from ganlab.record.run_header import Plan


class Part(NamedTuple):
    """A run of a file: its part of the header, and the States of its moments, (n,) float32."""

    plan: dict[str, Any]
    states: np.ndarray


def of(run: Run, megabytes: float) -> Part:
    """The part of a run, with the keyframes of its recording, at most so many megabytes of them."""
    past = run.recorder.past if isinstance(run.recorder, Recording) else None
    past = past or Past((), run.updates, ())
    kept = Keyframes[Keyframe](megabytes * 1e6)
    kept.extend(frame for frame in past.frames if frame.updates < run.updates)
    frames = [*kept, run.keyframe()]
    lost = [
        {"run": row, "moment": _first(frames, row), **dataclasses.asdict(divergence)}
        for row, divergence in enumerate(frames[-1].diverged)
        if divergence is not None
    ]
    columns: dict[str, Any] = {
        name: [getattr(frame.state, name) for frame in frames] for name in storage.COUNTS
    }
    columns["happened"] = [frame.happened for frame in frames]
    columns["last"] = "".join(frame.last or "-" for frame in frames)
    plan = {
        "start": [spec.to_dict() for spec in run.start],
        "events": write(run.events),
        "first": min(past.first, run.updates),
        "made": [[at, _word(maker)] for at, maker in past.made if at <= run.updates],
        "moments": columns,
        "diverged": lost,
    }
    return Part(plan, np.concatenate([_flat(frame.state.here()) for frame in frames]))


def _first(frames: Sequence[Keyframe], row: int) -> int:
    """The first moment at which a row is known to have diverged."""
    return next(i for i, frame in enumerate(frames) if frame.diverged[row] is not None)


def _word(maker: Maker) -> str:
    if isinstance(maker, Missing):
        return "elsewhere" if maker.structure is None else "compiled"
    return "eager" if maker is None else "compiled"


def _flat(state: State) -> np.ndarray:
    tensors = (state.g, state.d, *state.g_slots, *state.d_slots)
    return np.concatenate([t.detach().cpu().numpy().ravel() for t in tensors])


def frames(plan: Plan, flat: np.ndarray) -> list[Keyframe]:
    """The moments of a plan; flat: all their States, as `of` makes them."""
    out, at, rows = [], 0, len(plan.course.start)
    for i, (counts, rules) in enumerate(zip(plan.moments, plan.rules, strict=True)):
        sizes = {player: net.size for player, net in (("G", rules.G), ("D", rules.D))}
        slots = {player: len(rules.slots(player)) for player in "GD"}
        players = ["G", "D", *"G" * slots["G"], *"D" * slots["D"]]
        tensors = []
        for player in players:
            end = at + rows * sizes[player]
            # A copy, so that a keyframe that is dropped frees its memory.
            tensors.append(torch.tensor(flat[at:end]).reshape(rows, sizes[player]))
            at = end
        g, d, *rest = tensors
        own = slots["G"]
        state = State(g, d, tuple(rest[:own]), tuple(rest[own:]), **counts)
        lost = [plan.lost[row][1] if _is_lost(plan, row, i) else None for row in range(rows)]
        alive = torch.tensor([one is None for one in lost])
        last: Literal["D", "G"] | None = None
        if plan.last[i] != "-":
            last = "D" if plan.last[i] == "D" else "G"
        out.append(Keyframe(state, plan.specs[i], plan.happened[i], alive, tuple(lost), last))
    return out


def _is_lost(plan: Plan, row: int, moment: int) -> bool:
    return row in plan.lost and plan.lost[row][0] <= moment


def timeline(plan: Plan) -> Timeline:
    """The events of a plan, divided at its present."""
    events, happened = plan.course.events, plan.happened[-1]
    return Timeline(events[happened:], events[:happened])


def makers(plan: Plan, same: bool) -> tuple[tuple[int, Maker], ...]:
    """What made the updates. same: whether this machine and version computes as the file's did."""
    out: list[tuple[int, Maker]] = []
    spec, events, happened = plan.course.start[0], iter(plan.course.events), 0
    ats = [event.at for event in plan.course.events]
    for at, word in plan.makers or ((0, "eager"),):
        count = sum(one <= at for one in ats[happened:])
        spec = after(spec, islice(events, count))
        happened += count
        if word == "eager" and same:
            out.append((at, None))
        else:
            known = same and word == "compiled"
            out.append((at, Missing(Structure.of(spec) if known else None)))
    return tuple(out)
