"""The moving pictures of the gallery's cards: there for each preset, small, and of its own runs."""

import gzip
from dataclasses import replace

import numpy as np
import pytest

from ganlab.engine import Run
from ganlab.live.cards import LARGEST, MOMENTS, is_current, make, path_of, queries
from ganlab.live.wire import decode
from ganlab.presets import PRESETS, groups
from ganlab.presets.preset import COVERS, CURES, MOVES, RIGHT

SHOWN = [name for name in PRESETS if not PRESETS[name].published]


def test_every_preset_has_a_current_picture():
    """Else execute `ganlab cards`."""
    assert [name for name in SHOWN if not is_current(PRESETS[name])] == []
    for name in SHOWN:
        whole = path_of(name).read_bytes()
        assert len(gzip.compress(whole, 6)) <= LARGEST, name
        header, arrays = decode(whole)
        preset = PRESETS[name]
        at = header["iterations"]
        assert (at[0], at[-1], len(at)) == (0, preset.iterations, MOMENTS)
        moments = {a.shape[0] for n, a in arrays.items() if n.split(".")[0] in ("p_g", "d", "fake")}
        assert moments == {MOMENTS} and len(header["boxes"]) == len(preset.specs)
        assert header["labels"] == list(preset.labels)


def test_a_preset_that_has_changed_has_no_current_picture():
    one = PRESETS["k"]
    other = replace(one, specs=tuple(spec.replace(batch=64) for spec in one.specs))
    assert is_current(one) and not is_current(other) and queries(one) != queries(other)


@pytest.mark.parametrize("name", ["collapse", "k"])
def test_a_picture_shows_the_runs(name):
    """The places at two moments, as a Run of its own samples them."""
    preset = replace(PRESETS[name], iterations=31)
    header, arrays = decode(make(preset))
    run = Run([preset.specs[0]])
    (x0, x1), *_ = header["boxes"][0]
    for row, iteration in ((0, 0), (-1, 31)):
        run.advance(iteration - run.iteration)
        x = run.sample(4000)[:, 0]
        if header["dim"] == 2:
            coded = arrays["fake.0"][row].astype(float)[:, 0]
            seen = x0 + coded[coded < 255] / 254 * (x1 - x0)
            middle = seen.mean()
        else:
            weights = arrays["p_g.0"][row].astype(float)
            cells = x0 + (np.arange(len(weights)) + 0.5) / len(weights) * (x1 - x0)
            middle = (weights * cells).sum() / weights.sum()
        assert middle == pytest.approx(x.mean(), abs=0.03 * (x1 - x0))


def test_questions_hold_all_cards_and_the_offered_one_comes_first():
    shown = groups()
    assert list(shown)[:4] == [COVERS, MOVES, CURES, RIGHT] and all(shown.values())
    assert sorted(name for names in shown.values() for name in names) == sorted(PRESETS)
    assert shown[COVERS][0] == "collapse"
