"""Addresses with errors: usable fields are used, and unusable ones are named."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from ganlab import Spec, SpecError
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.presets import DEFAULTS
from ganlab.query import GivenTwice, UnknownField

CLEAN = "target=ring&latent_dim=2&k=3&seed=7"


STRANGERS = ["fbclid=x", "utm_source=%0D%0A", "__theme=dark", "=", "t.x=1"]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_an_unknown_field_costs_nothing_but_a_word(stranger):
    ignored: list[SpecError] = []
    spec = Spec.from_query(f"{CLEAN}&{stranger}", ignored)
    assert spec == Spec.from_query(CLEAN) == Spec(target="ring", latent_dim=2, k=3, seed=7)
    assert [type(error) for error in ignored] == [UnknownField]
    with pytest.raises(SpecError, match="query field"):
        Spec.from_query(f"{CLEAN}&{stranger}")


@pytest.mark.parametrize("bad", ["k=-3", "g_lr=nan", "batch=1e99", "loss=nope", "g_hidden=x"])
def test_a_bad_value_is_the_default_and_the_rest_is_used(bad):
    name = bad.partition("=")[0]
    ignored: list[SpecError] = []
    spec = Spec.from_query(f"target=laplace&d_lr=0.5&{bad}&t.scale=-1&seed=5", ignored)
    assert spec == Spec(target="laplace", d_lr=0.5, seed=5)
    assert [error.name for error in ignored] == [name, "t.scale"]


def test_of_a_field_given_twice_the_first_is_used():
    ignored: list[SpecError] = []
    assert Spec.from_query("k=2&seed=4&k=3", ignored) == Spec(k=2, seed=4)
    assert isinstance(ignored[0], GivenTwice) and ignored[0].name == "k"


def test_of_fields_that_exclude_each_other_as_many_as_can_be_are_used():
    ignored: list[SpecError] = []
    spec = Spec.from_query("r1=1&minibatch_discrimination=4&batch=64", ignored)
    assert spec == Spec(minibatch_discrimination=4, batch=64)
    assert [error.name for error in ignored] == ["r1"]


def test_without_a_target_the_page_says_what_is_absent():
    ignored: list[SpecError] = []
    assert Spec.from_query("k=2&fbclid=1", ignored, DEFAULTS[2]) == DEFAULTS[2].replace(k=2)
    assert Spec.from_query("k=2&target=nope", ignored, DEFAULTS[2]) == DEFAULTS[2].replace(k=2)
    assert Spec.from_query("target=ring&k=2", ignored, DEFAULTS[2]) == Spec(target="ring", k=2)
    images = [("target", "mnist"), ("k", "4")]
    assert Experiment.from_query(images, ignored, DEFAULTS[1]).base == Spec(k=4)
    assert [error.name for error in ignored] == ["query field", "target", "target"]


def test_an_address_of_many_seeds_or_of_runs_side_by_side():
    ignored: list[SpecError] = []
    pairs = [("runs", "17"), ("k", "2"), ("gclid", "1")]
    assert Experiment.from_query(pairs, ignored) == Experiment.of(Spec(k=2))
    assert [error.name for error in ignored] == ["query field", "runs"]
    ignored.clear()
    clean = Comparison.by(Spec(batch=64), {"k": (1, 2, 5), "r1": (0.0, 0.5, 0.0)})
    dirty = [*clean.to_query_pairs(), ("b.nope", "1"), ("c.seed", "3"), ("c.k", "7"), ("e.k", "1")]
    assert Comparison.from_query(dirty, ignored) == clean
    assert [e.field for e in ignored if isinstance(e, UnknownField)] == ["e.k", "b.nope", "c.seed"]
    assert [e.name for e in ignored if isinstance(e, GivenTwice)] == ["c.k"]
    ignored.clear()
    pairs = [("minibatch_discrimination", "4"), ("b.r1", "1"), ("b.k", "3"), ("d.k", "2")]
    read = Comparison.from_query(pairs, ignored)
    assert read.specs[1] == Spec(minibatch_discrimination=4, k=3) and len(read.specs) == 2
    assert [error.name for error in ignored] == ["b.r1", "runs"]


@pytest.mark.parametrize("seed", range(60))
def test_whatever_an_address_holds_is_either_used_or_named(seed):
    dice = random.Random(seed)
    names = [*(n for n, _ in Spec().to_query_pairs()), "t.weights", "t.std", "x", "e.k", "runs", ""]
    values = ["0", "1", "2", "-1", "nan", "1e9", "yes", "adam", "ring", "mnist", "", "1,2", "\x00"]
    pairs = [(dice.choice(names), dice.choice(values)) for _ in range(dice.randrange(1, 40))]
    ignored: list[SpecError] = []
    spec = Spec.from_query(pairs, ignored)
    named = {getattr(error, "field", error.name) for error in ignored}
    used = {n: v for n, v in reversed(pairs) if n not in named}
    shown = dict(spec.to_query_pairs())
    for name, text in used.items():
        assert Spec.from_query({**shown, name: text}.items()) == spec


def test_reading_in_earnest_stays_strict():
    for query in ("k=1&k=1", "fbclid=1", "k=-3"):
        with pytest.raises(SpecError):
            Spec.from_query(query)
    with pytest.raises(SpecError):
        Spec.from_json('{"fbclid": 1}')


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("k=1&k=2", "k"),
        ("k=1&k=1", "k"),
        ("t.std=1&t.std=1", "t.std"),
        ("K=1", "query field"),
        ("target_params=1", "query field"),
        ("t.count=3", "query field"),
        ("target=ring&t.mean=1", "query field"),
        ("__class__=1", "query field"),
        ("target=nowhere", "target"),
        ("target=", "target"),
        ("k=", "k"),
        ("k=1e99", "k"),
        ("k=1.0", "k"),
        ("k=True", "k"),
        ("g_lr=1e99", "g_lr"),
        ("g_lr=nan", "g_lr"),
        ("g_lr=-inf", "g_lr"),
        ("g_lr=" + "1" * 100_000, "g_lr"),
        ("seed=" + "9" * 5000, "seed"),
        ("g_hidden=32,,32", "g_hidden"),
        ("g_hidden=1,1,1,1,1", "g_hidden"),
        ("betas=0.5", "betas"),
        ("loss=%00", "loss"),
        ("loss=%ff%fe", "loss"),
        ("x=1&" * 200, "query"),
    ],
    ids=lambda v: v[:24],
)
def test_bad_queries_are_refused_by_name(query, named):
    with pytest.raises(SpecError) as caught:
        Spec.from_query(query)
    # Of many unknown fields either the first one or the number of fields is reported.
    assert caught.value.name in ({"query", "x"} if named == "query" else {named})
    assert len(str(caught.value)) < 1000


def test_query_leaves_out_what_is_default():
    assert Spec.from_query("k=3&t.mean=2") == Spec(k=3, target_params={"mean": 2.0})
    assert Spec.from_query("g_hidden=&target=ring") == Spec(g_hidden=(), target="ring")
    assert "g_hidden=32,32&" in Spec().to_query() and "t.std=0.7" in Spec().to_query()


@pytest.mark.parametrize("query", [None, 5, b"k=1", [1], [("k", 1)], {"a": 1}, [("k",)]], ids=repr)
@pytest.mark.parametrize("of", [Spec, Experiment])
def test_what_is_no_query_is_refused(of, query):
    with pytest.raises(SpecError, match="fields name=value") as caught:
        of.from_query(query)
    assert caught.value.name == "query"


def test_a_whole_address_is_a_query():
    spec = Spec(k=3, seed=7)
    assert Spec.from_query(f"https://example.org/lab/?{spec.to_query()}") == spec


@pytest.mark.parametrize("events", [5, np.array(3), itertools.repeat(3)], ids=["5", "array", "∞"])
def test_what_is_no_list_of_events_is_refused(events):
    with pytest.raises(SpecError, match="Events, or text"):
        Experiment.of(Spec(), events=events)
    with pytest.raises(SpecError, match="a Spec"):
        Experiment.of("ring")
