"""The door of pages without a live view: a run's file that is dropped there opens its own page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ganlab import paths
from ganlab.live.opened import DOORS, most_bytes, tables
from ganlab.ui.story import open_sent
from ganlab.ui.view import LOADER

_KEY = "door_of_page"
_TOKEN = "_door"
_JS = (
    LOADER
    + """
const doors = new WeakMap();
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const known = doors.get(parentElement);
  if (known) known.say = setTriggerValue;
  else {
    const root = document.createElement('div');
    parentElement.appendChild(root);
    const entry = { say: setTriggerValue, close: () => {} };
    doors.set(parentElement, entry);
    load(data.assets + '/live/open.js', root, () => !root.isConnected).then((module) => {
      if (!module) return;
      entry.close = module.door(root, {
        socket: at(data.socket).href,
        largest: data.largest,
        tables: data.tables,
      tables: data.tables,
        opened: () => entry.say('act', { act: 'open' }),
      });
    });
  }
  return () => {
    if (parentElement.isConnected) return;
    doors.get(parentElement)?.close();
    doors.delete(parentElement);
  };
}
"""
)


def door() -> None:
    """Let a file be dropped on this page."""
    token = st.session_state.get(_TOKEN)
    if token is None or token not in DOORS:
        token = st.session_state[_TOKEN] = DOORS.new()

    def act() -> None:
        said: Any = st.session_state.get(_KEY)
        if said is not None and said.get("act") is not None:
            open_sent(token)

    about = {"socket": f"live/{token}", "assets": paths.ASSETS_URL, "largest": most_bytes()}
    about["tables"] = tables()
    view = st.components.v2.component("ganlab_door", js=_JS, isolate_styles=False)
    with st.container(key="door"):
        view(key=_KEY, data=[about], on_act_change=act)
