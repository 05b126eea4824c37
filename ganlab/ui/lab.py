"""A lab: sidebar -> Spec -> session of the hub -> live view."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ganlab import paths
from ganlab.latents import LATENTS
from ganlab.live.hub import HUB
from ganlab.live.session import Session
from ganlab.networks import ACTIVATIONS, INITS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS
from ganlab.ui import table
from ganlab.ui.layout import section
from ganlab.ui.widgets import param_widget, put, show_error

_REGISTRIES = {
    "latent": LATENTS,
    "g_activation": ACTIVATIONS,
    "d_activation": ACTIVATIONS,
    "init": INITS,
    "optimizer": OPTIMIZERS,
}
_SECTIONS = {
    "Generator": ("latent", "latent_dim", "g_hidden", "g_activation"),
    "Discriminator": ("d_hidden", "d_activation"),
    "Training": ("optimizer", "betas", "momentum", "batch", "init", "init_gain"),
}

_JS = """
const views = new WeakMap();
export default function ({ data, parentElement, setTriggerValue }) {
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
    import(at(data.assets + '/live/live.js').href).then((module) => {
      if (!closed) view = module.mount(root, {
        socket: socket.href,
        plotly: at(data.plotly + '/plotly.min.js').href,
        onGone: () => setTriggerValue('gone', Date.now()),
      });
    });
  } else entry.update();
  return () => { if (!parentElement.isConnected) entry.close(); };
}
"""


def lab(dim: int, default: Spec) -> None:
    """One page of a lab: `default` is shown unless the URL says otherwise."""
    session = _session(dim, default)
    with st.sidebar:
        _sidebar(dim, session)
    _sync_url(session.spec)
    view = st.components.v2.component("ganlab_live", js=_JS, isolate_styles=False)
    view(
        key=f"live_{dim}",
        data={
            "socket": f"live/{session.token}",
            "assets": paths.ASSETS_URL,
            "plotly": paths.PLOTLY_URL,
        },
        on_gone_change=lambda: None,
    )


def _session(dim: int, default: Spec) -> Session:
    """This page's session: the one it had, or a new one with its Spec, the URL's or the default."""
    sessions = st.session_state.setdefault("_sessions", {})
    old = sessions.get(dim)
    if old is not None and HUB.get(old.token) is old:
        return old
    spec = old.spec if old is not None else _spec_from_url(dim) or default
    sessions[dim] = HUB.create(spec)
    _fill(spec)
    return sessions[dim]


def _spec_from_url(dim: int) -> Spec | None:
    """The URL's Spec; None, with a message on the page, if there is none that fits."""
    names = list(st.query_params)
    if not names:
        return None
    try:
        pairs = [(n, v) for n in names for v in st.query_params.get_all(n)]
        spec = Spec.from_query(pairs)
    except SpecError as error:
        show_error(error, "This address holds a value that ganlab cannot use: here is the default.")
        return None
    if spec.dim != dim:
        st.query_params.clear()
        st.switch_page(table.page_of(spec.dim), query_params=spec.to_query_pairs())
    return spec


def _sync_url(spec: Spec) -> None:
    pairs = dict(spec.to_query_pairs())
    if st.query_params.to_dict() != pairs:
        st.query_params.from_dict(pairs)


def _key(dim: int, name: str) -> str:
    return f"w{dim}_{name}"


def _fill(spec: Spec) -> None:
    """Make every widget of the sidebar show `spec`."""
    for names in (("target",), *_SECTIONS.values()):
        for name in names:
            put(_key(spec.dim, name), PARAMS[name], getattr(spec, name))
    for param in TARGETS[spec.target].params:
        value = spec.target_params[param.name]
        put(_key(spec.dim, f"{spec.target}.{param.name}"), param, value)


def _sidebar(dim: int, session: Session) -> None:
    """The widgets of what needs a new run; applies them to the session."""
    errors: list[SpecError] = []
    spec = session.spec
    # After a visit to another page Streamlit has forgotten the widgets' values.
    if _key(dim, "target") not in st.session_state:
        _fill(spec)

    def widget(param: Any, name: str, fallback: Any) -> Any:
        key = _key(dim, name)
        if key not in st.session_state:
            put(key, param, fallback)
        try:
            return param_widget(param, key, _REGISTRIES.get(name))
        except SpecError as error:
            errors.append(error)
            st.text(str(error))
            return fallback

    section("Data")
    names = tuple(n for n in TARGETS if TARGETS[n].dim == dim)
    target = st.selectbox(
        "p_data",
        names,
        key=_key(dim, "target"),
        format_func=lambda n: TARGETS[n].title,
        help="\n".join(f"- **{TARGETS[n].title}** {TARGETS[n].doc}" for n in names),
    )
    same = spec.target == target
    inner = {
        p.name: widget(p, f"{target}.{p.name}", spec.target_params[p.name] if same else p.default)
        for p in TARGETS[target].params
    }
    outer = {}
    for title, fields in _SECTIONS.items():
        section(title, {"Generator": "green", "Discriminator": "blue"}.get(title, ""))
        for name in fields:
            needed = {"betas": "adam", "momentum": "momentum"}.get(name)
            if needed and outer["optimizer"] != needed:
                continue
            outer[name] = widget(PARAMS[name], name, getattr(spec, name))
    st.caption(
        "Changes here start a new run. k, the loss and the rates change while it runs: "
        "they are above the picture. The address of this page holds all of it."
    )
    if errors:
        return
    try:
        # Read anew: a knob of the live view may have been turned meanwhile.
        session.configure(session.spec.replace(target=target, target_params=inner, **outer))
    except SpecError as error:
        show_error(error, "Not applied; the run goes on as it was.")
