"""The chosen cell of a map: what its runs did, their curves, and ways to see them train."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ganlab import figures
from ganlab.comparison import MOST, Comparison, differing
from ganlab.experiment import SEEDS, Experiment
from ganlab.languages import listed, tr
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.sweeps.job import Folder
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.summary import Summary, curves
from ganlab.ui import navigation
from ganlab.ui.maps.form import MAPS
from ganlab.ui.maps.grid import choose, chosen
from ganlab.ui.plain import code
from ganlab.words import MEASURES as WORDS

_KEPT = "_map_kept"  # of each map, the cell that is kept to be compared


def cell_panel(folder: Folder, plan: Plan, summary: Summary) -> None:
    """Draw the panel of the chosen cell."""
    cell = chosen(plan)
    at = []
    for i, axis in enumerate(plan.axes):
        words = axis.words(plan.base)
        key = f"maps_at_{i}_{cell}"
        picked = st.selectbox(
            tr(axis.title(plan.base)),
            range(len(words)),
            index=plan.cells[cell].at[i],
            key=key,
            format_func=[tr(word) for word in words].__getitem__,
        )
        at.append(0 if picked is None else picked)
    wanted = int(np.ravel_multi_index(at, plan.shape))
    if wanted != cell:
        choose(wanted)
    spec = plan.cells[cell].spec
    if spec is None:
        st.caption(tr("Not allowed: {why}", why=code(plan.cells[cell].why, 300)))
        return
    runs = tr("{count} run{s}", count=plan.seeds, s="" if plan.seeds == 1 else "s")
    found = summary.counts(cell) if cell in summary.verdicts else tr("none is finished yet")
    st.caption(tr("Of {runs}: {found}.", runs=runs, found=found))
    kept = _kept(plan)
    _curves(folder, plan, cell, kept)
    one = Experiment.of(plan.spec(cell, 0)).to_query()
    many = Experiment.of(plan.spec(cell, 0), SEEDS[0]).to_query()
    links = [
        tr("[Open in the lab]({lab}?{one})", lab=_lab(spec), one=one),
        tr(
            "[{seeds} seeds of it]({many}?{many2})",
            seeds=SEEDS[0],
            many=navigation.MANY,
            many2=many,
        ),
    ]
    for label, others in _beside(plan, cell, kept):
        if (query := _together(plan, others)) is not None:
            links.append(f"[{label}]({navigation.COMPARE}?{query})")
    st.markdown(" · ".join(links))
    st.button(
        tr("Keep, to compare with another") if kept != cell else tr("Do not keep"),
        icon=":material/keep:",
        key="maps_keep",
        help=tr("Then choose another cell: Compare shows both, and its curves are drawn behind."),
        on_click=_keep,
        args=(cell if kept != cell else None,),
    )


def _kept(plan: Plan) -> int | None:
    """The cell that is kept to be compared with others, if there is one."""
    cell = st.session_state.get(_KEPT, {}).get(MAPS.named())
    return cell if cell is not None and cell < plan.size else None


def _keep(cell: int | None) -> None:
    st.session_state.setdefault(_KEPT, {})[MAPS.named()] = cell


def _beside(plan: Plan, cell: int, kept: int | None) -> list[tuple[str, list[int]]]:
    """What can be compared with a cell, in words, and the numbers of the cells."""
    out = []
    if kept is not None and kept != cell:
        pairs = zip(plan.axes, plan.cells[kept].at, plan.cells[cell].at, strict=True)
        words = [axis.words(plan.base)[i] for axis, i, other in pairs if i != other]
        out.append((tr("Compare with {listed}", listed=listed(words)), [kept, cell]))
    for number, axis in enumerate(plan.axes):
        at, length = plan.cells[cell].at, len(axis.values)
        first = min(max(0, at[number] - 1), max(0, length - MOST))
        row = [
            int(np.ravel_multi_index((*at[:number], i, *at[number + 1 :]), plan.shape))
            for i in range(first, min(length, first + MOST))
        ]
        out.append((tr("Compare along {axis}", axis=axis.title(plan.base)), row))
    return out


def _together(plan: Plan, cells: list[int]) -> str | None:
    """The address of a comparison of cells; None if they cannot be compared."""
    specs = tuple(plan.spec(c, 0) for c in cells if plan.cells[c].spec is not None)
    try:
        return Comparison(specs, differing(specs)).to_query()
    except SpecError:  # fewer than two of them are allowed
        return None


def _lab(spec: Spec) -> str:
    return navigation.addresses()[spec.axes]


def _curves(folder: Folder, plan: Plan, cell: int, kept: int | None) -> None:
    """The quartiles of a cell's curves, and behind them the median of the cell that is kept."""
    panels, series = [], {"iteration": np.array(plan.at, float)}
    ghost = {} if kept in (None, cell) else dict(series)
    for name in ("jsd", "w1"):
        if ghost and kept is not None:
            ghost[name] = curves(plan, folder.results, kept, name)[1][1]
        _, rows = curves(plan, folder.results, cell, name)
        keys = [f"{name}_low", name, f"{name}_high"]
        series |= dict(zip(keys, rows, strict=True))
        title = tr(WORDS[name].title) if name in WORDS else name
        lines = [
            {"key": key, "title": words, "role": "G", "dash": dash}
            for key, words, dash in zip(
                keys, (tr("quartiles"), tr("median"), ""), ("dot", "solid", "dot"), strict=True
            )
        ]
        panels.append({"title": title, "series": lines, "lines": []})
    dark = st.context.theme.type == "dark"
    theme = "dark" if dark else "light"
    figure = figures.curves(panels, series, theme=theme, width=280, height=240, ghost=ghost)
    st.plotly_chart(figure, theme=None, config=figures.CONFIG, key="maps_curves")
