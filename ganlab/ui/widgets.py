"""One rule that makes a Streamlit widget from any `Param`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from ganlab.languages import _, tr
from ganlab.own_data import Examples, is_name
from ganlab.params import in_words
from ganlab.registry import Entry, Param, Registry, SpecError
from ganlab.targets.ink import KIND as INK
from ganlab.ui.own_picture import picture_editor
from ganlab.ui.own_points import points_editor
from ganlab.ui.plain import code

# By the kind of own data: draws what makes new data, and calls the function given with their name.
# The last argument is a key for its widgets.
EDITORS: dict[str, Callable[[Param, Callable[[str], None], str], None]] = {
    "points": points_editor,
    INK: picture_editor,
}
LOCKED = _("Locked by your teacher.")


def put(key: str, param: Param, value: Any) -> None:
    """Set the state of the widget `key` so that it shows `value`."""
    if param.kind in ("ints", "floats"):
        value = ", ".join(param.format((v,)) for v in value)
    st.session_state[key] = value


def held(param: Param, raw: Any) -> Any:
    """The value that a widget's raw state stands for. Raises `SpecError` if it is not allowed."""
    if param.kind not in ("ints", "floats"):
        return param.check(raw)
    try:
        return param.parse(raw.replace(" ", ""))
    except SpecError as error:
        raise SpecError(param.name, raw, error.allowed) from None


def param_widget(param: Param, key: str, entry: Entry | None = None, locked: bool = False) -> Any:
    """Draw the widget of one Param and return its raw state (see `held`).

    The widget's value must be in session state already (see `put`). entry: the variant whose
    strength the Param is, if any. locked: whether it is shown, but cannot be changed.
    """
    note, title = tr(param.doc), tr(param.title)
    if locked:
        note = f"{tr(LOCKED)}\n\n{note}"
    if entry is not None:
        cite = f" ({entry.cite})" if entry.cite else ""
        note = f"{note}\n\n${entry.equation}$\n\n{tr(entry.doc)}{cite}"
    if param.kind == "choice":
        registry = param.choices if isinstance(param.choices, Registry) else None
        if registry is not None:
            entries = "\n".join(
                f"- **{tr(registry[c].title)}** ${registry[c].equation}$ {tr(registry[c].doc)}"
                for c in param.choices
            )
            note = f"{note}\n\n{entries}"
        return st.selectbox(
            title,
            tuple(param.choices),
            key=key,
            help=note,
            format_func=lambda value: tr(param.words(value)),
            disabled=locked,
        )
    if param.kind == "data":
        return _data_widget(param, key, note, locked)
    note = tr("{note}\n\nAllowed: {allowed}.", note=note, allowed=param.allowed)
    if param.kind == "text":
        return st.text_input(title, key=key, help=note, max_chars=param.longest, disabled=locked)
    if param.kind in ("ints", "floats"):
        return st.text_input(
            title, key=key, help=note, placeholder=tr(param.empty), disabled=locked
        )
    if param.kind == "int":
        low, high = int(param.low), int(param.high)
        if high - low <= 40:
            return st.slider(title, low, high, key=key, help=note, disabled=locked)
        return st.number_input(title, low, high, key=key, step=1, help=note, disabled=locked)
    span = param.high - param.low
    step = 0.05 if span <= 20 else 0.5
    if param.log:  # steps of the default's order of magnitude
        step = 10.0 ** math.floor(math.log10(param.default))
    return st.number_input(
        title,
        float(param.low),
        float(param.high),
        key=key,
        step=step,
        format="%.4g",
        help=note,
        disabled=locked,
    )


def _data_widget(param: Param, key: str, note: str, locked: bool) -> Any:
    """The examples, and the own data that are in use or were used on this page."""
    used = st.session_state.setdefault(f"_own_{key}", {})
    if is_name(now := st.session_state.get(key)):
        used[now] = None
    for name in param.choices:
        entry = param.choices[name] if isinstance(param.choices, Registry) else None
        note += f"\n- **{tr(entry.title)}** {tr(entry.doc)}" if entry is not None else ""
    with st.container(gap="small", key=f"data_{key}"):
        raw = st.selectbox(
            tr(param.title),
            (*used, *param.choices),
            key=key,
            help=note,
            format_func=lambda value: tr(param.words(value)),
            disabled=locked,
        )
        if locked:
            return raw
        if isinstance(param.choices, Examples) and param.choices.kind in EDITORS:
            EDITORS[param.choices.kind](param, lambda name: put(key, param, name), key)
    return raw


def show_error(error: Exception, consequence: str) -> None:
    """Show an error as one message; text from others appears as code, never as markup."""
    text = in_words(error) if isinstance(error, SpecError) else str(error)
    text = tr(text)
    st.error(f"{consequence}  \n{code(text, 600)}", icon=":material/error:")
