"""Texts in pictures: p_g beyond the axes, D without a value; and axes that follow G."""

import json

import numpy as np
import pytest
import torch
from live_helpers import SMALL, last, settle

from ganlab import Run, Spec, figures
from ganlab.domains import LINE, PLANE
from ganlab.domains.plane import field
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import take
from ganlab.experiment import Experiment
from ganlab.live import axes, notices, thumbnails
from ganlab.live.messages import frame
from ganlab.live.scene import scene
from ganlab.live.session import Session

RING = Spec(target="ring", latent_dim=2)


def brink(spec: Spec, arrows: bool = False) -> Run:
    """A run whose D overflows in part of the picture: parameters are finite, sums are not.

    arrows: whether some of the arrows overflow, too. The size at which this happens depends on the
    processor.
    """
    for size in np.geomspace(1e17, 1e21, 60):
        run = Run(spec.replace(d_activation="relu", d_hidden=(8,)))
        run.state.d.mul_(size)
        picture = run.snapshot(measure=False).picture
        lost = [np.isnan(picture[name][0]).mean() for name in ("d", "grad")]
        if 0.05 < lost[0] < 0.95 and (not arrows or 0 < lost[1] < 1):
            return run
    raise AssertionError("no such run was found")


def seen(run: Run):
    """Scene and frame of a run, each header and arrays together."""
    shot = run.snapshot(measure=False)
    header, arrays = frame(1, shot, "")
    still, fixed = scene(run.spec, shot.probes[0], 1)
    return {**still, **fixed}, {**header, **arrays}


def test_the_fullest_side_is_said_first_with_its_mean():
    rows = notices.beyond(np.array([[0.0, 0.0], [0.4, 12.34]]), LINE.sides)
    assert [r["text"] for r in rows] == ["40 % of p_g is beyond: mean 12.3 →"]
    shares = np.array([[0.1, -3, 1], [0.0, 0, 0], [0.003, 0, -9], [0.5, 1, 2e6]])
    rows = notices.beyond(shares, PLANE.sides)
    assert [r["side"] for r in rows] == ["top", "left"]
    assert rows[0]["text"] == "↑ 50 % of p_g is beyond: mean (1, 2.00e+06)"
    assert rows[1]["brief"] == "← 10 %: (−3, 1)"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.004, "under 1 %"), (0.01, "1 %"), (0.996, "99 %"), (1.0, "100 %"), (0.125, "12 %")],
)
def test_percent(share, text):
    assert notices.percent(share) == text


@pytest.mark.parametrize(
    ("reach", "text"),
    [
        (0.04, "G's tails are too light: they reach 4 % as far as p_data's"),
        (0.49, "G's tails are too light: they reach 49 % as far as p_data's"),
        (0.5, ""),
        (2.0, ""),
        (3.25, "G's tails are too heavy: they reach 3.25 times as far as p_data's"),
        (float("nan"), ""),
    ],
)
def test_tails_that_reach_too_little_or_too_far_are_said(reach, text):
    assert (notices.tails(reach) or {"text": ""})["text"] == text


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_normal_latent_is_said_to_be_too_light_for_a_cauchy(latent_dim, theme):
    """Through G(z) = z: quantiles of ±3.09, compared with p_data's .5 tan(.499 pi) = 159."""
    run = Run(Spec(target="cauchy", g_hidden=(), latent_dim=latent_dim))
    run.state.g.copy_(torch.tensor([[1.0, *[0.0] * latent_dim]]))
    still, shown = seen(run)
    assert run.snapshot(measure=False).picture["tail"][0] == pytest.approx(3.0902 / 159.2, rel=0.05)
    assert shown["tails"]["text"] == "G's tails are too light: they reach 2 % as far as p_data's"
    said = [note.text for note in figures.picture(still, shown, theme).layout.annotations]
    assert shown["tails"]["text"] in said
    hidden = figures.picture(still, shown, theme, hidden=["p_g"]).layout.annotations
    assert shown["tails"]["text"] not in [note.text for note in hidden]


def test_a_cauchy_latent_is_right_for_a_cauchy_and_too_heavy_for_a_gaussian():
    for fields, word in (({"target": "cauchy"}, ""), ({}, "too heavy")):
        run = Run(Spec(latent="cauchy", g_hidden=(), **fields))
        run.state.g.copy_(torch.tensor([[0.5, 0.0]]))
        tails = seen(run)[1]["tails"]
        assert (tails is None) if not word else word in tails["text"]


def test_of_what_has_a_mean_nothing_is_said_of_tails():
    for spec in (Spec(init_gain=0.01), RING):
        assert seen(Run(spec))[1]["tails"] is None


def test_a_value_that_is_missing_is_never_drawn_as_one():
    d = np.linspace(0, 1, 12).reshape(3, 4)
    d[0, :2] = np.nan
    out = field(d)
    np.testing.assert_array_equal(out["d_none"], np.isnan(d))
    # A cell without a value gets its neighbour's for interpolation.
    assert out["d"][0, 1] in out["d"][[0, 1], [2, 1]] and out["d"][0, 0] == out["d"][1, 0]
    assert "d_none" not in field(np.full((2, 2), 0.5))
    assert field(np.full((2, 2), np.nan))["d_none"].all()


@pytest.mark.parametrize("spec", [Spec(), RING], ids=["1-D", "2-D"])
def test_a_run_on_the_brink_draws_what_is_finite_and_says_the_rest(spec):
    run = brink(spec)
    shot = run.snapshot(measure=False)
    none = np.isnan(shot.picture["d"][0])
    assert 0 < none.mean() < 1, "the case is of a part of the picture"
    still, shown = seen(run)
    assert shown["missing"].startswith("D has no finite value in ")
    assert notices.percent(none.mean()) in shown["missing"]
    if spec.dim == 2:
        np.testing.assert_array_equal(shown["d_none"], none)
    for theme in ("light", "dark"):
        figure = figures.picture(still, shown, theme)
        assert shown["missing"] in [note.text for note in figure.layout.annotations]
        assert "NaN" not in figure.to_json()
        if spec.dim == 2:
            (heat,) = [t for t in figure.data if t.type == "heatmap"]
            np.testing.assert_array_equal(np.isnan(heat.z), none)
            assert heat.zsmooth is False
    text = json.dumps({n: v for n, v in shown.items() if not isinstance(v, np.ndarray)})
    assert "NaN" not in text


def test_a_gradient_without_a_value_is_left_out_not_drawn_as_none():
    run = brink(RING, arrows=True)
    picture = run.snapshot(measure=False).picture
    lost = ~np.isfinite(picture["grad"][0]).all(1)
    assert lost.any()
    said = notices.missing(picture["d"][0], picture["grad"][0])
    assert f"the push has none for {notices.percent(lost.mean())} of the arrows" in said
    assert np.isfinite(picture["grad"][0][~lost]).all()


def test_tiles_leave_a_gap_where_d_has_no_value():
    run = brink(Spec())
    out = thumbnails.pictures(run.game, run.state, run.spec)
    assert 0 < out["d_none"].mean() < 1
    assert "d_none" not in thumbnails.pictures(*(lambda r: (r.game, r.state, r.spec))(Run(Spec())))


@pytest.mark.parametrize("spec", [Spec(init_gain=4), RING.replace(init_gain=4)], ids=["1-D", "2-D"])
def test_still_figures_say_what_is_beyond(spec):
    still, shown = seen(Run(spec))
    texts = {one["text"] for one in shown["beyond"]}
    said = {note.text for note in figures.picture(still, shown).layout.annotations}
    assert texts and texts <= said
    layer = "p_g" if spec.dim == 1 else "fake"
    hidden = figures.picture(still, shown, hidden=[layer]).layout.annotations
    assert not texts & {note.text for note in hidden}


def test_tiles_say_the_side_and_the_percent():
    run = Run([Spec(init_gain=4, seed=s) for s in range(3)])
    out = thumbnails.pictures(run.game, run.state, run.specs[0])["beyond"]
    full = run.snapshot(measure=False).picture["beyond"][..., 0]
    np.testing.assert_array_equal(out[:, 0], full.argmax(1))
    np.testing.assert_allclose(out[:, 1], 100 * full.max(1), rtol=0, atol=1.5)


# -- axes that follow --------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [Spec(init_gain=4), RING.replace(init_gain=4)], ids=["1-D", "2-D"])
def test_axes_that_follow_hold_p_g_and_p_data(spec):
    run = Run(spec)
    probe = probe_for(spec)
    box = axes.fitted(run, probe, None)
    own = probe.target.box
    assert (box[:, 0] <= own[:, 0]).all() and (box[:, 1] >= own[:, 1]).all()
    wide = probe.over(box)
    shot = run.snapshot(measure=False)
    before = shot.picture["beyond"][0, :, 0].sum()
    seen = take(run.game, run.state, run.specs, [None], measure=False, view=(wide,)).picture
    assert seen["beyond"][0, :, 0].sum() < 0.03 < before
    assert seen["shares"].shape == shot.picture["shares"].shape if spec.dim == 2 else True
    # Exact masses of p_data on the new cells; the floors do not change.
    assert wide.p_data.sum() == pytest.approx(1, abs=1e-9) and wide.floors == probe.floors
    assert axes.fitted(run, probe, box) is box, "axes that fit stay"
    if spec.dim == 2:
        sides = box[:, 1] - box[:, 0]
        assert sides[0] == pytest.approx(sides[1], rel=1e-12)


def test_axes_that_follow_are_the_targets_own_where_p_g_is_inside():
    spec = Spec(init_gain=0.01)
    assert axes.fitted(Run(spec), probe_for(spec), None) is None


def test_axes_do_not_follow_into_infinity():
    run = Run(Spec())
    run.state.g.mul_(1e20)
    box = axes.fitted(run, probe_for(run.spec), None)
    assert np.isfinite(box).all() and np.ptp(box) < 1e6 * np.ptp(probe_for(run.spec).target.box)


def test_a_session_follows_and_goes_back(opened):
    session, browser = opened(SMALL.replace(init_gain=5))
    own = last(browser.first, "scene")[0]
    session.command("step")
    got = press_follow(session, browser, True)
    wide, frame_ = last(got, "scene")[0], last(got, "frame")[0]
    assert wide["run"] == frame_["run"] == own["run"] + 1
    assert np.ptp(wide["box"]) > np.ptp(own["box"])
    assert sum(one["share"] for one in frame_["beyond"]) < 0.03
    assert last(got, "status")[0]["follow"] is True
    assert last(got, "curves")[1]["iteration"][-1] == 1, "the curves go on"
    back = press_follow(session, browser, False)
    assert last(back, "scene")[0]["box"] == own["box"]
    assert last(back, "scene")[0]["panels"] == own["panels"] == wide["panels"]
    assert session.run.iteration == 1 and last(back, "frame")[0]["iteration"] == 1


def press_follow(session, browser, value):
    session.command("follow", value)
    return settle(session, browser)[0]


def test_a_view_whose_axes_cannot_follow_says_so():
    session = Session("t", Experiment.of(Spec(), 16), lambda s: None)
    session.command("follow", True)
    session._work.take_commands()
    assert "follow" in session.note
