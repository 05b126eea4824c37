"""Curves: short, with both ends, and with one mark for a knob that is dragged."""

import numpy as np
import pytest

from ganlab.live import history
from ganlab.live.history import MOST, SERIES, History


def metrics(value: float) -> dict[str, np.ndarray]:
    return {name: np.array([value + i]) for i, name in enumerate(SERIES)}


@pytest.mark.parametrize("gap", [1, 7, 500])
@pytest.mark.parametrize("count", [1, 2, MOST, MOST + 1, 5000])
def test_thins_and_keeps_both_ends(gap, count):
    kept = History()
    for i in range(count):
        kept.add(gap * i, metrics(0.5 * gap * i))
        assert len(kept.rows) <= MOST
        assert kept.rows[0][0] == 0 and kept.rows[-1][0] == gap * i
    arrays = kept.arrays()
    iteration = arrays["iteration"]
    assert len(iteration) >= min(count, MOST // 2 - 1)
    assert np.all(np.diff(iteration) > 0)
    # Evenly: no hole of more than a few times the mean.
    if count > 2:
        assert np.diff(iteration).max() <= 4 * gap * max(1, count / MOST) + gap
    for number, name in enumerate(SERIES):
        np.testing.assert_array_equal(arrays[name], 0.5 * iteration + number)


def test_slow_start_and_fast_rest_stay_bounded():
    kept = History()
    at = 0
    for i in range(4000):
        at += 1 if i < 300 else 1000
        kept.add(at, metrics(at))
    assert MOST // 2 <= len(kept.rows) <= MOST
    assert kept.rows[0][0] == 1 and kept.rows[-1][0] == at


def test_the_same_iteration_is_measured_anew():
    kept = History()
    kept.add(0, metrics(1.0))
    kept.add(5, metrics(2.0))
    kept.add(5, metrics(3.0))
    assert [row[:2] for row in kept.rows] == [(0.0, 1.0), (5.0, 3.0)]


def test_empty():
    arrays = History().arrays()
    assert set(arrays) == {"iteration", *SERIES}
    assert all(a.shape == (0,) for a in arrays.values())


def test_marks_merge_while_dragging(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(history.time, "monotonic", lambda: now[0])
    kept = History()
    for i in range(5):
        kept.mark(10 + i, "k", str(i), str(i + 1))
        now[0] += 0.3
    assert kept.marks == [{"iteration": 14, "text": "k 0→5"}]
    shown = kept.marks
    kept.mark(20, "G's rate", "1", "2")  # another knob
    now[0] += 5
    kept.mark(30, "G's rate", "2", "3")  # the same, later
    assert [m["text"] for m in kept.marks] == ["k 0→5", "G's rate 1→2", "G's rate 2→3"]
    kept.mark(31, "G's rate", "3", "4")
    assert [m["text"] for m in kept.marks] == ["k 0→5", "G's rate 1→2", "G's rate 2→4"]
    assert shown == [{"iteration": 14, "text": "k 0→5"}]  # what a reader holds does not change


def test_marks_are_bounded():
    kept = History()
    for i in range(500):
        kept.mark(i, f"knob {i}", "0", "1")
    assert 20 <= len(kept.marks) <= 50
    assert kept.marks[-1] == {"iteration": 499, "text": "knob 499 0→1"}
