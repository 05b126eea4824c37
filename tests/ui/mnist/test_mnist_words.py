"""The texts of the MNIST page about a run, and its downloads."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
import time

import numpy as np
import pytest
from PIL import Image

from ganlab.live.wire import decode
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Coverage, History, Plan, Preview, Score, Status, Wanted
from ganlab.ui.jobs import duration, when
from ganlab.ui.mnist import view
from ganlab.ui.mnist import words as words

SPEC = RECIPES["quick"].spec.replace(target="drawn_digits", seed=3)


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder.create(Plan(SPEC, epochs=4), tmp_path / "2026-11-25-084315-ab12")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (math.inf, ""),
        (-1, ""),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "60 s"),
        (61, "1 min"),
        (59.7 * 60, "1 h 00 min"),
        (2 * 3600 + 5 * 60, "2 h 05 min"),
        (72 * 3600, "3 days"),
    ],
)
def test_durations_are_read_at_a_glance(seconds, text):
    assert duration(seconds) == text


def test_a_run_is_called_by_its_time_and_its_recipe():
    assert when("2026-11-25-084315-ab12").endswith("08:43")
    assert when("my run") == "my run"
    assert words.recipe_of(SPEC) == "Quick"
    assert words.recipe_of(SPEC.replace(k=2)) == "Own Spec"


@pytest.mark.parametrize(
    ("state", "wanted", "word"),
    [
        ("training", "training", "training"),
        ("training", "paused", "pausing…"),
        ("paused", "paused", "paused"),
        ("paused", "training", "resuming…"),
        ("measuring", "stopped", "stopping…"),
        ("stopped", "stopped", "stopped"),
        ("done", "paused", "done"),
    ],
)
def test_the_state_says_what_was_asked_for(state, wanted, word):
    assert words.state_word(Status(state=state), Wanted(state=wanted)) == word


def test_status_names_numbers_and_is_no_markup():
    status = Status(
        state="training", message="<b>x</b>", iteration=250, iterations=1000, epoch=2.5, epochs=10,
        seconds=70.0, images_per_second=1234.5, seconds_left=200.0, device="cuda",
        device_name="<i>H100</i>", source="digits drawn by ganlab: not MNIST",
    )  # fmt: skip
    text = words.status_html(status, Wanted(), 12.0)
    for part in (
        'width:25.00%', "<b>2.50</b> of 10", "<b>250</b> of 1,000", "1,234 images/s", "3 min left",
        "trained 1 min", "checkpoint 12 s ago", "cuda: &lt;i&gt;H100", "&lt;b&gt;x", "ganlab-warm",
    ):  # fmt: skip
        assert part in text, part
    done = words.status_html(Status(state="done", is_mnist=True, source="MNIST"), Wanted(), None)
    assert "left" not in done and "checkpoint" not in done and "ganlab-warm" not in done
    assert done.count("<p>") == text.count("<p>") == 2, "what lies below never moves"


def test_table_1_has_ours_newest_first_and_the_papers():
    scores = [Score(100 * i, i, 200.0 + i, 2.0, 0.2, 10_000, 10_000) for i in (1, 2)]
    text = words.table_1(scores, None, False)
    rows = text.splitlines()[2:]
    assert "epoch 2" in rows[0] and "202 ± 2" in rows[0] and "epoch 1" in rows[1]
    for row in ("225 ± 2", "214 ± 1.1", "138 ± 2", "121 ± 1.6", "241.2 ± 2.1"):
        assert row in text
    real = Score(0, 0.0, 241.2, 2.1, 0.2, 10_000, 10_000)
    assert "by ganlab" not in words.table_1(scores, real, True), "it was measured here"


FOUND = Coverage(
    (0.6, 0.3, 0.0996, 0.0004), (0.25, 0.25, 0.5, 0.0), (0, 1), 0.4321, 2e-3, 500, 0.99
)


def test_classes_stand_beside_the_likelihood():
    scores = [Score(100, 1, 200.0, 2.0, 0.2, 500, 500), Score(200, 2, 201.0, 2.0, 0.2, 500, 500)]
    scores[1] = dataclasses.replace(scores[1], coverage=FOUND)
    whole = dataclasses.replace(FOUND, covered=(0, 1, 2), kl=2.1e-5)
    real = dataclasses.replace(scores[0], coverage=whole)
    lines = words.table_1(scores, real, True).splitlines()
    assert {line.count("|") for line in lines} == {6}
    assert "2 of 3" in lines[2] and ":orange" in lines[2] and "| 0.43 |" in lines[2]
    assert " of " not in lines[3], "of a version that measured none"
    assert "| 3 of 3 | 0 |" in lines[4]


def test_bars_are_as_high_as_shares_and_say_them():
    text = words.coverage_html(FOUND)
    heights = [float(h) for h in re.findall(r"height:([\d.]+)%", text)]
    np.testing.assert_allclose(
        np.array(heights) / heights[0], np.array(FOUND.shares) / 0.6, atol=1e-3
    )
    ticks = [float(h) for h in re.findall(r"bottom:([\d.]+)%", text)]
    np.testing.assert_allclose(ticks, np.array([0.25, 0.25, 0.5]) / 0.6 * heights[0], atol=0.1)
    assert text.count("ganlab-missed") == 1 and 0 < max(heights + ticks) < 100
    assert "class 2: 10.0 %, expected 50.0 %" in text


def test_history_goes_out_as_csv_and_all_as_json(folder):
    history = History([(10.0, 1.3, 0.7, 0.6, 0.4, 0.5), (20.0, math.nan, math.inf, 0.5, 0.5, 0.5)])
    folder.put_history(history)
    head, *rows = words.history_csv(folder.history).splitlines()
    assert head == "iteration,d_loss,g_loss,real,fake,unseen" and rows[0].startswith("10.0,1.3,")
    assert len(rows) == 2
    every = json.loads(words.all_json(folder), parse_constant=pytest.fail)
    assert every["plan"]["spec"] == SPEC.to_dict()
    assert every["history"]["rows"][1][1:3] == [None, None]


def test_the_list_tells_state_and_score(folder):
    folder.say(Status(state="done", epoch=4.0))
    assert words.run_line(folder) == "done · 4 epochs"
    folder.put_scores([Score(400, 4.0, -171.2, 2.84, 0.2, 100, 100)])
    assert words.run_line(folder).endswith("−171 ± 2.8 nats")
    folder.put_scores([Score(400, 4.0, -171.2, 2.84, 0.2, 100, 100, FOUND)])
    assert words.run_line(folder).endswith("−171 ± 2.8 nats · 2 of 3 classes")
    folder.say(Status(state="training", epoch=2.0, time=time.time()))
    assert words.run_line(folder).startswith("training · −171"), "its epochs would soon be wrong"


def _preview(labels: int) -> Preview:
    def pixels(*shape: int) -> np.ndarray:
        return np.arange(math.prod(shape) * 784, dtype=np.uint8).reshape(*shape, 784)

    bins = np.full(40, 1 / 40, np.float32)
    digits = pixels(10, 50) if labels else np.zeros((0, 0, 784), np.uint8)
    distance = np.arange(10, dtype=np.float32)
    return Preview(30, 5, pixels(100), pixels(10), distance, pixels(129), digits, bins, bins, bins)


@pytest.mark.parametrize("scale", [1, 2])
def test_samples_go_out_as_png(scale):
    """Another program reads the file: every pixel is where Figure 2 has it, and ink is black."""
    preview = _preview(0)
    with Image.open(io.BytesIO(words.samples_png(preview, scale))) as image:
        image.load()
        assert (image.format, image.mode) == ("PNG", "L")
        grey = np.asarray(image)
    assert grey.shape == (300 * scale, 337 * scale)
    sheet = 255 - grey[::scale, ::scale]
    assert np.array_equal((255 - sheet).repeat(scale, 0).repeat(scale, 1), grey)
    for row in range(10):
        down = slice(30 * row + 1, 30 * row + 29)
        for column in range(10):
            one = sheet[down, 30 * column + 1 : 30 * column + 29]
            assert np.array_equal(one.ravel(), preview.samples[10 * row + column])
        assert np.array_equal(sheet[down, 308:336].ravel(), preview.nearest[row])
    assert not sheet[:, 300:308].any() and not sheet[::30].any() and not sheet[29::30].any()


@pytest.mark.parametrize("labels", [0, 10])
def test_pictures_are_packed_once_for_each_change(folder, labels):
    def packed(per_epoch: float) -> bytes:
        changed = folder.changed("preview.npz"), folder.changed("history.npz")
        return view._packed(str(folder.path), changed, per_epoch)

    header, arrays = decode(packed(0.0))
    assert header["axis"] == "" and "samples" not in arrays and len(arrays["steps"]) == 0
    preview = _preview(labels)
    folder.put_preview(preview)
    folder.put_history(History([(50.0, 1.3, 0.7, 0.6, 0.4, 0.5)]))
    once = packed(100.0)
    assert packed(100.0) is once
    header, arrays = decode(once)
    assert (header["axis"], header["iteration"], header["latents"]) == ("epoch", 30, 5)
    assert arrays["steps"].tolist() == [0.5]
    assert {s["key"] for panel in header["panels"] for s in panel["series"]} <= set(arrays)
    np.testing.assert_array_equal(arrays["samples"], preview.samples)
    assert arrays["digits"].shape == preview.digits.shape
