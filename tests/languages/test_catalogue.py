"""The catalogues: complete, without leftovers, and with the fields of the texts."""

import re
import string

import pytest

from ganlab.languages import ENGLISH, LANGUAGES
from ganlab.languages.extract import catalogue, texts

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


def fields(text: str) -> set[str]:
    """The names of a template's fields."""
    return {name for _literal, name, *_rest in string.Formatter().parse(text) if name}


def has_fields(text: str) -> bool:
    try:
        return bool(fields(text))
    except ValueError:  # a brace that belongs to a formula
        return False


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_in_the_catalogue_and_nothing_else_is(language):
    found, known = texts(), {str(entry.id) for entry in catalogue(language) if entry.id}
    assert len(found) > 2000
    assert not set(found) - known, "run `ganlab words`, and translate these"
    assert not known - set(found), "run `ganlab words`: nothing uses these any more"


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_is_there_and_has_the_fields_of_its_text(language):
    empty, wrong = [], []
    for entry in catalogue(language):
        text, said = str(entry.id), str(entry.string)
        if not text:
            continue
        if not said or entry.fuzzy:
            empty.append(text)
        # Endings such as {s} have no counterpart in every language, but no other may be new.
        elif has_fields(text) and not fields(said) <= fields(text):
            wrong.append((text, said))
    assert not empty, "translate these in the catalogue"
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_numbers_in_a_translation_are_those_of_its_text(language):
    number = re.compile(r"(?<![\w{.])\d+(?:[.,]\d+)*(?!\w)")
    differing = []
    for entry in catalogue(language):
        text, said = str(entry.id), str(entry.string)
        ours, theirs = set(number.findall(text)), set(number.findall(said))
        if len(ours) > 2 and len(ours & theirs) < 0.6 * len(ours):
            differing.append((text, said, sorted(ours ^ theirs)))
    assert not differing
