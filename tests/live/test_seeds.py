"""Many seeds equal each seed alone, and are summarised by statistics."""

import dataclasses

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Audience, last, press, settle, until
from scipy import ndimage, stats

from ganlab.domains import tiles
from ganlab.engine import Run
from ganlab.engine.divergence import Divergence
from ganlab.experiment import Experiment, check_seeds
from ganlab.live import thumbnails
from ganlab.live.commands import FigureRequest
from ganlab.live.quantiles import SERIES
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.registry import SpecError

RING = SMALL.replace(target="ring", latent_dim=2, g_hidden=(16,))
MIX = SMALL.replace(target="two_gaussians")
WIDE = MIX.replace(latent_dim=3)
SPECS = pytest.mark.parametrize("spec", [SMALL, MIX, WIDE, RING], ids=lambda s: s.target)


@pytest.fixture
def many(opened):
    """many(spec, runs) -> a paused ensemble with one browser that has received everything."""
    return lambda spec=RING, runs=16: opened(Experiment.of(spec, runs))


@SPECS
def test_metrics_are_those_of_each_seed_alone(many, spec):
    spec = spec.replace(seed=5)
    session, browser = many(spec)
    _, curves = last(press(session, browser, "step", "step", "step"), "curves")
    assert session.run.iteration == 3
    metrics = {name: [] for name in ("jsd", "modes", "w1")}
    for i in range(16):
        alone = Run(spec.replace(seed=5 + i))
        alone.advance(3)
        for player in "gd":
            mine = getattr(session.run.state, player)[i]
            torch.testing.assert_close(mine, getattr(alone.state, player)[0], rtol=1e-3, atol=1e-5)
        # At exactly the same position, since a point may be on the edge of a cell.
        alone.state = dataclasses.replace(
            alone.state, g=session.run.state.g[i : i + 1], d=session.run.state.d[i : i + 1]
        )
        shot = alone.snapshot(picture=False, points=thumbnails.POINTS).metrics
        for name, row in metrics.items():
            row.append(shot[name][0])
    shown = {"jsd": True, "modes": spec != SMALL, "w1": spec.dim == 1}
    for name, row in metrics.items():
        assert (f"tile_{name}" in curves) == shown[name]
        if not shown[name]:
            assert np.isnan(curves[name]).all()
            continue
        tolerance = {"modes": 0.5}.get(name, 1e-3)  # one point more or less in a cell
        np.testing.assert_allclose(curves[f"tile_{name}"], row, atol=tolerance)
        for part, percent in (("", 50), ("_q1", 25), ("_q3", 75), ("_min", 0), ("_max", 100)):
            want = np.percentile(row, percent)
            assert abs(curves[name + part][-1] - want) <= tolerance, name + part


def test_opens_with_a_scene_and_one_of_each(many):
    session, browser = many()
    kinds = [m[0]["type"] for m in browser.first]
    assert kinds[0] == "scene" and set(kinds) == {"scene", "status", "curves", "frame"}
    scene, status = last(browser.first, "scene"), last(browser.first, "status")[0]
    assert (scene[0]["seeds"], scene[0]["dim"], scene[0]["modes"]) == (16, 2, 8)
    assert f"{thumbnails.POINTS:,} points" in scene[0]["panels"][0]["title"]
    assert (status["state"], status["seeds"], status["seed"]) == ("paused", 16, 0)
    assert status["query"] == f"{RING.to_query()}&runs=16" == scene[0]["query"]
    assert " of 16 seeds hold" in status["says"] and status["diverged"] == 0
    header, curves = last(browser.first, "curves")
    assert tuple(header["series"]) == SERIES and curves["tile_jsd"].shape == (16,)
    for panel in scene[0]["panels"]:
        keys = {s["key"] for s in panel["series"]}
        keys |= {band[end] for band in panel["bands"] for end in ("low", "high")}
        assert keys <= set(curves)


@pytest.mark.parametrize("runs", [16, 36, 64])
def test_tiles_of_a_plane_are_each_seeds_points(many, runs):
    session, browser = many(RING.replace(seed=3), runs)
    _, arrays = last(press(session, browser, "step"), "frame")
    fake = arrays["fake"]
    assert fake.shape == (runs, tiles.FAKES, 2) and fake.dtype == np.int16
    assert not arrays["diverged"].any() and arrays["diverged"].shape == (runs,)
    (low, high), _ = last(browser.first, "scene")[0]["box"]
    for i in (0, runs - 1):
        alone = Run(RING.replace(seed=3 + i))
        alone.advance(1)
        want = alone.snapshot(measure=False).picture["fake"][0]
        got = fake[i] / tiles.SCALE * (high - low) / 2 + (low + high) / 2
        # Other latents of the same distribution: the same cloud.
        for axis in range(2):
            assert stats.ks_2samp(got[:, axis], want[:, axis]).pvalue > 1e-3


def test_tiles_of_a_line_are_p_g_and_d(many):
    for spec, exact in ((MIX, True), (WIDE, False)):
        session, browser = many(spec)
        _, arrays = last(press(session, browser, *["step"] * 3), "frame")
        scene = last(browser.first, "scene")
        (low, high) = scene[0]["box"][0]
        assert arrays["p_g"].shape == (16, tiles.CELLS) and arrays["d"].shape == (16, 41)
        data = scene[1]["p_data"]
        assert data.max() == pytest.approx(0.5, abs=1e-6)
        cell = (high - low) / tiles.CELLS
        exact_data = thumbnails.probe_of(spec).target.cell_masses(np.linspace(low, high, 97)) / cell
        top = 2 * exact_data.max()
        np.testing.assert_allclose(data, exact_data / top, atol=1e-6)
        for i in (0, 7):
            run = session.run
            z = torch.randn((200_000, spec.latent_dim), generator=torch.Generator().manual_seed(1))
            with torch.no_grad():
                x = run.game.G(run.state.g[i : i + 1], z[None])[0, :, 0].numpy()
                at = torch.linspace(low, high, 41)[None, :, None]
                d = torch.sigmoid(run.game.logits(run.state.d[i : i + 1], at))[0].numpy()
            want = np.histogram(x, np.linspace(low, high, 97))[0] / len(x) / cell / top
            if not exact:
                want = ndimage.gaussian_filter1d(want, 1.0, mode="constant")
            got = arrays["p_g"][i] / 255
            inner = want < 0.9  # higher values are cut at the tile's top
            assert np.abs(got - want)[inner].sum() < (0.04 if exact else 0.12) * want[inner].sum()
            assert (got[want > 1.1] == 1).all()
            assert np.abs(arrays["d"][i] / 255 - d).max() <= 0.5 / 255 + 1e-4


def test_restart_is_the_same_and_new_seeds_are_others(many):
    session, browser = many(MIX.replace(seed=7))
    press(session, browser, "step", "step")
    before = session.run.state.g.clone()
    got = press(session, browser, "restart")
    assert last(got, "scene")[0]["run"] == session.run_number == 2
    assert list(last(got, "curves")[1]["iteration"]) == [0]
    press(session, browser, "step", "step")
    assert torch.equal(session.run.state.g, before)
    session.new_seed()
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["seed"] == last(got, "status")[0]["seed"] == 23
    assert [s.seed for s in session.run.specs] == list(range(23, 39))


def test_the_address_of_a_seed_is_that_of_its_lab(many):
    session, browser = many(RING.replace(seed=4))
    press(session, browser, "step")
    session.set("k", 3)
    status = last(press(session, browser, "step"), "status")[0]
    lab = Experiment.from_query(f"{status['lab_query']}7")
    assert lab == Experiment.of(RING.replace(seed=7), events=session.run.events)
    first = last(browser.first, "scene")[0]["lab_query"]
    assert Experiment.from_query(f"{first}4") == Experiment.of(RING.replace(seed=4))


def test_seeds_go_on_from_zero_after_the_last():
    rows = Experiment.of(SMALL.replace(seed=2**31 - 2), 16).rows(0)
    assert [spec.seed for spec in rows] == [2**31 - 2, 2**31 - 1, *range(14)]
    assert rows == [SMALL.replace(seed=spec.seed) for spec in rows]
    assert Session("t", Experiment.of(SMALL, 36), lambda _: None).experiment.seeds == 36


@pytest.mark.parametrize("runs", [0, 1, 17, "16", 16.0, True, None])
def test_other_numbers_of_runs_are_refused(runs):
    with pytest.raises(SpecError, match="runs"):
        check_seeds(runs)


def test_live_values_change_all_seeds(many):
    session, browser = many()
    press(session, browser, "step")
    session.set("k", 3)
    session.set("g_lr", 0.02)
    session.set("loss", "minimax")
    got = press(session, browser, "step")
    assert session.run_number == 1 and session.run.state.d_updates == 4
    assert {(s.k, s.g_lr, s.loss) for s in session.run.specs} == {(3, 0.02, "minimax")}
    assert [s.seed for s in session.run.specs] == list(range(16))
    assert [m["iteration"] for m in last(got, "curves")[0]["marks"]] == [1, 1, 1]
    twin = Run([RING.replace(seed=i) for i in range(16)])
    twin.advance(1)
    twin.change(k=3, g_lr=0.02, loss="minimax")
    twin.advance(1)
    assert torch.equal(session.run.state.g, twin.state.g)
    assert torch.equal(session.run.state.d, twin.state.d)


def test_configure(many):
    session, browser = many()
    session.show(Experiment.of(RING, 16))
    assert settle(session, browser) == [[]]
    session.show(Experiment.of(RING, 36))
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["seeds"] == 36 == len(session.run.specs)
    assert "36 seeds" in last(got, "status")[0]["message"]
    session.configure(MIX)  # from 2-D to 1-D
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["dim"] == 1 and last(got, "frame")[1]["p_g"].shape[0] == 36
    with pytest.raises(SpecError, match="runs"):
        session.show(Experiment.of(MIX, 20))
    assert session.experiment.seeds == 36


def test_a_seed_that_diverges_does_not_stop_the_others(many):
    session, browser = many()
    press(session, browser, "step")
    run = session.run
    run.state = dataclasses.replace(run.state, d=run.state.d.clone())
    run.state.d[4] = 1e38  # its next update overflows
    got = press(session, browser, *["step"] * 3)
    status, frame = last(got, "status")[0], last(got, "frame")[1]
    assert (status["state"], status["diverged"]) == ("paused", 1)
    assert status["says"].endswith(" 1 of 16 diverged.")
    assert list(np.flatnonzero(frame["diverged"])) == [4] and frame["diverged"][4] == 2
    assert last(got, "curves")[1]["diverged"][-1] == 1
    assert run.iteration == 4 and not run.stopped
    twin = Run([RING.replace(seed=i) for i in range(16)])
    twin.advance(4)
    others = [i for i in range(16) if i != 4]
    assert torch.equal(run.state.g[others], twin.state.g[others])


def test_when_all_have_diverged_it_says_so(many):
    session, browser = many(RING.replace(optimizer="sgd", g_lr=100.0, d_lr=100.0, seed=9))
    session.command("play")
    for _ in range(400):
        if session.work(0.05) is None:
            break
    got = browser.take() + settle(session, browser)[0]
    status = last(got, "status")[0]
    assert (status["state"], status["diverged"]) == ("diverged", 16)
    first = min(d.iteration for d in session.run.diverged)
    assert "All 16 seeds diverged" in status["message"]
    assert f"iteration {first:,}" in status["message"]
    assert all(isinstance(d, Divergence) for d in session.run.diverged)
    session.set("g_lr", 1e-3)
    session.set("d_lr", 1e-3)
    session.command("restart")
    assert session.work(0.02) == 0.0 and session.state == "playing"


def test_no_figure_and_a_note_instead(many):
    session, _ = many()
    with pytest.raises(SpecError, match="figure"):
        session.view.figure(FigureRequest(3))


def test_weights_near_overflow_still_give_tiles(many):
    for spec in (RING, MIX):
        session, browser = many(spec)
        state = session.run.state
        session.run.state = dataclasses.replace(state, g=state.g * 1e25, d=state.d * 1e37)
        session.command("pause")
        _, arrays = last(settle(session, browser)[0], "frame")
        assert arrays["diverged"].shape == (16,)


def test_on_the_hub_it_trains_and_is_measured_beside_a_lab():
    scheduler = Scheduler(workers=1, drop_seconds=0.2)
    audience = Audience(scheduler)
    try:
        session = scheduler.create(Experiment.of(MIX, 64))
        audience.join(session)
        lab = audience.watch(SMALL)
        until(lambda: len(audience.of_type(session, "curves")) > 3)
        until(lambda: len(audience.of_type(session, "frame")) > 5)
        until(lambda: len(audience.of_type(lab, "frame")) > 5)
        assert [m[1]["run"] for m in audience.of_type(session, "scene")] == [1]
        iterations = audience.of_type(session, "curves")[-1][2]["iteration"]
        assert np.all(np.diff(iterations) > 0)
        audience.leave(session)
        until(lambda: scheduler.get(session.token) is None)
        assert scheduler.get(lab.token) is lab
    finally:
        audience.close()
