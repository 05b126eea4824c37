"""One grammar of addresses: old ones keep their meaning, and round trips are exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganlab import address
from ganlab.comparison import Comparison
from ganlab.events import write
from ganlab.experiment import SEEDS, Experiment, params
from ganlab.presets import PRESETS
from ganlab.query import GivenTwice, UnknownField
from ganlab.registry import SpecError
from ganlab.spec import Spec

RING = Spec(target="ring", latent_dim=2)

# Addresses as pages wrote them before there was one grammar.
OLD = [
    ("target=ring&latent_dim=2&k=3&t.std=0.05", Experiment.of(
        RING.replace(k=3, target_params={"std": 0.05}))),
    ("target=ring&latent_dim=2&events=100:k:5,240:GGD", Experiment.of(
        RING, events="100:k:5,240:GGD")),
    ("target=ring&latent_dim=2&seed=7&runs=36", Experiment.of(RING.replace(seed=7), 36)),
    ("target=ring&latent_dim=2&events=100:k:5:loss:minimax&runs=16", Experiment.of(
        RING, 16, "100:k:5:loss:minimax")),
    ("target=ring&latent_dim=2&k=1&b.k=5&c.k=10&events=2:k:2&c.events=40:g_lr:0.01",
     Comparison.by(RING, {"k": (1, 5, 10)}).with_events(("2:k:2", "", "40:g_lr:0.01"))),
    ("k=1&b.k=5&b.t.std=0.3", Comparison.by(Spec(), {"k": (1, 5), "t.std": (0.7, 0.3)})),
]  # fmt: skip


@pytest.mark.parametrize("query, meant", OLD)
def test_an_old_address_keeps_its_meaning(query, meant):
    read = type(meant).from_query(query)
    assert read == meant
    # A complete address, with host and path, works as well.
    assert type(meant).from_query(f"https://lab.example/two?{query}") == meant
    assert type(meant).from_query(meant.to_query()) == meant


def test_each_page_wrote_its_fields_in_this_order():
    """Links that were sent contain them in this order."""
    many = Experiment.of(RING, 16, "100:k:5")
    assert many.to_query() == f"{RING.to_query()}&events=100:k:5&runs=16"
    assert address.with_preset(RING.to_query(), "hopping") == f"{RING.to_query()}&preset=hopping"
    pair = Comparison.pair(RING).with_events(("3:k:2", "4:D"))
    assert pair.to_query() == f"{RING.to_query()}&b.k=5&events=3:k:2&b.events=4:D"


def test_presets_are_known_by_name_alone():
    pairs = [("preset", "nonsense"), ("k", "2"), ("preset", "hopping")]
    assert address.without_preset(pairs, PRESETS) == (
        [("preset", "nonsense"), ("k", "2")],
        "hopping",
    )
    assert address.without_preset(pairs[1:2], PRESETS) == ([("k", "2")], "")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("runs=17", "runs = '17'"), ("runs=16&runs=36", "runs = '16 and 36'"),
        ("events=5:k:2&events=5:k:3", "events = "), ("b.k=2", "query field = 'b.k'"),
        ("b.events=5:k:2", "query field = 'b.events'"), ("events=5:seed:2", "seed"),
        ("events=" + "9:D," * 200 + "9999:D", "at most 600 characters"),
        ("&".join(f"x{i}=1" for i in range(200)), "at most 100 fields"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(query, says):
    with pytest.raises(SpecError, match=says.replace("'", ".")):
        Experiment.from_query(query)
    ignored: list[SpecError] = []
    if "100 fields" not in says:
        assert Experiment.from_query(query, ignored).specs == (Spec(),) and ignored


def test_what_is_given_twice_is_said_once_and_the_first_is_used():
    ignored: list[SpecError] = []
    read = Experiment.from_query("k=2&runs=16&runs=64&k=3&y=1", ignored)
    assert read == Experiment.of(Spec(k=2), 16)
    assert sorted(type(e) is GivenTwice for e in ignored) == [False, True, True]
    assert [e.field for e in ignored if isinstance(e, UnknownField)] == ["y"]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 90), st.sampled_from(["k:2", "k:7", "g_lr:0.5", "loss:hinge", "D", "G"])
    ),
    max_size=6,
).map(lambda rows: ",".join(f"{at * 2 + i}:{what}" for i, (at, what) in enumerate(sorted(rows))))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.sampled_from([Spec(), RING]),
    st.integers(0, 2**31 - 1),
    st.lists(EVENTS, min_size=4, max_size=4),
    st.integers(1, 4),
    st.sampled_from([1, *SEEDS]),
)
def test_any_experiment_comes_back_from_its_address(base, seed, texts, runs, seeds):
    spec = base.replace(seed=seed)
    if runs == 1:
        whole = Experiment.of(spec, seeds, texts[0])
    else:
        whole = Comparison.by(spec, {"k": tuple(range(runs))}).with_events(texts[:runs])
    again = type(whole).from_query(whole.to_query())
    assert again == whole and hash(again) == hash(whole)
    assert [write(e) for e in again.events] == [write(e) for e in whole.events]
    assert set(params(spec)) >= set(whole.fields)
