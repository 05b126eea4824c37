"""The gallery: phenomena on cue, each one click from its lab or from the page of comparisons."""

from __future__ import annotations

import streamlit as st

from ganlab.presets import GROUPS, PRESETS, Preset
from ganlab.ui.story import show

_COLUMNS = 3


def gallery() -> None:
    """The page of phenomena."""
    for title, names in GROUPS.items():
        st.html(f'<h2 class="ganlab-group">{title}</h2>')
        columns = st.columns(_COLUMNS)
        for i, name in enumerate(names):
            with columns[i % _COLUMNS]:
                _card(PRESETS[name])


def _card(preset: Preset) -> None:
    with st.container(border=True, key=f"card-{preset.name}"):
        st.markdown(f"**{preset.title}**  \n{preset.doc}")
        held = f" Held on {preset.counts}." if preset.counts else ""
        st.caption(f"Claim: {preset.claim}{held} *{preset.cite}.*")
        word = (
            "Open" if len(preset.specs) == 1 else f"Open side by side: {', '.join(preset.labels)}"
        )
        if st.button(word, key=f"open-{preset.name}", icon=":material/play_arrow:"):
            show(preset)
