"""What holds for every figure of the theory: its address, its picture, and its double numbers."""

from __future__ import annotations

import csv
import io
import math
import random
import re
from pathlib import Path

import numpy as np
import pytest

from ganlab.demonstrations import DEMONSTRATIONS, Demonstration, Heat, Shown
from ganlab.demonstrations.picture import DASHES, ROLES, Area, Arrows, Bars, Dots, Line
from ganlab.demonstrations.setup import Setup
from ganlab.demonstrations.text import python, table
from ganlab.query import UnknownField
from ganlab.registry import Param, SpecError

DOCS = Path(__file__).parents[2] / "docs" / "theory.md"
NAMES = list(DEMONSTRATIONS)
KINDS = (Line, Area, Dots, Bars, Arrows, Heat)


def value_of(param: Param, rng: random.Random):
    """A value of a parameter within its bounds."""
    if param.kind == "choice":
        return rng.choice(list(param.choices))
    if param.kind in ("ints", "floats"):
        return param.default
    value = rng.uniform(param.low, param.high)
    return round(value) if param.kind == "int" else round(value, 3)


def setups(name: str) -> list[Setup]:
    """The defaults, and two settings within the bounds."""
    entry, rng = DEMONSTRATIONS[name], random.Random(name)
    out = [Setup(name)]
    while len(out) < 3:
        values = {p.name: value_of(p, rng) for p in entry.params}
        if entry.refuse(entry.read() | values) is None:
            out.append(Setup(name, values))
    return out


EVERY = [pytest.param(s, id=f"{name}-{i}") for name in NAMES for i, s in enumerate(setups(name))]


@pytest.mark.parametrize("setup", EVERY)
def test_an_address_is_the_whole_setup(setup):
    assert Setup.from_query(setup.query()) == setup
    assert Setup.from_query("?" + setup.query(), errors := []) == setup and not errors


@pytest.mark.parametrize("setup", EVERY)
def test_a_picture_is_complete(setup):
    shown, entry = setup.shown(), setup.entry
    params = {p.name: p for p in entry.params}
    assert shown.panels and 0 <= shown.first < shown.frames
    assert len({panel.name for panel in shown.panels}) == len(shown.panels)
    says = [shown.says] if isinstance(shown.says, str) else shown.says
    assert all(says) and len(says) in (1, shown.frames)
    for panel in shown.panels:
        for axis in filter(None, (panel.x, panel.y, panel.right)):
            assert axis.label and -math.inf < axis.low < axis.high < math.inf
            assert axis.low > 0 or not axis.log
        sets = [panel.cursor, *(name for h in panel.handles for name in (h.x, h.y))]
        for name in filter(None, sets):
            assert params[name].kind == "float"
        for handle in panel.handles:
            assert handle.x or handle.y
            assert panel.x.low <= handle.at[0] <= panel.x.high, handle
            assert panel.y.low <= handle.at[1] <= panel.y.high, handle
            # Dropped where it is, a handle changes nothing.
            moves = zip((handle.x, handle.y), handle.at, handle.origin, handle.signs, strict=True)
            for name, at, origin, sign in moves:
                own = sign * (at - origin)
                assert name is None or setup.values[name] == pytest.approx(own, abs=1e-9)
        for draw in panel.draws:
            assert params[draw.param].kind == "floats"
            assert np.shape(draw.now) == (params[draw.param].longest,)
        for series in panel.series:
            assert isinstance(series, KINDS)
            drawn(series, shown)
    for number in shown.numbers:
        for value in (number.value, number.other):
            assert value is None or np.shape(value) in ((), (shown.frames,))


def drawn(series, shown: Shown) -> None:
    arrays = series.arrays()
    if isinstance(series, Heat):
        assert arrays["values"].ndim in (2, 3) and series.low < series.high
        return
    assert series.role in ROLES
    assert not isinstance(series, Line) or series.dash in DASHES
    shapes = {array.shape for array in arrays.values() if array.shape[-1] > 1}
    assert len({shape[-1] for shape in shapes}) <= 1, "arrays of one length"
    assert all(len(shape) == 1 or shape[0] == shown.frames for shape in shapes)
    finite = np.isfinite(arrays["y"])
    assert finite.any(), "nothing to see"


@pytest.mark.parametrize("setup", EVERY)
def test_both_ways_to_compute_a_number_agree(setup):
    twice = 0
    for number in setup.shown().numbers:
        if number.other is None:
            continue
        twice += 1
        assert number.by and number.how and number.by != number.how
        value, other = np.asarray(number.value, float), np.asarray(number.other, float)
        finite = np.isfinite(value)
        assert np.array_equal(finite, np.isfinite(other)), number
        assert value[finite] == pytest.approx(other[finite], rel=2e-3, abs=2e-4), number
    assert twice, "no number is computed twice"


@pytest.mark.parametrize("setup", EVERY)
def test_what_can_be_taken_away(setup, capsys):
    shown = setup.shown()
    exec(python(setup), scope := {})
    assert "shown" in scope and shown.numbers[0].label in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(table(shown))))
    count = sum(array.size for p in shown.panels for s in p.series for array in s.arrays().values())
    count += sum(np.size(v) for n in shown.numbers for v in (n.value, n.other) if v is not None)
    assert len(rows) == count
    first = next(row for row in rows if row["panel"] == "numbers")
    value = np.asarray(shown.numbers[0].value, float).reshape(-1)[0]
    assert float(first["value"]) == pytest.approx(value, rel=1e-12, nan_ok=True)
    try:
        spec = setup.entry.lab(setup.values)
    except SpecError:
        return  # the page says why
    assert spec is None or type(spec).from_query(spec.to_query()) == spec


@pytest.mark.parametrize("name", NAMES)
def test_what_an_address_cannot_say_is_named(name):
    entry = DEMONSTRATIONS[name]
    errors: list[SpecError] = []
    assert Setup.from_query(f"figure={name}&nonsense=1", errors) == Setup(name)
    assert isinstance(errors[0], UnknownField)
    for param in entry.params:
        errors.clear()
        assert Setup.from_query(f"figure={name}&{param.name}=no", errors) == Setup(name)
        assert [error.name for error in errors] == [param.name]
        with pytest.raises(SpecError, match=param.name):
            entry.at(**{param.name: "no"})
    with pytest.raises(SpecError, match="nonsense"):
        entry.at(nonsense=1)


def test_the_documentation_has_every_figure():
    rows = re.findall(r"^\| (.+?) \|", DOCS.read_text(), re.M)
    assert rows[1:] == [DEMONSTRATIONS[name].title for name in NAMES]


def test_there_is_no_other_figure():
    with pytest.raises(SpecError, match="optimal-d"):
        Setup("nothing")
    errors: list[SpecError] = []
    assert Setup.from_query("figure=nothing", errors) == Setup() and errors[0].name == "figure"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"watch": ""}, "watch"),
        ({"cite": ""}, "citation"),
        ({"params": (Param("figure", "a", 0.0, doc="b"),)}, "other than"),
        ({"params": (Param("a", "", 0.0),)}, "no title"),
        ({"params": (Param("a", "a", 2.0, 0.0, 1.0, doc="b"),)}, "not allowed"),
    ],
)
def test_an_incomplete_entry_is_not_added(change, why):
    whole = {"watch": "w", "doc": "d", "equation": "e", "cite": "c", "params": ()} | change
    entry = Demonstration("new", "new", show=lambda values: Shown(()), **whole)
    with pytest.raises(ValueError, match=why):
        DEMONSTRATIONS.add(entry)
    assert "new" not in DEMONSTRATIONS
