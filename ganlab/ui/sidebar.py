"""The sidebar of a page with a Spec: one widget for each field that is no knob."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from ganlab.live.conductor import Conductor
from ganlab.presets import DEFAULTS
from ganlab.registry import Registry
from ganlab.spec import KNOBS, PARAMS, Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS
from ganlab.ui.form import Field, Form, forget
from ganlab.ui.layout import section

_SECTIONS = {
    "Generator": ("latent", "latent_dim", "g_hidden", "g_activation"),
    "Discriminator": ("d_hidden", "d_activation"),
    "Training": (
        *("g_steps", "rule", "optimizer", "betas", "momentum", "momentum_rise", "momentum_ramp"),
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
    + more
    for title, player, more in (
        ("Generator", "G", ("g_bias", "g_start")),
        ("Discriminator", "D", ("d_bias", "d_start")),
        ("Training", "", ()),
    )
}
_FEW = 8  # units of hidden layers up to which first values are asked for
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
    "g_start": lambda spec: sum(spec["g_hidden"]) <= _FEW,
    "d_start": lambda spec: sum(spec["d_hidden"]) <= _FEW,
    "instance_noise_decay": lambda spec: spec["instance_noise"] > 0,
}


def matters(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a field makes any difference beside the other fields' `values`."""
    return name not in _NEEDS or _NEEDS[name](values)


def fill(page: str) -> None:
    """Have every widget of `page`'s sidebar show what its session has."""
    stems = tuple(f"{page}_{dim}_" for dim in DEFAULTS)
    forget(page, [k for k in st.session_state if isinstance(k, str) and k.startswith(stems)])


def _key(page: str, dim: int, name: str) -> str:
    return f"{page}_{dim}_{name}"


def fields(page: str, spec: Spec, without: Collection[str] = ()) -> Iterator[Field]:
    """The fields of a page's sidebar, of the target that it wants.

    without: fields that are set elsewhere; a target's parameters are called t.name.
    """
    dim, usual = spec.dim, DEFAULTS[spec.dim]
    here = Registry("target", {n: TARGETS.entries[n] for n in TARGETS if TARGETS[n].dim == dim})
    param, key = replace(PARAMS["target"], choices=here), _key(page, dim, "target")
    target = st.session_state.get(key, spec.target)
    target = target if target in here else spec.target
    yield Field("target", param, key, spec.target, usual.target)
    for param in TARGETS[target].params:
        name = f"t.{param.name}"
        if name not in without:
            default = usual.value(name) if target == usual.target else param.default
            now = spec.value(name) if target == spec.target else param.default
            yield Field(name, param, _key(page, dim, f"{target}.{param.name}"), now, default)
    for name in (n for names in (*_SECTIONS.values(), *_TOGGLES.values()) for n in names):
        if name not in without:
            yield Field(
                name, PARAMS[name], _key(page, dim, name), spec.value(name), usual.value(name)
            )


def spec_form(page: str, session: Conductor) -> Form[Spec]:
    """The sidebar's fields of a page that shows one Spec, settled."""

    def change(_: Spec, values: Mapping[str, Any]) -> Spec:
        # Read anew: a knob of the live view may have been turned meanwhile.
        return session.spec.changed(values)

    # What the run has changed by itself, its widgets show from now on.
    key, replayed = f"_replayed_{page}", session.replayed
    token, count = st.session_state.get(key, ("", 0))
    names = replayed[count if token == session.token else 0 :]
    if names:
        forget(page, [_key(page, session.spec.dim, name) for name in names])
    st.session_state[key] = session.token, len(replayed)
    spec = session.spec
    return Form(page, fields(page, spec), spec, change, session.configure)


def reset(page: str, session: Conductor) -> None:
    """Have a page that shows one Spec show the default, with the seed of now."""
    session.configure(DEFAULTS[session.spec.dim].replace(seed=session.spec.seed))
    fill(page)


def sidebar(page: str, form: Form, spec: Spec, reset: Callable[[], None]) -> None:
    """The widgets of all that is not turned above the picture.

    spec: what the session has, `form` being settled. reset: makes all of it the default.
    """
    turned = {n: getattr(spec, n) for n in KNOBS}

    def group(names: Iterable[str]) -> None:
        for name in names:
            values = turned | {n: form.get(n) for n in form}
            if name in form and matters(name, values):
                form.widget(name, _ENTRY.get(name))

    section("Data")
    group(["target", *(name for name in form if name.startswith("t."))])
    for title, names in _SECTIONS.items():
        section(title, _COLORS.get(title, ""))
        group(names)
        # Made when opened: thirty widgets that nobody sees would delay the first picture.
        key = f"box_{_key(page, spec.dim, title)}"
        if any(name in form.refused for name in _TOGGLES[title]):
            st.session_state[key] = True  # what is wrong must be seen
        box = st.expander(_TITLES[title], key=key, on_change="rerun")
        if box.open:
            with box:
                group(_TOGGLES[title])
    on = [STABILISERS[name].title for name in STABILISERS if STABILISERS[name].on(spec)]
    st.caption(
        f"On: {', '.join(on) or 'no toggle'}. Most toggles change while it runs, as do the knobs "
        "above the picture; all else starts a new run. The address of this page holds all of it."
    )
    differing = [PARAMS[n].title for n in KNOBS if turned[n] != getattr(DEFAULTS[spec.dim], n)]
    differing = [*form.differing, *differing]
    if differing or form.refused:
        st.button(
            "All back to default",
            icon=":material/undo:",
            key=f"all_to_default_{page}",
            help=f"Not at the default: {', '.join(differing)}. The seed stays.",
            on_click=reset,
            width="stretch",
        )
