"""`ganlab train`, in this process: its output, its files and its exit status."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from pyarrow import parquet

from ganlab import Run, RunFile, Spec, __version__, export
from ganlab.cli import main
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.record.series import SERIES

TINY = Spec(target="ring", g_hidden=(4,), d_hidden=(4,), batch=8, k=2)
WILD = Spec(optimizer="sgd", g_lr=100.0, d_lr=100.0, g_hidden=(4,), d_hidden=(4,), batch=8)


def write(path, spec: Spec) -> str:
    path.write_text(spec.to_json())
    return str(path)


def printed(capsys) -> dict:
    """Standard output as strict JSON."""
    return json.loads(capsys.readouterr().out, parse_constant=pytest.fail)


def test_train_prints_metrics_and_writes_the_run(tmp_path, capsys):
    spec, out = write(tmp_path / "spec.json", TINY), tmp_path / "run.npz"
    assert main(["train", "--spec", spec, "--iterations", "7", "--out", str(out)]) == 0
    said = printed(capsys)
    run, same = Run.load(out), Run(TINY)
    same.advance(7)
    assert run.spec == TINY and run.iteration == 7 == said["iteration"]
    assert torch.equal(run.state.g, same.state.g) and torch.equal(run.state.d, same.state.d)
    metrics = same.snapshot(picture=False).metrics
    assert set(said) == {"iteration", *metrics}
    assert said["jsd"] == pytest.approx(metrics["jsd"][0], abs=1e-6)
    assert said["value"] == pytest.approx(metrics["value"][0], abs=1e-6)


def test_load_goes_on(tmp_path, capsys):
    spec, half, whole = (str(tmp_path / n) for n in ("spec.json", "half.npz", "whole.npz"))
    write(tmp_path / "spec.json", TINY)
    assert main(["train", "--spec", spec, "--iterations", "3", "--out", half]) == 0
    assert main(["train", "--load", half, "--iterations", "4", "--out", half]) == 0
    assert main(["train", "--spec", spec, "--iterations", "7", "--out", whole]) == 0
    one, two = Run.load(half), Run.load(whole)
    assert one.iteration == two.iteration == 7
    assert torch.equal(one.state.g, two.state.g) and torch.equal(one.state.d, two.state.d)
    capsys.readouterr()


def test_without_a_spec_it_is_the_default(capsys):
    assert main(["train", "--iterations", "0"]) == 0
    said = printed(capsys)
    assert said["iteration"] == 0
    wanted = Run(Spec()).snapshot(picture=False).metrics["jsd"][0]
    assert said["jsd"] == pytest.approx(wanted, abs=1e-6)


def test_what_is_no_number_is_null(tmp_path, capsys):
    spec = write(tmp_path / "spec.json", Spec(target="cauchy", g_hidden=(), d_hidden=(), batch=4))
    assert main(["train", "--spec", spec, "--iterations", "1"]) == 0
    said = printed(capsys)
    assert said["w1"] is None and said["modes"] is None and said["jsd"] > 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"k": 999}', "k = 999"),
        ('{"g_lr": NaN}', "g_lr = nan"),
        ('{"colour": 1}', "colour"),
        ('{"target": "nowhere"}', "target = 'nowhere'"),
        ('{"target_params": {"std": -1}}', "std = -1"),
        ("", "spec = ''"),
        ("\xff\xfe\x00", "spec = "),
    ],
    ids=repr,
)
def test_a_bad_spec_is_refused_by_name(tmp_path, capsys, text, named):
    path, out = tmp_path / "spec.json", tmp_path / "run.npz"
    path.write_bytes(text.encode("latin-1"))
    assert main(["train", "--spec", str(path), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("ganlab: ") and named in said.err
    assert "Traceback" not in said.err and not out.exists()


def test_bad_files_and_options_end_with_2(tmp_path, capsys):
    foreign = tmp_path / "foreign.npz"
    foreign.write_bytes(b"PK\x03\x04 not a run")
    missing = str(tmp_path / "missing")
    spec = write(tmp_path / "spec.json", TINY)
    for options, named in (
        (["--load", str(foreign)], "foreign.npz"),
        (["--load", missing], "missing"),
        (["--spec", missing], "missing"),
        (["--iterations", "-1"], "iterations = -1"),
        (["--wrong", "1"], "--wrong"),
        (["--spec", spec, "--iterations", "1", "--out", f"{missing}/run.npz"], "missing"),
        (["--spec", "/dev/zero"], "at most 1,000,000 bytes"),
        (["--load", "/dev/zero"], "an ordinary file"),
    ):
        assert main(["train", *options]) == 2
        said = capsys.readouterr()
        assert said.out == "" and named in said.err and said.err.startswith("ganlab: ")
    for arguments in (["train", "--iterations", "x"], ["nothing"], [], ["train", "--spec"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    with pytest.raises(SystemExit) as caught:
        main(["train", "--spec", spec, "--load", missing])
    assert caught.value.code == 2
    capsys.readouterr()


def test_a_diverging_run_ends_with_3(tmp_path, capsys):
    spec, out = write(tmp_path / "spec.json", WILD), tmp_path / "run.npz"
    assert main(["train", "--spec", spec, "--iterations", "5000", "--out", str(out)]) == 3
    said = capsys.readouterr()
    run = Run.load(out)
    assert said.err.startswith(f"Diverged in iteration {run.iteration + 1:,}: ")
    assert json.loads(said.out)["iteration"] == run.iteration < 5000 and run.stopped


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0 and capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(
    ("out", "named"),
    [
        ("missing/run.npz", "No such file"),
        ("a-file/run.npz", "Not a directory"),
        ("folder.npz", "this is a folder"),
        ("run.txt", "ends in .ganlab"),
        ("run", "ends in .ganlab"),
        ("run.npz.gz", "ends in .ganlab"),
    ],
)
def test_where_nothing_can_be_written_nothing_is_trained(tmp_path, capsys, monkeypatch, out, named):
    monkeypatch.setattr(Run, "advance", lambda *_: pytest.fail("trained in vain"))
    (tmp_path / "a-file").write_text("")
    (tmp_path / "folder.npz").mkdir()
    options = ["train", "--iterations", "1", "--out", str(tmp_path / "good.npz")]
    assert main([*options, "--out", str(tmp_path / out)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("ganlab: --out = ") and named in said.err
    assert not (tmp_path / "good.npz").exists()
    assert main([*options, "--out", str(tmp_path / "good.npz")]) == 2  # given twice
    assert "given once" in capsys.readouterr().err


def test_a_run_that_cannot_be_written_at_its_end_is_written_elsewhere(
    tmp_path, capsys, monkeypatch
):
    """As on a disk that has become full meanwhile."""
    out, real = tmp_path / "run.npz", Run.save
    out.write_bytes(b"old")

    def full(run, path):
        if path.parent == tmp_path:
            raise OSError(28, "No space left on device", str(path))
        real(run, path)

    monkeypatch.setattr(Run, "save", full)
    spec = write(tmp_path / "spec.json", TINY)
    assert main(["train", "--spec", spec, "--iterations", "3", "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["iteration"] == 3 and out.read_bytes() == b"old"
    place = said.err.strip().rpartition("it is in ")[2]
    assert str(out) in said.err and Run.load(place).iteration == 3


def test_curves_as_csv(tmp_path, capsys):
    spec, out = write(tmp_path / "spec.json", TINY), tmp_path / "curves.csv"
    run = tmp_path / "run.npz"
    options = ["train", "--spec", spec, "--iterations", "10", "--out", str(out), "--out", str(run)]
    assert main([*options, "--every", "4"]) == 0
    said = printed(capsys)
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    one = Run(TINY)
    metrics = one.snapshot(picture=False).metrics
    # Units are in the header: "jsd [nats]".
    rows = [{name.partition(" [")[0]: value for name, value in row.items()} for row in rows]
    # Of finite training data, of labels and of an encoder, which it has not.
    of_data = {"value_data", "data_distance", "jsd_labels", "obeyed", "accuracy", "accuracy_alone"}
    of_data |= {"cycle_x", "cycle_z"}
    assert list(rows[0]) == ["iteration", *metrics] and set(SERIES) - of_data <= set(rows[0])
    assert [float(row["iteration"]) for row in rows] == [0, 4, 8, 10]
    for row, iterations in zip(rows, (0, 4, 4, 2), strict=True):
        one.advance(iterations)
        for name, value in one.snapshot(picture=False).metrics.items():
            assert float(row[name] or "nan") == pytest.approx(float(value[0]), nan_ok=True), name
    assert float(rows[-1]["jsd"]) == pytest.approx(said["jsd"])
    assert Run.load(run).iteration == 10
    # About 200 rows by default, and every iteration if there are fewer.
    assert main(["train", "--spec", spec, "--iterations", "3", "--out", str(out)]) == 0
    assert [line.split(",")[0] for line in out.read_text().splitlines()[1:]] == list("0123")
    assert main(["train", "--spec", spec, "--every", "0", "--out", str(out)]) == 2
    capsys.readouterr()


def test_curves_of_several_runs_and_of_one_that_diverges(tmp_path, capsys):
    two = Run([TINY, TINY.replace(seed=1)])
    two.save(tmp_path / "two.npz")
    out = tmp_path / "curves.csv"
    load = ["train", "--load", str(tmp_path / "two.npz"), "--iterations", "2"]
    assert main([*load, "--out", str(out)]) == 0
    with open(out, newline="") as file:
        rows = [(row["run"], row["iteration"]) for row in csv.DictReader(file)]
    assert rows == [(r, i) for i in "012" for r in "01"]
    spec = write(tmp_path / "wild.json", WILD)
    assert main(["train", "--spec", spec, "--iterations", "5000", "--out", str(out)]) == 3
    assert len(out.read_text().splitlines()) >= 2
    capsys.readouterr()


def test_export_writes_every_kind_of_file_of_a_saved_run(tmp_path, capsys):
    run = Run(TINY, events="3:k:1,9:G")
    run.advance(6)
    run.save(tmp_path / "run.npz")
    names = ("c.csv", "c.parquet", "code.py", "book.ipynb", "spec.json", "all.data.npz", "r.npz")
    outs = [part for name in names for part in ("--out", str(tmp_path / name))]
    assert main(["export", str(tmp_path / "run.npz"), *outs, "--every", "2"]) == 0
    with open(tmp_path / "c.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["iteration"] for row in rows] == ["0", "2", "4", "6"]
    last = run.snapshot(picture=False).metrics["jsd"][0]
    assert float(rows[-1]["jsd [nats]"]) == last  # replayed, with its events, to the same moment
    assert (tmp_path / "code.py").read_text() == export.script(TINY, 6, run.past)
    assert (tmp_path / "book.ipynb").read_text() == export.notebook(TINY, 6, run.past)
    assert Spec.from_json((tmp_path / "spec.json").read_text()) == run.spec
    assert (tmp_path / "all.data.npz").read_bytes() == export.data(run)
    assert torch.equal(Run.load(tmp_path / "r.npz").state.g, run.state.g)
    columns = parquet.read_table(tmp_path / "c.parquet")
    assert columns["jsd"].to_pylist()[-1] == last
    capsys.readouterr()
    for bad in ([], ["--out", "x.txt"], ["--out", "x.csv", "--every", "0"], ["--fast"]):
        assert main(["export", str(tmp_path / "run.npz"), *bad]) == 2
    assert (
        "ends in .ganlab (the run with its curves and moments), .npz (the run as it is), .csv"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("broken", ["compiler", "home"])
def test_what_cannot_be_compiled_is_trained_all_the_same(tmp_path, capsys, monkeypatch, broken):
    spec = write(tmp_path / "spec.json", TINY)
    if broken == "compiler":
        monkeypatch.setenv("CXX", "/nonexistent/c++")
        monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    else:
        monkeypatch.setenv("GANLAB_CACHE", "/proc/nowhere")

        def refuses(*_):
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr("ganlab.engine.native.cache.private", refuses)
    monkeypatch.setattr("ganlab.engine.run.COMPILE_QUEUE", CompileQueue())
    assert main(["train", "--spec", spec, "--iterations", "5", "--compile"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["iteration"] == 5 and "training eagerly: not compiled" in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_stopped_compilation_leaves_nothing(tmp_path, number):
    command = [sys.executable, "-m", "ganlab", "train", "--compile", "--iterations", "1"]
    command += ["--spec", write(tmp_path / "spec.json", TINY)]
    environment = {**os.environ, "GANLAB_CACHE": str(tmp_path)}
    process = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        drafts = tmp_path / "programs"
        while not any(drafts.glob("draft-*")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    finally:
        process.kill()
    assert "Traceback" not in process.stderr.read()
    assert not any(drafts.glob("draft-*"))


def test_a_ganlab_file_holds_curves_and_moments(tmp_path, capsys):
    spec, path = write(tmp_path / "spec.json", TINY), tmp_path / "a.ganlab"
    assert main(["train", "--spec", spec, "--iterations", "40", "--out", str(path)]) == 0
    file, run = RunFile.load(path), Run(TINY)
    run.advance(40)
    assert file.runs[0].state.equals(run.state)
    assert file.runs[0].at(33).state.equals(run.at(33).state) and len(file.runs[0].recorder.frames)
    assert file.curves["iteration"].tolist() == list(range(41))
    # It is continued, with its curves, and so is one that was exported from an .npz.
    run.save(tmp_path / "a.npz")
    assert main(["export", str(tmp_path / "a.npz"), "--out", str(tmp_path / "b.ganlab")]) == 0
    for name in ("a", "b"):
        out = tmp_path / f"{name}2.ganlab"
        load = ["train", "--load", str(tmp_path / f"{name}.ganlab"), "--iterations", "10"]
        assert main([*load, "--out", str(out)]) == 0
        longer = RunFile.load(out)
        assert longer.curves["iteration"].tolist() == list(range(51))
        jsd = file.curves["jsd"]
        np.testing.assert_array_equal(longer.curves["jsd"][:41], jsd)
        assert longer.runs[0].at(7).state.equals(run.at(7).state)
    RunFile((Run(TINY), Run(TINY.replace(k=2)))).save(tmp_path / "two.ganlab")
    capsys.readouterr()
    assert main(["export", str(tmp_path / "two.ganlab"), "--out", "c.csv"]) == 2
    assert "a file of one run" in capsys.readouterr().err
