"""The way x -> E(x) -> G(E(x)) in a lab's scene, its frames, its curves and its figures."""

import numpy as np
import pytest
import torch
from live_helpers import Browser, press, settle

from ganlab import Spec, figures
from ganlab.engine.probe import probe_for
from ganlab.experiment import Experiment
from ganlab.live import comparison_view
from ganlab.live.session import Session

LINE = Spec(batch=32, g_hidden=(4,), d_hidden=(4,), g_lr=0.05)
PLANE = LINE.replace(target="moons", latent_dim=2)


def _points(trace) -> np.ndarray:
    """The points of a trace's lines, (n, 2)."""
    xy = np.array([trace.x, trace.y], float).T
    return xy[np.isfinite(xy).all(1)]


@pytest.mark.parametrize("spec", [LINE, LINE.replace(latent_dim=3), PLANE], ids=["1", "z3", "2"])
@pytest.mark.parametrize("inference", ["regression", "joint"])
def test_the_way_through_both_nets_is_drawn(spec, inference):
    session = Session("t", Experiment.of(spec.replace(inference=inference)), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    got = settle(session, browser)[0] + press(session, browser, "step", "step")
    header, arrays = [one for one in got if one[0]["type"] == "scene"][-1]
    frame_header, frame = [one for one in got if one[0]["type"] == "frame"][-1]
    titles = {layer["id"]: layer["title"] for layer in header["layers"]}
    assert titles["cycle"] == ("x → G(E(x))" if spec.dim == 2 else "x → E(x) → G(E(x))")
    joint = inference == "joint"
    assert titles["d"] == ("D(x, E(x))" if joint else "D(x)")
    assert ("d_star" in titles) == (spec.dim == 1 and not joint)
    (panel,) = [one for one in header["panels"] if one["id"] == "cycle"]
    assert [line["key"] for line in panel["series"]] == ["cycle_x", "cycle_z"]
    (value,) = [one for one in header["panels"] if one["id"] == "value"]
    assert ("c_g" in [line["key"] for line in value["series"]]) != joint
    curves = [a for h, a in got if h["type"] == "curves"][-1]
    assert curves["cycle_x"][-1] > 0 and curves["cycle_z"][-1] > 0
    run = session.group.runs[0]
    x = torch.from_numpy(frame["cycle_from"].copy()).view(-1, spec.dim)
    with torch.no_grad():
        z = run.encoder()(x)
        back = run.generator()(z).numpy()
    np.testing.assert_allclose(frame["cycle_to"].reshape(-1, spec.dim), back, atol=1e-5)
    made = figures.picture({**header, **arrays}, {**frame_header, **frame})
    lines = [trace for trace in made.data if trace.legendgroup == "cycle"]
    drawn = _points(lines[0]), _points(lines[-1])
    if spec.dim == 2:
        np.testing.assert_allclose(drawn[0], x, atol=1e-6)
        away = np.abs(back[:, None] - drawn[1][None]).max(2).min(1)
        assert away.max() < 1e-4, "each arrow ends at G(E(x))"
    else:
        # From x, on its line at 1, down to E(x) on z's line at 0, or to the middle below.
        np.testing.assert_allclose(
            drawn[0][::2], np.stack([x[:, 0], np.ones(len(x))], 1), atol=1e-6
        )
        if spec.latent_dim == 1:
            low, high = header["box"][0]
            at = (z[:, 0].numpy() - header["latent"]["lo"]) / (2 * header["latent"]["hi"])
            np.testing.assert_allclose(drawn[0][1::2, 0], low + (high - low) * at, atol=1e-4)
            assert (drawn[0][1::2, 1] == 0).all()
        else:
            middle = (x[:, 0].numpy() + back[:, 0]) / 2
            np.testing.assert_allclose(drawn[0][1::2, 0], middle, atol=1e-4)
    browser.leave()


def test_a_comparison_keeps_the_curves_that_it_shows():
    specs = [LINE.replace(inference=kind) for kind in ("regression", "joint")]
    probes = [probe_for(spec, 4096) for spec in specs]
    found = comparison_view.panels(specs, probes, ("A", "B"))
    keys = {series["key"].split(".")[0] for panel in found for series in panel["series"]}
    assert {"cycle_x", "cycle_z", "gap"} <= keys <= set(comparison_view.COMPARED)
    found = comparison_view.panels(specs[1:], probes[1:], ("A",))
    assert "gap" not in {panel["id"] for panel in found}, "no optimal D of pairs is known"
