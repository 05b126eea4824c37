"""Axes of sweeps: lists, ranges and texts give the same values, and what is wrong is named."""

import numpy as np
import pytest

from ganlab import Spec, SpecError
from ganlab.sweeps import Axis
from ganlab.sweeps.axis import parse, range_

RING = Spec(target="ring")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("k=1,2,5", (1, 2, 5)),
        ("d_lr=0.001,0.1", (0.001, 0.1)),
        ("d_lr=1e-4..1e-2:3:log", (1e-4, 1e-3, 1e-2)),
        ("r1=0..1:5", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("k=1..20:4:log", (1, 3, 7, 20)),
        ("k=1..3:9", (1, 2, 3)),  # whole numbers that differ
        ("g_hidden=8,8;16,16;", ((8, 8), (16, 16), ())),
        ("loss=minimax,hinge", ("minimax", "hinge")),
        ("t.std=0.02,0.1", (0.02, 0.1)),
        ("g_lr+d_lr=0.1,0.2", (0.1, 0.2)),
    ],
)
def test_texts(text, values):
    axis = parse(RING, text)
    assert axis.values == values
    assert Axis.of(RING, axis.field, list(values)) == axis
    assert Axis.of(RING, axis.field, ";".join(axis.texts(RING))) == axis
    assert len(axis.words(RING)) == len(values) and axis.title(RING)


def test_a_logarithmic_range_has_equal_ratios_and_keeps_its_ends():
    axis = range_(RING, "d_lr", 3e-5, 0.7, 12, "log")
    ratios = np.array(axis.values[1:]) / axis.values[:-1]
    np.testing.assert_allclose(ratios, (0.7 / 3e-5) ** (1 / 11), rtol=1e-5)
    assert (axis.values[0], axis.values[-1]) == (3e-5, 0.7)


@pytest.mark.parametrize(
    ("field", "values", "named"),
    [
        ("nonsense", [1], "axis"),
        ("seed", [1, 2], "axis"),  # seeds are runs of a cell
        ("target", ["ring"], "axis"),
        ("g_lr+k", [1], "axis"),
        ("k", [], "k"),
        ("k", [1, 1], "k"),
        ("k", [1.5], "k"),
        ("k", 3, "k"),
        ("k", "1..2", "k"),
        ("k", "1..2:x", "k"),
        ("k", "2..1:3", "k"),
        ("k", "1..301:3", "k"),
        ("d_lr", "0..1:3:log", "d_lr"),
        ("d_lr", "1e-3..1:3:cubic", "scale"),
        ("d_lr", "1e-3..1:1000", "steps"),
        ("d_lr", {"from": 1, "to": 2}, "d_lr"),
        ("d_lr", {"from": 1, "to": 2, "steps": 3, "by": 1}, "d_lr"),
        ("d_lr", {"from": True, "to": 2, "steps": 3}, "d_lr"),
        ("d_lr", {"from": float("nan"), "to": 2, "steps": 3}, "d_lr"),
        ("loss", {"from": 1, "to": 2, "steps": 3}, "loss"),
    ],
)
def test_what_is_wrong_is_named(field, values, named):
    with pytest.raises(SpecError) as refused:
        Axis.of(RING, field, values)
    assert refused.value.name == named


def test_a_text_without_values_is_refused():
    with pytest.raises(SpecError, match="field=value"):
        parse(RING, "k")
