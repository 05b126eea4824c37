"""The chosen cell of a map: what its runs did, their curves, and ways to see them train."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ganlab import figures
from ganlab.experiment import SEEDS, Experiment
from ganlab.spec import Spec
from ganlab.sweeps.job import Folder
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.summary import Summary, curves
from ganlab.ui import navigation
from ganlab.ui.maps.grid import choose, chosen
from ganlab.ui.plain import code
from ganlab.words import MEASURES as WORDS


def cell_panel(folder: Folder, plan: Plan, summary: Summary) -> None:
    """Draw the panel of the chosen cell."""
    cell = chosen(plan)
    at = []
    for i, axis in enumerate(plan.axes):
        words = axis.words(plan.base)
        key = f"maps_at_{i}_{cell}"
        picked = st.selectbox(
            axis.title(plan.base),
            range(len(words)),
            index=plan.cells[cell].at[i],
            key=key,
            format_func=words.__getitem__,
        )
        at.append(0 if picked is None else picked)
    wanted = int(np.ravel_multi_index(at, plan.shape))
    if wanted != cell:
        choose(wanted)
    spec = plan.cells[cell].spec
    if spec is None:
        st.caption(f"Not allowed: {code(plan.cells[cell].why, 300)}")
        return
    st.caption(f"{summary.counts(cell)} of {plan.seeds} runs")
    _curves(folder, plan, cell)
    address = Experiment.of(plan.spec(cell, 0)).to_query()
    many = Experiment.of(plan.spec(cell, 0), SEEDS[0]).to_query()
    st.markdown(
        f"[Open in the lab]({_lab(spec)}?{address}) · [{SEEDS[0]} seeds of it]"
        f"({navigation.MANY}?{many})"
    )


def _lab(spec: Spec) -> str:
    return navigation.addresses()[spec.axes]


def _curves(folder: Folder, plan: Plan, cell: int) -> None:
    panels, series = [], {"iteration": np.array(plan.at, float)}
    for name in ("jsd", "w1"):
        _, rows = curves(plan, folder.results, cell, name)
        keys = [f"{name}_low", name, f"{name}_high"]
        series |= dict(zip(keys, rows, strict=True))
        title = WORDS[name].title if name in WORDS else name
        lines = [
            {"key": key, "title": words, "role": "G", "dash": dash}
            for key, words, dash in zip(
                keys, ("quartiles", "median", ""), ("dot", "solid", "dot"), strict=True
            )
        ]
        panels.append({"title": title, "series": lines, "lines": []})
    dark = st.context.theme.type == "dark"
    figure = figures.curves(
        panels, series, theme="dark" if dark else "light", width=280, height=240
    )
    st.plotly_chart(figure, theme=None, config=figures.CONFIG, key="maps_curves")
