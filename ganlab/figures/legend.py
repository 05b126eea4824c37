"""A legend above panels of curves that all show the same runs."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from ganlab.figures.base import FONT, find_theme
from ganlab.theme import COLUMN, SIZES

_SAMPLE = {"solid": "━━━", "dash": "━ ━", "dot": "┅┅", "dashdot": "━ · ━"}
_WIDE, _LETTER = 44, 6.2  # pixels of a line sample, and of a letter of its name


def with_legend(
    figure: go.Figure,
    names: Sequence[str],
    dashes: Sequence[str],
    theme: str = "light",
    scale: float = 1,
) -> go.Figure:
    """`figure` of `curves`, COLUMN.legend * scale higher, with names in the roles run0, run1, ...

    The legend is one row of text, as above a panel; Plotly's own would break into two.
    """
    palette, head = find_theme(theme), round(COLUMN.legend * scale)
    # Names that are shortened here are complete in the pictures' heads and in the curves' hover
    # boxes.
    room = max(1, int((figure.layout.width / len(names) / scale - _WIDE) / _LETTER))
    words = [
        f"<span style='color:{palette.ink(f'run{i}')}'>{_SAMPLE[dash]} "
        f"{name if len(name) <= room else name[: room - 1] + '…'}</span>"
        for i, (name, dash) in enumerate(zip(names, dashes, strict=False))
    ]
    figure.update_layout(height=figure.layout.height + head, margin_t=head)
    figure.add_annotation(
        name="legend",
        text="   ".join(words),
        showarrow=False,
        xref="paper",
        x=0,
        xanchor="left",
        xshift=-figure.layout.margin.l,
        yref="paper",
        y=1,
        yanchor="bottom",
        font={"family": FONT, "size": SIZES.value * scale, "weight": 600},
    )
    return figure
