"""The message about the parts of an iteration, and when a session sends it."""

import numpy as np
import pytest
from live_helpers import SMALL, Browser, last, of_type, press, settle

from ganlab import Run, Spec
from ganlab.comparison import Comparison
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager
from ganlab.engine.explain import explain
from ganlab.engine.probe import probe_for
from ganlab.live import lab_view
from ganlab.live.commands import Command, read
from ganlab.live.parts import SHOWN, parts
from ganlab.live.pools import Places
from ganlab.live.process_pool import Unavailable
from ganlab.live.session import Session
from ganlab.live.wire import encode
from ganlab.losses import LOSSES
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES

RING = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16)


def message(spec: Spec):
    run = Run(spec)
    run.advance(2)
    return parts(run.game, run.state, run.specs, 1, probe_for(spec), Eager())


@pytest.mark.parametrize("spec", [SMALL.replace(k=3), RING.replace(k=2, unroll=2)], ids="12")
def test_what_is_explained_is_what_the_run_then_does(spec):
    session = Session("t", spec, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    press(session, browser, "d")  # the explanation takes up the iteration that was begun
    session.command("explain", True)
    settled = settle(session, browser)[0]
    header, arrays = last(settled, "parts")
    assert last(settled, "status")[0]["explains"] is True
    assert [p["set"] for p in header["parts"] if p["kind"] == "d_again"] == list(
        range(1, spec.k - 1)
    )
    for _ in range(2):
        before = session.run.state
        got = press(session, browser, "step")
        (now, new), *others = of_type(got, "parts")
        assert not others and now["iteration"] == header["iteration"] + 1
        last_d = [p for p in header["parts"] if p["player"] == "D"][-1]
        # D after its last step is the D that the next iteration starts with.
        np.testing.assert_array_equal(
            arrays["d"][last_d["d_after"]], new["d"][now["parts"][0]["d"]]
        )
        run = session.run
        draws = Draws(run.specs, run.game.rules, run.device)
        told = explain(run.game, before, draws, Eager(), run.turns.left(before))
        assert (told[-1].after.g == run.state.g).all() and (told[-1].after.d == run.state.d).all()
        moved = arrays[f"moved.{len(told) - 1}"]
        np.testing.assert_array_equal(moved, told[-1].moved[:SHOWN].astype(np.float32))
        header, arrays = now, new
    browser.leave()


def test_it_is_sent_when_something_changes_and_to_a_new_browser_and_not_otherwise():
    session = Session("t", SMALL, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    assert not of_type(settle(session, browser)[0], "parts")
    session.command("explain", True)
    assert len(of_type(settle(session, browser)[0], "parts")) == 1
    assert not of_type(press(session, browser, "pause"), "parts")
    session.set("k", 2)
    header, _ = last(settle(session, browser)[0], "parts")
    assert [p["kind"] for p in header["parts"]].count("d_again") == 1
    press(session, browser, "restart")
    other = Browser(session)
    assert len(of_type(settle(session, browser, other)[1], "parts")) == 1
    session.command("explain", False)
    got = settle(session, browser, other)[0] + press(session, browser, "step")
    assert not of_type(got, "parts")
    browser.leave()
    other.leave()


def test_a_run_that_plays_pauses_at_the_end_of_an_iteration():
    session = Session("t", SMALL.replace(k=3, g_steps=2), lambda _: None)
    browser = Browser(session)
    session.command("speed", 1000.0)
    while session.run is None or session.run.state.phase in (0, 3):
        session.work(0.0005)
        browser.take()
    session.command("explain", True)
    header, _ = last(settle(session, browser)[0], "parts")
    assert not session.playing
    assert (session.run.state.phase, session.run.state.g_phase) == (0, 0)
    assert header["parts"][0]["kind"] == "data" and header["parts"][-1]["kind"] == "g_again"
    browser.leave()


def test_runs_side_by_side_are_not_explained():
    session = Session("t", Comparison.pair(SMALL), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    session.command("explain", True)
    got = settle(session, browser)[0]
    assert "a view of one run" in last(got, "status")[0]["message"] and not of_type(got, "parts")
    browser.leave()


def test_the_command_is_read():
    assert read({"cmd": "explain", "value": True}) == Command("explain", True)


def test_few_samples_and_updates_are_sent_however_many_there_are():
    spec = RING.replace(batch=4096, k=30, g_steps=20, unroll=8)
    header, arrays = message(spec)
    assert header["shown"] == SHOWN < spec.batch
    assert all(len(a) == SHOWN for name, a in arrays.items() if name != "d")
    sets = {(p["player"], p["set"]) for p in header["parts"]}
    assert len(sets) == 12
    assert len(encode(header, arrays)) < 200_000
    titles = [p["title"] for p in header["parts"]]
    assert "D moves: steps 6 to 30 of 30" in titles and "G moves: steps 6 to 20 of 20" in titles


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_its_equation_and_every_part_a_caption_and_lit_terms(loss):
    header, arrays = message(SMALL.replace(loss=loss, k=2, g_steps=2, unroll=1))
    ids = {name for row in header["equation"] for name, _ in row}
    kinds = [p["kind"] for p in header["parts"]]
    assert kinds == [
        "data", "make", "judge", "d", "d_again", "g_make", "ahead", "slope", "g", "g_again",
    ]  # fmt: skip
    for part in header["parts"]:
        assert part["title"] and part["says"] and set(part["lit"]) <= ids
    assert all(math.startswith("<math") for row in header["equation"] for _, math in row)
    assert {"d_real.0", "push_fake.1", "push.2", "moved.3"} <= set(arrays)
    values = np.concatenate([arrays["d_real.0"], arrays["d_fake.0"]])
    assert ((values >= 0) & (values <= 1)).all()
    a_is_said = "a(x) is D's output" in header["beside"]
    assert a_is_said == (loss not in ("minimax", "non-saturating", "maximum-likelihood"))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_does_not_alternate_is_explained(rule):
    header, _ = message(SMALL.replace(rule=rule, optimizer="sgd", loss="minimax"))
    note, slope = header["note"], next(p for p in header["parts"] if p["kind"] == "slope")
    assert (note == "") == (rule == "alternating")
    assert ("before its last update" in slope["says"]) == (rule != "alternating")
    assert RULES[rule].doc in note or rule == "alternating"
    indirect = rule not in ("alternating", "simultaneous", "optimistic")
    assert ("not along the arrows alone" in header["parts"][-1]["says"]) == indirect


def test_stabilisers_that_are_on_are_named():
    beside = message(SMALL.replace(r1=1.0, g_average=0.9))[0]["beside"]
    assert STABILISERS["r1"].title in beside and STABILISERS["g_average"].title not in beside


def test_a_long_explanation_is_made_by_the_processes_for_slow_runs(monkeypatch):
    asked = []

    class Asked:
        def call(self, name, game, state, *arguments):
            asked.append((name, self))
            raise Unavailable

    quick, slow = Asked(), Asked()

    class Both:
        def places(self, is_slow, playing):
            pool = slow if is_slow else quick
            return Places(None, pool, pool)

    for seconds, pool in ((lab_view._LONG_SECONDS, quick), (1e-6, slow)):
        monkeypatch.setattr(lab_view, "_LONG_SECONDS", seconds)
        session = Session("token", SMALL.replace(k=5), lambda _: None)
        session.pools = Both()
        browser = Browser(session)
        session.command("explain", True)
        settle(session, browser)
        assert [one for name, one in asked if name == "parts"] == [pool]
        asked.clear()
        browser.leave()
