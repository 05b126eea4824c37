"""The front end's modules in one file.

`module`: with all that they need, for exported pages and for notebooks, which have no server.
`together`: as the server sends them. A browser would request a hundred files one after another,
each once a module that imports it has arrived.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ganlab import paths, theme

_IMPORT = re.compile(r'^import \{ ([\w$, ]+) \} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:async )?(?:function\*?|const|let|class) ([\w$]+))", re.MULTILINE
)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
# What would need another file at run time; types in comments look like import("./a.js").Type.
_OTHER = re.compile(
    r"^(?:import\b|export\b).*|\bimport\((?!\"\./\w+\.js\"\)\.(?!then\b)\w).*", re.MULTILINE
)
_STYLES = "styles.js"
# In the server's pages the catalogue of texts is loaded before other modules are executed.
WORDS = "words.js"
COMMON = "common.js"
_ONCE = """const _once = (make) => {
  let made;
  return () => (made ??= make());
};
"""


@cache
def module(entry: str) -> str:
    """The text of one ES module with the exports of `entry`, a file in assets/live.

    It has everything in it that the entry imports, the colours of `ganlab.theme` and the style
    sheet, and may therefore be loaded from a blob or stand in a page's <script type="module">.
    Modules are executed in the order in which a browser would execute them, each in a scope of its
    own. Raises ValueError for a module with another form of import or export than
    `import { a, b } from "./c.js";`, `export function`, `export const` and `export default`, and
    for modules that import each other in a circle.
    """
    parts: dict[str, _Part] = {}
    _collect(entry, parts)
    exported = parts[entry].exported
    return _text(parts) + _exports(entry, exported)


def together(entries: Iterable[str]) -> dict[str, str]:
    """The texts by name of all modules that `entries` import, except `WORDS`, and of `COMMON`.

    All code is in `COMMON`; it is executed when one of the others is, which exports what it did
    alone. Each has one state wherever it is imported. Raises ValueError as `module` does.
    """
    parts: dict[str, _Part] = {}
    for entry in entries:
        _collect(entry, parts, apart=WORDS)
    names = ", ".join(_variable(name) for name in parts)
    words = f'import * as _catalogue from "./{WORDS}";\n'
    here = f"const {_variable(WORDS)} = () => _catalogue;\n"
    others = {
        name: f'import {{ {_variable(name)} }} from "./{COMMON}";\n{_exports(name, part.exported)}'
        for name, part in parts.items()
    }
    return {COMMON: f"{words}{here}{_text(parts)}export {{ {names} }};\n", **others}


def _exports(name: str, exported: Sequence[str]) -> str:
    """The lines that execute a module and export what it does."""
    lines, named = [f"const _made = {_variable(name)}();"], [x for x in exported if x != "default"]
    if named:
        lines.append(f"export const {{ {', '.join(named)} }} = _made;")
    if "default" in exported:
        lines.append("export default _made.default;")
    return "\n".join([*lines, ""])


class _Part(NamedTuple):
    """A module's text as a part of a file, and the names that it exports."""

    text: str
    exported: list[str]


def _text(parts: Mapping[str, _Part]) -> str:
    return _ONCE + "".join(part.text for part in parts.values())


def inline(text: str) -> str:
    """A script's text as it may stand in an HTML page, whose <script> no string in it then ends."""
    # Only strings, templates and comments contain these; in all of them the backslash is harmless.
    return re.sub(r"<(?=/script|!--)", r"\\x3c", text, flags=re.IGNORECASE)


def _source(name: str) -> str:
    if name == "tokens.js":
        return theme.module()
    text = (paths.ASSETS / "live" / name).read_text(encoding="utf-8")
    if name == _STYLES:
        sheet = Path(paths.ASSETS / "live" / "live.css").read_text(encoding="utf-8")
        return f"export const STYLES = {json.dumps({'live.css': sheet})};\n"
    return text


def _variable(name: str) -> str:
    return "_" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _collect(
    name: str, parts: dict[str, _Part], above: tuple[str, ...] = (), apart: str = ""
) -> None:
    """Put a module, after those that it imports, except `apart`, into `parts`."""
    if name in parts or name == apart:
        return
    if name in above:
        raise ValueError(f"{' imports '.join((*above, name))}: a circle")
    text = _source(name)
    for _, other in _IMPORT.findall(text):
        _collect(other, parts, (*above, name), apart)
    exported = [*_EXPORT.findall(text)]
    body = _IMPORT.sub(lambda found: _unpack(*found.groups()), text)
    body = _EXPORT.sub("", body)
    body, more = _DEFAULT.subn("const _default = ", body)
    if found := _OTHER.search(body):
        raise ValueError(f"{name} has {found[0]!r}, which `ganlab.bundle` cannot put into one file")
    fields = [*exported, *(["default: _default"] if more else [])]
    given = f"return {{ {', '.join(fields)} }};\n"
    text = f"const {_variable(name)} = _once(() => {{\n{body}{given}}});\n"
    parts[name] = _Part(text, [*exported, *(["default"] if more else [])])


def _unpack(names: str, other: str) -> str:
    wanted = names.replace(" as ", ": ")
    return f"const {{ {wanted} }} = {_variable(other)}();\n"
