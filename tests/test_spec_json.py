"""Specs as JSON: text from others is refused by name, and never takes long."""

import pytest

from ganlab.registry import SpecError
from ganlab.spec import Spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"k"',
        "NaN",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"k": 1' + "0" * 5000 + "}",
        '{"k": NaN}',
        '{"k": -Infinity}',
        '{"k": [1]}',
        '{"k": {"k": 1}}',
        '{"k": "1"}',
        '{"k": true}',
        '{"k": 1e999}',
        '{"nonsense": 1}',
        '{"__class__": 1}',
        '{"self": 1}',
        '{"": 1}',
        '{"g_hidden": [[1]]}',
        '{"g_hidden": "32"}',
        '{"g_hidden": {"1": 1}}',
        '{"target": ["ring"]}',
        '{"target": "\\ud800"}',
        '{"target": "__init__"}',
        '{"target_params": 3}',
        '{"target_params": null}',
        '{"target_params": {"mean": [1]}}',
        '{"target_params": {"mean": 1, "extra": 1}}',
        "\x00",
        "k: 1",
    ],
    ids=lambda t: t[:16],
)
def test_hostile_json_is_refused(text):
    with pytest.raises(SpecError) as caught:
        Spec.from_json(text)
    str(caught.value).encode("utf-8")
    assert len(str(caught.value)) < 1000  # it lists all fields


def test_a_field_given_twice_in_json_is_refused():
    text = Spec().to_json()
    with pytest.raises(SpecError, match="k = 'given twice'") as caught:
        Spec.from_json(text[:-1] + ', "k": 3}')
    assert caught.value.name == "k"
    with pytest.raises(SpecError, match="given twice"):
        Spec.from_json('{"target_params": {"std": 1, "std": 2}}')


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, " " * 2_000_000, None, "nul"])
def test_json_that_would_take_for_ever_is_refused(text):
    with pytest.raises(SpecError):
        Spec.from_json(text)
