"""The answer to the page of theory: the picture and the numbers of one address."""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
from latex2mathml.converter import convert

from ganlab.demonstrations.entry import DEMONSTRATIONS, control
from ganlab.demonstrations.picture import Draw, Handle, Heat, Number, Panel, Series, Table
from ganlab.demonstrations.setup import CHOICE, Setup
from ganlab.demonstrations.text import file_name, python, table
from ganlab.languages import _
from ganlab.live.answers import Answered
from ganlab.live.knob import knob
from ganlab.live.remarks import remarks
from ganlab.live.wire import encode
from ganlab.registry import Param, SpecError

_NOISE = 1e-12  # rounding errors about 0
_math = cache(convert)


def answer(query: str) -> bytes:
    """The answer to the query string of a page."""
    ignored: list[SpecError] = []
    setup = Setup.from_query(query, ignored)
    entry, shown = setup.entry, setup.shown()
    params = {p.name: p for p in entry.params}
    titles = {p.name: p.title for p in (CHOICE, *entry.params)}
    arrays: dict[str, np.ndarray] = {}
    header = {
        "type": "theory",
        "query": setup.query(),
        "figure": setup.figure,
        "title": entry.title,
        "doc": entry.doc,
        "watch": entry.watch,
        "cite": entry.cite,
        "equation": _math(entry.equation),
        "figures": [(e.name, e.title) for e in DEMONSTRATIONS.entries.values()],
        "knobs": [knob(p) for p in entry.params if control(p, shown) and p.matters(setup.values)],
        "values": dict(setup.values),
        "panels": [_panel(p, f"{i}", params, arrays) for i, p in enumerate(shown.panels)],
        "numbers": [_number(number) for number in shown.numbers],
        "says": [shown.says] if isinstance(shown.says, str) else shown.says,
        "table": _table(shown.table),
        "frames": shown.frames,
        "clock": shown.clock,
        "first": shown.first,
        "notes": remarks(ignored, lambda name: titles.get(name, name)),
        "lab": _lab(setup),
        "python": python(setup),
        "file": file_name(setup, "json"),
    }
    return encode(header, arrays)


def as_csv(query: str) -> str:
    """All curves and numbers of an address as CSV."""
    return table(Setup.from_query(query, []).shown())


def _lab(setup: Setup) -> dict[str, Any] | None:
    """The lab in this situation, or why there is none; None if the figure has no lab."""
    try:
        spec = setup.entry.lab(setup.values)
    except SpecError as error:
        return {"dim": 1, "query": "", "why": _("The lab cannot: {error}", error=error)}
    return None if spec is None else {"dim": spec.axes, "query": spec.to_query(), "why": ""}


def _panel(
    panel: Panel, at: str, params: dict[str, Param], arrays: dict[str, np.ndarray]
) -> dict[str, Any]:
    """A panel as `Panel` of the front end; its arrays go to `arrays`, named panel.series.array."""
    told = {name: getattr(panel, name) for name in ("name", "title", "note", "cursor", "equal")}
    told |= {axis: asdict(getattr(panel, axis)) for axis in ("x", "y")}
    told["right"] = None if panel.right is None else asdict(panel.right)
    told["share"] = panel.share
    told["series"] = [_series(s, f"{at}.{i}", arrays) for i, s in enumerate(panel.series)]
    told["handles"] = [_handle(handle, params) for handle in panel.handles]
    told["draws"] = [_draw(draw, params[draw.param]) for draw in panel.draws]
    return told


def _series(series: Series | Heat, at: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    own = series.arrays()
    if isinstance(series, Heat):
        share = (own["values"] - series.low) / (series.high - series.low)
        own = {"values": (255 * share.clip(0, 1)).round().astype(np.uint8)}
    arrays |= {f"{at}.{name}": array for name, array in own.items()}
    plain = {n: v for n, v in vars(series).items() if n not in own}
    return {"kind": type(series).__name__.lower(), **plain}


def _handle(handle: Handle, params: dict[str, Param]) -> dict[str, Any]:
    ends = {
        f"{axis}_ends": None if name is None else (params[name].low, params[name].high)
        for axis, name in (("x", handle.x), ("y", handle.y))
    }
    return asdict(handle) | ends


def _draw(draw: Draw, param: Param) -> dict[str, Any]:
    return {
        "param": draw.param,
        "label": draw.label,
        "role": draw.role,
        "now": np.asarray(draw.now, np.float64).tolist(),
        "low": param.low,
        "high": param.high,
    }


def _number(number: Number) -> dict[str, Any]:
    return {
        "label": number.label,
        "unit": number.unit,
        "by": number.by,
        "how": number.how,
        "values": _texts(number.value),
        "others": None if number.other is None else _texts(number.other),
    }


def _table(told: Table | None) -> dict[str, Any] | None:
    if told is None:
        return None
    rows = [[_cell(cell) for cell in row] for row in told.rows]
    return {"columns": told.columns, "rows": rows, "chosen": told.chosen}


def _cell(text: str) -> dict[str, str]:
    formula = len(text) > 2 and text[0] == text[-1] == "$"
    return {"math": _math(text[1:-1])} if formula else {"text": text}


def _texts(value: Any) -> list[str]:
    if isinstance(value, int):
        return [f"{value:,}"]
    return [number_text(one) for one in np.asarray(value, np.float64).reshape(-1).tolist()]


def number_text(value: float) -> str:
    """A number as the page shows it: with four decimals, or fewer if it is large."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < _NOISE:
        value = 0.0
    size = abs(value)
    if size >= 1e5 or 0 < size < 5e-5:
        text = f"{value:.2e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    else:
        text = f"{value:.{4 if size < 10 else 3 if size < 100 else 2 if size < 1000 else 1}f}"
    return text.replace("-", "−")


ANSWERED = Answered(answer, as_csv)
