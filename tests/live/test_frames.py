"""Messages of a session: frames, curves and figures follow the protocol, for every browser."""

import time

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, last, press, settle

from ganlab.live.commands import FigureRequest
from ganlab.live.history import SERIES
from ganlab.live.pacing import SHARED_STATUS_SECONDS
from ganlab.live.wire import decode
from ganlab.registry import SpecError


@pytest.mark.parametrize("target", ["gaussian", "two_gaussians", "cauchy"])
@pytest.mark.parametrize("latent_dim", [1, 8])
def test_frames_in_1d(opened, target, latent_dim):
    session, browser = opened(SMALL.replace(target=target, latent_dim=latent_dim))
    got = press(session, browser, "step")
    scene, frame = last(browser.first, "scene"), last(got, "frame")[1]
    cells, cell = len(scene[1]["x"]), scene[0]["cell"]
    for name in ("p_g", "d", "d_star"):
        assert frame[name].shape == (cells,) and frame[name].dtype == np.float32
    assert scene[0]["map"] == (latent_dim == 1) == ("map_z" in frame)
    if latent_dim == 1:
        assert frame["map_z"].shape == frame["map_x"].shape == (41,)
        assert np.all(np.diff(frame["map_z"]) > 0)
    assert frame["grad_x"].shape == frame["grad"].shape and 10 < len(frame["grad"]) < 100
    assert 0.2 < frame["p_g"].sum() * cell <= 1 + 1e-5 and frame["p_g"].min() >= 0
    assert 0 <= frame["d"].min() and frame["d"].max() <= 1
    star = scene[1]["p_data"] / (scene[1]["p_data"] + frame["p_g"])
    here = np.isfinite(frame["d_star"])
    assert here.any()
    np.testing.assert_allclose(frame["d_star"][here], star[here], rtol=1e-3, atol=1e-5)
    assert ("shares" in frame) == (scene[0]["modes"] > 0)


@pytest.mark.parametrize("target", ["ring", "spiral"])
@pytest.mark.parametrize("latent_dim, manifold", [(1, (200, 2)), (2, (21, 21, 2)), (8, None)])
def test_frames_in_2d(opened, target, latent_dim, manifold):
    session, browser = opened(SMALL.replace(target=target, latent_dim=latent_dim))
    got = press(session, browser, "step")
    scene, frame = last(browser.first, "scene")[0], last(got, "frame")[1]
    assert frame["d"].shape == (64, 64) and frame["d"].dtype == np.uint8
    assert frame["fake"].shape == (1500, 2) and frame["fake"].dtype == np.float32
    assert (frame["manifold"].shape if "manifold" in frame else None) == manifold
    assert frame["grad_x"].shape == frame["grad"].shape and frame["grad"].shape[1] == 2
    assert ("shares" in frame) == (scene["modes"] > 0)
    if scene["modes"]:
        assert frame["shares"].shape == (scene["modes"],) and 0 <= frame["shares"].sum() <= 1.001
    # D's first axis is y, ascending: compare with D at one cell off the diagonal.
    (x0, x1), (y0, y1) = scene["box"]
    row, column = 50, 7
    x = [x0 + (column + 0.5) / 64 * (x1 - x0), y0 + (row + 0.5) / 64 * (y1 - y0)]
    run = session.run
    want = torch.sigmoid(run.game.logits(run.state.d, torch.tensor([[x]]))).item()
    assert abs(frame["d"][row, column] / 255 - want) <= 0.5 / 255 + 1e-4


def test_curves_and_metrics(opened):
    session, browser = opened()
    got = press(session, browser, "step")
    header, arrays = last(got, "curves")
    assert set(header["series"]) == set(SERIES) == set(arrays) - {"iteration"}
    assert list(arrays["iteration"]) == [0, 1]
    assert all(a.shape == (2,) and a.dtype == np.float32 for a in arrays.values())
    metrics = last(got, "status")[0]["metrics"]
    assert metrics["jsd"] == pytest.approx(arrays["jsd"][-1], rel=1e-6)
    for panel in last(browser.first, "scene")[0]["panels"]:
        assert {s["key"] for s in panel["series"]} <= set(arrays)


def test_weights_near_overflow_still_give_a_picture(opened):
    session, browser = opened(SMALL.replace(target="ring", latent_dim=2))
    state = session.run.state
    session.run.state = type(state)(
        state.g * 1e20, state.d * 1e37, state.g_slots, state.d_slots, 1, 1
    )
    session.command("pause")
    got = settle(session, browser)[0]
    assert last(got, "frame")[1]["d"].shape == (64, 64)


def test_a_second_browser_is_shown_all_of_a_paused_run(opened):
    session, browser = opened()
    press(session, browser, "step", "step")
    second = Browser(session)
    session.feed.publish(time.perf_counter())  # as a worker in the middle of its slice
    got = second.take() + settle(session, browser, second)[1]
    assert got[0][0]["type"] == "scene"
    assert {m[0]["type"] for m in got} == {"scene", "status", "curves", "frame"}
    assert last(got, "frame")[0]["iteration"] == 2
    second.leave()


def test_a_slow_browser_gets_the_last_frame_in_the_end(opened):
    session, browser = opened()
    slow = Browser(session, acknowledges=False)
    for _ in range(5):
        session.command("step")
        for got in settle(session, browser, slow)[1]:
            newest = got[0]
    assert slow.frames == 2 and session.run.iteration == 5
    slow.acknowledges = True
    slow.subscriber.drawn(2)
    newest = last(settle(session, browser, slow)[1], "frame")[0]
    assert newest["iteration"] == 5
    slow.leave()


def test_what_a_command_has_changed_is_shown_at_once_but_not_beside_an_earlier_picture(opened):
    session, browser = opened()
    slow = Browser(session, acknowledges=False)
    for _ in range(5):
        session.command("step")
        settle(session, browser, slow)
    assert slow.frames == 2 and session.run.iteration == 5
    session.feed.painting.add("frame")
    assert not session.feed.show_now(time.perf_counter()) and slow.frames == 2
    session.feed.painting.discard("frame")
    assert session.feed.show_now(time.perf_counter())
    assert last(slow.take(), "frame")[0]["iteration"] == 5 and slow.frames == 3
    slow.leave()


def test_figure_of_what_is_shown(opened):
    for spec in (SMALL, SMALL.replace(target="ring", latent_dim=2)):
        session, browser = opened(spec)
        press(session, browser, "step")
        header, _ = decode(
            session.view.figure(FigureRequest.read({"request": 7, "theme": "dark", "width": 500}))
        )
        assert (header["type"], header["request"], header["run"]) == ("figure", 7, 1)
        assert header["picture"]["layout"]["width"] == 500
        assert header["picture"]["data"] and header["curves"]["data"]
        hostile = {"request": {}, "theme": 3, "width": "wide", "height": float("nan"), "hidden": 5}
        assert decode(session.view.figure(FigureRequest.read(hostile)))[0]["picture"]["data"]
        session.lifecycle.start()
        with pytest.raises(SpecError, match="figure"):
            session.view.figure(FigureRequest(8))  # the new run has not been shown


@pytest.mark.parametrize("restarts", [False, True])
def test_clicks_in_a_flood_are_not_each_measured(opened, restarts):
    session, browser = opened()
    session.playing_sessions = 30  # in a class
    took, start = [], time.perf_counter()
    measure = session.view.measure
    session.view.measure = lambda moments: took.append(moments[0].iteration) or measure(moments)
    while time.perf_counter() < start + 1.0:
        session.command("step")
        session.work(0.0)
        browser.take()
        if restarts:
            session.command("restart")
    session.command("step")
    settle(session, browser)
    made, passed = session.run.iteration, time.perf_counter() - start
    assert 2 <= len(took) <= passed / SHARED_STATUS_SECONDS + 2 and took[-1] == made
    assert session.run_number > 10 if restarts else made > 10
