"""From a `Param` to a Streamlit widget: one rule for every field there is or will be."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from ganlab.params import in_words
from ganlab.registry import Entry, Param, Registry, SpecError
from ganlab.ui.plain import code


def put(key: str, param: Param, value: Any) -> None:
    """Make the widget `key` show `value`."""
    if param.kind in ("ints", "floats"):
        value = ", ".join(param.format((v,)) for v in value)
    st.session_state[key] = value


def held(param: Param, raw: Any) -> Any:
    """The value that the raw state of a Param's widget stands for. Raises `SpecError`."""
    if param.kind not in ("ints", "floats"):
        return param.check(raw)
    try:
        return param.parse(raw.replace(" ", ""))
    except SpecError as error:
        raise SpecError(param.name, raw, error.allowed) from None


def param_widget(param: Param, key: str, entry: Entry | None = None) -> Any:
    """The widget for one Param; its raw state, see `held`.

    entry: the variant whose strength this is. The widget's value must be in session state (see
    `put`).
    """
    note = param.doc
    if entry is not None:
        cite = f" ({entry.cite})" if entry.cite else ""
        note = f"{note}\n\n${entry.equation}$\n\n{entry.doc}{cite}"
    if param.kind == "choice":
        registry = param.choices if isinstance(param.choices, Registry) else None
        if registry is not None:
            entries = "\n".join(
                f"- **{registry[c].title}** ${registry[c].equation}$ {registry[c].doc}"
                for c in param.choices
            )
            note = f"{note}\n\n{entries}"
        return st.selectbox(
            param.title,
            tuple(param.choices),
            key=key,
            help=note,
            format_func=param.words,
        )
    note = f"{note}\n\nAllowed: {param.allowed}."
    if param.kind in ("ints", "floats"):
        return st.text_input(param.title, key=key, help=note, placeholder=param.empty)
    if param.kind == "int":
        low, high = int(param.low), int(param.high)
        if high - low <= 40:
            return st.slider(param.title, low, high, key=key, help=note)
        return st.number_input(param.title, low, high, key=key, step=1, help=note)
    span = param.high - param.low
    step = 0.05 if span <= 20 else 0.5
    if param.log:  # a step of the default's own size
        step = 10.0 ** math.floor(math.log10(param.default))
    return st.number_input(
        param.title,
        float(param.low),
        float(param.high),
        key=key,
        step=step,
        format="%.4g",
        help=note,
    )


def show_error(error: Exception, consequence: str) -> None:
    """One readable message; the offending text is shown as code, never as markup."""
    text = in_words(error) if isinstance(error, SpecError) else str(error)
    st.error(f"{consequence}  \n{code(text, 600)}", icon=":material/error:")
