"""What a comparison shows: the scenes and frames of several runs, and their curves overlaid."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ganlab.engine.probe import Probe
from ganlab.live import messages
from ganlab.live.comparison import Comparison
from ganlab.live.history import History
from ganlab.live.scene import REACH, knobs, panel
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.theme import RUN_DASHES

LETTERS = "ABCD"
SERIES = ("jsd", "w1", "tail", "modes", "gap", "d_loss", "g_loss", "grad_x")  # of each run

Message = tuple[dict[str, Any], dict[str, np.ndarray]]


def key(name: str, run: int) -> str:
    """What an array or a series of one run is called in messages."""
    return f"{name}.{run}"


def series(runs: int) -> tuple[str, ...]:
    """All curves of so many runs."""
    return tuple(key(name, run) for run in range(runs) for name in SERIES)


def _same(values: Sequence[float]) -> bool:
    return len(set(values)) == 1


def panels(probes: Sequence[Probe], labels: Sequence[str]) -> list[dict[str, Any]]:
    """One panel a quantity, with a curve of each run; floors where they are the same for all."""

    def one(name: str, title: str, lines: Sequence[tuple[float, str]] = (), **more: Any):
        curves = [
            {"key": key(name, i), "title": text, "role": f"run{i}", "dash": RUN_DASHES[i]}
            for i, text in enumerate(labels)
        ]
        return panel(name, title, curves, lines, **more) | {"keys": False}

    def floor(name: str) -> list[tuple[float, str]]:
        floors = [p.floors[name] for p in probes]
        return [(floors[0], "floor")] if _same(floors) else []

    cells = [p.cell for p in probes]
    cell = f", cells of {cells[0]:.3g}" if _same(cells) else ""
    w1 = "W₁ (exact)" if probes[0].target.dim == 1 else "W₁ (sliced)"
    nats = {"unit": "nats"}
    out = [
        one("jsd", f"JSD(p_data, p_g){cell}", [(math.log(2), "ln 2"), *floor("jsd")], **nats,
            low=0.0, high=0.75),
    ]  # fmt: skip
    if all(p.target.has_mean for p in probes):
        out.append(one("w1", w1, floor("w1"), low=0.0))
    elif probes[0].target.dim == 1:
        out.append(one("tail", REACH, [(1.0, "p_data's")], log=True))
    counts = [0 if p.target.modes is None else len(p.target.modes.std) for p in probes]
    if max(counts) > 1:
        most = max(counts)
        title = f"modes captured, of {most}" if _same(counts) else "modes captured"
        out.append(one("modes", title, [(most, "all")], low=0.0, high=most * 1.15))
    return [
        *out,
        one("gap", "C(G) − V(D, G): how far D is from D*", [(0.0, "D = D*")], **nats),
        one("d_loss", "D's loss"),
        one("g_loss", "G's loss"),
        one("grad_x", "gradient that reaches G, at x", log=True),
    ]


def scene(
    comparison: Comparison,
    parts: Sequence[Message],
    panels: list[dict[str, Any]],
    number: int,
    labels: Sequence[str],
) -> Message:
    """One scene of the runs' scenes; array x of run i is called x.i."""
    layers: dict[str, dict[str, str]] = {}
    for header, _ in parts:
        layers |= {layer["id"]: layer for layer in header["layers"]}
    own = ("box", "cell", "latent", "map", "modes", "layers")
    runs = [{"label": label} for label in labels]
    for run, (header, _) in zip(runs, parts, strict=True):
        run |= {name: header[name] for name in own}
    header = {
        "type": "scene",
        "run": number,
        "dim": comparison.base.dim,
        "box": parts[0][0]["box"],
        "runs": runs,
        "fields": list(comparison.fields),
        "panels": panels,
        "knobs": knobs(),
        "layers": list(layers.values()),
        "readout": parts[0][0]["readout"],
        "seed": comparison.base.seed,
        "query": comparison.to_query(),
    }
    arrays = {key(n, i): a for i, (_, own) in enumerate(parts) for n, a in own.items()}
    return header, arrays


def part(message: Message, run: int) -> dict[str, Any]:
    """Header fields and arrays of one run, of a scene or a frame."""
    header, arrays = message
    end = f".{run}"
    own = {n[: -len(end)]: a for n, a in arrays.items() if n.endswith(end)}
    return {**header, **(header["runs"][run] if "runs" in header else {}), **own}


def figures(
    scene: Message,
    last: Message,
    panels: list[dict[str, Any]],
    history: History,
    labels: Sequence[str],
    request: dict[str, Any],
) -> bytes:
    """A Plotly picture of each run, and one figure of all curves, as `request` asks for.

    Raises `SpecError` if another comparison has begun meanwhile.
    """
    from ganlab import figures  # Plotly takes a second to import: not before it is wanted

    runs = len(scene[0]["runs"])
    if runs != len(labels):
        raise SpecError("figure", request.get("request"), "of the runs that are shown")
    theme, hidden = messages.look(request)
    size = messages.size(request, "")
    made = {
        f"picture{i}": figures.picture(
            part(scene, i), part(last, i), theme, hidden=hidden, legend=False, **size
        )
        for i in range(runs)
    }
    size = messages.size(request, "curves_")
    curves = figures.curves(
        panels, history.arrays(), history.marks, theme, ghost=history.ghost, **size
    )
    made["curves"] = figures.with_legend(curves, labels, RUN_DASHES, theme, size["scale"])
    header = {"type": "figure", "run": scene[0]["run"], "request": request.get("request")}
    return encode(header | {name: json.loads(f.to_json()) for name, f in made.items()})
