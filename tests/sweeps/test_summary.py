"""The summaries of a map's cells equal those computed by pandas from the whole table."""

import numpy as np
import pytest

from ganlab.sweeps import VERDICTS, results
from ganlab.sweeps.run import run
from ganlab.sweeps.summary import Summary, curves, summary_of


@pytest.fixture(scope="module")
def folder(sweep, here, tmp_path_factory):
    path = tmp_path_factory.mktemp("map")
    list(sweep.run(here(), path, compiled=False))
    return results.Folder(path, sweep)


def test_medians_and_spreads_over_the_seeds_of_a_cell(sweep, table, folder):
    frame = table.to_pandas()
    late = frame[frame.iteration >= 20].groupby(["cell", "seed"])[["jsd", "w1"]].median()
    found = summary_of(folder)
    for name in ("jsd", "w1"):
        cells = late[name].groupby("cell")
        np.testing.assert_allclose(found.measure(name), cells.median(), rtol=1e-12)
        spread = cells.quantile(0.75) - cells.quantile(0.25)
        np.testing.assert_allclose(found.measure(name, spread=True), spread, atol=1e-12)
    with pytest.raises(ValueError):
        found.measure("nonsense")


def test_the_verdict_of_most_runs_and_in_words(sweep, table, folder):
    frame = table.to_pandas().groupby(["cell", "seed"]).verdict.last()
    names = summary_of(folder).majority()
    for cell in range(sweep.size):
        counts = frame[cell].value_counts()
        assert counts[names[cell]] == counts.max()
        assert f"{counts.max()} {VERDICTS[names[cell]].title}" in summary_of(folder).counts(cell)


def test_quartiles_of_a_cells_curves(sweep, table, folder):
    frame = table.to_pandas()
    for cell in (0, 7):
        at, rows = curves(sweep, folder, cell, "jsd")
        own = frame[frame.cell == cell].groupby("iteration").jsd
        np.testing.assert_array_equal(at, [0, 10, 20, 30])
        for row, q in zip(rows, (0.25, 0.5, 0.75), strict=True):
            np.testing.assert_allclose(row, own.quantile(q), rtol=1e-12)


def test_blocks_are_read_when_they_are_finished(sweep, here, tmp_path):
    folder, summary = results.Folder(tmp_path, sweep), Summary(sweep)
    running = run(sweep, here(), folder, compiled=False, ahead=1)
    assert summary.update(folder).counts(0) == "not yet"
    assert np.isnan(summary.measure("jsd")).all()
    finished = next(running)
    cells = {cell for cell, _ in sweep.blocks[finished.block].runs}
    names = summary.update(folder).majority()
    assert {i for i in range(sweep.size) if names[i]} == cells
    running.close()
    at, rows = curves(sweep, folder, next(i for i in range(sweep.size) if i not in cells), "jsd")
    assert np.isnan(rows).all() and len(at) == 4


def test_small_curves_have_the_quartiles_at_some_checks(sweep, table, folder):
    for cell in (0, 7):
        # The few checks are all points of the small curve.
        _, rows = curves(sweep, folder, cell, "jsd")
        np.testing.assert_allclose(summary_of(folder).small(cell, "jsd"), rows, rtol=1e-12)
    before = Summary(sweep)
    assert np.isnan(before.small(0, "w1")).all()
    first = table.filter((table["cell"].to_numpy() == 0) & (table["seed"].to_numpy() == 0))
    before.add(first)  # one run of two
    np.testing.assert_array_equal(before.small(0, "w1"), [first["w1"].to_numpy()] * 3)
