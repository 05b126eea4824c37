"""The table in the README lists all modules and packages; no module is long without a reason."""

import re
from pathlib import Path

import ganlab

PACKAGE = Path(ganlab.__file__).parent
README = (Path(__file__).parents[1] / "README.md").read_text()


def test_every_module_and_package_has_its_place():
    table = README[README.index("## Layout") :].split("\n\n")[1]
    named = {
        name.removeprefix("ganlab/")
        for row in table.splitlines()
        for name in re.findall(r"`([\w/]+(?:\.py|/))`", row.split("|")[1])
    }
    there = {p.name for p in PACKAGE.glob("*.py") if not p.name.startswith("__")}
    there |= {f"{p.parent.name}/" for p in PACKAGE.glob("*/__init__.py")}
    others = {
        "assets/live/",
        "assets/cards/",
        "pages/",
        "docs/",
        "tests/",
        "benchmarks/",
        "engine/native/",
    }
    assert named - others == there
    root = PACKAGE.parent
    assert all((root / name).is_dir() for name in others - {"engine/native/"})


LINES = 365  # about 300, and the calls that mark texts for translation
# Modules that are longer, and why.
LONG = {
    "fields.py": "one declaration for each field of a Spec",
    "engine/run.py": "the class Run of the Python API: short methods that share one state",
    "words.py": "one table of explanations",
    "live/session.py": "the class Session, which composes its parts and passes calls on to them",
}


def test_no_module_is_long_without_a_reason():
    lines = {
        path.relative_to(PACKAGE).as_posix(): path.read_text().count("\n")
        for path in PACKAGE.rglob("*.py")
    }
    assert {name for name, count in lines.items() if count > LINES} == set(LONG)


def test_test_files_outside_of_packages_have_names_of_their_own():
    # pytest imports them by their names alone, and stops at the second one.
    tests = Path(__file__).parent
    names = [p.name for p in tests.rglob("test_*.py") if not (p.parent / "__init__.py").is_file()]
    assert not {name for name in names if names.count(name) > 1}
