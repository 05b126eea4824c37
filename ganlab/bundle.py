"""The front end as one JavaScript module that needs no server: for files and for notebooks."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

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


@cache
def module(entry: str) -> str:
    """The text of one ES module with the exports of `entry`, a file in assets/live.

    It has everything in it that the entry imports, the colours of `ganlab.theme` and the style
    sheet, and may therefore be loaded from a blob or stand in a page's <script type="module">.
    The order of the modules is the one in which a browser would execute them, each in a scope of
    its own. Raises ValueError for a module with another form of import or export than
    `import { a, b } from "./c.js";`, `export function`, `export const` and `export default`, and
    for modules that import each other in a circle.
    """
    parts: dict[str, str] = {}
    exported = _collect(entry, parts, ())
    named = [name for name in exported if name != "default"]
    here = _variable(entry)
    lines = [f"const {{ {', '.join(named)} }} = {here};"] if named else []
    if named:
        lines.append(f"export {{ {', '.join(named)} }};")
    if "default" in exported:
        lines.append(f"export default {here}.default;")
    return "".join(parts.values()) + "\n".join([*lines, ""])


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


def _collect(name: str, parts: dict[str, str], above: tuple[str, ...]) -> list[str]:
    """Put a module, after those that it imports, into `parts`; returns what it exports."""
    if name in above:
        raise ValueError(f"{' imports '.join((*above, name))}: a circle")
    text = _source(name)
    for _, other in _IMPORT.findall(text):
        if other not in parts:
            _collect(other, parts, (*above, name))
    exported = [*_EXPORT.findall(text)]
    body = _IMPORT.sub(lambda found: _unpack(*found.groups()), text)
    body = _EXPORT.sub("", body)
    body, more = _DEFAULT.subn("const _default = ", body)
    if found := _OTHER.search(body):
        raise ValueError(f"{name} has {found[0]!r}, which `ganlab.bundle` cannot put into one file")
    fields = [*exported, *(["default: _default"] if more else [])]
    given = f"return {{ {', '.join(fields)} }};\n" if fields else ""
    parts[name] = f"const {_variable(name)} = (() => {{\n{body}{given}}})();\n"
    return [*exported, *(["default"] if more else [])]


def _unpack(names: str, other: str) -> str:
    wanted = names.replace(" as ", ": ")
    return f"const {{ {wanted} }} = {_variable(other)};\n"
