"""The Compare page obeys valid messages of a browser, and ignores invalid ones."""

from types import SimpleNamespace

import pytest

from ganlab.comparison import Comparison
from ganlab.presets import DEFAULTS
from ganlab.shape import Shape
from ganlab.ui import compare


@pytest.fixture
def shown(monkeypatch):
    """The changes applied to a comparison of two runs."""
    found = []
    monkeypatch.setattr(compare, "_apply", lambda session, make: found.append(make))
    return found


@pytest.mark.parametrize("name", [["drop"], {"drop": 1}, None, 3, "else"])
def test_an_act_that_is_no_name_is_left_alone(shown, name):
    session = SimpleNamespace(experiment=Comparison.pair(DEFAULTS[1]), shape=Shape())
    compare._act(session, {"act": name, "run": 1})
    assert shown == []


def test_an_act_that_is_one_is_done(shown):
    pair = Comparison.pair(DEFAULTS[1])
    compare._act(SimpleNamespace(experiment=pair, shape=Shape()), {"act": "swap", "run": 1})
    (make,) = shown
    assert make(pair).specs == pair.specs[::-1]


def test_nothing_is_done_where_the_comparison_is_locked(shown):
    pair, shape = Comparison.pair(DEFAULTS[1]), Shape(lock=("differs",))
    compare._act(SimpleNamespace(experiment=pair, shape=shape), {"act": "swap", "run": 1})
    assert shown == []
