"""`ganlab train`, in this process: what it prints, writes and returns."""

import json

import pytest
import torch

from ganlab import Run, Spec, __version__
from ganlab.cli import main

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
        ('{"k": 99}', "k = 99"),
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
