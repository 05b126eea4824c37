"""Properties of presets beyond the contract of `ganlab.testing`: comparisons, counts, traces."""

from dataclasses import replace

import numpy as np
import pytest

from ganlab.comparison import Comparison
from ganlab.experiment import params
from ganlab.presets import PRESETS
from ganlab.presets.preset import late, successes, watch


@pytest.fixture(params=list(PRESETS))
def preset(request):
    return PRESETS[request.param]


def test_specs_side_by_side_differ_in_few_fields(preset):
    first = preset.specs[0]
    differ = [n for n in params(first) if len({s.value(n) for s in preset.specs}) > 1]
    # A knob has at most one companion, as kernels have their dimensions.
    assert len(differ) <= 2 and (len(preset.specs) == 1) == (differ == [])
    if differ:  # then the Compare page can show them, which refuses invalid comparisons
        assert Comparison(preset.specs, tuple(differ)).specs == preset.specs


def test_all_but_the_published_are_counted():
    counted = {name for name in PRESETS if PRESETS[name].counts is not None}
    assert len(PRESETS) >= 11 and counted == {n for n in PRESETS if not PRESETS[n].published}


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
