"""The answer that the page of theory gets."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from ganlab.demonstrations import DEMONSTRATIONS
from ganlab.demonstrations.setup import Setup
from ganlab.live.answers import ANSWERS
from ganlab.live.theory import answer, number_text
from ganlab.live.wire import MOST_TEXT, decode


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_an_answer_is_what_the_library_shows(name):
    setup = Setup(name)
    shown = setup.shown()
    header, arrays = decode(answer(f"figure={name}"))
    assert header["query"] == setup.query() and header["notes"] == []
    assert [name, setup.entry.title] in header["figures"]
    assert header["equation"].startswith("<math") and "\\" not in header["equation"]
    for i, panel in enumerate(shown.panels):
        assert header["panels"][i]["title"] == panel.title
        for j, series in enumerate(panel.series):
            for key, array in series.arrays().items():
                got = arrays[f"{i}.{j}.{key}"]
                assert got.shape == array.shape
                if key != "values":
                    finite = np.isfinite(array)
                    assert got[finite] == pytest.approx(array[finite], rel=1e-5, abs=1e-30)
    by_hand = {h[a] for p in header["panels"] for h in p["handles"] for a in "xy"} - {None}
    by_hand |= {p["cursor"] for p in header["panels"]} - {None}
    by_hand |= {d["param"] for p in header["panels"] for d in p["draws"]}
    knobs = {knob["field"] for knob in header["knobs"]}
    assert not by_hand & knobs
    needed = {p.name for p in setup.entry.params if p.matters(setup.values)}
    assert by_hand | knobs >= needed, "a parameter that nothing on the page changes"
    for knob in header["knobs"]:
        assert knob["kind"] == "choice" or knob["low"] < knob["high"] < 1e6
    texts = [text for number in header["numbers"] for text in number["values"]]
    assert len(texts) >= len(shown.numbers)
    assert len(header["says"]) in (1, shown.frames)


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_an_answer_is_small_and_an_address_short(name):
    assert len(answer(f"figure={name}")) < 3_000_000
    entry = DEMONSTRATIONS[name]
    longest = {p.name: (9.876,) * p.longest for p in entry.params if p.kind == "floats"}
    assert len(Setup(name, longest).query()) < MOST_TEXT / 2


def test_a_drawn_curve_has_no_mean_to_change():
    header, _ = decode(answer("figure=optimal-d&q_drawn=0,1,2,1,0"))
    assert header["knobs"] == [] and header["lab"] is None
    handles = [handle["x"] for handle in header["panels"][0]["handles"]]
    assert handles == ["p_mean", "p_std", "x"]


def test_a_bad_address_is_named_and_the_rest_is_used():
    header, _ = decode(answer("figure=optimal-d&p_mean=99&x=1&zzz=1"))
    assert header["values"]["x"] == 1 and header["values"]["p_mean"] == -1
    notes = " ".join(header["notes"])
    assert "mean of p_data = 99.0 is not allowed; it must be a number from -4.5 to 4.5" in notes
    assert "Ignored in this address: zzz" in notes
    header, _ = decode(answer("figure=nothing"))
    assert (
        header["figure"] == next(iter(DEMONSTRATIONS)) and "one of optimal-d" in header["notes"][0]
    )


def test_the_file_is_the_librarys():
    rows = list(csv.DictReader(io.StringIO(ANSWERS.get("theory", "csv", "x=0.5").decode())))
    best = DEMONSTRATIONS["optimal-d"].at(x=0.5).numbers[2]
    found = [row for row in rows if row["panel"] == "numbers" and row["series"] == "D*(x)"]
    assert [float(row["value"]) for row in found] == [best.value, best.other]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.69314718, "0.6931"),
        (-1.38629, "−1.3863"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
        (-1e-17, "0.0000"),
        (1.234e-6, "1.23e−6"),
        (123456.0, "1.23e5"),
        (23.456789, "23.457"),
    ],
)
def test_numbers_are_written_as_a_reader_expects(value, text):
    assert number_text(value) == text


def ends(param) -> list:
    """The ends of a parameter: the lowest and the highest value, or the first and last choice."""
    if param.kind == "choice":
        return [list(param.choices)[0], list(param.choices)[-1]]
    return [] if param.kind in ("ints", "floats") else [param.low, param.high]


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_there_is_an_answer_at_every_end(name):
    """One parameter at its end, all at their low ends, and all at their high ends."""
    has = {p.name: ends(p) for p in DEMONSTRATIONS[name].params if ends(p)}
    every = [{one: end} for one, both in has.items() for end in both]
    for values in [*every, *({one: has[one][k] for one in has} for k in (0, 1))]:
        header, _ = decode(answer(Setup(name, values).query()))
        assert header["notes"] == [] and header["numbers"], values
        lab = header["lab"]
        assert lab is None or bool(lab["query"]) != bool(lab["why"]), values


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("figure=label-smoothing&alpha=0.5&beta=0.5", "smooth_real = 0.5 is not allowed"),
        ("figure=fit&apart=0", "separation = 0.0 is not allowed"),
    ],
)
def test_a_situation_that_the_lab_cannot_have_says_why(query, why):
    header, _ = decode(answer(query))
    assert header["lab"]["query"] == "" and f"The lab cannot: {why}" in header["lab"]["why"]
