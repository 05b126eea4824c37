"""A run's folder: everything written can be read, and damage never crashes."""

import dataclasses
import json
import time
import tracemalloc

import numpy as np
import pytest

from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Coverage, History, Plan, Preview, Score, Status, Wanted
from ganlab.registry import SpecError
from ganlab.spec import Spec

SPEC = RECIPES["quick"].spec


@pytest.fixture
def folder(tmp_path):
    return Folder.create(Plan(SPEC, epochs=7), tmp_path / "run")


def a_preview() -> Preview:
    rng = np.random.default_rng(0)
    byte = lambda *shape: rng.integers(0, 256, shape, dtype=np.uint8)  # noqa: E731
    real = lambda n: rng.random(n, dtype=np.float32)  # noqa: E731
    return Preview(
        12,
        3,
        byte(100, 784),
        byte(10, 784),
        real(10),
        byte(129, 784),
        byte(10, 50, 784),
        real(40),
        real(40),
        real(40),
    )


def test_what_is_written_is_read_again(folder):
    assert folder.plan == Plan(SPEC, epochs=7) and folder.wanted.epochs == 7
    status = Status(state="done", message="ä", iteration=3, images_per_second=1.5, source="x")
    folder.say(status)
    assert folder.status == status
    scores = [Score(5, 0.5, 200.0, 2.0, 0.2, 10_000, 10_000)]
    found = Coverage((0.7, 0.3, 0.0), (0.5, 0.3, 0.2), (0, 1), 0.2, 0.001, 500, 0.98)
    scores.append(dataclasses.replace(scores[0], coverage=found))
    folder.put_scores(scores)
    folder.put_real(scores[1])
    assert folder.scores == scores and folder.real == scores[1]
    assert (found.classes, found.missed) == (3, [2])
    history = History()
    history.add((1.0, 2.0, 3.0, 0.1, 0.2, float("nan")))
    folder.put_history(history)
    assert str(folder.history.rows) == str(history.rows)
    preview = a_preview()
    folder.put_preview(preview)
    for name, value in vars(preview).items():
        np.testing.assert_array_equal(getattr(folder.preview, name), value)
    assert folder.want(state="paused", latents=4) == folder.wanted
    assert folder.wanted == Wanted("paused", 7, 0, 4)
    assert folder.want(measure=1).state == "paused"


def test_a_preview_of_before_there_was_a_classifier_is_read(folder):
    preview = a_preview()
    shares = np.full((3, 10), 0.1, np.float32)
    told = dataclasses.replace(preview, classes=shares, class_kl=np.array([0.2, 0.01], np.float32))
    folder.put_preview(told)
    np.testing.assert_array_equal(folder.preview.classes, shares)
    old = {name: value for name, value in vars(told).items() if name not in Preview.LATER}
    np.savez(folder.path / "preview.npz", **old)
    read = folder.preview
    np.testing.assert_array_equal(read.samples, preview.samples)
    assert read.classes.shape == (0, 10) and read.class_kl.shape == (0,)


def test_scores_of_before_there_was_a_coverage_are_read(folder):
    old = {"iteration": 5, "epoch": 0.5, "mean": 2.0, "se": 2.0, "sigma": 0.2, "n": 9, "samples": 8}
    (folder.path / "scores.json").write_text(json.dumps([old]))
    (folder.path / "real.json").write_text(json.dumps(old))
    assert folder.scores == [folder.real] == [Score(5, 0.5, 2.0, 2.0, 0.2, 9, 8)]
    assert folder.real.coverage is None


@pytest.mark.parametrize(
    "changes",
    [
        {"shares": "0.5"},
        {"shares": [0.5, "x"]},
        {"shares": [0.5, float("inf")]},
        {"shares": [0.1] * 1000, "expected": [0.1] * 1000},
        {"shares": [1.0]},
        {"covered": [0, 7]},
        {"covered": [2]},  # which is not in the data
        {"covered": [0.5]},
        {"kl": None},
        {"n": -1},
        {"more": 1},
    ],
    ids=lambda changes: str(changes)[:30],
)
def test_a_coverage_that_is_none_makes_no_score(folder, changes):
    found = {"shares": [0.5, 0.5, 0.0], "expected": [0.5, 0.5, 0.0], "covered": [0, 1], "kl": 0.1}
    found |= {"floor": 0.01, "n": 50, "accuracy": 0.9}
    score = vars(Score(5, 0.5, 2.0, 2.0, 0.2, 9, 8))
    (folder.path / "real.json").write_text(json.dumps(score | {"coverage": found}))
    assert folder.real.coverage == Coverage(**found)
    for wrong in (found | changes, 5, [found]):
        (folder.path / "real.json").write_text(json.dumps(score | {"coverage": wrong}))
        assert folder.real is None


def test_nothing_yet(folder, tmp_path):
    empty = Folder(tmp_path / "nowhere")
    for one in (folder, empty):
        assert one.status == Status() or one.status.state == "failed"
        assert one.scores == [] and one.real is None and one.preview is None
        assert one.history.rows == [] and one.changed("preview.npz") == 0
    with pytest.raises(SpecError, match="a folder with a run in it"):
        empty.plan  # noqa: B018


@pytest.mark.parametrize(
    "name", ["status.json", "scores.json", "real.json", "wanted.json", "preview.npz", "history.npz"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"a": 1}', b"\xff\x00", b"PK\x03\x04"])
def test_damaged_files_are_as_if_absent(folder, name, content):
    (folder.path / name).write_bytes(content)
    folder.status, folder.scores, folder.real, folder.wanted  # noqa: B018
    assert folder.preview is None and folder.history.rows == []
    assert folder.scores == [] and folder.real is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (name, content)
        for name in ("status.json", "scores.json", "real.json", "wanted.json")
        for content in ("[" * 100_000, " " * 2_000_000, '[{"iteration": 1}]', '{"state": "x"}')
    ]
    + [
        ("status.json", '{"state": "done", "state": "training"}'),
        ("status.json", '{"epoch": "4"}'),
        ("status.json", '{"message": 5}'),
        ("status.json", '{"iteration": -1}'),
        ("status.json", '{"seconds": NaN}'),
        ("status.json", '{"device_name": "' + "x" * 10_000 + '"}'),
        ("wanted.json", '{"epochs": true}'),
        ("wanted.json", '{"latents": 1e9}'),
    ],
    ids=lambda text: text[:30],
)
def test_records_of_another_kind_are_as_if_absent(folder, name, content):
    (folder.path / "wanted.json").unlink()
    (folder.path / name).write_text(content)
    assert folder.wanted == Wanted() and folder.scores == [] and folder.real is None
    assert folder.status.state == "failed" and folder.status.epoch == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": np.zeros((100, 100_000), np.uint8)},
        {"samples": np.zeros((9, 784), np.uint8)},
        {"nearest": np.zeros((10, 783), np.uint8)},
        {"distance": np.zeros(10)},
        {"digits": np.zeros((10, 5, 784), np.uint8)},
        {"classes": np.zeros((3, 9), np.float32)},
        {"classes": np.zeros((3, 10), np.float64)},
        {"classes": np.float32(1)},
        {"class_kl": np.zeros(2, np.float32)},  # without classes
        {"real": np.zeros((40, 1), np.float32)},
        {"real": np.zeros(41, np.float32)},
        {"iteration": np.zeros(2, np.int64)},
        {"iteration": np.float64(3)},
        {"latents": np.int64(-1)},
        {"chain": np.array("chain")},
    ],
    ids=lambda changes: f"{[(n, np.shape(v)) for n, v in changes.items()]}",
)
def test_a_preview_of_other_shapes_is_none(folder, changes):
    np.savez(folder.path / "preview.npz", **vars(a_preview()))
    assert folder.preview is not None
    np.savez(folder.path / "preview.npz", **vars(a_preview()) | changes)
    assert folder.preview is None


def test_arrays_that_would_take_more_than_they_weigh(folder):
    zeros = {name: np.zeros(10**7) for name in History.NAMES}
    np.savez_compressed(folder.path / "history.npz", **zeros)
    tracemalloc.start()
    assert folder.history.rows == []
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()
    short = {name: np.zeros(3) for name in History.NAMES}
    for changes in (
        {"real": np.zeros(2)},
        {"fake": np.zeros((3, 1))},
        {"real": np.zeros(3, "<M8")},
    ):
        np.savez(folder.path / "history.npz", **short | changes)
        assert folder.history.rows == []
    np.savez(folder.path / "history.npz", **short)
    assert len(folder.history.rows) == 3


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"spec": {}, "spec": {}}', '{"spec": {}, "x": 1}']
)
def test_a_plan_of_another_kind_is_refused(folder, text):
    (folder.path / "plan.json").write_text(text)
    with pytest.raises(SpecError):
        folder.plan  # noqa: B018
    assert list(Folder.all()) is not None


def test_a_start_in_the_future_does_not_last(folder):
    """As after a wrong clock: it must not keep others from starting."""
    folder.say(Status(state="starting", time=time.time() + 10**6))
    assert folder.status.state == "failed"


def test_a_plan_that_makes_no_sense_is_refused_by_name(folder, tmp_path):
    for changes, word in (
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"device": "tpu"}, "device"),
        ({"checkpoint": 0.0}, "checkpoint"),
        ({"measure": -1}, "measure"),
    ):
        with pytest.raises(SpecError, match=f"^{word} = "):
            Plan(SPEC, **changes)
    with pytest.raises(SpecError, match="epochs"):
        folder.want(epochs=10**9)
    (folder.path / "plan.json").write_text(json.dumps({"spec": {"k": 999}, "epochs": 1}))
    with pytest.raises(SpecError, match="k = 999"):
        folder.plan  # noqa: B018
    (folder.path / "plan.json").write_text("[]")
    with pytest.raises(SpecError, match="plan"):
        folder.plan  # noqa: B018
    with pytest.raises(SpecError, match="without a run"):
        Folder.create(Plan(SPEC), folder.path)


def test_runs_are_listed_newest_first():
    assert list(Folder.all()) == []
    made = [
        Folder.create(Plan(SPEC), Folder.home() / name) for name in ("2026-01-01", "2026-02-01")
    ]
    (Folder.home() / "not a run").mkdir()
    assert [f.name for f in Folder.all()] == [f.name for f in reversed(made)]
    assert Folder.create(Plan(Spec(target="drawn_digits"))).path.parent == Folder.home()


def test_a_trainer_that_is_gone(folder):
    folder.say(Status(state="training", pid=4_000_000, iteration=90, checkpoint=60))
    status = folder.status
    assert status.state == "stopped" and "iteration 60" in status.message
    folder.say(Status(state="starting", time=time.time()))
    assert folder.status.state == "starting"
    folder.say(Status(state="starting", time=time.time() - 3600))
    assert folder.status.state == "failed" and "did not start" in folder.status.message
    with folder.lock():
        assert folder.running
        folder.say(Status(state="training", pid=1))
        assert folder.status.state == "training"
    assert not folder.running


def test_a_history_stays_small_and_keeps_its_ends():
    history = History()
    for i in range(1, 10_001):
        history.add((float(i), *[0.0] * 5))
    at = history.arrays()["iteration"]
    assert len(at) <= History.MOST and (np.diff(at) > 0).all()
    assert at[0] == 1 and at[-1] == 10_000 and len(history.until(5000).rows) < len(at)
    assert history.until(5000).rows[-1][0] <= 5000
