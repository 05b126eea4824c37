"""No text that a person reads is a bare literal: all are marked for the catalogues."""

import ast
import re
from pathlib import Path

import ganlab

PACKAGE = Path(ganlab.__file__).parent
FRONT_END = PACKAGE.parent / "assets" / "live"

# Rooms without texts on pages: their words are for programs, files and the command line.
WITHOUT = {
    "cli.py", "testing", "export", "jobs", "limits.py", "environment.py", "languages", "output.py",
    "reference.py", "record", "engine", "digits", "pictures", "domains", "headers.py",
}  # fmt: skip
# Keywords and functions whose literals are shown.
SHOWN = {"title", "doc", "watch", "claim", "says", "help", "check", "differs", "placeholder"}
WIDGETS = {
    "button", "caption", "checkbox", "download_button", "error", "expander", "file_uploader",
    "headline", "info", "markdown", "metric", "number_input", "popover", "progress", "radio",
    "say", "section", "segmented_control", "selectbox", "slider", "success", "text_area",
    "text_input", "toggle", "warning",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z]{3,}")
MARKUP = re.compile("`[^`]*`|:small|:orange")
# Texts that are the same in every language, and why.
SAME = {
    "run.npz": "the name of a file",
    "preview.npz": "the name of a file",
    "samples.png": "the name of a file",
    "history.csv": "the name of a file",
    "history.parquet": "the name of a file",
    "all.json": "the name of a file",
    "run.py": "the name of a file",
    "spec.json": "the name of a file",
    "REINFORCE": "a name",
    "MNIST": "a name",
    "DBN": "a name",
    "enter": "the name of a command",
}
# What the front end shows: attributes, contents, and words on canvases.
IN_FRONT_END = re.compile(
    r"""(?:\b(?:title|placeholder|alt):\ |"aria-label":\ |\.(?:title|textContent|placeholder)\ =\ 
    |\b(?:setText|fillText|say)\((?:\w+,\ )?|"aria-label",\ )(?:"([^"]*)"|`([^`]*)`)""",
    re.VERBOSE,
)


def literal(node: ast.expr) -> str:
    """The text of a literal or an f-string; "" for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value for v in node.values if isinstance(v, ast.Constant))
    return ""


def called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def of_python(path: Path) -> set[str]:
    """The bare literals of a module that a page shows."""
    found: set[str] = set()
    ui = "ui" in path.relative_to(PACKAGE).parts
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        shown = [k.value for k in node.keywords if k.arg in SHOWN and called(node) != "add_parser"]
        if ui and called(node) in WIDGETS and node.args:
            shown.append(node.args[0])
        if called(node) == "SpecError" and len(node.args) == 3:
            shown.append(node.args[2])
        found |= {
            text
            for text in map(literal, shown)
            if WORD.search(re.sub("`[^`]*`|:small|:orange", "", text))
        }
    return {text for text in found if "argparse" not in path.read_text()} - set(SAME)


def test_no_page_shows_a_bare_literal_of_python():
    bare = {}
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in WITHOUT and (found := of_python(path)):
            bare[path.relative_to(PACKAGE).as_posix()] = found
    assert not bare


def test_no_view_shows_a_bare_literal_of_javascript():
    bare = set()
    for path in sorted(FRONT_END.glob("*.js")):
        for plain, template in IN_FRONT_END.findall(path.read_text()):
            text = plain or re.sub(r"\$\{.*\}|\$\{.*", "", template)
            if WORD.search(text) and text not in SAME:
                bare.add((path.name, text))
    assert not bare


def test_the_tests_find_a_bare_literal(tmp_path):
    assert IN_FRONT_END.findall('el("p", { title: "Press here" })') == [("Press here", "")]
    assert IN_FRONT_END.findall("setText(node, `Run ${letter}`)") == [("", "Run ${letter}")]
    assert not IN_FRONT_END.findall('el("p", { title: _("Press here") })')
    call = ast.parse('Param("k", title="Press here")').body[0].value
    assert literal(call.keywords[0].value) == "Press here" and called(call) == "Param"
