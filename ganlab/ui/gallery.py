"""The gallery of phenomena: each card opens a preset in its lab or on the Compare page."""

from __future__ import annotations

import streamlit as st

from ganlab.presets import PRESETS, Preset, groups
from ganlab.ui.story import show

_COLUMNS = 3


def gallery() -> None:
    """Draw the page of phenomena."""
    for title, names in groups().items():
        st.html(f'<h2 class="ganlab-group">{title}</h2>')
        for first in range(0, len(names), _COLUMNS):
            # By rows: cards in a row get the same height, and keep their order on a phone.
            row = names[first : first + _COLUMNS]
            for column, name in zip(st.columns(_COLUMNS), row, strict=False):
                with column:
                    _card(PRESETS[name])


def _card(preset: Preset) -> None:
    with st.container(border=True, key=f"card-{preset.name}", height="stretch"):
        st.markdown(f"**{preset.title}**  \n{preset.doc}")
        held = f" Held on {preset.counts}." if preset.counts else ""
        st.caption(f"Claim: {preset.claim}{held} *{preset.cite}.*")
        st.space("stretch")  # aligns the buttons of a row
        word = (
            "Open" if len(preset.specs) == 1 else f"Open side by side: {', '.join(preset.labels)}"
        )
        if st.button(word, key=f"open-{preset.name}", icon=":material/play_arrow:"):
            show(preset)
