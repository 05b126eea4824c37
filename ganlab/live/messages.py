"""The messages that a session sends, each as the front end reads it (see assets/live/types.js)."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from ganlab.domains import Probe
from ganlab.domains.base import POINTS
from ganlab.domains.picture import MEAN
from ganlab.engine import Game, Snapshot, State
from ganlab.engine.snapshot import take
from ganlab.live import notices
from ganlab.live.commands import FigureRequest
from ganlab.live.history import History
from ganlab.live.run_group import RunGroup
from ganlab.live.wire import encode
from ganlab.spec import KNOBS, Spec


def curves(number: int, history: History) -> bytes:
    """All curves of run `number`, complete."""
    arrays = history.arrays()
    names = list(history.series)
    header = {"type": "curves", "run": number, "series": names, "marks": history.marks}
    if history.places is not None:
        header["flags"] = history.find_flags()
    return encode(header, arrays | history.now)


def waits(text: str) -> bytes:
    """What a run of which there is nothing new waits for."""
    return encode({"type": "waits", "text": text})


Picture = tuple[dict[str, Any], dict[str, np.ndarray]]  # a frame's header and arrays


def picture(
    game: Game,
    state: State,
    specs: tuple[Spec, ...],
    number: int,
    last: str,
    points: int = POINTS,
    detail: str = "full",
    view: Probe | None = None,
    arrows: dict[str, np.ndarray] | None = None,
    label: int = MEAN,
) -> Picture:
    """The picture of run `number` at `state`; see `take` and `frame`.

    view: the probe of the axes, if they are not the target's own. arrows: the arrows of an earlier
    picture, which are drawn again instead of new ones.
    """
    views = None if view is None else (view,)
    fresh = arrows is None
    shot = take(
        game,
        state,
        specs,
        [None],
        measure=False,
        arrows=fresh,
        points=points,
        detail=detail,
        view=views,
        label=label,
    )
    shot.picture |= {name: array[None] for name, array in (arrows or {}).items()}
    return frame(number, shot, last)


def arrows_of(picture: Picture) -> dict[str, np.ndarray]:
    """The arrows of a picture, which `picture` takes: see `Snapshot.picture`."""
    return {name: picture[1][name] for name in ("grad_x", "grad") if name in picture[1]}


def frame(number: int, shot: Snapshot, last: str) -> Picture:
    """Header and arrays of one picture; `last` is the player of the last update."""
    arrays = {name: array[0] for name, array in shot.picture.items()}
    none = notices.missing(arrays["d"], arrays.get("grad"))
    reach = arrays.pop("tail", None)
    domain = shot.specs[0].domain
    header = {
        "type": "frame",
        "run": number,
        "iteration": shot.iteration,
        "d_updates": shot.d_updates,
        "g_updates": shot.g_updates,
        "phase": shot.phase,
        "last": last,
        "beyond": notices.beyond(arrays.pop("beyond"), domain.sides),
        "missing": none,
        "tails": None if reach is None else notices.tails(float(reach)),
    }
    return header, domain.message(arrays)


def status(
    number: int,
    group: RunGroup,
    spec: Spec,
    state: str,
    rate: float,
    speed: float,
    note: str,
    measured: dict[str, float],
    more: dict[str, Any],
) -> bytes:
    """The state of the runs; rate in iterations/s, speed in updates/s (0: full)."""
    return encode(
        {
            "type": "status",
            "run": number,
            "state": state,
            "rate": rate,
            "speed": speed,
            "iteration": group.iteration,
            "d_updates": group.state.d_updates,
            "g_updates": group.state.g_updates,
            "values": {name: getattr(spec, name) for name in KNOBS},
            "seed": spec.seed,
            "message": note,
            # JSON has no NaN; trying it first and then again without takes twice as long.
            "metrics": {k: v if math.isfinite(v) else None for k, v in measured.items()},
        }
        | more
    )


def figure(
    scene: dict[str, Any], last: dict[str, Any], history: History, request: FigureRequest
) -> bytes:
    """Picture and curves as Plotly figures of the size and theme in `request`."""
    from ganlab import figures  # imported late: Plotly takes a second

    theme = request.theme
    picture = figures.picture(
        scene, last, theme, hidden=request.hidden, legend=False, **request.size
    )
    beside = figures.curves(
        request.left(scene["panels"]),
        history.arrays(),
        history.marks,
        theme,
        ghost=history.ghost,
        bars={**scene, **last},
        **request.curves_size,
    )
    return encode(
        {
            "type": "figure",
            "run": scene["run"],
            "request": request.request,
            "picture": json.loads(picture.to_json()),
            "curves": json.loads(beside.to_json()),
        }
    )
