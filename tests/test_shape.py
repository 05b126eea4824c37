"""The shape of a page: what the front end writes, an address holds, and the server refuses."""

from __future__ import annotations

import json
import random
from urllib.parse import parse_qsl

import pytest

from ganlab.address import with_pairs, without_shape
from ganlab.layer_words import LAYERS
from ganlab.live.commands import COMMANDS
from ganlab.params import KNOBS, PARAMS
from ganlab.query import UnknownField
from ganlab.shape import CURVES, TOOLBAR, TOOLS, Shape, kind_of
from ganlab.shaping import Locked, read, refuse
from tests.javascript import value

PAGES = ("one", "two", "games", "phenomena")
PARTS = {
    "field": [name for name in (*PARAMS, "t.std", "t.mean") if name not in TOOLS],
    "tool": list(TOOLS),
    "layer": [f"layer-{name}" for name in LAYERS],
    "curve": [f"curve-{name}" for name in CURVES],
    "page": [f"page-{name}" for name in PAGES],
}
STATES = ("shown", "locked", "hidden")


def _read(query: str) -> Shape:
    unknown: list[object] = []
    shape = read(parse_qsl(query), PAGES, unknown.append)
    assert not unknown
    return shape


def test_what_a_teacher_chooses_is_what_the_server_reads():
    """Also in the front end's own reading, and never longer than plain lists."""
    draw = random.Random(5)
    choices = []
    for _ in range(40):
        weights = [draw.random() ** 3 for _ in STATES]
        choices.append(
            {
                kind: [[name, draw.choices(STATES, weights)[0]] for name in names]
                for kind, names in PARTS.items()
            }
        )
    queries = value(f"{json.dumps(choices)}.map(m.shapeQuery)", m="shape.js")
    for chosen, query in zip(choices, queries, strict=True):
        shape = _read(query)
        states = {name: state for parts in chosen.values() for name, state in parts}
        assert {name: shape.state(name) for name in states} == states
        plain = Shape(
            *(tuple(n for n, s in states.items() if s == state) for state in ("hidden", "locked"))
        )
        assert len(query) <= len(with_pairs("", plain.pairs()))
    shape = _read(queries[0])
    given = {"hide": shape.hide, "lock": shape.lock, "show": shape.show, "tools": list(TOOLS)}
    names = [name for parts in PARTS.values() for name in parts]
    stated = f"{json.dumps(names)}.map(m.shapeOf({json.dumps(given)}).state)"
    assert value(stated, m="shape.js") == [shape.state(name) for name in names]


def test_one_knob_is_handed_out_in_few_words():
    parts = {"field": [[n, "shown" if n == "k" else "locked"] for n in PARTS["field"]]}
    query = value(f"m.shapeQuery({json.dumps(parts)})", m="shape.js")
    assert query == "lock=field-*&show=k"
    shape = _read(query)
    assert [n for n in PARTS["field"] if not shape.fixed(n)] == ["k"]
    assert not shape.fixed("play") and not shape.fixed("layer-d")


def test_an_address_keeps_its_other_fields():
    query = with_pairs("k=2&t.std=0.1", Shape(("curve-w1",), ("field-*",), ("k",)).pairs())
    assert query == "k=2&t.std=0.1&hide=curve-w1&lock=field-*&show=k"
    own, shape = without_shape(parse_qsl(query))
    assert own == [("k", "2"), ("t.std", "0.1")] and len(shape) == 3
    assert with_pairs("", []) == "" and not Shape()


@pytest.mark.parametrize(
    "name", ["foo", "layer-foo", "curve-", "page-secret", "t.foo", "-*", "k-*", "<b>", "field-k"]
)
def test_an_unknown_name_is_named(name):
    errors: list[UnknownField] = []
    shape = read([("hide", f"k,{name}"), ("lock", "")], PAGES, errors.append)
    assert shape == Shape(("k",))
    assert [error.field for error in errors] == [f"hide={name}"]


def test_a_field_given_twice_names_both():
    assert read([("lock", "k, k"), ("lock", "play")], PAGES, print) == Shape((), ("k", "play"))


def test_every_command_is_refused_with_its_control_or_is_harmless():
    """A page on which everything is locked only shows."""
    shape = Shape(lock=tuple(f"{kind}-*" for kind in PARTS))
    free = set()
    for name in COMMANDS:
        for field in KNOBS if name == "set" else [""]:
            try:
                refuse(shape, name, field)
                free.add(name)
            except Locked as error:
                assert str(error).endswith(" is locked by your teacher.")
            refuse(Shape(), name, field)
    assert free == {"ack", "visible", "figure", "layers", "answer", "to_step"}


def test_a_locked_p_data_cannot_be_drawn():
    with pytest.raises(Locked, match=r"Draw p_data by hand is locked"):
        refuse(Shape(lock=("target",)), "draw_ink")


def test_the_ids_of_controls_are_those_of_the_page():
    assert {kind_of(name) for name in TOOLBAR} == {"tool"}
    assert not set(TOOLS) & set(PARAMS) - {"seed"}
    assert {kind_of(name) for name in set(PARAMS) - {"seed"}} == {"field"}
