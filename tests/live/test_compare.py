"""Runs in a comparison equal each run alone, at equal iterations; and their labels."""

import dataclasses
import threading
import time
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Audience, Browser, last, of_type, press, same, settle, until

from ganlab.comparison import MOST, Comparison, spread
from ganlab.engine import Run
from ganlab.engine.executor import Eager
from ganlab.events import write
from ganlab.experiment import SHARED, Experiment, params
from ganlab.live import comparison_view, cpu_time
from ganlab.live.commands import FigureRequest
from ganlab.live.run_group import RunGroup
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.presets import STRIPS
from ganlab.registry import SpecError
from ganlab.spec import OF_IMAGES, PARAMS, Spec
from ganlab.theme import RUN_DASHES, THEMES

MIX = SMALL.replace(target="two_gaussians")
RING = SMALL.replace(target="ring", latent_dim=2)
KS = Comparison.by(MIX, {"k": (1, 2, 5)})


@pytest.fixture
def side_by_side(opened):
    """side_by_side(comparison) -> a paused session with one browser that is up to date."""
    return lambda comparison=KS: opened(comparison)


def alone(spec: Spec, iterations: int) -> Run:
    run = Run(spec)
    run.advance(iterations)
    return run


def test_compiled_runs_advance_on_all_cores_and_are_charged_for(monkeypatch):
    monkeypatch.setattr("ganlab.engine.threads.cores", lambda: 2)
    group, both, threads = RunGroup(KS), threading.Barrier(2, timeout=20), []

    class Program(Eager):  # whose first two calls end only if they overlap
        def play(self, game, state, draws, alive, players):
            threads.append(threading.get_ident())
            if len(threads) <= 2:
                both.wait()
                end = time.thread_time() + 0.05
                while time.thread_time() < end:
                    pass
            return super().play(game, state, draws, alive, players)

    for run in group.runs:
        run.program, run.captured = object(), Program()
    used, here = cpu_time.seconds(), time.thread_time()
    assert group.advance(6) == 6
    elsewhere = cpu_time.seconds() - used - (time.thread_time() - here)
    assert len(set(threads)) == 2 and elsewhere > 0.04
    for run, spec in zip(group.runs, KS.specs, strict=True):
        assert same(run, alone(spec, 6))


def test_what_has_no_mean_is_compared_by_its_tails():
    columns = {"latent": ("normal", "cauchy")}
    comparison = Comparison.by(SMALL.replace(target="cauchy"), columns)
    session = Session("t", comparison, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    got = settle(session, browser)[0]
    ids = {p["id"] for p in last(got, "scene")[0]["panels"]}
    assert "tail" in ids and "w1" not in ids
    arrays = last(got, "curves")[1]
    assert np.isfinite(arrays["tail.0"]).all() and np.isfinite(arrays["tail.1"]).all()
    assert ["tails" in run for run in last(got, "frame")[0]["runs"]] == [True, True]
    browser.leave()


# -- lockstep ------------------------------------------------------------------------------------


def test_each_run_is_bit_for_bit_what_it_is_alone(side_by_side):
    columns = {"k": (1, 5, 0, 3), "loss": ("minimax",) + ("non-saturating",) * 3}
    comparison = Comparison.by(MIX, columns | {"d_hidden": ((8,), (4, 4), (8,), ())})
    session, browser = side_by_side(comparison)
    press(session, browser, *["step"] * 7)
    session.command("play")
    for _ in range(4):
        session.work(0.05)
    session.command("pause")
    settle(session, browser)
    made = session.group.iteration
    assert made > 7
    for run, spec in zip(session.group.runs, comparison.specs, strict=True):
        assert run.iteration == made and run.state.phase == 0
        assert run.state.d_updates == made * spec.k
        assert same(run, alone(spec, made))


def test_they_draw_the_same_data_and_latents():
    comparison = Comparison.by(MIX, {"k": (1, 5), "d_lr": (1e-3, 0.1), "d_hidden": ((8,), (4,))})
    a, b = RunGroup(comparison).runs
    for stream in (("D", "data"), ("D", "latent"), ("G", "latent")):
        for number in (0, 1, 200):
            assert torch.equal(a.draws.get(*stream, number), b.draws.get(*stream, number))
    assert torch.equal(a.state.g, b.state.g)  # and G has the same initial weights


def test_metrics_and_pictures_are_those_of_each_run(side_by_side):
    session, browser = side_by_side()
    got = press(session, browser, "step", "step")
    header, curves = last(got, "curves")
    assert tuple(header["series"]) == comparison_view.series(3) and curves["iteration"][-1] == 2
    frame = last(got, "frame")
    for i, spec in enumerate(KS.specs):
        shot = alone(spec, 2).snapshot()
        for name in comparison_view.COMPARED:
            want = shot.metrics.get(name, [np.nan])[0]
            found = curves[f"{name}.{i}"][-1]
            assert found == pytest.approx(want, rel=1e-5, abs=1e-6, nan_ok=True)
        for name in ("p_g", "d", "map_x"):
            np.testing.assert_allclose(frame[1][f"{name}.{i}"], shot.picture[name][0], rtol=1e-5)
    assert frame[0]["iteration"] == last(got, "status")[0]["iteration"] == 2


@pytest.mark.parametrize("comparison", [KS, Comparison.pair(RING)], ids=["line", "plane"])
def test_opens_with_a_scene_and_one_of_each(side_by_side, comparison):
    session, browser = side_by_side(comparison)
    kinds = [m[0]["type"] for m in browser.first]
    assert kinds[0] == "scene" and set(kinds) == {"scene", "status", "curves", "frame"}
    scene, arrays = last(browser.first, "scene")
    assert [run["label"] for run in scene["runs"]] == list(comparison.labels)
    assert scene["query"] == comparison.to_query() == last(browser.first, "status")[0]["query"]
    names = {"x", "p_data"} if scene["dim"] == 1 else {"real", "contours"}
    for i in range(len(comparison.specs)):
        assert {f"{name}.{i}" for name in names} <= set(arrays)
    curves = last(browser.first, "curves")[1]
    looks = []
    for panel in scene["panels"]:
        assert len(panel["series"]) == len(comparison.specs)
        assert {s["key"] for s in panel["series"]} <= set(curves)
        looks.append(tuple((s["role"], s["dash"]) for s in panel["series"]))
    assert len(set(looks)) == 1  # a run has the same style in all panels, unlike the others
    assert (
        len({role for role, _ in looks[0]}) == len({dash for _, dash in looks[0]}) == len(looks[0])
    )


def test_single_updates_are_refused_in_words(side_by_side):
    session, browser = side_by_side()
    for player in "dg":
        status = last(press(session, browser, player), "status")[0]
        assert status["iteration"] == 0 and "whole iterations" in status["message"]


def test_one_that_diverges_stops_and_says_so(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step", "step")
    lost = session.group.runs[1]
    lost.state = dataclasses.replace(lost.state, d=torch.full_like(lost.state.d, 1e38))
    got = press(session, browser, *["step"] * 3)
    status = last(got, "status")[0]
    assert status["state"] == "paused" and status["iteration"] == 5
    assert [run["iteration"] for run in status["runs"]] == [5, 2, 5]
    words = [run["lost"] for run in status["runs"]]
    assert words[0] == words[2] == "" and "Diverged in iteration 3" in words[1]
    assert status["runs"][1]["jsd"] is None
    curves = last(got, "curves")[1]
    assert np.isnan(curves["jsd.1"][-1]) and np.isfinite(curves["jsd.0"][-1])
    for i in (0, 2):
        assert same(session.group.runs[i], alone(KS.specs[i], 5))


def test_when_all_have_diverged_it_says_so_and_starts_again(side_by_side):
    wild = MIX.replace(optimizer="sgd", g_lr=100.0, d_lr=100.0)
    session, browser = side_by_side(Comparison.by(wild, {"k": (1, 2)}))
    session.command("play")
    for _ in range(400):
        if session.work(0.05) is None:
            break
    status = last(browser.take() + settle(session, browser)[0], "status")[0]
    assert status["state"] == "diverged" and status["message"] == "All 2 runs have diverged."
    assert all("Diverged in iteration" in run["lost"] for run in status["runs"])
    session.set("g_lr", 1e-3)
    session.set("d_lr", 1e-3)
    session.command("restart")
    assert session.work(0.02) == 0.0 and session.state == "playing"
    assert {(s.g_lr, s.d_lr) for s in session.group.specs} == {(1e-3, 1e-3)}


# -- changes -------------------------------------------------------------------------------------


def test_what_is_live_changes_in_place(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step", "step")
    session.show(KS.with_columns({"k": (1, 4, 5)}))
    session.set("g_lr", 0.02)  # in all runs, since they do not differ in it
    got = press(session, browser, "step")
    assert session.run_number == 1 and session.group.iteration == 3
    assert [s.k for s in session.group.specs] == [1, 4, 5]
    assert {s.g_lr for s in session.group.specs} == {0.02}
    marks = [mark["text"] for mark in last(got, "curves")[0]["marks"]]
    assert sorted(marks) == ["B: k 2→4", "G's rate 0.001→0.02"]
    assert last(got, "status")[0]["runs"][1]["label"] == "k = 4"
    twin = alone(KS.specs[1], 2)
    twin.change(k=4, g_lr=0.02)
    twin.advance(1)
    assert same(session.group.runs[1], twin)


def test_the_address_replays_what_was_changed_on_the_way(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step", "step")
    session.set("g_lr", 0.02)
    press(session, browser, "step")
    session.show(session.experiment.changed({"b.k": 4}))
    got = press(session, browser, "step", "step")
    query = last(got, "status")[0]["query"]
    begun = Comparison.from_query(parse_qsl(query, keep_blank_values=True))
    assert begun == session.begun
    assert begun.specs == KS.specs and write(begun.events[1]) == "6:g_lr:0.02,9:k:4"
    again, other = side_by_side(begun)
    assert again.begun == begun and again.experiment.specs == KS.specs
    shown = press(again, other, *["step"] * 5)
    assert again.experiment == session.experiment and again.replayed == ["g_lr", "k"]
    assert all(same(a, b) for a, b in zip(session.group.runs, again.group.runs, strict=True))
    assert last(shown, "status")[0]["query"] == query
    assert last(shown, "curves")[0]["marks"] == last(got, "curves")[0]["marks"]
    # After a restart, the current comparison applies.
    again.command("restart")
    settle(again, other)
    assert again.begun == session.experiment and "events" not in again.query


def test_what_is_not_live_restarts_and_says_so(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step")
    session.show(KS.with_columns({**KS.columns, "batch": (16, 8, 16)}))
    status = last(settle(session, browser)[0], "status")[0]
    assert session.run_number == 2 and status["message"] == "Restarted: batch changed."
    session.show(session.experiment.with_run())
    got = settle(session, browser)[0]
    assert "4 runs" in last(got, "status")[0]["message"]
    assert len(last(got, "scene")[0]["runs"]) == len(session.group.runs) == 4
    session.configure(session.spec.replace(g_hidden=(4,)))  # a change in the sidebar, for all runs
    status = last(settle(session, browser)[0], "status")[0]
    assert status["message"] == "Restarted: G's hidden widths changed."
    assert {s.g_hidden for s in session.group.specs} == {(4,)}
    assert [s.batch for s in session.group.specs] == [16, 8, 16, 16]


def test_new_seed_and_restart_are_of_all_runs(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step")
    session.new_seed()
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["seed"] == 1 and {s.seed for s in session.group.specs} == {1}
    press(session, browser, "step", "step")
    before = [run.state.g.clone() for run in session.group.runs]
    press(session, browser, "restart", "step", "step")
    for run, g in zip(session.group.runs, before, strict=True):
        assert torch.equal(run.state.g, g)


def test_copy_and_swap(side_by_side):
    session, browser = side_by_side()
    press(session, browser, "step")
    session.show(KS.copied(2))
    press(session, browser, "step")
    assert [s.k for s in session.group.specs] == [1, 2, 2] and session.run_number == 1
    session.show(session.experiment.swapped(1))
    settle(session, browser)
    assert [s.k for s in session.group.specs] == [2, 1, 2] and session.spec.k == 2
    wide = Comparison.by(MIX, {"batch": (16, 32)})
    assert wide.swapped(1).columns == {"batch": (32, 16)} and wide.swapped(1).swapped(1) == wide
    assert wide.copied(1).specs == (MIX, MIX)


# -- comparisons ---------------------------------------------------------------------------------


def test_every_field_but_the_shared_ones_may_differ():
    known = params(MIX)
    assert set(PARAMS) - set(known) == {*SHARED, *OF_IMAGES}
    assert {n for n in known if n.startswith("t.")} == {f"t.{n}" for n in MIX.target_params}
    for name, param in known.items():
        first = MIX.value(name)
        values = spread(param, first, MOST)
        assert values[0] == first and len(values) == MOST
        assert all(param.check(v) == v for v in values)
        if param.kind in ("int", "float", "choice"):
            assert len(set(values)) > 1, name
        assert MIX.changed({name: values[1]}).value(name) == values[1]


def test_fields_and_runs_come_and_go():
    more = KS.with_field("d_lr")
    assert more.fields == ("k", "d_lr") and [s.k for s in more.specs] == [1, 2, 5]
    assert more.columns["d_lr"][0] == MIX.d_lr and len(set(more.columns["d_lr"])) > 1
    assert more.without_field("d_lr") == KS
    assert more.with_field("batch", instead_of="k").fields == ("batch", "d_lr")
    four = KS.with_run()
    assert four.specs[:3] == KS.specs and four.specs[3].k not in (1, 2, 5)
    assert four.without_run(3) == KS
    assert KS.without_run(0).columns == {"k": (2, 5)}
    pair = Comparison.pair(MIX)
    assert pair.without_run(1) == pair
    with pytest.raises(SpecError, match="runs = 5"):
        four.with_run()
    with pytest.raises(SpecError, match="values"):
        pair.without_field("k")


def test_another_target_keeps_what_it_has():
    both = KS.with_field("t.std")
    laplace = both.on(Spec(target="laplace", k=3))
    assert laplace.columns == {"k": (3, 2, 5)}
    only = Comparison.by(MIX, {"t.std": (0.1, 0.2)}).on(Spec(target="laplace"))
    assert only.fields == ("k",) and len(set(only.specs)) == 1


def test_strips_hold_for_both_dimensions():
    assert {"k = 1, 2, 5, 10", "losses"} <= set(STRIPS)
    for default in (Spec(), RING):
        for field, values, own in STRIPS.values():
            comparison = Comparison.by(own or default, {field: values})
            assert comparison.columns == {field: values} and 2 <= len(values) <= MOST
            assert len(set(comparison.labels)) == len(values)


# -- address -------------------------------------------------------------------------------------

LONG = Comparison.by(
    MIX,
    {
        "k": (1, 2, 2, 10),
        "betas": ((0.5, 0.9), (0.0, 0.99), (0.1, 0.2), (0.5, 0.9)),
        "d_hidden": ((8,), (), (4, 4), (8,)),
        "t.std": (0.1, 0.25, 1 / 3, 0.1),
        "loss": ("minimax", "non-saturating", "minimax", "minimax"),
    },
)


HAPPENS = KS.with_events(("2:g_lr:0.02", "", "4:g_lr:0.02,9:k:3:loss:minimax"))


@pytest.mark.parametrize("comparison", [KS, LONG, Comparison.pair(RING), KS.copied(1), HAPPENS])
def test_an_address_holds_everything(comparison):
    pairs = comparison.to_query_pairs()
    assert pairs[: len(comparison.base.to_query_pairs())] == comparison.base.to_query_pairs()
    again = Comparison.from_query(pairs)
    assert again == comparison and again.fields == comparison.fields
    assert Comparison.from_query([]) == Comparison.pair(Spec())
    assert Comparison.from_query([("k", "7")]).columns == {"k": (7, 1)}


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("b.k", "999")], "b.k = 999"),
        ([("b.k", "x" * 5000)], "b.k = "),
        ([("b.k", "nan")], "b.k = 'nan'"),
        ([("b.k", "2"), ("b.k", "3")], "b.k = '2 and 3'"),
        ([("b.k", "2"), ("d.k", "3")], "run c is missing"),
        ([("c.k", "2")], "run b is missing"),
        ([("b.seed", "2")], "all runs share target and seed"),
        ([("b.target", "laplace")], "all runs share target and seed"),
        ([("b.<img src=x>", "2")], "field of run b = '<img src=x>'"),
        ([("b.", "2")], "field of run b = ''"),
        ([("e.k", "2")], "query field = 'e.k'"),
        ([("a.k", "2")], "query field = 'a.k'"),
        ([("b.t.nope", "2")], "field of run b = 't.nope'"),
        ([("b.betas", "0.5")], "b.betas = (0.5,)"),
        ([("runs", "2")], "query field = 'runs'"),
        ([("k", "-1"), ("b.k", "2")], "k = -1"),
        ([("b.k", "2"), ("b.events", "5:k:2,4:k:1")], "b.events = 4"),
        ([("b.k", "2"), ("b.events", "5:seed:2")], "b.seed = "),
        ([("b.k", "2"), ("events", "x")], "events = 'x'"),
        ([("b.k", "2"), ("c.events", "5:k:3")], "c.events"),
        ([("b.k", "2"), ("b.events", "5:k:3"), ("b.events", "5:k:4")], "b.events"),
    ],
)
def test_a_hostile_address_is_named(pairs, says):
    with pytest.raises(SpecError) as error:
        Comparison.from_query(pairs)
    assert says in str(error.value) and "not allowed" in str(error.value)


@pytest.mark.parametrize(
    ("specs", "fields"),
    [
        ((MIX,), ("k",)),
        ((MIX,) * 5, ("k",)),
        ((MIX, MIX), ()),
        ((MIX, MIX), ("seed",)),
        ((MIX, MIX.replace(k=4)), ("batch",)),
        ((MIX, MIX.replace(seed=4)), ("k",)),
    ],
)
def test_other_comparisons_are_refused(specs, fields):
    with pytest.raises(SpecError):
        Comparison(specs, fields)


# -- figures, the scheduler ----------------------------------------------------------------------


@pytest.mark.parametrize("comparison", [KS, Comparison.pair(RING)], ids=["line", "plane"])
def test_still_figures_are_a_picture_of_each_and_one_of_all_curves(side_by_side, comparison):
    from ganlab.figures.base import dash
    from ganlab.live.wire import decode

    session, browser = side_by_side(comparison)
    press(session, browser, "step", "step")
    request = {"request": 4, "theme": "dark", "width": 300, "height": 400, "scale": 1.0}
    figure, _ = decode(
        session.view.figure(
            FigureRequest.read(request | {"curves_width": 320, "curves_height": 500})
        )
    )
    runs = len(comparison.specs)
    assert {n for n in figure if n.startswith("picture")} == {f"picture{i}" for i in range(runs)}
    assert figure["request"] == 4 and figure["run"] == 1
    curves = figure["curves"]
    assert curves["layout"]["height"] == 524 and curves["layout"]["width"] == 320
    (legend,) = (a["text"] for a in curves["layout"]["annotations"] if a.get("name") == "legend")
    panels = last(browser.first, "scene")[0]["panels"]
    for i, label in enumerate(comparison.labels):
        colour = THEMES["dark"].colour(f"run{i}")
        mine = [t for t in curves["data"] if t["line"]["color"] == colour]
        assert [t["name"] for t in mine] == [f"{p['title']} · {label}" for p in panels]
        assert {t["line"]["dash"] for t in mine} == {dash(RUN_DASHES[i], 1)}
        assert legend.count(f"color:{colour}") == 1 and f" {label}<" in legend
    assert len(curves["data"]) == runs * len(panels)


def test_on_the_hub_they_play_beside_a_lab():
    scheduler = Scheduler(workers=1, drop_seconds=0.2)
    audience = Audience(scheduler)
    try:
        session = scheduler.create(KS)
        audience.join(session)
        lab = audience.watch(SMALL)
        until(lambda: len(audience.of_type(session, "curves")) > 3)
        until(lambda: len(audience.of_type(session, "frame")) > 5)
        until(lambda: len(audience.of_type(lab, "frame")) > 5)
        iterations = audience.of_type(session, "curves")[-1][2]["iteration"]
        assert np.all(np.diff(iterations) > 0)
        audience.leave(session)
        until(lambda: scheduler.get(session.token) is None)
        assert scheduler.get(lab.token) is lab
    finally:
        audience.close()


@pytest.mark.parametrize("shown", [MIX, KS, Experiment.of(MIX, 16)], ids=["lab", "compare", "many"])
def test_a_restart_while_being_drawn_leaves_nothing_old(shown):
    """A render thread may be in the middle of the old runs: none of them is sent."""
    jobs = []
    session = Session("t", shown, lambda _: None, lambda _, kind, job: jobs.append(job))
    browser = Browser(session)
    session.work(0.01)
    assert len(jobs) == 2  # curves and frame
    for job in jobs[:]:
        jobs.remove(job)
        job()
    session.command("pause")
    session.command("restart")
    session.work(0.01)
    while jobs:
        jobs.pop(0)()
        session.work(0.01)
    got = browser.take()
    assert {m[0]["run"] for m in of_type(got, "frame") + of_type(got, "curves")} == {2}
    assert list(session.history.arrays()["iteration"]) == [0]
    browser.leave()


def test_speeds_and_distances_count_all_updates_of_an_iteration():
    spec = MIX.replace(k=2, g_steps=3)
    several = RunGroup(Comparison.by(spec, {"d_lr": (0.001, 0.002)}))
    assert several.updates_at(4.0) == 20.0 and several.make(10) == 10
    assert several.iteration == 2 and several.updates_until(3) == 15
    one = RunGroup(Experiment.of(spec))
    assert one.updates_at(4.0) == 4.0 and one.updates_until(2) == 10
    one.make(4)  # two of D and two of G
    assert one.updates_until(1) == 1 and one.make(1) == 1
    assert one.iteration == 1 and one.updates_until(1) == 5
