"""Exports work: scripts execute, JSON loads, CSV holds the curves."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ganlab
from ganlab import Run, Spec, export
from ganlab.events import check

SMALL = {"g_hidden": (4,), "d_hidden": (4,), "batch": 8}
SPECS = {
    "defaults": [Spec()],
    "odd": [
        Spec(
            **SMALL | {"g_hidden": ()},
            **{"target": "two_gaussians", "target_params": {"separation": 3.25, "weights": (1, 3)}},
            **{"loss": "minimax", "k": 2, "g_steps": 3, "g_lr": 1.5e-05, "betas": (0.5, 0.999)},
            **{"g_start": (0.1, -2.0), "d_bias": "no", "r1": 0.3, "seed": 7},
        )
    ],
    "seeds": [Spec(target="ring", latent_dim=2, seed=s, **SMALL) for s in (3, 4, 9)],
    "compared": [Spec(k=k, d_hidden=w, batch=8) for k, w in ((1, ()), (2, (3, 3)))],
}


def evaluated(text: str) -> list[Spec]:
    """The Specs of a script, without training."""
    space: dict = {}
    exec(text.split("\nfor spec in specs:")[0], space)
    return space["specs"]


@pytest.mark.parametrize("specs", SPECS.values(), ids=SPECS)
def test_scripts_and_json_hold_the_specs(specs):
    assert evaluated(export.python(specs, 5)) == specs
    items = json.loads(export.as_json(specs))
    items = items if isinstance(items, list) else [items]
    assert [Spec.from_dict(item) for item in items] == specs
    if len(specs) == 1:
        assert Spec.from_json(export.as_json(specs)) == specs[0]
    else:
        assert all(len(line) < 5000 for line in export.python(specs, 5).splitlines())


@pytest.mark.parametrize("given", ["", "4:k:3:loss:minimax,9:D"])
def test_a_script_trains_what_was_trained(given):
    specs = SPECS["odd"] + SPECS["compared"]
    events = [given, "", given][: len(specs)]
    text = export.python(specs, 6, events)
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        cwd=Path(ganlab.__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    for line, spec, what in zip(done.stdout.splitlines(), specs, events, strict=True):
        run = Run(spec, events=what)
        run.advance(6)
        seed, iteration, jsd = line.split()
        assert (int(seed), int(iteration)) == (spec.seed, 6)
        assert float(jsd) == run.snapshot(picture=False).metrics["jsd"][0]


def test_curves_round_trip():
    rng = np.random.default_rng(0)
    columns = {"iteration": np.arange(50.0) * 7, "jsd": rng.normal(size=50) * 1e-9}
    columns["value"] = np.where(np.arange(50) % 5 == 0, np.nan, rng.normal(size=50))
    head, *rows = csv.reader(io.StringIO(export.curves(columns)))
    assert head == ["iteration", "jsd [nats]", "value [nats]"]
    back = np.array([[float(v) if v else np.nan for v in row] for row in rows]).T
    for got, wanted in zip(back, columns.values(), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_parquet_holds_the_same_with_units_in_its_metadata():
    from pyarrow import parquet

    columns = {"iteration": np.arange(4.0), "jsd": np.array([0.1, np.nan, 1e-9, np.inf])}
    columns["d_loss"], columns["hq"] = columns["jsd"], columns["jsd"]
    table = parquet.read_table(io.BytesIO(export.parquet(columns, Spec(seed=3).to_json())))
    assert table.column_names == list(columns)
    assert table["iteration"].to_pylist() == [0, 1, 2, 3]
    assert table["jsd"].to_pylist() == [0.1, None, 1e-9, None]
    units = {field.name: field.metadata[b"unit"].decode() for field in table.schema}
    assert (units["iteration"], units["jsd"]) == ("", "nats") and "nats or" in units["d_loss"]
    assert Spec.from_json(table.schema.metadata[b"spec"].decode()).seed == 3


def test_data_are_those_of_the_run_without_pickles():
    run = Run([Spec(target="ring", latent_dim=2, seed=s, **SMALL) for s in (0, 1)])
    run.advance(3)
    with np.load(io.BytesIO(export.data(run)), allow_pickle=False) as file:
        arrays = dict(file)
    assert [Spec.from_json(text) for text in arrays["specs"]] == list(run.specs)
    assert arrays["samples"].shape == arrays["p_data"].shape == (2, 10_000, 2)
    np.testing.assert_array_equal(arrays["samples"][1], run.sample(10_000, run=1))
    np.testing.assert_allclose(np.hypot(*arrays["p_data"][0].T).mean(), 2, atol=0.01)  # the radius
    shot = run.snapshot()
    np.testing.assert_array_equal(arrays["metrics.jsd"], shot.metrics["jsd"])
    assert {f"picture.{name}" for name in shot.picture} <= set(arrays)
    for name, net in (("G", run.generator(1)), ("D", run.discriminator(1))):
        for key, value in net.state_dict().items():
            np.testing.assert_array_equal(arrays[f"{name}.{key}"][1], value.numpy())


def test_a_notebook_trains_the_run_twice_and_compares():
    text = export.notebook(SPECS["odd"][0], 5, check("4:k:3", SPECS["odd"]))
    book = json.loads(text)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    space: dict = {}
    for number, cell in enumerate(book["cells"]):
        code = cell["cell_type"] == "code"
        extra = {"execution_count", "outputs"} if code else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | extra
        assert cell["id"] == f"cell-{number}" and isinstance(cell["source"], str)
        if code:
            exec(cell["source"], space)
    run = space["run"]
    assert run.iteration == 5 and run.past
    for player, ours in (("G", run.state.g[0]), ("D", run.state.d[0])):
        np.testing.assert_allclose(space["weights"][player], ours, rtol=1e-4, atol=1e-5)


def test_names_are_short_readable_and_of_the_whole_spec():
    one = export.name([Spec(target="ring", k=5, seed=3)], "csv")
    assert one.startswith("ring-non-saturating-k5-seed3-") and one.endswith(".csv")
    other = export.name([Spec(target="ring", k=5, seed=3, r1=0.1)], "csv")
    assert one != other and len(one) < 60 and one[:-12] == other[:-12]
    assert export.name([Spec(), Spec(seed=1)], "python").startswith(
        "gaussian-non-saturating-k1-seed0-2runs-"
    )


def test_variants_of_a_notebook_are_named_not_imported():
    """No other process can import a script: neither the exported one nor the compiler."""
    notebook = """
from ganlab import Run, Spec, export
from ganlab.losses import LOSSES, LossEntry

mean = lambda real, fake: (fake**2).mean(1)
LOSSES.add(LossEntry("late", "late", "x", "x.", d=mean, g=mean))
spec = Spec(loss="late", g_hidden=(4,), d_hidden=(4,), batch=8)
try:
    Run(spec).compile()
except RuntimeError as error:
    print(error)
print(export.python([spec], 3))
"""
    done = subprocess.run(
        [sys.executable, "-c", notebook],
        capture_output=True,
        text=True,
        cwd=Path(ganlab.__file__).parents[1],
    )
    why, script = done.stdout.split("\n", 1)
    assert why.startswith("not compiled: ") and "in a script or a notebook" in why, done.stderr
    assert script.startswith("# It uses variants that a script or a notebook added")
    assert "import __main__" not in script
