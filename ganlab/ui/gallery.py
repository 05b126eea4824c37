"""The gallery: phenomena and exercises, each card opens its lab or the Compare page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from ganlab.presets import PRESETS, Preset, groups
from ganlab.presets.exercises import EXERCISES, Exercise
from ganlab.ui.story import show, show_specs

_COLUMNS = 3
_T = TypeVar("_T")


def gallery() -> None:
    """Draw the page of phenomena, and of exercises in a tab of its own."""
    phenomena, exercises = st.tabs(["Phenomena", "Exercises of courses and papers"])
    with phenomena:
        for title, names in groups().items():
            st.html(f'<h2 class="ganlab-group">{title}</h2>')
            rows([PRESETS[name] for name in names], _card)
    with exercises:
        rows(list(EXERCISES.entries.values()), _exercise)


def rows(entries: Sequence[_T], card: Callable[[_T], None]) -> None:
    """Draw cards, three in a row."""
    for first in range(0, len(entries), _COLUMNS):
        # By rows: cards in a row get the same height, and keep their order on a phone.
        row = entries[first : first + _COLUMNS]
        for column, entry in zip(st.columns(_COLUMNS), row, strict=False):
            with column:
                card(entry)


def _card(preset: Preset) -> None:
    with st.container(border=True, key=f"card-{preset.name}", height="stretch"):
        st.markdown(f"**{preset.title}**  \n{preset.doc}")
        held = f" Held on {preset.counts}." if preset.counts else ""
        st.caption(f"Claim: {preset.claim}{held} *{preset.cite}.*")
        if _opens(preset.name, len(preset.specs), preset.labels):
            show(preset)


def _exercise(exercise: Exercise) -> None:
    with st.container(border=True, key=f"card-exercise-{exercise.name}", height="stretch"):
        st.markdown(f"**{exercise.title}**  \n{exercise.doc}")
        st.markdown(f"*Check:* {exercise.check}")
        differs = exercise.differs or "nothing that we know of."
        st.caption(f"What differs from the source: {differs} *{exercise.cite}.*")
        if _opens(f"exercise-{exercise.name}", len(exercise.specs), exercise.labels):
            show_specs(exercise.specs)


def _opens(name: str, count: int, labels: Sequence[str]) -> bool:
    """The button of a card; whether it was clicked."""
    st.space("stretch")  # aligns the buttons of a row
    word = "Open" if count == 1 else f"Open side by side: {', '.join(labels)}"
    return st.button(word, key=f"open-{name}", icon=":material/play_arrow:")
