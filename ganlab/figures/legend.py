"""A legend above curves whose panels all show the same things."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ganlab.figures.base import CLEAR, find_theme

HEAD = 24  # pixels above the curves, before scaling
_SAMPLE, _LETTER = 46, 6.5  # pixels of a sample and of a letter of its name


def with_legend(
    figure: go.Figure,
    names: Sequence[str],
    dashes: Sequence[str],
    theme: str = "light",
    scale: float = 1,
) -> go.Figure:
    """`figure` of `curves`, HEAD * scale pixels higher, with a legend in the roles run0, run1, ...

    Its panels' curves i, i + len(names), ... are run i's: a click on a name toggles them all.
    """
    look, head = find_theme(theme), round(HEAD * scale)
    roles = [look.colour(f"run{i}") for i in range(len(names))]
    for trace in figure.data:
        if trace.line.color in roles:
            trace.legendgroup = f"run{roles.index(trace.line.color)}"
            trace.showlegend = False
    # One row: the pictures' heads say what is cut here.
    room = max(1, int((figure.layout.width / len(names) / scale - _SAMPLE) / _LETTER))
    for i, name in enumerate(names):
        name = name if len(name) <= room else name[: room - 1] + "…"
        line = {"color": roles[i], "width": 2 * scale, "dash": dashes[i]}
        figure.add_scatter(
            x=[None], y=[None], name=name, mode="lines", line=line, legendgroup=f"run{i}"
        )
    figure.update_layout(
        height=figure.layout.height + head,
        margin_t=head,
        showlegend=True,
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "xref": "container",
            "x": 0,
            "xanchor": "left",
            "bgcolor": CLEAR,
            "font": {"size": 12 * scale, "color": look.text},
            "groupclick": "togglegroup",
            "itemwidth": 30,
        },
    )
    return figure
