"""The sidebar of a page: one widget for each field that has no knob above the picture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from ganlab.languages import _, listed, tr
from ganlab.live.session import Session
from ganlab.own_data import to_text
from ganlab.params import KNOBS, PARAMS, toggle_of
from ganlab.presets import DEFAULTS
from ganlab.registry import Registry
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS, make_target
from ganlab.ui import shaped
from ganlab.ui.form import Field, Form, forget
from ganlab.ui.layout import section
from ganlab.ui.navigation import KINDS
from ganlab.ui.plain import say

# For each title of a section: the owners of its fields, the title of its toggles, its colour.
_SECTIONS = {
    _("Generator"): (("G",), _("Toggles of G"), "green"),
    _("Discriminator"): (("D",), _("Toggles of D"), "blue"),
    _("Training"): (("game", "optimiser"), _("Toggles of the game"), ""),
}
_ADDRESS = {  # by whether the address replays the run
    True: _("The address of this page holds the run with all its changes."),
    False: _(
        "The address of this page holds the current values only: the run has too "
        "many changes for an address. To save them all, choose “Run as a file” in "
        "Export, at the end of the toolbar."
    ),
}

_LARGE = _(
    " Your data are too large for it, so that it has their hash, which only this "
    "server knows: elsewhere, open the run as a file."
)


def _names(title: str, more: bool) -> list[str]:
    """The fields of a section in their order: its toggles if `more`, else the other ones."""
    owners = _SECTIONS[title][0]
    return [
        name
        for name, param in PARAMS.items()
        if param.owner in owners and param.more == more and not param.knob and not param.images
    ]


def _of_data() -> list[str]:
    """The fields of the data beside p_data; the seed has a control above the picture."""
    data = [name for name, param in PARAMS.items() if param.owner == "data"]
    return [name for name in data if name not in ("target", "seed")]


def fill(page: str) -> None:
    """Make every widget of `page`'s sidebar show its session's value."""
    stems = tuple(f"{page}_{dim}_" for dim in DEFAULTS)
    forget(page, [k for k in st.session_state if isinstance(k, str) and k.startswith(stems)])


def _key(page: str, dim: int, name: str) -> str:
    return f"{page}_{dim}_{name}"


def fields(page: str, spec: Spec, without: Collection[str] = ()) -> Iterator[Field]:
    """The fields of a page's sidebar, with the parameters of the wanted target as "t.name".

    without: fields that have controls elsewhere.
    """
    dim, usual = spec.axes, DEFAULTS[spec.axes]
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
    others = (n for more in (False, True) for title in _SECTIONS for n in _names(title, more))
    for name in (*_of_data(), *others):
        if name not in without:
            yield Field(
                name, PARAMS[name], _key(page, dim, name), spec.value(name), usual.value(name)
            )


def choose_kind(key: str, session: Session, changed: Callable[[Session], None]) -> None:
    """Draw the choice between 1-D, 2-D and symbols. key: of its value in the visitor's state."""
    # Streamlit forgets a widget's value when the user visits another page.
    st.session_state.setdefault(key, session.spec.axes)
    if shaped.now().hidden("kind"):
        return
    st.segmented_control(
        tr("x is"),
        tuple(KINDS),
        key=key,
        required=True,
        format_func=lambda axes: tr(KINDS[axes]),
        on_change=changed,
        args=(session,),
        disabled=shaped.now().fixed("kind"),
        width="stretch",
    )


def newly_replayed(page: str, session: Session) -> list[str]:
    """The fields that replayed events have changed since the page last asked.

    Their widgets must show the new values, discarding what the user wanted before.
    """
    key = f"_replayed_{page}"
    token, count = st.session_state.get(key, ("", 0))
    names = session.replayed[count if token == session.token else 0 :]
    st.session_state[key] = session.token, (count if token == session.token else 0) + len(names)
    return names


def spec_form(page: str, session: Session) -> Form[Spec]:
    """The reconciled form of a page that shows one Spec."""

    def change(_: Spec, values: Mapping[str, Any]) -> Spec:
        # Read the Spec again: a knob of the live view may have changed it meanwhile.
        return session.spec.changed(values)

    if names := newly_replayed(page, session):
        forget(page, [_key(page, session.spec.axes, name) for name in names])
    spec = session.spec
    return Form(page, fields(page, spec), spec, change, session.configure, session.shape)


def reset(page: str, session: Session) -> None:
    """Show the default Spec with the current seed, on a page that shows one Spec."""
    session.configure(DEFAULTS[session.spec.axes].replace(seed=session.spec.seed))
    fill(page)


def sidebar(page: str, form: Form[Any], session: Session, reset: Callable[[], None]) -> None:
    """Draw the widgets of all fields that have no knob above the picture.

    form: must be reconciled. reset: sets all fields to their defaults.
    """
    spec = session.spec
    turned = {n: getattr(spec, n) for n in KNOBS}

    # The fields in which compared runs differ are not in the form: one of them may need another.
    everything = [{n: getattr(s, n) for n in PARAMS} for s in session.experiment.specs]

    def there(names: Iterable[str]) -> list[str]:
        return [
            name
            for name in names
            if name in form
            and not form.hidden(name)
            and any(form.matters(name, values) for values in everything)
        ]

    def group(names: Iterable[str]) -> None:
        for name in there(names):
            form.widget(name, toggle_of(name))

    about = ["target", *(name for name in form if name.startswith("t."))]
    if there([*about, *_of_data()]):
        section(tr("Data"))
        group(about)
        if note := make_target(spec.target, spec.target_params).note:
            say(note)
        group(_of_data())
    for title, (_unused, folded, color) in _SECTIONS.items():
        toggles = _names(title, more=True)
        if there([*_names(title, more=False), *toggles]):
            section(title, color)
        group(_names(title, more=False))
        if not there(toggles):
            continue
        # Made when opened: thirty hidden widgets would delay the first picture.
        key = f"box_{_key(page, spec.axes, title)}"
        if any(name in form.refused for name in toggles):
            st.session_state[key] = True  # an error must be visible
        box = st.expander(tr(folded), key=key, on_change="rerun")
        if box.open:
            with box:
                group(toggles)
    if form.shape:
        return
    st.button(
        tr("Shape this page"),
        key="shape_page",
        icon=":material/visibility_lock:",
        help=tr(
            "For teachers: choose what students see, and what they may change, and copy the "
            "address that you hand out."
        ),
        width="stretch",
    )
    address = _ADDRESS[session.replays]
    if any(to_text(name) is None for name in spec.own_data):
        address += _LARGE
    on = [tr(STABILISERS[name].title) for name in STABILISERS if STABILISERS[name].on(spec)]
    st.caption(
        tr(
            "On: {listed}. Most toggles can change during training, as can the knobs "
            "above the picture; all other fields start a new run. {address}",
            listed=listed(on) or tr("no toggle"),
            address=address,
        )
    )
    differing = [tr(PARAMS[n].title) for n in KNOBS if turned[n] != getattr(DEFAULTS[spec.axes], n)]
    differing = [*form.differing, *differing]
    if differing or form.refused:
        st.button(
            tr("Restore all defaults"),
            icon=":material/undo:",
            key=f"all_to_default_{page}",
            help=tr("Not at the default: {listed}. The seed stays.", listed=listed(differing)),
            on_click=reset,
            width="stretch",
        )
