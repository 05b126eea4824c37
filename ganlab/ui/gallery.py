"""The gallery: phenomena on cue, each one click from its lab or from the page of comparisons."""

from __future__ import annotations

import streamlit as st

from ganlab.presets import PRESETS, Preset, groups
from ganlab.ui.story import show

_COLUMNS = 3


def gallery() -> None:
    """The page of phenomena."""
    for title, names in groups().items():
        st.html(f'<h2 class="ganlab-group">{title}</h2>')
        for first in range(0, len(names), _COLUMNS):
            # Row by row: cards side by side are equally high, and on a phone keep their order.
            row = names[first : first + _COLUMNS]
            for column, name in zip(st.columns(_COLUMNS), row, strict=False):
                with column:
                    _card(PRESETS[name])


def _card(preset: Preset) -> None:
    with st.container(border=True, key=f"card-{preset.name}", height="stretch"):
        st.markdown(f"**{preset.title}**  \n{preset.doc}")
        held = f" Held on {preset.counts}." if preset.counts else ""
        st.caption(f"Claim: {preset.claim}{held} *{preset.cite}.*")
        st.space("stretch")  # the buttons of a row stand side by side
        word = (
            "Open" if len(preset.specs) == 1 else f"Open side by side: {', '.join(preset.labels)}"
        )
        if st.button(word, key=f"open-{preset.name}", icon=":material/play_arrow:"):
            show(preset)
