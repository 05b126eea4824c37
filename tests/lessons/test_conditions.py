"""Conditions of lessons: what they mean, and that nothing else is read."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganlab import Spec
from ganlab.lessons.condition import Condition, Facts
from ganlab.record.series import COMPARED, SERIES
from ganlab.registry import SpecError


def facts(**more) -> Facts:
    base = Spec()
    columns = {"jsd": np.array([0.6, 0.2, np.nan, 0.3]), "w1": np.array([2.0, 1.0, 0.5, 0.75])}
    given_ = {
        "specs": (base.replace(k=5),),
        "begun": (base,),
        "columns": columns,
        "iteration": 900,
        "passed": 300,
        "pressed": Counter(d=3),
        "hidden": {"d_star"},
    }
    return Facts(**(given_ | more))


@pytest.mark.parametrize("name", SERIES)
def test_every_curve_of_a_run_is_a_measure_of_its_conditions(name):
    assert Condition(f"{name} > 0.5").holds(facts(columns={name: np.array([0.0, 1.0])}))


@pytest.mark.parametrize("name", COMPARED)
def test_every_curve_of_runs_side_by_side_is_a_measure_of_their_conditions(name):
    two = facts(specs=(Spec(), Spec(k=3)), columns={f"{name}.1": np.array([0.0, 1.0])})
    assert Condition(f"b.{name} > 0.5", 2).holds(two)


def test_the_documentation_lists_them():
    text = " ".join((Path(__file__).parents[2] / "docs/lessons.md").read_text().split())
    for names in (SERIES, COMPARED):
        assert ", ".join(f"`{name}`" for name in names) + ";" in text


@pytest.mark.parametrize("name", sorted({*SERIES} - {*COMPARED}))
def test_what_is_not_measured_side_by_side_is_refused_there(name):
    with pytest.raises(SpecError, match=f"b.{name} > 0.5"):
        Condition(f"b.{name} > 0.5", 2)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("jsd < 0.31", True),  # the newest
        ("jsd < 0.3", False),
        ("lowest(jsd) < 0.25 and highest(jsd) > 0.5", True),
        ("first(w1) == 2 and mean(w1) == 1.0625", True),
        ("w1 > lowest(w1) + 0.2", True),
        ("peak(w1) == 0.75 and peak(jsd) == 0.3", True),
        ("lowest(w1) < first(w1) / 5 or iteration >= 900", True),
        ("passed >= 301", False),
        ("0.2 < jsd < 0.4", True),
        ("modes <= 8", False),  # this run has none
        ("not modes <= 8", True),
        ("k >= 5 and changed(k)", True),
        ("changed(loss)", False),
        ("rule == 'alternating'", True),
        ("rule != 'alternating'", False),
        ("k == 'alternating'", False),
        ("pressed(d) == 3 and pressed(g) < 1", True),
        ("hidden(d_star) and shown(d) and not hidden(d)", True),
        ("diverged or paused", False),
        ("jsd / 0 > 1", False),
        ("-0.5 < jsd", True),
    ],
)
def test_what_a_condition_means(text, holds):
    assert Condition(text).holds(facts()) is holds


def test_runs_side_by_side():
    base = Spec()
    columns = {"jsd.0": np.array([0.6]), "jsd.1": np.array([0.1])}
    two = facts(specs=(base, base.replace(k=3)), columns=columns)
    assert Condition("b.jsd < jsd / 2 and a.jsd == jsd and b.k == 3", 2).holds(two)
    assert not Condition("b.jsd > a.jsd", 2).holds(two)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jsd",
        "jsd <",
        "3",
        "jsd = 0",
        "__import__('os').system('true') == 0",
        "open('/etc/passwd') > 1",
        "jsd.__class__ == 1",
        "(lambda: 1)() > 0",
        "[1, 2] == [1, 2]",
        "jsd if k else w1",
        "nothing < 1",
        "lowest(k) < 1",
        "lowest(jsd, w1) < 1",
        "pressed(quit) > 0",
        "hidden(everything)",
        "b.jsd < 1",
        "jsd < 1 # and more",
        "jsd in w1",
        "jsd ** 9 < 1",
        "True",
        "jsd < True",
        " and ".join(["jsd < 1"] * 60),
        "not " * 60 + "paused",
        "jsd < 1e999",
    ],
)
def test_nothing_else_is_read(text):
    with pytest.raises(SpecError) as refused:
        Condition(text, name="a.toml, step 2, until")
    assert refused.value.name == "a.toml, step 2, until" and refused.value.allowed


@given(st.text(alphabet="jsdkw1<>=.()+-*/ andortpuse'b", max_size=60))
def test_any_text_is_a_condition_or_is_refused(text):
    try:
        condition = Condition(text, 2)
    except SpecError:
        return
    assert condition.holds(facts(specs=(Spec(), Spec()))) in (True, False)
