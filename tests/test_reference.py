"""docs/toggles.md agrees with the registries."""

from pathlib import Path

from ganlab.reference import markdown
from ganlab.spec import PARAMS
from ganlab.stabilisers import STABILISERS

PAGE = Path(__file__).parents[1] / "docs" / "toggles.md"


def test_the_page_is_made_of_the_registries():
    assert PAGE.read_text() == markdown(), "ganlab toggles > docs/toggles.md"


def test_every_stabiliser_has_its_equation_and_fields():
    text = markdown()
    for name in STABILISERS:
        entry = STABILISERS[name]
        assert entry.equation in text and entry.doc in text and entry.cite in text
        assert all(f"`{p.name}`" in text and p.name in PARAMS for p in entry.params)
