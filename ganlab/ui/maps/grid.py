"""The grid of a map: a cell's colour, the closed form's border, and the cell that is chosen."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import streamlit as st

from ganlab import figures
from ganlab.figures.maps import SIGNS, Facet, phase_map
from ganlab.languages import tr
from ganlab.sweeps import VERDICTS
from ganlab.sweeps.border import Border, agreement, border_of
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.summary import MEASURES, Summary
from ganlab.targets import make_target
from ganlab.theme import VERDICTS as COLOURS
from ganlab.ui.maps.form import MAPS
from ganlab.ui.plain import say
from ganlab.words import MEASURES as WORDS

VERDICT = "verdict"
_SPREAD = "spread of "
SHOWN = (VERDICT, *MEASURES, *(f"{_SPREAD}{m}" for m in MEASURES))
_BARS = "▁▂▃▄▅▆▇█"
_MOST_SPARKS = 2000  # cells whose hover has curves, which a page gets every second
_CONFIG = figures.CONFIG | {
    "displayModeBar": True,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "svg", "filename": "ganlab-map", "scale": 2},
}
_CELL = "_map_cells"  # the chosen cell of each map
_PICKED = "_map_picked"


def measure_words(name: str) -> str:
    """What the colours of a map show, in words. name: one of `SHOWN`."""
    if name == VERDICT:
        return tr("how the runs ended")
    measure = name.removeprefix(_SPREAD)
    title = WORDS[measure].title if measure in WORDS else measure
    if name != measure:
        return tr("spread of {title}, late", title=title)
    return tr("median of {title}, late", title=title)


def grid(plan: Plan, summary: Summary, shown: str, curves: bool = False) -> None:
    """Draw the map; a click on a cell chooses it. shown: one of `SHOWN`. curves: in the cells.

    A browser's hovering does not reach Streamlit, so what a cell's hover shows is in the figure.
    """
    names = summary.majority()
    picked = st.plotly_chart(
        map_figure(plan, summary, shown, curves),
        theme=None,
        config=_CONFIG,
        key="maps_grid",
        on_select="rerun",
        selection_mode="points",
        width="stretch",
    )
    points = picked["selection"]["points"] if picked else []
    if points and "customdata" in points[0]:
        facet, row, column = (int(v) for v in points[0]["customdata"][:3])
        _, ny, nz = _sizes(plan)
        if points[0] != st.session_state.get(_PICKED):  # a selection outlasts other choices
            st.session_state[_PICKED] = points[0]
            choose((column * ny + row) * nz + facet)
    if shown == VERDICT:
        st.html(_legend())
    if (found := agreement(plan, names)) is not None and found.cells:
        say(
            tr(
                "The line is where the closed form has spectral radius 1: runs converge "
                "inside of it. In {agree:,} of {cells:,} cells they ended as computed; of "
                "the others {beside} lie beside the line and {elsewhere} elsewhere.",
                agree=found.agree,
                cells=found.cells,
                beside=found.beside,
                elsewhere=found.elsewhere,
            ),
            "quiet",
        )


def _sizes(plan: Plan) -> tuple[int, int, int]:
    nx, ny, nz = (*plan.shape, 1, 1)[:3]
    return nx, ny, nz


def map_figure(plan: Plan, summary: Summary, shown: str, curves: bool = False) -> Any:
    """The figure of a map: see `grid`."""
    measure = shown.removeprefix(_SPREAD)
    values: Any = summary.majority()
    if shown != VERDICT:
        values = summary.measure(measure, spread=measure != shown)
    texts = [axis.words(plan.base) for axis in plan.axes]
    if len(texts) == 1:
        texts.append(("",))
    titles = [axis.title(plan.base) for axis in plan.axes] + [""]
    where = [
        [f"{tr(title)} {tr(text)}" for text in row]
        for title, row in zip(titles, texts, strict=False)
    ]
    words = np.array([_hover(plan, summary, i, values, where) for i in range(plan.size)], object)
    nx, ny, nz = _sizes(plan)
    # Cells are numbered with the last axis fastest.
    grids = [a.reshape(nx, ny, nz).transpose(2, 1, 0) for a in (values, words)]
    facet_names = where[2] if nz > 1 else [""]
    border = border_of(plan)
    small = None
    if curves:
        flat = _small(plan, summary)
        small = flat.reshape(nx, ny, nz, *flat.shape[1:]).transpose(2, 1, 0, 3, 4)
    facets = [
        Facet(
            facet_names[i],
            grids[0][i],
            grids[1][i],
            _line(border, i),
            None if small is None else small[i],
        )
        for i in range(nz)
    ]
    at = plan.cells[chosen(plan)].at + (0, 0)
    dark = st.context.theme.type == "dark"
    figure = phase_map(
        facets,
        tuple(map(tr, texts[0])),
        tuple(map(tr, texts[1])),
        (tr(titles[0]), tr(titles[1])),
        "" if shown == VERDICT else measure_words(shown),
        "dark" if dark else "light",
        height=min(540, max(260, 90 + 36 * ny)),
        chosen=(at[2], at[0], at[1]),
    )
    return figure.update_layout(width=None)


def measured(plan: Plan) -> str:
    """The distance that a map's small curves show: W₁ where p_data has no density, else the JSD."""
    density = make_target(plan.base.target, plan.base.target_params).has_density
    return "jsd" if density or plan.base.axes == 0 else "w1"


def _small(plan: Plan, summary: Summary) -> Any:
    """The small curves of all cells, from 0 to 1: (cells, 3, points)."""
    name = measured(plan)
    rows = np.stack([summary.small(cell, name) for cell in range(plan.size)])
    if name == "jsd":
        return rows / np.log(2)
    start = rows[:, 1, 0]
    start = start[np.isfinite(start)]
    return rows / (2 * np.median(start)) if len(start) and start.any() else rows


def _sparks(plan: Plan, summary: Summary, cell: int) -> list[str]:
    """A cell's curve in three lines of text, from the upper to the lower quartile."""
    name = measured(plan)
    rows = summary.small(cell, name)
    top = np.log(2) if name == "jsd" else np.nanmax(rows, initial=0.0)
    if not np.isfinite(rows).any() or not top > 0:
        return []
    title = tr(WORDS[name].title) if name in WORDS else name
    out = [tr("{title} over the iterations, 0 to {top:.3g}:", title=title, top=top)]
    for words, row in zip(("75 %", "50 %", "25 %"), rows[::-1], strict=True):
        heights = np.clip(np.nan_to_num(row) / top * (len(_BARS) - 1), 0, len(_BARS) - 1)
        bars = (
            _BARS[round(h)] if np.isfinite(v) else " " for h, v in zip(heights, row, strict=True)
        )
        out.append(f"{''.join(bars)} {words}")
    return out


def _line(border: Border | None, facet: int) -> tuple[Any, Any, Any] | None:
    return None if border is None else (border.x, border.y, border.between[facet])


def chosen(plan: Plan) -> int:
    """The number of the chosen cell."""
    return min(int(st.session_state.get(_CELL, {}).get(MAPS.named(), 0)), plan.size - 1)


def choose(cell: int) -> None:
    """Choose a cell, and draw the map again."""
    st.session_state.setdefault(_CELL, {})[MAPS.named()] = cell
    st.rerun(scope="fragment")


def _hover(plan: Plan, summary: Summary, cell: int, values: Any, where: list[list[str]]) -> str:
    """The words about a cell. where: those about each value of each axis."""
    words = [row[i] for row, i in zip(where, plan.cells[cell].at, strict=False)]
    words.append(tr(summary.counts(cell)))
    if not isinstance(values[cell], str) and np.isfinite(values[cell]):
        words.append(f"{values[cell]:.4g}")
    if plan.size <= _MOST_SPARKS:
        words += _sparks(plan, summary, cell)
    return "<br>".join(html.escape(w) for w in words)


def _legend() -> str:
    items = "".join(
        f'<span title="{html.escape(tr(rule.rule))}"><b style="background:{COLOURS[name][0]};'
        f'color:{COLOURS[name][1]}">{SIGNS[name]}</b> {html.escape(tr(rule.title))}</span>'
        for name, rule in VERDICTS.items()
    )
    return f'<div class="ganlab-verdicts">{items}</div>'
