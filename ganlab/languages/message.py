"""Words that a person reads: marked where they are written, translated where they are shown.

A `Message` is its English text, so files, logs and comparisons stay English. It also keeps the
template and the fields that it was made of, so that it can be shown in any other language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

from ganlab.languages.catalogue import ENGLISH, translated

_WIDE = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_GAP = re.compile(rf"(?<={_WIDE}) (?={_WIDE})|(?<=[。，；：？！（、]) ")

# The language of the code that is running: set for as long as texts are made for one reader.
reader: ContextVar[str] = ContextVar("ganlab_reader", default="")
# Functions that know the reader's language, such as that of a page's visitor; "" if they do not.
askers: list[Callable[[], str]] = []


class Message(str):
    """An English text that can be shown in other languages.

    template: the key in the catalogues. fields: the values of its named fields, by name, which may
    be Messages themselves. parts: texts that follow each other, in place of a template.
    """

    template: str
    fields: Mapping[str, object]
    parts: tuple[str, ...]

    def __new__(
        cls, template: str, fields: Mapping[str, object] | None = None, parts: Iterable[str] = ()
    ) -> Message:
        made = super().__new__(cls, template.format(**fields) if fields else template)
        made.template, made.fields, made.parts = template, fields or {}, tuple(parts)
        return made

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def into(self, language: str) -> str:
        """The text in `language`."""
        if language == ENGLISH:
            return str(self)
        if self.parts:
            return _GAP.sub("", "".join(into(language, part) for part in self.parts))
        text = translated(language, self.template)
        if not self.fields:
            return text
        return text.format(**{name: into(language, v) for name, v in self.fields.items()})


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


def into(language: str, value: Any) -> Any:
    """A value in `language`: Messages in it are translated, in lists and mappings as well."""
    if isinstance(value, Message):
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


def tr(text: str, /, **fields: Any) -> str:
    """A text for the reader for whom this code runs: a Message, or a template and its fields."""
    message = text if isinstance(text, Message) else Message(text, fields)
    return message.into(language())
