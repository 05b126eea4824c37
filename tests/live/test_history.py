"""Curves: short, with both ends, and with one mark for a knob that is dragged."""

import numpy as np
import pytest

from ganlab.live import history
from ganlab.live.history import MOST, SERIES, History


def metrics(value: float) -> dict[str, np.ndarray]:
    return {name: np.array([value + i]) for i, name in enumerate(SERIES)}


def steps(kept: History) -> np.ndarray:
    return kept.arrays()["iteration"]


@pytest.mark.parametrize("gap", [1, 7, 500])
@pytest.mark.parametrize("count", [1, 2, MOST, MOST + 1, 5000])
def test_thins_and_keeps_both_ends(gap, count):
    kept = History()
    for i in range(count):
        assert kept.add(gap * i, metrics(0.5 * gap * i))
        assert len(kept.rows) <= MOST
        assert kept.rows[0, 0] == 0 and kept.rows[-1, 0] == gap * i
    arrays = kept.arrays()
    iteration = arrays["iteration"]
    assert np.all(np.diff(iteration) > 0)
    for number, name in enumerate(SERIES):
        np.testing.assert_array_equal(arrays[name], 0.5 * iteration + number)


def test_what_is_infinite_is_no_curve():
    """W₁ if no mean exists."""
    kept = History()
    kept.add(0, metrics(1.0) | {"w1": np.array([np.inf])})
    kept.add(1, metrics(1.0) | {"w1": np.array([-np.inf])})
    assert np.isnan(kept.arrays()["w1"]).all() and np.isfinite(kept.arrays()["jsd"]).all()


@pytest.mark.parametrize("stride", [1, 40, "random"])
def test_any_window_from_the_start_has_two_hundred_points_and_dense_early_ones(stride):
    dice, kept, at = np.random.default_rng(0), History(), 0
    early = {0}  # the measured ones among the first hundred iterations
    while at < 24_000:
        at += int(dice.integers(1, 80)) if stride == "random" else stride
        early |= {at} if at <= 100 else set()
        kept.add(at, metrics(at))
        if at % 97 == 0 and at > 20_000:
            x = steps(kept)
            assert len(x) >= 200
            # No gap on the screen is wider than a hundredth of the width.
            assert np.diff(x).max() <= at / 100
            relative = np.diff(x)[1:] / x[1:-1]
            assert relative[x[1:-1] > 100].max() < 1.0
    x = steps(kept)
    assert np.count_nonzero(x <= 100) >= min(20, len(early) / 2)


def test_points_that_come_late_go_where_they_belong():
    dice, kept = np.random.default_rng(1), History()
    order = dice.permutation(np.arange(0, 4000, 10))
    newest = -1
    for at in order:
        assert kept.add(int(at), metrics(at)) == (at > newest)
        newest = max(newest, at)
    arrays = kept.arrays()
    assert np.all(np.diff(arrays["iteration"]) > 0) and arrays["iteration"][-1] == 3990
    np.testing.assert_array_equal(arrays["jsd"], arrays["iteration"])


def test_a_very_long_run_stays_small():
    kept, at = History(), 0
    while at < 10**9:
        at += max(1, at // 150)
        kept.add(at, metrics(at))
        assert len(kept.rows) <= MOST
    assert len(kept.rows) >= 200 and np.count_nonzero(steps(kept) < 1000) > 60


def test_what_a_reader_holds_does_not_change():
    kept = History()
    kept.add(0, metrics(0))
    held = kept.rows
    kept.add(5, metrics(5))
    kept.add(3, metrics(3))
    assert held.shape[0] == 1 and len(kept.rows) == 3


def test_the_same_iteration_is_measured_anew():
    kept = History()
    kept.add(0, metrics(1.0))
    kept.add(5, metrics(2.0))
    kept.add(5, metrics(3.0))
    assert kept.rows[:, :2].tolist() == [[0.0, 1.0], [5.0, 3.0]]


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
    assert shown == [{"iteration": 14, "text": "k 0→5"}]  # a reader's list does not change


def test_marks_are_kept_and_bounded():
    kept = History()
    for i in range(1200):
        kept.mark(i, f"knob {i}", "0", "1")
        kept.add(i, metrics(i))
        assert len(kept.marks) == min(i + 1, 500), "thinning the curves loses no mark"
    assert kept.marks[-1] == {"iteration": 1199, "text": "knob 1199 0→1"}


def test_updates_out_of_turn_share_a_mark_in_an_iteration():
    history = History()
    for iteration, player in ((3, "G"), (3, "D"), (4, "D")):
        history.mark_update(iteration, player)
    history.mark(4, "k", "1", "2")
    history.mark_update(4, "G")
    assert [(m["iteration"], m["text"]) for m in history.marks] == [
        (3, "out of turn: GD"), (4, "out of turn: D"), (4, "k 1→2"), (4, "out of turn: G"),
    ]  # fmt: skip
