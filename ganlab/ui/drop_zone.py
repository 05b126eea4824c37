"""The drop zone of pages without a live view: a run's file dropped there opens its own page."""

from __future__ import annotations

import streamlit as st

from ganlab import paths
from ganlab.live.opened import PAGE_TOKENS, most_bytes, tables
from ganlab.ui.atomic import heard
from ganlab.ui.story import open_sent
from ganlab.ui.view import LOADER

_KEY = "drop_zone_of_page"
_TOKEN = "_page_token"
_JS = (
    LOADER
    + """
const zones = new WeakMap();
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const known = zones.get(parentElement);
  if (known) known.say = setTriggerValue;
  else {
    const root = document.createElement('div');
    parentElement.appendChild(root);
    const entry = { say: setTriggerValue, close: () => {} };
    zones.set(parentElement, entry);
    load(data.assets + '/live/open.js', root, () => !root.isConnected).then((module) => {
      if (!module) return;
      entry.close = module.dropZone(root, {
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
    zones.get(parentElement)?.close();
    zones.delete(parentElement);
  };
}
"""
)


def page_token() -> str:
    """The token to which files may be sent for a page without a session."""
    token: str | None = st.session_state.get(_TOKEN)
    if token is None or token not in PAGE_TOKENS:
        token = st.session_state[_TOKEN] = PAGE_TOKENS.new()
    return token


def drop_zone() -> None:
    """Let a file be dropped on this page."""
    token = page_token()
    act = heard(_KEY, "act", lambda _: open_sent(token))
    about = {"socket": f"live/{token}", "assets": paths.ASSETS_URL, "largest": most_bytes()}
    about["tables"] = tables()
    view = st.components.v2.component("ganlab_door", js=_JS, isolate_styles=False)
    with st.container(key="drop_zone"):
        view(key=_KEY, data=[about], on_act_change=act)
