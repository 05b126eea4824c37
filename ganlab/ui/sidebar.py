"""The sidebar of a page with a Spec: one widget for each field that is no knob."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import streamlit as st

from ganlab.latents import LATENTS
from ganlab.live.conductor import Conductor
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, INITS, NORMS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import SpecError
from ganlab.spec import KNOBS, PARAMS, Spec
from ganlab.stabilisers import RULES, STABILISERS
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
    "rule": RULES,
    "g_norm": NORMS,
}
_SECTIONS = {
    "Generator": ("latent", "latent_dim", "g_hidden", "g_activation"),
    "Discriminator": ("d_hidden", "d_activation"),
    "Training": (
        *("rule", "optimizer", "betas", "momentum", "momentum_rise", "momentum_ramp"),
        *("lr_decay", "lr_floor", "batch", "init", "init_gain", "d_init_gain"),
    ),
}
_TITLES = {
    "Generator": "Toggles of G",
    "Discriminator": "Toggles of D",
    "Training": "Toggles of the game",
}
_COLORS = {"Generator": "green", "Discriminator": "blue"}
# A stabiliser's parameters stand with the player that it is done to, or with the training.
_TOGGLES = {
    title: tuple(
        p.name
        for e in STABILISERS.entries.values()
        if e.player == player
        for p in e.params
        if not p.knob
    )
    for title, player in (("Generator", "G"), ("Discriminator", "D"), ("Training", ""))
}
_ENTRY = {p.name: e for e in STABILISERS.entries.values() for p in e.params}
# Shown only while another field makes them matter.
_NEEDS = {
    "betas": lambda spec: spec["optimizer"] in ("adam", "rmsprop"),
    "momentum": lambda spec: spec["optimizer"] == "momentum",
    "momentum_rise": lambda spec: spec["optimizer"] == "momentum",
    "momentum_ramp": lambda spec: spec["optimizer"] == "momentum" and spec["momentum_rise"] != 0,
    "lr_floor": lambda spec: spec["lr_decay"] > 0,
    "unroll_data": lambda spec: spec["unroll"] > 0,
    "minibatch_dims": lambda spec: spec["minibatch_discrimination"] > 0,
    "instance_noise_decay": lambda spec: spec["instance_noise"] > 0,
}


def matters(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a field makes any difference beside the other fields' `values`."""
    return name not in _NEEDS or _NEEDS[name](values)


def fill(page: str, spec: Spec) -> None:
    """Make every widget of `page`'s sidebar show `spec`."""
    for names in (("target",), *_SECTIONS.values(), *_TOGGLES.values()):
        for name in names:
            put(_key(page, spec.dim, name), PARAMS[name], getattr(spec, name))
    for param in TARGETS[spec.target].params:
        value = spec.target_params[param.name]
        put(_key(page, spec.dim, f"{spec.target}.{param.name}"), param, value)


def _key(page: str, dim: int, name: str) -> str:
    return f"{page}_{dim}_{name}"


def sidebar(page: str, session: Conductor, without: Collection[str] = ()) -> None:
    """The widgets of all that is not turned above the picture; applies them to the session.

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
            return param_widget(param, key, REGISTRIES.get(name), _ENTRY.get(name))
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
    outer = {n: getattr(spec, n) for names in _TOGGLES.values() for n in names}
    outer |= {n: getattr(spec, n) for names in _SECTIONS.values() for n in names}
    turned = {n: getattr(spec, n) for n in KNOBS}

    def group(names: Iterable[str]) -> None:
        for name in names:
            if name not in without and matters(name, {**turned, **outer}):
                outer[name] = widget(PARAMS[name], name, outer[name])

    for title, fields in _SECTIONS.items():
        section(title, _COLORS.get(title, ""))
        group(fields)
        # Made when opened: thirty widgets that nobody sees would delay the first picture.
        box = st.expander(_TITLES[title], key=_key(page, dim, title), on_change="rerun")
        if box.open:
            with box:
                group(_TOGGLES[title])
    on = [STABILISERS[name].title for name in STABILISERS if STABILISERS[name].on(spec)]
    st.caption(
        f"On: {', '.join(on) or 'no toggle'}. Most toggles change while it runs, as do the knobs "
        "above the picture; all else starts a new run. The address of this page holds all of it."
    )
    if errors:
        return
    try:
        # Read anew: a knob of the live view may have been turned meanwhile.
        session.configure(session.spec.replace(target=target, target_params=inner, **outer))
    except SpecError as error:
        show_error(error, "Not applied; the run goes on as it was.")
