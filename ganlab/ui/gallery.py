"""The gallery: phenomena and exercises, each card opens its lab or the Compare page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from ganlab import paths
from ganlab.languages import _, listed, tr
from ganlab.live.cards import path_of
from ganlab.presets import PRESETS, Preset, groups
from ganlab.presets.exercises import EXERCISES, Exercise
from ganlab.presets.preset import COVERS, CURES, MOVES, PUBLISHED, RIGHT
from ganlab.ui.atomic import heard
from ganlab.ui.story import show, show_specs
from ganlab.ui.view import LOADER

_COLUMNS = 3
_T = TypeVar("_T")
_KEY = "gallery_of_presets"
_SAYS = {
    COVERS: _("G has all it needs, and makes a part of the data only."),
    MOVES: _("Both players do their best, and do not arrive."),
    CURES: _("The same run without and with the cure."),
    RIGHT: _("What the curves say, and what they hide."),
    PUBLISHED: "",
}
_JS = (
    LOADER
    + """
export default function ({ data: [data], parentElement, setTriggerValue }) {
  let entry = views.get(parentElement);
  if (!entry) {
    entry = place(parentElement, data.assets + '/live/gallery.js', (module, root) =>
      module.mount(root, {
        groups: JSON.parse(data.groups),
        pictures: at(data.assets + '/cards').href,
        onOpen: (name) => {
          document.dispatchEvent(new CustomEvent('ganlab-leaves', {}));
          entry.say('open', name);
        },
      }));
  }
  entry.say = setTriggerValue;
  entry.update();
  return leaving(parentElement);
}
"""
)


def gallery() -> None:
    """Draw the page of phenomena, and of exercises in a tab of its own."""
    phenomena, exercises = st.tabs([tr("Phenomena"), tr("Exercises of courses and papers")])
    with phenomena:
        _cards()
    with exercises:
        rows(list(EXERCISES.entries.values()), _exercise)


def _cards() -> None:
    """The cards of all presets, drawn by the browser; a click opens one."""
    about = {"assets": paths.ASSETS_URL, "groups": json.dumps(sections())}

    def opened(name: Any) -> None:
        if isinstance(name, str) and name in PRESETS:
            show(PRESETS[name])

    view = st.components.v2.component("ganlab_gallery", js=_JS, isolate_styles=False)
    view(key=_KEY, data=[about], on_open_change=heard(_KEY, "open", opened))


def sections() -> list[dict[str, Any]]:
    """The questions in the order shown, each with its cards."""
    return [
        {
            "title": tr(title),
            "says": tr(_SAYS.get(title, "")),
            "cards": [_card(PRESETS[n]) for n in names],
        }
        for title, names in groups().items()
    ]


def _card(preset: Preset) -> dict[str, Any]:
    many = len(preset.specs) > 1
    return {
        "name": preset.name,
        "title": tr(preset.title),
        "doc": tr(preset.doc),
        "claim": tr(preset.claim),
        "held": tr(preset.counts.words) if preset.counts else "",
        "cite": preset.cite,
        "opens": tr("Open side by side: {listed}", listed=listed(preset.labels))
        if many
        else tr("Open"),
        "moves": path_of(preset.name).is_file(),
    }


def rows(entries: Sequence[_T], card: Callable[[_T], None]) -> None:
    """Draw cards, three in a row."""
    for first in range(0, len(entries), _COLUMNS):
        # By rows: cards in a row get the same height, and keep their order on a phone.
        row = entries[first : first + _COLUMNS]
        for column, entry in zip(st.columns(_COLUMNS), row, strict=False):
            with column:
                card(entry)


def _exercise(exercise: Exercise) -> None:
    with st.container(border=True, key=f"card-exercise-{exercise.name}", height="stretch"):
        st.markdown(f"**{tr(exercise.title)}**  \n{tr(exercise.doc)}")
        st.markdown(tr("*Check:* {check}", check=exercise.check))
        differs = exercise.differs or tr("nothing that we know of.")
        st.caption(
            tr(
                "What differs from the source: {differs} *{cite}.*",
                differs=differs,
                cite=exercise.cite,
            )
        )
        if _opens(f"exercise-{exercise.name}", len(exercise.specs), exercise.labels):
            show_specs(exercise.specs)


def _opens(name: str, count: int, labels: Sequence[str]) -> bool:
    """The button of a card; whether it was clicked."""
    st.space("stretch")  # aligns the buttons of a row
    word = tr("Open") if count == 1 else tr("Open side by side: {listed}", listed=listed(labels))
    return st.button(word, key=f"open-{name}", icon=":material/play_arrow:")
