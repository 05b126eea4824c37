"""Labels of ticks on the canvas: short, and all different; tested in node, without a canvas."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ganlab import figures
from ganlab.engine.probe import probe_for
from ganlab.live.scene import panels, scene
from ganlab.spec import Spec
from tests.javascript import value

RANGES = [
    (0, 1), (0, 0.04), (-0.02, 0.03), (0.6929, 0.6932), (1e-7, 3e-7), (999_990, 1_000_010),
    (-1e6, 1e6), (0, 12_345), (123_456, 123_480), (-3e-12, 3e-12), (1e9, 1e9 + 4), (-1, -0.99999),
]  # fmt: skip


@pytest.fixture(scope="module")
def plot():
    """The labels of the ticks of some ranges, by the script for the browser."""
    code = f"""{json.dumps(RANGES)}.map(([low, high]) => {{
      const list = plot.ticks(low, high, 4);
      return [list, plot.names(list)];
    }})"""
    return value(code, plot="plot.js")


def number(text: str) -> float:
    text = text.replace("\u2212", "-")
    unit = {"k": 1e3, "M": 1e6}.get(text[-1], 1.0)
    return float(text.rstrip("kM")) * unit


@pytest.mark.parametrize("at", range(len(RANGES)))
def test_no_two_ticks_have_one_name_and_each_says_its_value(plot, at):
    list_, texts = plot[at]
    low, high = RANGES[at]
    assert len(list_) >= 2 and len(set(texts)) == len(texts)
    np.testing.assert_allclose([number(t) for t in texts], list_, rtol=0, atol=(high - low) / 20)
    assert all("-" not in text for text in texts)
    if low == 0 or low < 0 < high:
        assert "0" in texts


def test_a_panel_without_anything_to_show_is_not_shown():
    for loss, off in (("hinge", True), ("wasserstein", True), ("minimax", False)):
        spec = Spec(loss=loss)
        header, _ = scene(spec, probe_for(spec, 512), 1)
        assert [p["id"] for p in header["panels"] if p["off"]] == (["value"] if off else [])
    steps = np.arange(3.0)
    found = {"iteration": steps, "c_g": -steps, "value": np.full(3, np.nan)}

    def titles(**more) -> str:
        figure = figures.curves(panels(Spec(), probe_for(Spec(), 512)), found | more)
        return " ".join(a.text for a in figure.layout.annotations)

    assert "V(D, G)" not in titles() and "V(D, G)" in titles(value=-steps)
    assert "gradient" in titles()
