"""Applies the values of a page's widgets to its session, and reports the values it refused.

A widget keeps the value that its user entered. The session gets as many of those values as can be
allowed together. A refused value stays in its widget, is marked there, and is applied as soon as
the other fields allow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import streamlit as st

from ganlab.languages import tr
from ganlab.params import named
from ganlab.reconcile import reconcile
from ganlab.registry import Entry, Param, SpecError
from ganlab.shape import Shape
from ganlab.ui.atomic import atomic
from ganlab.ui.plain import say
from ganlab.ui.widgets import held, param_widget, put

T = TypeVar("T")
_MOST = 3  # the number of refusals listed above the picture
_MISSING = object()


@dataclass(frozen=True)
class Field:
    """One field: its name in an address, its Param and the key of its widget.

    now: the session's value. default: the value to return to; None if there is none. part: its
    name in the shape of the page, if that is another.
    """

    name: str
    param: Param
    key: str
    now: Any
    default: Any = None
    part: str = ""


class Form(Generic[T]):
    """The fields of a page, reconciled before its widgets are drawn, which show the true state.

    change(now, values) returns `now` with other values of some fields; accept(made) makes the
    session show the result. Both raise `SpecError` for what is not allowed (see `reconcile`).
    made: what the session shows now. shape: which fields are locked or hidden; they keep their
    values whatever their widgets say.
    """

    def __init__(
        self,
        page: str,
        fields: Iterable[Field],
        now: T,
        change: Callable[[T, Mapping[str, Any]], T],
        accept: Callable[[T], object],
        shape: Shape = Shape(),  # noqa: B008 - it cannot change
    ):
        self.shape = shape
        # Streamlit forgets the state of a widget that is not drawn: keep the refused values here.
        drafts = st.session_state.setdefault(_drafts(page), {})
        self._fields = {field.name: field for field in fields}
        self.wanted: dict[str, Any] = {}
        self.refused: dict[str, SpecError] = {}
        for name, field in self._fields.items():
            raw = st.session_state.get(field.key, drafts.get(field.key, _MISSING))
            if raw is _MISSING or self._fixed(field):
                continue
            try:
                value = held(field.param, raw)
            except SpecError as error:
                self.refused[name] = error
            else:
                if value != field.now:
                    self.wanted[name] = value
        self.made, refused = reconcile(now, self.wanted, change, accept)
        self.refused |= refused
        for name in self.wanted.keys() - refused.keys():
            self._fields[name] = replace(self._fields[name], now=self.wanted[name])
        kept = {f.key: st.session_state.get(f.key, drafts.get(f.key)) for f in self._wrong}
        self._drafts = st.session_state[_drafts(page)] = kept

    @property
    def _wrong(self) -> list[Field]:
        return [self._fields[name] for name in self.refused]

    @property
    def differing(self) -> list[str]:
        """The titles of the fields that are not at their defaults."""
        fields = self._fields.values()
        return [tr(f.param.title) for f in fields if f.default is not None and f.now != f.default]

    def _fixed(self, field: Field) -> bool:
        return self.shape.fixed(field.part or field.name)

    def hidden(self, name: str) -> bool:
        """Whether a field is hidden from the page."""
        field = self._fields[name]
        return self.shape.hidden(field.part or name)

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """The fields that a teacher can lock or hide: names, titles and keys of their boxes."""
        return [(f.part or n, f.param.title, f"field_{f.key}") for n, f in self._fields.items()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def get(self, name: str) -> Any:
        """The wanted value of a field: the widget's if it is valid, else the session's."""
        return self.wanted.get(name, self._fields[name].now)

    def matters(self, name: str, others: Mapping[str, Any]) -> bool:
        """Whether a field has any effect, given the other fields and `others` from elsewhere."""
        return self._fields[name].param.matters({**others, **{n: self.get(n) for n in self}})

    def widget(self, name: str, entry: Entry | None = None) -> None:
        """Draw the widget of a field, with its error and a button that restores a valid value.

        entry: the variant whose strength the field is, if any.
        """
        field = self._fields[name]
        param, key = field.param, field.key
        locked = self._fixed(field)
        if self.hidden(name):
            return
        with st.container(key=f"field_{key}", gap=None):
            if locked:
                put(key, param, field.now)
            elif key not in st.session_state:
                if key in self._drafts:
                    st.session_state[key] = self._drafts[key]
                else:
                    put(key, param, field.now)
            param_widget(param, key, entry, locked)
            if locked:
                return
            if name in self.refused:
                say(tr("Not applied: {why}", why=self._why(field)), "warn", alert=True)
                self._undo(field, "field")
            elif field.default is not None and field.now != field.default:
                self._to_default(field)

    def _to_default(self, field: Field) -> None:
        words = tr(field.param.words(field.default))
        with st.container(key=f"default_{field.key}"):
            st.button(
                words if len(words) < 9 else tr("default"),
                icon=":material/undo:",
                key=f"to_default_{field.key}",
                type="tertiary",
                help=tr(
                    "{title}: restore the default, {words}",
                    title=tr(field.param.title),
                    words=words,
                ),
                on_click=self._put,
                args=(field, field.default),
            )

    def _undo(self, field: Field, where: str) -> None:
        st.button(
            tr("Back to {value}", value=tr(field.param.words(field.now))),
            key=f"undo_{where}_{field.key}",
            icon=":material/undo:",
            type="tertiary",
            on_click=self._put,
            args=(field, field.now),
        )

    def _put(self, field: Field, value: Any) -> None:
        self._drafts.pop(field.key, None)
        atomic(lambda: put(field.key, field.param, value))

    def notice(self) -> None:
        """List the refused values above the picture, each with a button that restores the field."""
        if not self.refused:
            return
        with st.container(key="refused"):
            for field in self._wrong[:_MOST]:
                with st.container(
                    horizontal=True, vertical_alignment="center", key=f"refused_{field.key}"
                ):
                    say(tr("Not applied: {why}", why=self._why(field)), "warn")
                    self._undo(field, "notice")
            if (more := len(self.refused) - _MOST) > 0:
                say(
                    tr("{more} more not applied; they are marked in the sidebar.", more=more),
                    "warn",
                )

    def _why(self, field: Field) -> str:
        """Why the wanted value of a field was refused, in the words of the labels."""
        error, title = self.refused[field.name], tr(field.param.title)
        other = named(error)
        if field.name not in self.wanted:  # the widget's content is not a value at all
            return tr(
                "{title} = {shown} is not allowed; it must be {allowed}.",
                title=title,
                shown=error.shown,
                allowed=error.allowed,
            )
        value = tr(field.param.words(self.wanted[field.name]))
        if other is None or error.name.removeprefix("t.") == field.param.name:
            return tr(
                "{title} = {value} is not allowed; it must be {allowed}.",
                title=title,
                value=value,
                allowed=error.allowed,
            )
        beside = f"{tr(other[0])} = {tr(other[1])}"
        return tr(
            "{title} = {value} does not go with {beside}, which must be {allowed}.",
            title=title,
            value=value,
            beside=beside,
            allowed=error.allowed,
        )


def forget(page: str, keys: Iterable[str]) -> None:
    """Make the widgets with these keys show the session's values, discarding the user's."""
    keys = (_drafts(page), *keys)
    atomic(lambda: [st.session_state.pop(key, None) for key in keys])


def _drafts(page: str) -> str:
    return f"_drafts_{page}"
