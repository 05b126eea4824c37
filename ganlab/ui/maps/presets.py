"""The published maps on the page: their buttons, and what to watch for on each."""

from __future__ import annotations

import streamlit as st

from ganlab.languages import tr
from ganlab.registry import SpecError
from ganlab.sweeps.presets import MAP_PRESETS, MapPreset
from ganlab.ui import language
from ganlab.ui.atomic import atomic

FIELD = "preset"  # of the page's address
_A_ROW = 3


def given(ignored: list[SpecError]) -> MapPreset | None:
    """The preset that the address names. A name that is unknown is added to `ignored`."""
    name = st.query_params.get(FIELD)
    if name is None:
        return None
    try:
        return MAP_PRESETS[name]
    except SpecError as error:
        ignored.append(error)
        return None


def offer(shown: MapPreset | None) -> None:
    """Draw a button for each preset, which shows it as a form. shown: the one that is there."""
    names = list(MAP_PRESETS)
    for start in range(0, len(names), _A_ROW):
        for column, name in zip(st.columns(_A_ROW), names[start : start + _A_ROW], strict=False):
            preset = MAP_PRESETS[name]
            column.button(
                tr(preset.title),
                key=f"maps_preset_{name}",
                help=tr(preset.doc),
                type="primary" if preset is shown else "secondary",
                width="stretch",
                on_click=_show,
                args=(name,),
            )


def _show(name: str) -> None:
    atomic(lambda: st.query_params.from_dict({FIELD: name} | language.kept()))


def about(preset: MapPreset) -> None:
    """Draw what to watch for, the claim, and where it was published."""
    st.markdown(f"**{tr(preset.title)}.** {tr(preset.doc)}")
    counted = "" if preset.counts is None else tr(" Held on {counts}.", counts=preset.counts.words)
    st.caption(
        tr(
            "{claim}{counted} Source: {cite}.",
            claim=preset.claim,
            counted=counted,
            cite=preset.cite,
        )
    )
