"""The command `ganlab mnist`."""

import json

import pytest
import torch

from ganlab.cli import main
from ganlab.mnist import scoring
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Plan

SMALL = RECIPES["quick"].spec.replace(
    target="drawn_digits", g_hidden=(8,), d_hidden=(8,), latent_dim=4, batch=100
)


@pytest.fixture(autouse=True)
def fast(few, monkeypatch):
    monkeypatch.setattr(scoring, "SAMPLES", 200)


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(SMALL.to_json())
    return str(path)


def test_a_run_and_going_on_with_it(spec, tmp_path, capsys):
    out = str(tmp_path / "run")
    options = ["--spec", spec, "--epochs", "2", "--seed", "4", "--device", "cpu", "--out", out]
    assert main(["mnist", *options]) == 0
    said = capsys.readouterr()
    report = json.loads(said.out)
    assert (report["state"], report["epoch"], report["iteration"]) == ("done", 2.0, 20)
    assert report["score"]["n"] == 1000 and report["real"]["mean"] > report["score"]["mean"]
    found = report["score"]["coverage"]
    assert found["n"] == 200 and sum(found["shares"]) == pytest.approx(1)
    assert report["real"]["coverage"]["covered"] == list(range(10))
    assert f"epoch 2: {len(found['covered'])} of 10 classes covered" in said.err
    assert "not MNIST" in report["source"] and report["folder"] == out
    assert f"run in {out}" in said.err and "epoch 2.00 of 2" in said.err
    assert Folder(out).plan.spec == SMALL.replace(seed=4)
    assert main(["mnist", "--quiet", "--resume", out, "--epochs", "3"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["iteration"] == 30 and "\r" not in said.err
    # The last request applies.
    Folder(out).want(epochs=1)
    assert main(["mnist", "--quiet", "--resume", out]) == 0
    assert json.loads(capsys.readouterr().out)["iteration"] == 30
    assert Folder(out).status.epochs == 1


def test_going_on_elsewhere(spec, tmp_path, capsys):
    out = str(tmp_path / "run")
    plan = Plan(SMALL, epochs=1, device="cuda" if not torch.cuda.is_available() else "cpu")
    folder = Folder.create(plan, out)
    if plan.device == "cuda":
        assert main(["mnist", "--quiet", "--resume", out]) == 2
        assert "device = 'cuda'" in capsys.readouterr().err
    assert main(["mnist", "--quiet", "--resume", out, "--device", "cpu", "--measure", "3"]) == 0
    assert folder.plan == Plan(SMALL, epochs=1, device="cpu", measure=3)
    for more in (["--seed", "3"], ["--drawn"], ["--out", "x"], ["--download"]):
        assert main(["mnist", "--quiet", "--resume", out, *more]) == 2
        assert f"{more[0]} = " in capsys.readouterr().err
    assert main(["mnist", "--quiet", "--resume", out, "--epochs", "0"]) == 2
    assert "epochs = 0" in capsys.readouterr().err


def test_what_was_asked_while_it_started_stands(tmp_path, capsys):
    folder = Folder.create(Plan(SMALL, epochs=5), tmp_path / "run")
    folder.want(state="stopped")
    assert main(["mnist", "--quiet", "--as-asked", "--resume", str(folder.path)]) == 0
    assert folder.status.state == "stopped" and folder.status.iteration == 0
    assert main(["mnist", "--quiet", "--resume", str(folder.path)]) == 0  # as in a shell
    assert folder.status.state == "done"


def test_without_mnist_it_says_so_and_trains_on_drawn_digits(capsys, monkeypatch):
    monkeypatch.setattr("ganlab.mnist.trainer.Trainer.work", lambda self: self.status)
    assert main(["mnist"]) == 0
    assert "which are not MNIST" in capsys.readouterr().err
    folder = next(Folder.all())
    assert folder.plan.spec == RECIPES["quick"].spec.replace(target="drawn_digits")
    assert folder.plan.epochs == RECIPES["quick"].epochs
    assert main(["mnist", "--recipe", "paper", "--drawn"]) == 0
    assert "not MNIST" not in capsys.readouterr().err.replace("drawn by ganlab: not MNIST", "")
    plans = [f.plan for f in Folder.all()]
    assert {p.spec.d_activation for p in plans} == {"leaky_relu", "maxout"}
    assert main(["mnist", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--recipe", "best"], "recipe = 'best'"),
        (["--epochs", "0"], "epochs = 0"),
        (["--epochs", "1.5"], "epochs = 1.5"),
        (["--device", "tpu"], "device = 'tpu'"),
        (["--seed", "-1"], "seed = -1"),
        (["--checkpoint", "0"], "checkpoint = 0"),
        (["--resume", "/nowhere"], "a folder with a run in it"),
        (["--resume", "last"], "there are no runs yet"),
        (["--data", "/nowhere"], "no complete set in /nowhere"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_what_cannot_be_done_is_said(options, words, capsys):
    assert main(["mnist", *options]) == 2
    assert words in capsys.readouterr().err
    assert list(Folder.all()) == []


def test_ends_are_told_by_the_code(spec, tmp_path, capsys):
    wild = SMALL.replace(optimizer="sgd", loss="wasserstein", d_lr=100.0, g_norm="none")
    path = tmp_path / "wild.json"
    path.write_text(wild.to_json())
    assert main(["mnist", "--quiet", "--spec", str(path), "--epochs", "50"]) == 3
    said = capsys.readouterr()
    assert "no longer finite" in said.err and json.loads(said.out)["score"] is None
    before = len(list(Folder.all()))
    path.write_text(SMALL.replace(target="ring", g_output="linear").to_json())
    assert main(["mnist", "--quiet", "--spec", str(path)]) == 2
    assert "target = 'ring'" in capsys.readouterr().err and len(list(Folder.all())) == before


def test_images_are_not_for_the_labs_command(spec, capsys):
    assert main(["train", "--spec", spec, "--iterations", "1"]) == 2
    assert "the MNIST page trains on images" in capsys.readouterr().err
