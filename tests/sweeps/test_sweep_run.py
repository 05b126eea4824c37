"""Running sweeps: whatever computes it, the table equals that of runs made one by one."""

import io
import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow.parquet as pq
import pytest

from ganlab import Run, Spec, SpecError
from ganlab.presets.preset import POINTS
from ganlab.sweeps import Failed, Sweep, results
from ganlab.sweeps.plan import BLOCK
from ganlab.sweeps.run import run

BASE = Spec(target="two_gaussians", g_hidden=(6,), d_hidden=(6,), batch=16)


def same(a, b):
    """Whether two tables are equal, to the last bit; NaN equals NaN."""
    return a.to_pandas().equals(b.to_pandas())


def test_a_row_is_what_the_run_alone_measures(sweep, table):
    rows = table.to_pylist()
    assert len(rows) == 12 * 2 * 4
    metrics = ("jsd", "w1", "value", "d_loss", "g_loss", "grad_g", "modes", "held", "lead")
    for number in (0, 9, 23):
        fields = {name: rows[4 * number][name] for name in ("k", "d_lr", "loss", "seed")}
        run = Run(BASE.replace(**fields))
        for row in rows[4 * number : 4 * number + 4]:
            run.advance(row["iteration"] - run.iteration)
            alone = run.snapshot(picture=False, points=POINTS).metrics
            for name in metrics:
                assert row[name] == pytest.approx(
                    alone[name][0], rel=2e-4, abs=2e-5, nan_ok=True
                ), name
    assert [row["iteration"] for row in rows[:4]] == [0, 10, 20, 30]


def test_the_table_is_the_same_to_the_last_bit_whatever_the_executor(sweep, table):
    distributed = pytest.importorskip("distributed")
    with ThreadPoolExecutor(3) as pool:
        again = results.tidy(sweep, (f.table for f in sweep.run(pool, compiled=False)))
    assert same(again, table)
    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with distributed.Client(processes=False, **options) as client:
        found = sweep.run(client.get_executor(pure=False), compiled=False)
        again = results.tidy(sweep, (f.table for f in found))
    assert same(again, table)


def test_what_is_interrupted_goes_on_and_two_cannot_fill_one_folder(sweep, table, tmp_path, here):
    running = run(sweep, here(), results.Folder(tmp_path, sweep), compiled=False, ahead=1)
    begun = [next(running), next(running)]
    assert [f.done for f in begun] == [1, 2] and begun[0].of == len(sweep.blocks)
    with pytest.raises(SpecError, match="no other process"):
        next(sweep.run(here(), tmp_path, compiled=False))
    running.close()  # what was not stored is lost
    assert sweep.table(tmp_path).num_rows == sum(f.table.num_rows for f in begun)
    second = here()
    rest = list(sweep.run(second, tmp_path, compiled=False))
    assert [f.done for f in rest] == list(range(3, len(sweep.blocks) + 1))
    assert not {t.number for t in second.tasks} & {f.block for f in begun}
    assert same(sweep.table(tmp_path), table)
    assert list(sweep.run(here(), tmp_path, compiled=False)) == []


def test_a_folder_of_something_else_is_refused(sweep, tmp_path):
    other = sweep.replace(iterations=40)
    results.Folder(tmp_path / "a", sweep)
    with pytest.raises(SpecError, match="of the same sweep"):
        results.Folder(tmp_path / "a", other)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("")
    with pytest.raises(SpecError, match="an empty folder"):
        results.Folder(tmp_path / "b", sweep)


def test_files_hold_the_plan_and_are_read_by_others(sweep, table):
    file = io.BytesIO()
    pq.write_table(table, file)
    back = pq.read_table(io.BytesIO(file.getvalue()))
    assert same(back, table) and results.about(back)["sweep"] == sweep.to_dict()
    frame = back.to_pandas()
    late = frame[frame.iteration == 30].groupby(["k", "d_lr", "loss"]).jsd.median()
    xarray = pytest.importorskip("xarray")
    cube = results.to_xarray(sweep, table)
    assert isinstance(cube, xarray.Dataset)
    assert dict(cube.sizes) == {"k": 2, "d_lr": 3, "loss": 2, "seed": 2, "iteration": 4}
    for (k, rate, loss), wanted in late.items():
        cell = cube.jsd.sel(k=k, d_lr=rate, loss=loss, iteration=30)
        assert float(cell.median()) == pytest.approx(wanted, rel=1e-12)


def test_a_run_that_diverges_ends_and_the_others_go_on(here):
    base = BASE.replace(optimizer="sgd", d_lr=0.01)
    sweep = Sweep.of(base, {"g_lr": [0.01, 100.0]}, seeds=2, iterations=40, checks=4)
    found = results.tidy(sweep, (f.table for f in sweep.run(here(), compiled=False))).to_pandas()
    lost = found[found.verdict == "diverged"]
    assert set(lost.g_lr) == {100.0} and (lost.diverged_at > 0).all()
    assert (found.g_lr == 0.01).sum() == 10
    # The first check after the divergence is the last row.
    for _, rows in lost.groupby(["cell", "seed"]):
        assert (rows.iteration[:-1] < rows.diverged_at.iloc[0]).all()


def test_a_run_ends_early_below_the_jsd_that_was_asked(here):
    sweep = Sweep.of(BASE, {"k": [1, 3]}, seeds=3, iterations=30, checks=10)
    whole = results.tidy(sweep, (f.table for f in sweep.run(here(), compiled=False))).to_pandas()
    level = float(whole.jsd.quantile(0.5))
    short = sweep.replace(stop_below=level)
    found = results.tidy(short, (f.table for f in short.run(here(), compiled=False))).to_pandas()
    for key, rows in whole.groupby(["cell", "seed"]):
        below = np.flatnonzero(rows.jsd.to_numpy() < level)
        count = below[0] + 1 if len(below) else len(rows)
        own = found[(found.cell == key[0]) & (found.seed == key[1])]
        np.testing.assert_array_equal(own.jsd, rows.jsd[:count])
    assert len(found) < len(whole)


def test_an_error_of_a_worker_is_told_with_its_block(sweep, here):
    with pytest.raises(Failed, match=r"block \d+ failed: no space left"):
        list(sweep.run(here(OSError("no space left")), compiled=False))


def test_a_killed_worker_loses_only_what_it_was_computing(tmp_path, here):
    sweep = Sweep.of(BASE, {"k": [1, 2, 3, 4]}, seeds=BLOCK // 4, iterations=30, checks=2)
    before, done = set(multiprocessing.active_children()), []
    for finished in sweep.run(folder=tmp_path, compiled=False):
        if not done:
            workers = set(multiprocessing.active_children()) - before
            os.kill(workers.pop().pid, signal.SIGKILL)
        done.append(finished.done)
    assert done == [1, 2, 3, 4]
    alone = results.tidy(sweep, (f.table for f in sweep.run(here(), compiled=False)))
    assert same(sweep.table(tmp_path), alone)
