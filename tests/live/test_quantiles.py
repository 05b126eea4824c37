"""Statistics of many seeds: NumPy's percentiles, and true summaries."""

import re

import numpy as np
import pytest

from ganlab.live.quantiles import METRICS, SERIES, quantiles, sentence

RNG = np.random.default_rng(7)


def test_they_are_numpys_percentiles():
    values = {"jsd": RNG.random(16), "modes": RNG.integers(0, 9, 16).astype(float)}
    got = quantiles(values, 3)
    assert set(got) == set(SERIES) and all(v.shape == (1,) for v in got.values())
    assert got["diverged"][0] == 3
    for name, row in values.items():
        ordered = np.sort(row)
        assert got[name][0] == (ordered[7] + ordered[8]) / 2 == np.median(row)
        assert (got[f"{name}_min"][0], got[f"{name}_max"][0]) == (ordered[0], ordered[-1])
        np.testing.assert_allclose(got[f"{name}_q1"][0], 0.25 * ordered[3] + 0.75 * ordered[4])
        np.testing.assert_allclose(got[f"{name}_q3"][0], 0.75 * ordered[11] + 0.25 * ordered[12])
    assert "w1" in METRICS and np.isnan(got["w1"][0]) and np.isnan(got["w1_max"][0])


@pytest.mark.parametrize(
    "held, modes, begins",
    [
        ([8] * 16, 8, "All 16 seeds hold all 8 modes;"),
        ([2] * 16, 2, "All 16 seeds hold both modes;"),
        ([0] * 16, 8, "None of 16 seeds holds a mode;"),
        ([8] * 9 + [3] * 7, 8, "9 of 16 seeds hold all 8 modes, the poorest 3;"),
        ([0] * 8 + [5] * 8, 8, "8 of 16 seeds hold no mode;"),
        ([1] * 5 + [2] * 6 + [8] * 5, 8, "11 of 16 seeds hold 2 of 8 modes or fewer;"),
        ([0] * 4 + [1] * 6 + [8] * 6, 8, "10 of 16 seeds hold at most 1 of 8 modes;"),
    ],
)
def test_sentences(held, modes, begins):
    jsd = np.linspace(0.1, 0.42, 16)
    text = sentence({"jsd": jsd, "modes": RNG.permutation(np.array(held, float))}, modes, 0)
    assert text.startswith(begins)
    assert text.endswith("median JSD 0.26, the middle half 0.18 to 0.34 nats.")


def test_any_sentence_about_modes_is_true_of_half_the_seeds():
    for _ in range(200):
        modes = int(RNG.integers(2, 9))
        held = RNG.integers(0, modes + 1, 16).astype(float)
        text = sentence({"jsd": RNG.random(16), "modes": held}, modes, 0)
        count = int(re.match(r"(\d+) of 16", text)[1]) if text[0].isdigit() else 16
        assert count >= 8
        few = re.search(r"(?:hold|most) (\d+) of \d+ modes", text)
        if few:
            assert (held <= int(few[1])).sum() == count < 16 or held.max() == int(few[1])
        elif "no mode" in text or text.startswith("None"):
            assert (held == 0).sum() == count
        else:
            assert (held == modes).sum() == count


def test_without_modes_and_with_divergence():
    text = sentence({"jsd": np.array([0.1, 0.22, 0.3, 0.62])}, 0, 2)
    assert text == (
        "Median JSD 0.26, the middle half 0.19 to 0.38 nats; the worst of 4 seeds 0.62. "
        "2 of 4 diverged."
    )
    one = {"jsd": np.array([0.1, 0.2]), "modes": np.array([1.0, 1.0])}
    assert sentence(one, 1, 0).startswith("Median JSD 0.15")  # one mode gives no statistic
