"""`ganlab sweep`: plans from files and flags, the listing of the work, and the results."""

import json
from concurrent.futures import ThreadPoolExecutor

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ganlab.cli import main
from ganlab.sweeps import results

FILE = """
[base]
target = "ring"
g_hidden = [6]
d_hidden = [6]
batch = 16
[axes]
k = [1, 2]
[sweep]
seeds = 2
iterations = 20
checks = 2
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("ganlab.sweeps.executors.processes", lambda: ThreadPoolExecutor(1))
    path = tmp_path / "map.toml"
    path.write_text(FILE)
    return str(path)


def test_results_are_written_and_a_second_start_adds_what_is_missing(file, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["sweep", file, "--axis", "r1=0,0.1", "--out", str(out), "--csv"]
    assert main(command) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["runs"] == 8 and sum(found["verdicts"].values()) == 8
    assert "2 of 2 blocks" in told.err or "4 of 4 blocks" in told.err
    table = pq.read_table(out / "results.parquet")
    assert table.num_rows == 2 * 2 * 2 * 3 and set(table["r1"].to_pylist()) == {0.0, 0.1}
    assert results.about(table)["sweep"]["iterations"] == 20
    assert pyarrow.csv.read_csv(out / "results.csv").num_rows == table.num_rows
    assert main([*command, "--quiet"]) == 0
    again = capsys.readouterr()
    assert json.loads(again.out) == found and again.err == ""
    assert main([*command, "--seeds", "3"]) == 2
    assert "an empty folder, or one of the same sweep" in capsys.readouterr().err


def test_a_dry_run_says_how_much_there_is_to_do(file, capsys):
    axes = ["--axis", "minibatch_discrimination=0,4", "--axis", "r1=0,1"]
    assert main(["sweep", file, *axes, "--dry-run", "--iterations", "100000"]) == 0
    told = capsys.readouterr().out
    assert "2 × 2 × 2 cells, 2 of them not allowed" in told
    assert "12 runs of 100,000 iterations" in told and "3 structures, 3 worth compiling" in told
    assert "D(x) depends on the other samples" in told


def test_flags_and_a_file_say_the_same(tmp_path, file):
    flags = ["--base", "g_hidden=6", "--base", "target=ring", "--base", "d_hidden=6"]
    flags += ["--base", "t.std=0.05", "--base", "batch=16", "--axis", "k=1,2", "--stop-below=0.1"]
    flags += ["--seeds", "2", "--iterations", "20", "--checks", "2", "--eager", "--quiet"]
    path = tmp_path / "same.toml"
    path.write_text(FILE.replace("batch", "t.std = 0.05\nbatch") + "stop_below = 0.1\n")
    out = str(tmp_path / "one")
    assert main(["sweep", *flags, "--out", out]) == 0
    # A folder is refused if the sweep is another one.
    assert main(["sweep", str(path), "--eager", "--quiet", "--out", out]) == 0
    assert main(["sweep", str(path), "--base", "batch=8", "--quiet", "--out", out]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--axis", "k=1,2", "--base", "batch"], "FIELD=VALUE"),
        (["--axis", "k=1,2", "--base", "batch=x", "--dry-run"], "batch = 'x'"),
        (["--axis", "k=1,2", "--stop-below", "2", "--dry-run"], "stop_below = 2.0"),
        ([], "at least one --axis"),
        (["--axis", "k=1,2"], "--out"),
        (["--axis", "k=1,x", "--dry-run"], "k = 'x'"),
        (["--axis", "k=1,2", "--seeds", "0", "--dry-run"], "seeds = 0"),
        (["nowhere.toml", "--dry-run"], "nowhere.toml"),
        (["--axis", "k=1,2", "--dry-run", "--fast"], "--fast"),
    ],
)
def test_what_is_wrong_is_named(arguments, words, capsys):
    assert main(["sweep", *arguments]) == 2
    assert words in capsys.readouterr().err
