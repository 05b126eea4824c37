"""The catalogues: gettext files by language, read when a language is first used."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

ENGLISH = "en"
CHINESE = "zh"
LANGUAGES = {ENGLISH: "English", CHINESE: "中文"}  # as each calls itself
TAGS = {ENGLISH: "en", CHINESE: "zh-CN"}  # of HTML
_LOCALES = {CHINESE: "zh_CN"}
_FOLDER = Path(__file__).resolve().parent.parent / "locale"
_reading = threading.Lock()


def place_of(language: str) -> Path:
    """The file of a language's catalogue."""
    return _FOLDER / _LOCALES[language] / "LC_MESSAGES" / "ganlab.po"


def nearest(tag: str | None) -> str:
    """The language of ganlab nearest to a browser's, such as "zh-TW"; English if there is none."""
    first = (tag or "").replace("_", "-").split("-")[0].lower()
    return first if first in LANGUAGES else ENGLISH


def translated(language: str, text: str) -> str:
    """The translation of a catalogue's entry; the text itself if there is none."""
    with _reading:
        entries = _entries(language)
    return entries.get(text, text)


def of_front_end(language: str) -> dict[str, str]:
    """The translations of the texts in assets/, by their English ones."""
    if language == ENGLISH:
        return {}
    found = _read(language)
    return {text: said for text, (said, places) in found.items() if any(
        place.startswith("assets/") for place in places
    )}  # fmt: skip


@cache
def _entries(language: str) -> dict[str, str]:
    return {text: said for text, (said, _) in _read(language).items()}


@cache
def _read(language: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The translated entries by English text, each with the files that it is from."""
    from babel.messages.pofile import read_po  # a tenth of a second, for other languages only

    if language not in _LOCALES:
        return {}
    with place_of(language).open("rb") as file:
        found = read_po(file, abort_invalid=True)
    return {
        str(entry.id): (str(entry.string), tuple(place for place, _ in entry.locations))
        for entry in found
        if entry.id and entry.string and not entry.fuzzy
    }
