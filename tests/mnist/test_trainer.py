"""The trainer: its files, its requests, and that an error loses no more than it reports."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
import torch

from ganlab import Run
from ganlab.limits import limited
from ganlab.mnist import classifier, devices, preview, trainer
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Plan, Status
from ganlab.mnist.trainer import Trainer
from ganlab.registry import SpecError

SPEC = RECIPES["quick-labels"].spec.replace(
    target="drawn_digits", g_hidden=(16,), d_hidden=(16,), latent_dim=4, batch=50
)
PER_EPOCH = 20  # iterations, with the 1,000 images of `few`


@pytest.fixture(autouse=True)
def fast(few, monkeypatch):
    """Previews as often as possible, and few samples to measure."""
    monkeypatch.setattr(trainer, "_PREVIEW", 0.0)
    monkeypatch.setattr(trainer.scoring, "SAMPLES", 300)


def states(folder: Folder, **more) -> tuple[Status, list[str]]:
    seen: list[str] = []
    status = Trainer(folder, lambda s: seen.append(s.state), **more).work()
    return status, list(dict.fromkeys(seen))


def arrays(folder: Folder) -> dict[str, np.ndarray]:
    with np.load(folder.run) as file:
        return {name: file[name] for name in file.files}


def same_run(a: Folder, b: Folder) -> bool:
    one, two = arrays(a), arrays(b)
    return set(one) == set(two) and all(np.array_equal(one[n], two[n]) for n in one)


def test_from_nothing_to_done(tmp_path):
    folder = Folder.create(Plan(SPEC, epochs=3), tmp_path / "run")
    status, seen = states(folder)
    assert seen == ["starting", "training", "measuring", "done"]
    assert status == folder.status and not folder.running
    assert (status.iteration, status.iterations, status.epoch) == (60, 60, 3.0)
    assert (status.epochs, status.checkpoint, status.pid) == (3, 60, os.getpid())
    assert status.device == "cpu" and "thread" in status.device_name
    assert "not MNIST" in status.source and not status.is_mnist
    assert status.seconds > 0 and status.images_per_second > 0 and status.seconds_left == 0
    # The file is what the same Spec gives without a trainer.
    run = Run.load(folder.run)
    alone = Run(SPEC)
    alone.advance(60)
    assert torch.equal(run.state.g, alone.state.g) and torch.equal(run.state.d, alone.state.d)
    rows = folder.history.arrays()
    assert rows["iteration"].tolist() == list(range(1, 61))  # twenty an epoch, here each
    for name, values in zip(("d_loss", "g_loss"), (rows["d_loss"], rows["g_loss"]), strict=True):
        assert np.isfinite(values).all() and (values > 0).all(), name
    judged = preview.judge(run, trainer.make_target("drawn_digits", {}).digits)
    assert rows["real"][-1] == pytest.approx(torch.sigmoid(judged.real).mean().item(), rel=1e-5)
    (score,) = folder.scores
    assert (score.iteration, score.epoch, score.samples, score.n) == (60, 3.0, 300, 1000)
    assert folder.real.iteration == 0 and folder.real.mean > score.mean
    found, real = score.coverage, folder.real.coverage
    assert (found.n, found.classes, found.expected) == (300, 10, (0.1,) * 10)  # its labels'
    assert found.kl > real.kl and found.accuracy == real.accuracy > 0.8
    assert folder.preview.iteration == 60
    assert len(folder.preview.classes) == 3, "its classifier was fitted beside or to be measured"


def test_classes_are_counted_while_it_trains(tmp_path, few, monkeypatch):
    """The classifier is fitted in between, once for these images, and does not affect the run."""
    monkeypatch.setattr(classifier, "STEPS", 20)
    shown: dict[str, list[int]] = {"a": [], "b": []}
    folders = [Folder.create(Plan(SPEC, epochs=3), tmp_path / name) for name in shown]

    def watch(folder: Folder, status: Status) -> None:
        if status.state == "training" and folder.preview is not None:
            shown[folder.name].append(len(folder.preview.classes))

    for folder in folders:
        assert Trainer(folder, partial(watch, folder)).work().state == "done"
    assert shown["a"][0] == 0 and shown["a"][-1] == 3, "each turn fits it a little"
    assert set(shown["b"]) == {3}, "from the first look on"
    assert classifier.known(few) is not None and same_run(*folders)
    found = folders[0].preview.classes
    assert found[0].sum() == pytest.approx(1) and found[1].tolist() == pytest.approx([0.1] * 10)


def test_more_epochs_go_on_where_it_ended(tmp_path):
    folder = Folder.create(Plan(SPEC, epochs=1), tmp_path / "run")
    states(folder)
    folder.want(epochs=2)
    status, seen = states(folder)
    assert status.state == "done" and status.iteration == 40 and "training" in seen
    whole = Folder.create(Plan(SPEC, epochs=2), tmp_path / "whole")
    states(whole)
    assert same_run(folder, whole)
    assert folder.history.rows == whole.history.rows
    assert [s.iteration for s in folder.scores] == [20, 40]
    assert folder.scores[-1] == whole.scores[-1]


@pytest.mark.parametrize("first", ["preview.npz", "history.npz", "run.npz", "scores.json"])
def test_a_full_disk_is_told_and_nothing_good_is_lost(tmp_path, monkeypatch, first):
    """From the second time that `first` is written, no new file can be created."""
    folder = Folder.create(Plan(SPEC, epochs=1), tmp_path / "run")
    states(folder)
    folder.want(epochs=3)
    kept = {p.name: p.read_bytes() for p in folder.path.glob("*.np*")}
    full, real, save = [], Folder._write, Run.save

    def check(name: str) -> None:
        if full or name == first and folder.status.iteration > 20:
            full.append(name)
            raise OSError(28, "No space left on device", name)

    def write(self, name: str, content: bytes) -> None:
        check(name)
        real(self, name, content)
        kept[name] = content

    def save_run(run, path) -> None:
        check(path.name)
        save(run, path)
        kept[path.name] = path.read_bytes()

    monkeypatch.setattr(Folder, "_write", write)
    monkeypatch.setattr(Run, "save", save_run)
    status, seen = states(folder)
    assert full[0] == first and status.state == seen[-1] == "failed"
    monkeypatch.undo()
    told = folder.status
    assert told.state == "failed" and not folder.running
    assert "No space left on device" in told.message and "free some space" in told.message
    assert f"iteration {status.checkpoint:,} is saved" in told.message
    assert Run.load(folder.run).iteration == status.checkpoint >= 20
    for name in ("run.npz", "preview.npz", "history.npz"):
        assert (folder.path / name).read_bytes() == kept[name]
    assert not list(folder.path.glob(".*.partial"))


def test_a_disk_that_really_is_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small disk can be mounted")
    try:
        folder = Folder.create(Plan(SPEC.replace(g_hidden=(64,)), epochs=3), disk / "run")
        status, _ = states(folder)
        assert status.state == "failed" == folder.status.state
        assert "No space left on device" in folder.status.message
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_status_has_one_size_and_a_long_message_is_cut(tmp_path):
    folder = Folder.create(Plan(SPEC), tmp_path / "run")
    sizes = set()
    for message in ("", "x" * 100, "ä" * 100_000, '"' * 9000):
        folder.say(Status(state="failed", message=message))
        sizes.add((folder.path / "status.json").stat().st_size)
        assert message.startswith(folder.status.message)
        assert len(folder.status.message) >= min(len(message), 500)
    assert sizes == {4096}


def test_pause_measure_other_latents_and_stop(tmp_path):
    folder = Folder.create(Plan(SPEC, epochs=5000), tmp_path / "run")
    worker = threading.Thread(target=Trainer(folder).work, daemon=True)
    worker.start()

    def until(condition, what):
        end = time.monotonic() + 60
        while not condition(folder.status):
            assert time.monotonic() < end, (what, folder.status)
            time.sleep(0.02)
        return folder.status

    until(lambda s: s.state == "training" and s.iteration > 5, "it trains")
    assert folder.running
    with pytest.raises(SpecError, match="not in training"):
        Trainer(folder).work()
    folder.want(state="paused")
    paused = until(lambda s: s.state == "paused", "it pauses")
    first = folder.preview
    assert paused.checkpoint == paused.iteration == first.iteration
    folder.want(latents=7)
    until(lambda s: s.latents == 7, "other latents")
    other = folder.preview
    assert (other.latents, other.iteration) == (7, paused.iteration)
    assert not np.array_equal(other.samples, first.samples)
    folder.want(measure=1)
    until(lambda s: s.measured == 1 and s.state == "paused", "it measures while paused")
    assert [s.iteration for s in folder.scores] == [paused.iteration]
    time.sleep(0.3)
    assert folder.status.iteration == paused.iteration
    folder.want(state="training")
    until(lambda s: s.state == "training" and s.iteration > paused.iteration, "it goes on")
    folder.want(state="stopped")
    worker.join(60)
    stopped = folder.status
    assert stopped.state == "stopped" and stopped.checkpoint == stopped.iteration
    assert Run.load(folder.run).iteration == stopped.iteration and not folder.running


def test_scores_on_the_way(tmp_path):
    folder = Folder.create(Plan(SPEC, epochs=4, measure=2), tmp_path / "run")
    states(folder)
    assert [s.epoch for s in folder.scores] == [2.0, 4.0]


def test_divergence_is_told_not_raised(tmp_path):
    wild = SPEC.replace(optimizer="sgd", loss="wasserstein", d_lr=100.0, g_norm="none")
    folder = Folder.create(Plan(wild, epochs=50), tmp_path / "run")
    status, _ = states(folder)
    assert status.state == "diverged" and "no longer finite" in status.message
    assert np.isfinite(arrays(folder)["g"]).all() and folder.preview is not None
    status, _ = states(folder)  # it stays diverged, and says so again
    assert status.state == "diverged"


def test_missing_images_a_missing_device_and_the_wrong_target_are_told(tmp_path):
    plans = {
        "MNIST": Plan(RECIPES["quick"].spec),
        "device": Plan(SPEC, device="cuda"),
        "target": Plan(RECIPES["quick"].spec.replace(target="ring", g_output="linear")),
    }
    if torch.cuda.is_available():
        del plans["device"]
    for word, plan in plans.items():
        folder = Folder.create(plan, tmp_path / word)
        status, _ = states(folder)
        assert status.state == "failed" and status.message.startswith(word), status
        assert not folder.running


def test_out_of_memory_is_readable(tmp_path, monkeypatch):
    def full(self, n):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(Run, "advance", full)
    folder = Folder.create(Plan(SPEC), tmp_path / "run")
    status, _ = states(folder)
    assert status.state == "failed"
    assert "Out of memory on" in status.message and "batch = 50" in status.message
    monkeypatch.setattr(Run, "advance", lambda self, n: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        states(folder)
    assert folder.status.state == "failed" and "ZeroDivisionError" in folder.status.message


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_mean_that_memory_is_full(error, full):
    assert devices.out_of_memory(error) == full


def test_a_score_is_of_a_run_on_disk_and_leavings_are_removed(tmp_path, monkeypatch):
    folder = Folder.create(Plan(SPEC, epochs=1, measure=1, checkpoint=3600), tmp_path / "run")
    (folder.path / ".run.npz.1.partial").write_bytes(b"half")
    seen = []
    fake = trainer.scoring.fake

    def watched(run, *more):
        seen.append((run.iteration, Run.load(folder.run).iteration))
        return fake(run, *more)

    monkeypatch.setattr(trainer.scoring, "fake", watched)
    states(folder)
    assert seen == [(20, 20)] and not list(folder.path.glob(".*.partial"))


def test_stopped_while_it_is_measured_at_the_end(tmp_path, monkeypatch):
    folder = Folder.create(Plan(SPEC, epochs=1), tmp_path / "run")
    monkeypatch.setattr(trainer, "_SAY", 0.0)

    def slow(run, *more):
        folder.want(state="stopped")
        yield from (0.1, 0.2, 0.3)
        raise AssertionError("it did not stop")

    monkeypatch.setattr(trainer.scoring, "fake", slow)
    status, _ = states(folder)
    assert status.state == "stopped" and status.iteration == 20 and folder.scores == []


def test_a_damaged_checkpoint_is_told(tmp_path):
    folder = Folder.create(Plan(SPEC, epochs=1), tmp_path / "run")
    folder.run.write_bytes(b"PK\x03\x04 nothing")
    status, _ = states(folder)
    assert status.state == "failed" and "a run written by Run.save" in status.message


# -- in separate processes ---------------------------------------------------------------------

# An epoch of `few` is 200 iterations.
BIG = SPEC.replace(g_hidden=(64,), d_hidden=(64,), batch=5)

# The command, but with the digits of `few`, and measured in a moment, as by `fast` and `briefly`.
QUICK = """
import sys
from ganlab.cli import main
from ganlab.digits import strokes
from ganlab.mnist import classifier, scoring
from ganlab.targets import make_target
classifier.STEPS, scoring.SAMPLES = 60, 300
make_target("drawn_digits", {})._loaded = strokes.digits(1200, 1000)
sys.exit(main(sys.argv[1:]))
"""


def command(folder: Folder) -> list[str]:
    return [sys.executable, "-c", QUICK, "mnist", "--quiet", "--resume", str(folder.path)]


def wait(folder: Folder, condition, seconds: float = 90) -> Status:
    end = time.monotonic() + seconds
    while not condition(folder.status):
        log = folder.log.read_text() if folder.log.exists() else ""
        assert time.monotonic() < end, (folder.status, log)
        time.sleep(0.02)
    return folder.status


def test_kill_9_at_any_moment_loses_one_interval_at_most(tmp_path):
    plan = Plan(BIG, epochs=8, checkpoint=0.3)
    whole = Folder.create(plan, tmp_path / "whole")
    killed = Folder.create(plan, tmp_path / "killed")
    for goal in (150, 390):
        trainer_ = subprocess.Popen(command(killed), stdout=subprocess.DEVNULL)
        wait(killed, lambda s, goal=goal: s.iteration >= goal and s.state == "training")
        trainer_.send_signal(signal.SIGKILL)
        trainer_.wait()
        status = killed.status
        assert status.state == "stopped" and "was killed" in status.message
        assert not killed.running
        at = Run.load(killed.run).iteration
        assert status.checkpoint <= at <= status.iteration + 200
        assert f"{status.checkpoint:,}" in status.message
        assert killed.preview is not None
    done = subprocess.run(command(killed), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    states(whole)
    for folder in (killed, whole):
        assert folder.status.state == "done" and folder.status.iteration == 1600
    assert same_run(killed, whole)
    assert killed.history.rows == whole.history.rows
    assert killed.scores[-1].mean == whole.scores[-1].mean


def test_a_signal_to_end_writes_a_checkpoint_first(tmp_path):
    folder = Folder.create(Plan(BIG, epochs=5000, checkpoint=3600), tmp_path / "run")
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL)
    wait(folder, lambda s: s.iteration >= 100)
    process.terminate()
    assert process.wait(60) == 0
    status = folder.status
    assert status.state == "stopped" and status.checkpoint == status.iteration >= 100
    assert Run.load(folder.run).iteration == status.iteration


def test_a_page_starts_a_trainer_that_outlives_it():
    folder = Folder.create(Plan(BIG, epochs=5000))
    assert list(Folder.all())[0].path == folder.path
    QUEUE.start(folder)
    try:
        wait(folder, lambda s: s.state == "training" and s.iteration > 10)
        (busy,) = QUEUE.working()
        assert busy.path == folder.path and folder.status.pid != os.getpid()
        with pytest.raises(SpecError, match="not in training"):
            QUEUE.start(folder)
        # One at a time: the others wait, who came first is first, and may leave.
        others = [Folder.create(Plan(BIG, epochs=5000)) for _ in range(3)]
        for other in others:
            QUEUE.start(other)
        assert [QUEUE.place(f) for f in (folder, *others)] == [0, 1, 2, 3]
        assert all(f.status.state == "queued" for f in others)
        QUEUE.start(others[0])
        QUEUE.leave(others[1])
        assert others[1].status.state == "stopped"
        assert [QUEUE.place(f) for f in others] == [1, 0, 2]
        QUEUE.leave(others[2])
        folder.want(state="stopped")
        wait(others[0], lambda s: s.state == "training")
        assert QUEUE.waiting() == []
        with limited(mnist_runs=0), pytest.raises(SpecError, match="trains no MNIST runs"):
            QUEUE.start(others[1])
    finally:
        for other in Folder.all():
            other.want(state="stopped")
        wait(others[0], lambda s: s.state == "stopped")
        folder.want(state="stopped")
        wait(folder, lambda s: s.state == "stopped")
    deadline = time.monotonic() + 30
    while QUEUE.working() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert QUEUE.working() == []
