"""`ganlab words`: collects the texts of a checkout, and updates the catalogues.

The texts are the literal arguments of `_` and `tr` in Python and of `_` in JavaScript, and what
learners read in the files of lessons.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from ganlab.languages.catalogue import LANGUAGES, place_of

_ROOT = Path(__file__).resolve().parent.parent.parent
_KEYWORDS = "_", "tr"
_IN_JAVASCRIPT = re.compile(r'(?<![\w.$])_\(\s*("(?:[^"\\\n]|\\.)*")')
# In lessons: keys of texts, and of tables or lists with texts.
_OF_LESSONS = ("title", "question", "text", "ask", "choices", "hint", "reveal")


def texts(root: Path = _ROOT) -> dict[str, list[str]]:
    """Every text of a checkout, with the files that it is in, relative to `root`."""
    found: dict[str, list[str]] = {}
    for path in _files(root):
        place = path.relative_to(root).as_posix()
        for text in _READ[path.suffix](path):
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    return found


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it is in its file; empty if there is none yet."""
    place = place_of(language)
    if not place.is_file():
        return Catalog(locale=place.parent.parent.name)
    with place.open("rb") as file:
        return read_po(file, locale=place.parent.parent.name, abort_invalid=True)


def update(language: str) -> list[str]:
    """Bring a language's file up to date with the texts; returns those without a translation."""
    before = catalogue(language)
    after = Catalog(locale=before.locale, project="ganlab", charset="utf-8", fuzzy=False)
    after.header_comment = f"# The words of ganlab, {LANGUAGES[language]}: see docs/languages.md."
    missing = []
    for text, places in texts().items():
        known = before.get(text)
        said = str(known.string) if known is not None and known.string else ""
        after.add(text, said, locations=[(place, 0) for place in places])
        if not said:
            missing.append(text)
    place = place_of(language)
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        write_po(file, after, width=100, omit_header=False, include_lineno=False)
    return missing


def _files(root: Path) -> Iterator[Path]:
    for folder, ending in (("ganlab", "py"), ("ganlab/lessons", "toml"), ("pages", "py")):
        yield from sorted((root / folder).rglob(f"*.{ending}"))
    yield from sorted((root / "assets" / "live").glob("*.js"))


def _python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            text = node.args[0]
            marked = node.func.id in _KEYWORDS and isinstance(text, ast.Constant)
            if marked and isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _javascript(path: Path) -> Iterator[str]:
    # Babel's own extractor for JavaScript finds no call among the arguments of another.
    for quoted in _IN_JAVASCRIPT.findall(path.read_text(encoding="utf-8")):
        yield json.loads(quoted)


def _lesson(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        whole = tomllib.load(file)
    for table in (whole, *whole.get("step", [])):
        for key in _OF_LESSONS:
            yield from _strings(table.get(key, []))
        links = [table["link"]] if "link" in table else []
        for one in (*table.get("offer", []), *links):
            yield one["text"].strip()


def _strings(value: Any) -> Iterator[str]:
    for text in [value] if isinstance(value, str) else value:
        yield text.strip()


_READ = {
    ".py": _python,
    ".js": _javascript,
    ".toml": _lesson,
}
