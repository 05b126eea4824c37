"""Checks of presets."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ganlab.engine import Run
from ganlab.params import PARAMS
from ganlab.presets.preset import Preset, check, trace
from ganlab.spec import Spec
from ganlab.targets import TARGETS

_LEAST = 0.85  # the smallest lower bound of a claim's rate
_LESSON = 5000  # the most iterations that fit into a lesson


def _sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|$)", text))


def has_specs_side_by_side(preset: Preset, beside: Mapping[str, object]) -> None:
    """One to four Specs of one dimension and seed, which differ in one field and its companion."""
    specs = preset.specs
    assert 1 <= len(specs) <= 4 and len(preset.labels) == len(specs), "a label for each Spec"
    assert len({s.dim for s in specs}) == 1, "its Specs have one dimension"
    assert len({s.seed for s in specs}) == 1, "its Specs have one seed"
    assert len(set(specs)) == len(set(preset.labels)) == len(specs), "each is there once"
    assert all(label == label.strip() and len(label) <= 24 for label in preset.labels)
    names = [*PARAMS, *(f"t.{p.name}" for p in TARGETS[specs[0].target].params)]
    assert len({s.target for s in specs}) == 1, "they learn the same"
    differ = [name for name in names if len({s.value(name) for s in specs}) > 1]
    assert len(differ) <= 2, f"they may differ in two fields, not in {', '.join(differ)}"


def has_words_and_a_claim(preset: Preset, beside: Mapping[str, object]) -> None:
    """Doc of two or three sentences, claim of at most three with a number, source with a year."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", preset.name), "a name as in an address"
    assert preset.title and not preset.title.endswith(".") and len(preset.title) <= 70
    told, claimed = _sentences(preset.doc), _sentences(preset.claim)
    assert preset.doc.endswith(".") and 2 <= told <= 3, "its doc is two or three sentences"
    assert preset.claim.endswith(".") and claimed <= 3, "a claim is at most three sentences"
    assert re.search(r"\d", preset.claim), "a claim has a number"
    assert re.search(r"\d{4}", preset.cite), "a source has its year"


def has_counts_of_seeds(preset: Preset, beside: Mapping[str, object]) -> None:
    """At least fifty seeds that were not used for tuning, or none for published settings."""
    if preset.counts is None:
        return
    held, first, last = preset.counts
    assert preset.counts.of == last - first + 1 >= 50, "counted on at least 50 seeds"
    assert first >= 1000, "settings are chosen on low seeds, and counted on others"
    low, high = preset.counts.interval
    assert _LEAST <= low < held / preset.counts.of <= high + 1e-12, "it does not hold often enough"
    assert f"{held} of {preset.counts.of} seeds" in str(preset.counts)


def is_checked_often_enough(preset: Preset, beside: Mapping[str, object]) -> None:
    """The number of checks is an integer, at least five, and the run fits into a lesson."""
    assert preset.iterations % preset.every == 0 and preset.iterations // preset.every >= 5
    assert preset.published or preset.iterations <= _LESSON


def survives_addresses_and_files(preset: Preset, beside: Mapping[str, object]) -> None:
    """The Specs survive a round trip through an address and through JSON."""
    for spec in preset.specs:
        assert Spec.from_query(spec.to_query()) == spec == Spec.from_json(spec.to_json())


def is_cured_above_the_picture(preset: Preset, beside: Mapping[str, object]) -> None:
    """The cures are values in the menus of controls above the picture."""
    for name, value in preset.cures:
        assert PARAMS[name].knob, f"{name} is no control above the picture"
        assert value in dict(PARAMS[name].menu), f"{name} = {value} is not offered there"
    preset.cured()


def trains(preset: Preset, beside: Mapping[str, object]) -> None:
    """Each of its Specs makes an iteration, and G moves."""
    for spec in preset.specs:
        run = Run(spec)
        first = run.state.g.clone()
        assert run.advance(1) == 1 and not run.stopped
        assert not run.state.g.equal(first), "G does not move"


def decides_for_each_seed(preset: Preset, beside: Mapping[str, object]) -> None:
    """`holds` returns yes or no for traces of the right length, here of a run that stands still."""
    if preset.published:
        return  # evaluating nets this large takes too long
    iterations = np.arange(0, preset.iterations + 1, preset.every)
    traces = []
    for spec in preset.specs:
        first = trace([check(preset, Run(spec))])
        traces.append({n: np.repeat(values, len(iterations), 0) for n, values in first.items()})
        traces[-1]["iteration"] = iterations
    assert bool(preset.holds(*traces)) in (True, False)


CHECKS = (
    has_specs_side_by_side,
    has_words_and_a_claim,
    has_counts_of_seeds,
    is_checked_often_enough,
    survives_addresses_and_files,
    is_cured_above_the_picture,
    trains,
    decides_for_each_seed,
)
