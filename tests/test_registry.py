"""Params accept exactly the allowed values, and every refusal names field, value and range."""

import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from ganlab.registry import Entry, Param, Registry, SpecError

INT = Param("n", "n", 3, 1, 8, "int")
FLOAT = Param("x", "x", 0.5, -1.0, 2.0)
CHOICE = Param("c", "c", "a", kind="choice", choices=("a", "b"))
INTS = Param("w", "w", (3,), 1, 9, "ints", longest=3)
FLOATS = Param("f", "f", (0.5,), -1.0, 2.0, "floats", longest=2)


class Unprintable:
    def __repr__(self):
        raise RuntimeError("no words")


NEVER = (None, True, False, "1", b"1", math.nan, math.inf, -math.inf, 10**400, 10**5000, {}, 1j)
BAD = [
    *((INT, v) for v in (*NEVER, 0, 9, 1.5, 2**53 + 1, [3], (3,))),
    *((FLOAT, v) for v in (*NEVER, -1.0000001, 2.0000001, 1e99, [0.5])),
    *((CHOICE, v) for v in (None, True, 0, "", "A", "a ", "c", ["a"], "a" * 10_000)),
    *((INTS, v) for v in (None, 3, "3", b"3", {3: 3}, (0,), (10,), (True,), (1.5,), ("3",))),
    *((INTS, v) for v in ((1, 2, 3, 4), [[1]], (math.nan,), (10**400,), (10**5000,))),
    *((FLOATS, v) for v in (None, 0.5, "0.5", {}, (3.0,), (math.nan,), (0.1, 0.2, 0.3), (False,))),
    (INT, Unprintable()),
]


@pytest.mark.parametrize(("param", "value"), BAD, ids=lambda v: repr(type(v)))
def test_refusals_name_field_value_and_range(param, value):
    with pytest.raises(SpecError) as caught:
        param.check(value)
    error = caught.value
    assert error.name == param.name and error.value is value and error.allowed == param.allowed
    assert str(error).startswith(f"{param.name} = ") and param.allowed in str(error)
    assert len(str(error)) < 250


@pytest.mark.parametrize(
    ("param", "value", "wanted"),
    [
        (INT, 1, 1),
        (INT, 8, 8),
        (INT, 4.0, 4),
        (INT, np.int64(4), 4),
        (FLOAT, -1, -1.0),
        (FLOAT, 2.0, 2.0),
        (FLOAT, np.float32(0.5), 0.5),
        (CHOICE, "b", "b"),
        (INTS, (), ()),
        (INTS, [9, 1.0], (9, 1)),
        (INTS, range(1, 4), (1, 2, 3)),
        (FLOATS, np.array([0.25, 2.0]), (0.25, 2.0)),
    ],
)
def test_what_is_allowed_comes_back_in_its_own_type(param, value, wanted):
    got = param.check(value)
    assert got == wanted and type(got) is type(wanted)
    if isinstance(wanted, tuple):
        assert [type(g) for g in got] == [type(w) for w in wanted]


def test_words_for_the_range():
    assert INT.allowed == "an integer from 1 to 8"
    seed = Param("seed", "seed", 0, 0, 2**31 - 1, "int")  # exact, unlike 2.14748e+09
    assert seed.allowed == "an integer from 0 to 2,147,483,647"
    assert FLOAT.allowed == "a number from -1 to 2"
    assert CHOICE.allowed == "one of a, b"
    assert INTS.allowed == "at most 3 integers, separated by commas, each from 1 to 9"


@pytest.mark.parametrize("param", [INT, FLOAT, CHOICE, INTS, FLOATS], ids=lambda p: p.kind)
def test_format_and_parse_are_inverse(param):
    rng = np.random.default_rng(0)
    for _ in range(200):
        one = {
            "int": lambda: int(rng.integers(1, 9)),
            "float": lambda: float(rng.choice([rng.uniform(-1, 2), rng.integers(-1, 3), 1e-9])),
            "choice": lambda: str(rng.choice(["a", "b"])),
            "ints": lambda: tuple(rng.integers(1, 10, rng.integers(0, 4)).tolist()),
            "floats": lambda: tuple(rng.uniform(-1, 2, rng.integers(0, 3)).tolist()),
        }[param.kind]()
        value = param.check(one)
        assert param.parse(param.format(value)) == value
        assert " " not in param.format(value)


@pytest.mark.parametrize(
    ("param", "text"),
    [
        (INT, ""),
        (INT, "3.0"),
        (INT, "1e0"),
        (INT, "nan"),
        (INT, "9" * 399),
        (INT, "9" * 100_000),
        (FLOAT, "1e99"),
        (FLOAT, "nan"),
        (FLOAT, "-inf"),
        (FLOAT, "0x1"),
        (FLOAT, "True"),
        (CHOICE, "a,b"),
        (INTS, "1,,2"),
        (INTS, ","),
        (INTS, "1,2,3,4"),
        (FLOATS, "0.5;0.5"),
        (FLOATS, "nan"),
    ],
)
def test_bad_text_is_refused(param, text):
    with pytest.raises(SpecError) as caught:
        param.parse(text)
    assert caught.value.name == param.name and caught.value.allowed == param.allowed
    assert len(str(caught.value)) < 250


def test_registry_keeps_order_and_names_what_there_is():
    registry = Registry("loss")
    one, two = (Entry(n, n, "x", "y.") for n in ("one", "two"))
    assert registry.add(two) is two and registry.add(one) is one
    assert list(registry) == ["two", "one"] and len(registry) == 2 and registry["one"] is one
    assert "one" in registry and "three" not in registry
    with pytest.raises(ValueError, match="loss 'one' is registered twice"):
        registry.add(replace(one, title="again"))
    assert registry["one"] is one
    for name in ("three", None, 1, ["one"]):
        with pytest.raises(SpecError, match="one of two, one") as caught:
            registry[name]
        assert caught.value.name == "loss" and caught.value.value == name


def test_entries_and_params_are_frozen():
    with pytest.raises(FrozenInstanceError):
        INT.low = 0
    with pytest.raises(FrozenInstanceError):
        Entry("a", "a", "x", "y.").name = "b"
