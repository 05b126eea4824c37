"""Words that a person reads: marked where they are written, translated where they are shown.

A `Message` is its English text, so files, logs and comparisons stay English. It also keeps the
template and the fields that it was made of, so that it can be shown in any other language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, SupportsIndex

from ganlab.languages.catalogue import ENGLISH, translated

_WIDE = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_GAP = re.compile(rf"(?<={_WIDE}) (?={_WIDE})|(?<=[。，；：？！（、]) ")

# The language of the code that is running: set for as long as texts are made for one reader.
reader: ContextVar[str] = ContextVar("ganlab_reader", default="")
# Functions that know the reader's language, such as that of a page's visitor; "" if they do not.
askers: list[Callable[[], str]] = []


class Spoken:
    """A value that can be shown in other languages."""

    def into(self, language: str) -> Any:
        """The value in `language`."""
        raise NotImplementedError


class Message(str, Spoken):
    """An English text that can be shown in other languages.

    template: the key in the catalogues. fields: the values of its named fields, by name, which may
    be Messages themselves. parts: texts that follow each other, in place of a template.
    """

    template: str
    fields: Mapping[str, object]
    parts: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]

    def __new__(
        cls,
        template: str,
        fields: Mapping[str, object] | None = None,
        parts: Iterable[str] = (),
        changes: tuple[tuple[str, str], ...] = (),
    ) -> Message:
        text = template.format(**fields) if fields else template
        made = super().__new__(cls, _changed(text, changes))
        made.template, made.fields, made.parts = template, fields or {}, tuple(parts)
        made.changes = changes
        return made

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def replace(self, old: str, new: str, /, count: SupportsIndex = -1) -> str:  # noqa: D102
        made = Message(self.template, self.fields, self.parts, (*self.changes, (old, new)))
        return made if count == -1 else str(self).replace(old, new, count)

    def into(self, language: str) -> str:
        """The text in `language`."""
        if language == ENGLISH:
            return str(self)
        if self.parts:
            text = _GAP.sub("", "".join(into(language, part) for part in self.parts))
        else:
            text = translated(language, self.template)
            if self.fields:
                fields = {name: into(language, value) for name, value in self.fields.items()}
                text = text.format(**fields)
        return _changed(text, self.changes)


def _changed(text: str, changes: Iterable[tuple[str, str]]) -> str:
    for old, new in changes:
        text = text.replace(old, new)
    return text


def _(template: str, /, **fields: Any) -> str:
    """A text of the catalogues, in English until it is shown.

    template: a literal, whose fields are written as for `str.format`: _("{count} modes", count=3).
    """
    return Message(template, fields)


def joined(between: str, texts: Iterable[str]) -> str:
    """Texts one after the other, with `between` in between, each of which may be a Message."""
    parts: list[str] = []
    for text in texts:
        parts += [between, text] if parts and between else [text]
    return Message("".join(parts), None, parts or ("",))


def capital(text: str) -> str:
    """A text that begins with a capital, where a language has capitals."""
    return Message(text[:1].upper() + text[1:], None, (text,))


def listed(texts: Iterable[str]) -> str:
    """Texts as a list in a sentence."""
    return joined(_(", "), texts)


def into(language: str, value: Any) -> Any:
    """A value in `language`: Messages in it are translated, in lists and mappings as well."""
    if isinstance(value, Spoken):
        return value.into(language)
    if isinstance(value, Mapping):
        return {key: into(language, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [into(language, inner) for inner in value]
    return value


def language() -> str:
    """The language of the reader for whom this code runs; English if nobody is known."""
    if chosen := reader.get():
        return chosen
    for ask in askers:
        if chosen := ask():
            return chosen
    return ENGLISH


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Make texts for a reader of `language` meanwhile."""
    before = reader.set(language)
    try:
        yield
    finally:
        reader.reset(before)


def tr(text: str, /, **fields: Any) -> str:
    """A text for the reader for whom this code runs: a Message, or a template and its fields."""
    message = text if isinstance(text, Message) else Message(text, fields)
    return message.into(language())
