"""The mount of a live view: a component that is given its socket's address, and loads the rest."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ganlab import paths
from ganlab.live.conductor import Conductor

_JS = """
const views = new WeakMap();
export default function ({ data: [data], parentElement, setTriggerValue }) {
  let entry = views.get(parentElement);
  if (entry && entry.socket !== data.socket) { entry.close(); entry = null; }
  if (!entry) {
    const root = document.createElement('div');
    parentElement.appendChild(root);
    let view = null, closed = false;
    const at = (path) => new URL(path, document.baseURI);
    const socket = at(data.socket);
    socket.protocol = socket.protocol.replace('http', 'ws');
    entry = {
      socket: data.socket,
      update: () => view && view.update({}),
      close: () => {
        closed = true;
        if (view) view.destroy();
        root.remove();
        views.delete(parentElement);
      },
    };
    views.set(parentElement, entry);
    import(at(data.assets + '/live/' + data.module).href).then((module) => {
      if (!closed) view = module.mount(root, {
        socket: socket.href,
        plotly: at(data.plotly + '/plotly.min.js').href,
        labs: data.labs.map((path) => at(path).href),
        onGone: () => setTriggerValue('gone', location.search),
        onOpen: (seed) => setTriggerValue('open', seed),
        onAct: (act) => setTriggerValue('act', act),
      });
    });
  } else entry.update();
  return () => { if (!parentElement.isConnected) entry.close(); };
}
"""


def live_view(key: str, session: Conductor, module: str, labs: tuple[str, ...]) -> Any:
    """Mount a session's live view, `module` of the front end, in the place that `key` names.

    labs: the labs' addresses by dimension. The result's triggers are `gone`, the address' query
    when the server knows no such session, `open`, the seed to be shown in a lab, and `act`, what is
    to be done with the runs compared.
    """
    about = {
        "socket": f"live/{session.token}",
        "module": module,
        "labs": list(labs),
        "assets": paths.ASSETS_URL,
        "plotly": paths.PLOTLY_URL,
    }
    # In a list: in the values of a plain dict Streamlit looks for data frames, by importing pandas.
    view = st.components.v2.component("ganlab_live", js=_JS, isolate_styles=False)
    return view(
        key=key,
        data=[about],
        on_gone_change=lambda: None,
        on_open_change=lambda: None,
        on_act_change=lambda: None,
    )
