"""The sidebar of a page with a Spec: one widget for each field that needs a new run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

from ganlab.latents import LATENTS
from ganlab.live.conductor import Conductor
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, INITS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS
from ganlab.ui.layout import section
from ganlab.ui.widgets import param_widget, put, show_error

REGISTRIES = {
    "loss": LOSSES,
    "latent": LATENTS,
    "g_activation": ACTIVATIONS,
    "d_activation": ACTIVATIONS,
    "init": INITS,
    "optimizer": OPTIMIZERS,
}
_SECTIONS = {
    "Generator": ("latent", "latent_dim", "g_hidden", "g_activation"),
    "Discriminator": ("d_hidden", "d_activation"),
    "Training": ("optimizer", "betas", "momentum", "unroll", "batch", "init", "init_gain"),
}


def fill(page: str, spec: Spec) -> None:
    """Make every widget of `page`'s sidebar show `spec`."""
    for names in (("target",), *_SECTIONS.values()):
        for name in names:
            put(_key(page, spec.dim, name), PARAMS[name], getattr(spec, name))
    for param in TARGETS[spec.target].params:
        value = spec.target_params[param.name]
        put(_key(page, spec.dim, f"{spec.target}.{param.name}"), param, value)


def _key(page: str, dim: int, name: str) -> str:
    return f"{page}_{dim}_{name}"


def sidebar(page: str, session: Conductor, without: Collection[str] = ()) -> None:
    """The widgets of what needs a new run; applies them to the session.

    without: fields that are set elsewhere; a target's parameters are called t.name.
    """
    errors: list[SpecError] = []
    spec = session.spec
    dim = spec.dim
    # After a visit to another page Streamlit has forgotten the widgets' values.
    if _key(page, dim, "target") not in st.session_state:
        fill(page, spec)

    def widget(param: Any, name: str, fallback: Any) -> Any:
        key = _key(page, dim, name)
        if key not in st.session_state:
            put(key, param, fallback)
        try:
            return param_widget(param, key, REGISTRIES.get(name))
        except SpecError as error:
            errors.append(error)
            st.text(str(error))
            return fallback

    section("Data")
    names = tuple(n for n in TARGETS if TARGETS[n].dim == dim)
    target = st.selectbox(
        "p_data",
        names,
        key=_key(page, dim, "target"),
        format_func=lambda n: TARGETS[n].title,
        help="\n".join(f"- **{TARGETS[n].title}** {TARGETS[n].doc}" for n in names),
    )
    same = spec.target == target
    inner = {
        p.name: widget(p, f"{target}.{p.name}", spec.target_params[p.name] if same else p.default)
        for p in TARGETS[target].params
        if f"t.{p.name}" not in without
    }
    if same:
        inner = {**spec.target_params, **inner}
    outer = {}
    for title, fields in _SECTIONS.items():
        section(title, {"Generator": "green", "Discriminator": "blue"}.get(title, ""))
        for name in fields:
            needed = {"betas": "adam", "momentum": "momentum"}.get(name)
            if needed and outer.get("optimizer", spec.optimizer) != needed:
                continue
            if name in without:
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
