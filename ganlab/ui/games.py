"""The page of games: it mounts the view, which gets everything else from `ganlab.live.games`."""

from __future__ import annotations

import streamlit as st

from ganlab import paths
from ganlab.ui.view import LOADER

_JS = (
    LOADER
    + """
const views = new WeakMap();
export default function ({ parentElement }) {
  let entry = views.get(parentElement);
  if (!entry) {
    const root = document.createElement('div');
    parentElement.appendChild(root);
    let view = null, closed = false;
    entry = {
      update: () => view && view.update(),
      close: () => {
        closed = true;
        if (view) view.destroy();
        root.remove();
        views.delete(parentElement);
      },
    };
    views.set(parentElement, entry);
    load('ASSETS/live/games.js', root, () => closed).then((module) => {
      if (module) view = module.mount(root, { answers: at('ANSWERS/').href });
    });
  } else entry.update();
  return () => { if (!parentElement.isConnected) entry.close(); };
}
""".replace("ASSETS", paths.ASSETS_URL).replace("ANSWERS", paths.GAMES_URL)
)


def games() -> None:
    """Mount the view."""
    st.components.v2.component("ganlab_games", js=_JS, isolate_styles=False)(key="games")
