"""Every preset is complete, says what it claims in numbers, and can be sent as an address."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ganlab import Run, Spec
from ganlab.live.comparison import Comparison, params
from ganlab.presets import PRESETS
from ganlab.presets.preset import late, successes, watch

LEAST = 0.85  # of the lower bound of a claim's rate


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|$)", text))


@pytest.fixture(params=list(PRESETS))
def preset(request):
    return PRESETS[request.param]


def test_specs_are_few_of_one_dimension_and_one_seed(preset):
    specs = preset.specs
    assert 1 <= len(specs) <= 4 and len(preset.labels) == len(specs)
    assert len({s.dim for s in specs}) == len({s.seed for s in specs}) == 1
    assert len(set(specs)) == len(set(preset.labels)) == len(specs)
    assert all(label == label.strip() and len(label) <= 24 for label in preset.labels)


def test_specs_side_by_side_differ_in_few_fields(preset):
    first = preset.specs[0]
    differ = [n for n in params(first) if len({s.value(n) for s in preset.specs}) > 1]
    # A knob has at most one companion, as kernels have their dimensions.
    assert len(differ) <= 2 and (len(preset.specs) == 1) == (differ == [])
    if differ:  # then the page of comparisons can show them, which refuses what it cannot
        assert Comparison(preset.specs, tuple(differ)).specs == preset.specs


def test_words_are_whole_sentences_and_the_claim_has_a_number(preset):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", preset.name)
    assert preset.title and not preset.title.endswith(".") and len(preset.title) <= 70
    assert preset.doc.endswith(".") and sentences(preset.doc) == 2
    assert preset.claim.endswith(".") and sentences(preset.claim) == 1
    assert re.search(r"\d", preset.claim) and re.search(r"\d{4}", preset.cite)


def test_counts_say_how_many_of_which_seeds_or_that_nobody_has_counted(preset):
    if preset.published:
        assert preset.counts is None
        return
    held, first, last = preset.counts
    assert preset.counts.of == last - first + 1 >= 50
    assert first >= 1000  # settings were chosen on low seeds
    low, high = preset.counts.interval
    rate = held / preset.counts.of
    assert LEAST <= low < rate <= high + 1e-12
    assert f"{held} of {preset.counts.of} seeds" in str(preset.counts)


def test_specs_survive_the_address_and_json(preset):
    for spec in preset.specs:
        assert Spec.from_query(spec.to_query()) == spec == Spec.from_json(spec.to_json())


def test_it_is_checked_often_enough(preset):
    assert preset.iterations % preset.every == 0 and preset.iterations // preset.every >= 5
    if not preset.published:
        assert preset.iterations <= 5000  # within a lesson's patience


def test_every_spec_trains(preset):
    for spec in preset.specs:
        run = Run(spec)
        before = run.state.g.clone()
        assert run.advance(1) == 1 and not run.stopped
        assert not run.state.g.equal(before)


def test_there_are_presets_to_hold():
    assert len(PRESETS) >= 11


def test_a_trace_measures_each_seed_as_if_alone():
    """And its shares, top1, top2 and held agree."""
    short = replace(PRESETS["hopping"], iterations=20, every=10, holds=lambda a: a["held"][0] == 7)
    seeds = (3, 4)
    both = watch(short, seeds)
    alone = [watch(short, (seed,))[0] for seed in seeds]
    for (a,), (b,) in zip(both, alone, strict=True):
        assert a["iteration"].tolist() == [0, 10, 20] and a["diverged"].tolist() == [0, 0, 0]
        np.testing.assert_allclose(a["shares"], b["shares"], atol=2e-3)
        ranked = np.sort(a["shares"], 1)
        np.testing.assert_allclose(a["top1"], ranked[:, -1])
        np.testing.assert_allclose(a["top2"], ranked[:, -2:].sum(1))
        assert a["held"].tolist() == (a["shares"] >= 1 / 32).sum(1).tolist()
    assert [a["held"][0] == 7 for (a,) in both] == successes(short, seeds)


@pytest.mark.parametrize(("share", "left"), [(1.0, 4), (0.5, 2), (0.25, 1)])
def test_late_is_the_end_of_a_run(share, left):
    assert late({"x": np.arange(4)}, "x", share).tolist() == list(range(4))[-left:]
