"""The dialog in which users bring their own points: a file or pasted text, and its columns."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable

import streamlit as st

from ganlab.languages import tr
from ganlab.limits import limit
from ganlab.own_data import STORE, Examples
from ganlab.own_data.points import points_data
from ganlab.registry import Param, SpecError
from ganlab.tables import SUFFIXES, Found, Wish, read_apart
from ganlab.tables.found import DECIMALS, SEPARATORS, BadTable
from ganlab.ui.plain import plain, say

_PASTED = 1_000_000  # characters
_TEXT = (".csv", ".tsv", ".txt", ".dat", ".tab")
_AXES = ("x", "y")
_KEPT = 4  # readings of one file, with other columns


def points_editor(param: Param, use: Callable[[str], None], key: str) -> None:
    """A button that opens the dialog. use(name): called with the name of new data."""
    if st.button(
        tr("Upload or paste points"),
        icon=":material/upload_file:",
        key=f"bring_{key}",
        width="stretch",
        help=tr("CSV, TSV, JSON, Parquet, NPY, NPZ or Excel: 2 to 1,000,000 rows."),
    ):
        assert isinstance(param.choices, Examples)
        _dialog(param.choices.dim, use, key)


@st.dialog(tr("Your own points"), width="large")
def _dialog(dim: int, use: Callable[[str], None], key: str) -> None:
    most = limit("table_mb")
    file = st.file_uploader(
        tr("A table with {which} of numbers", which="a column" if dim == 1 else tr("two columns")),
        [suffix[1:] for suffix in SUFFIXES],
        key=f"file_{key}",
        max_upload_size=max(1, int(most)),
    )
    text = ""
    if file is None:
        text = st.text_area(
            tr("or paste one here"),
            key=f"text_{key}",
            max_chars=_PASTED,
            height=130,
            placeholder="x;y\n1,5;2,0\n2,5;1,0" if dim == 2 else tr("height\n1.81\n1.68"),
        )
    if file is None and not (text or "").strip():
        say(
            tr(
                "The first row may hold names. Decimal points and commas, separators and "
                "encodings are recognised. The points stay on this server, and go into files "
                "and addresses of runs."
            )
        )
        return
    content = file.getvalue() if file is not None else text.encode()
    name = file.name if file is not None else _pasted(text)
    if len(content) > 1e6 * most:
        say(
            tr(
                "{name} has more than {most:g} MB, which this server reads.",
                name=plain(name),
                most=most,
            ),
            "warn",
            True,
        )
        return
    wish = _wish(dim, content, name, key)
    try:
        with st.spinner(tr("Reading the table…"), show_time=True):
            found = _read(content, name, wish, key)
        title = f"{name}: {', '.join(found.names)}" if file is not None else ", ".join(found.names)
        data = points_data(found.x, title, found.names)
    except BadTable as error:
        say(tr("{name} must be {why}.", name=plain(name), why=error.why), "warn", alert=True)
        return
    except SpecError as error:
        say(
            tr(
                "{name}: these points are {allowed}.",
                name=plain(name),
                allowed=plain(error.allowed),
            ),
            "warn",
            alert=True,
        )
        return
    _columns(found, key)
    _shown(found)
    if st.button(
        tr("Use these points"),
        type="primary",
        key=f"use_{key}",
        icon=":material/check:",
        on_click=lambda: use(STORE.put(data)),
    ):
        st.rerun()  # of the whole page, which closes the dialog


def _pasted(text: str) -> str:
    return "pasted.json" if text.lstrip()[:1] in ("[", "{") else "pasted.csv"


def _wish(dim: int, content: bytes, name: str, key: str) -> Wish:
    """How to read the table, from the widgets that are drawn below it."""
    state, own = st.session_state, f"columns_{key}"
    mark = hashlib.sha256(content).hexdigest()
    if state.get(f"of_{own}") != mark:  # another table: its columns are chosen anew
        state[f"of_{own}"] = mark
        for i in range(2):
            state.pop(f"{own}_{i}", None)
    separator, decimal = "auto", "auto"
    if name.lower().endswith(_TEXT):
        left, right = st.columns(2)
        separator = left.selectbox(tr("Separator"), list(SEPARATORS), key=f"separator_{key}")
        decimal = right.selectbox(tr("Decimals after a"), DECIMALS, key=f"decimal_{key}")
    sheet = state.get(f"sheet_{key}_{mark[:8]}", 0)
    chosen = tuple(state[n] for i in range(dim) if (n := f"{own}_{i}") in state)
    if len(set(chosen)) < dim:
        chosen = ()
    return Wish(dim, chosen, separator, decimal, sheet)


def _read(content: bytes, name: str, wish: Wish, key: str) -> Found:
    known = st.session_state.setdefault(f"_found_{key}", {})
    asked = (hashlib.sha256(content).hexdigest(), name, wish)
    if asked not in known:
        found = read_apart(content, name, wish)
        while len(known) >= _KEPT:
            known.pop(next(iter(known)))
        known[asked] = found
    result: Found = known[asked]
    return result


def _columns(found: Found, key: str) -> None:
    if len(found.columns) == len(found.chosen):
        return

    def word(at: int) -> str:
        column = found.columns[at]
        return column.name if column.numbers else tr("{name} (no numbers)", name=column.name)

    for i, where in enumerate(st.columns(len(found.chosen))):
        own = f"columns_{key}_{i}"
        st.session_state.setdefault(own, found.chosen[i])
        title = _AXES[i] if len(found.chosen) > 1 else "column"
        where.selectbox(title, range(len(found.columns)), key=own, format_func=word)


def _shown(found: Found) -> None:
    """What was read: how many points, the notes, the first rows."""
    say(found.words)
    wide = min(len(found.columns), max((len(row) for row in found.preview), default=0))

    def row(cells: tuple[str, ...], tag: str) -> str:
        marked = (
            f"<{tag}{' class=chosen' if i in found.chosen else ''}>{html.escape(cell)}</{tag}>"
            for i, cell in enumerate(cells[:wide])
        )
        return f"<tr>{''.join(marked)}</tr>"

    head = row(tuple(column.name for column in found.columns), "th")
    body = "".join(row(cells, "td") for cells in found.preview)
    st.html(f"<div class='ganlab-preview'><table>{head}{body}</table></div>")
