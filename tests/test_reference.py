"""docs/toggles.md and docs/commands.md agree with the code."""

import re
from pathlib import Path

import pytest

from ganlab.cli import main
from ganlab.limits import LIMITS
from ganlab.reference import markdown
from ganlab.spec import PARAMS
from ganlab.stabilisers import STABILISERS
from ganlab.ui.navigation import HOME, PAGES

PAGE = Path(__file__).parents[1] / "docs" / "toggles.md"


def test_the_page_is_made_of_the_registries():
    assert PAGE.read_text() == markdown(), "ganlab toggles > docs/toggles.md"


def test_every_field_has_its_sentence():
    text = markdown()
    for name, param in PARAMS.items():
        assert f"`{name}` = " in text and param.doc.replace("|", r"\|") in text


def test_pages_commands_and_settings_are_documented(capsys):
    text = (PAGE.parent / "commands.md").read_text()
    addresses = {"/" if page == HOME else f"/{page}" for page in PAGES}
    assert set(re.findall(r"^\| `(/\w*)` ", text, re.M)) == addresses
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.search(r"\{([\w,]+)\}", capsys.readouterr().out)
    assert set(re.findall(r"^\| `ganlab (\w+)` ", text, re.M)) == set(commands[1].split(","))
    options = {f"--{name.replace('_', '-')}" for name in LIMITS}
    assert set(re.findall(r"`(--[a-z-]+)`", text)) >= options
    code = "".join(path.read_text() for path in (PAGE.parents[1] / "ganlab").rglob("*.py"))
    assert set(re.findall(r"^\| `(GANLAB_\w+)` ", text, re.M)) == set(
        re.findall(r'"(GANLAB_[A-Z_]+[A-Z])"', code)
    )


def test_every_stabiliser_has_its_equation_and_fields():
    text = markdown()
    for name in STABILISERS:
        entry = STABILISERS[name]
        assert entry.equation in text and entry.doc in text and entry.cite in text
        assert all(f"`{p.name}`" in text and p.name in PARAMS for p in entry.params)
