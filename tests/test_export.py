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
    assert head == list(columns)
    back = np.array([[float(v) if v else np.nan for v in row] for row in rows]).T
    for got, wanted in zip(back, columns.values(), strict=True):
        np.testing.assert_array_equal(got, wanted)


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
