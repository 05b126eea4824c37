"""The page of those who follow a class."""

from __future__ import annotations

import streamlit as st

from ganlab import paths
from ganlab.ui.atomic import heard
from ganlab.ui.drop_zone import page_token
from ganlab.ui.story import open_sent
from ganlab.ui.view import LOADER

_KEY = "follow_a_class"
_JS = (
    LOADER
    + """
export default function ({ data: [data], parentElement, setTriggerValue }) {
  let entry = views.get(parentElement);
  if (!entry) {
    const made = entry = place(parentElement, data.assets + '/live/follow.js', (module, root) =>
      module.mount(root, {
        classes: at('class/').href,
        page: data.page,
        onAct: (act) => {
          document.dispatchEvent(new CustomEvent('ganlab-leaves', {}));
          made.say('act', act);
        },
      }));
  }
  entry.say = setTriggerValue;
  entry.update();
  return leaving(parentElement);
}
"""
)


def follow() -> None:
    """Draw the page: a form for the code of a class, then its picture."""
    token = page_token()
    act = heard(_KEY, "act", lambda _: open_sent(token))
    view = st.components.v2.component("ganlab_follow", js=_JS, isolate_styles=False)
    view(key=_KEY, data=[{"assets": paths.ASSETS_URL, "page": token}], on_act_change=act)
