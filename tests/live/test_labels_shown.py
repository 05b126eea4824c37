"""The label whose D is shown, in a lab's scene, its frames, its figures and its page."""

import numpy as np
import pytest
import torch
from live_helpers import Browser, press, settle

from ganlab import Spec, SpecError, figures
from ganlab.engine.draws import few
from ganlab.experiment import Experiment
from ganlab.live.commands import read
from ganlab.live.session import Session
from ganlab.theme import THEMES

LINE = Spec(target="gaussians", target_params={"count": 2}, batch=32, conditional="yes")
PLANE = Spec(target="moons", latent_dim=1, batch=32, conditional="yes")


@pytest.mark.parametrize("spec", [LINE, PLANE], ids=["line", "plane"])
def test_the_label_whose_d_is_shown_is_a_choice_of_the_view(spec):
    session = Session("t", Experiment.of(spec), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    got = press(session, browser, "step")
    d = {-1: [a["d"] for h, a in got if h["type"] == "frame"][-1]}
    for label in (1, 0):
        session.command(*read({"cmd": "label", "value": label}))
        got = settle(session, browser)[0]
        ((header, arrays),) = [one for one in got if one[0]["type"] == "scene"]
        assert (header["labels"], header["d_label"]) == (spec.labels, label)
        titles = {layer["id"]: layer["title"] for layer in header["layers"]}
        assert titles["d"] == f"D(x), label {label}"
        frame_header, frame = [one for one in got if one[0]["type"] == "frame"][-1]
        d[label] = frame["d"]
        run = session.group.runs[0]
        at = run.spec.domain.mesh(session.view._probe) if spec.dim == 1 else None
        if at is not None:
            with torch.no_grad():
                own = torch.sigmoid(run.discriminator()(at, torch.full((len(at),), label)))
            np.testing.assert_allclose(frame["d"], own.numpy(), atol=1e-5)
        else:  # in bytes, at the centres of 64 x 64 cells
            assert frame["fake_label"].max() == spec.labels - 1
            assert frame["manifold"].shape[0] == spec.labels
        made = figures.picture({**header, **arrays}, {**frame_header, **frame})
        text = [note.text for note in made.layout.annotations]
        assert {str(k) for k in range(spec.labels)} <= set(text)
    assert not np.array_equal(d[0], d[1])
    both, slack = np.stack([d[0], d[1]]).astype(float), 1.0 if spec.dim == 2 else 1e-3
    if spec.labels == 2:  # a mean lies between
        assert (d[-1] >= both.min(0) - slack).all() and (d[-1] <= both.max(0) + slack).all()
    session.command(*read({"cmd": "label", "value": spec.labels}))
    settle(session, browser)
    assert "label" in session.note and f"0 to {spec.labels - 1}" in session.note
    browser.leave()


def test_labelled_points_and_what_was_learnt_from_them_are_shown():
    spec = PLANE.replace(conditional="no", few_labels=3)
    session = Session("t", Experiment.of(spec), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    got = settle(session, browser)[0] + press(session, browser, "step")
    header, arrays = [one for one in got if one[0]["type"] == "scene"][-1]
    points, which = few(spec)
    np.testing.assert_allclose(arrays["few"], points)
    np.testing.assert_array_equal(arrays["few_label"], which)
    assert {"regions", "regions_alone", "labels"} <= {one["id"] for one in header["layers"]}
    assert "accuracy" in {panel["id"] for panel in header["panels"]}
    frame_header, frame = [one for one in got if one[0]["type"] == "frame"][-1]
    assert frame["regions"].shape == frame["regions_alone"].shape == (64, 64)
    made = figures.picture({**header, **arrays}, {**frame_header, **frame})
    (line,) = [trace for trace in made.data if trace.legendgroup == "regions"]
    classes = frame["regions"].astype(int)
    edges = (np.diff(classes, axis=0) != 0).sum() + (np.diff(classes, axis=1) != 0).sum()
    assert np.isfinite(np.array(line.x, float)).sum() == 2 * edges > 0
    assert [note.text for note in made.layout.annotations][:6] == [str(int(k)) for k in which]
    browser.leave()


def test_a_label_is_refused_where_there_is_none():
    session = Session("t", Experiment.of(LINE.replace(conditional="no")), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    session.command("label", 0)
    settle(session, browser)
    assert "no labels" in session.note
    browser.leave()
    for bad in (-2, 1.0, "1", None, True):
        with pytest.raises(SpecError, match="label"):
            read({"cmd": "label", "value": bad})


def test_labels_have_as_many_colours_as_the_legend_says():
    for theme in THEMES.values():
        assert len(set(theme.labels)) == 8 and theme.label(9) == theme.labels[1]
