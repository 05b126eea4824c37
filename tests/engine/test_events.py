"""A run is its Spec and its events: any program of changes and updates by hand can be replayed."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganlab import Run, Spec
from ganlab.events import LIVE, Event, all_after, check, read, write
from ganlab.registry import SpecError
from ganlab.spec import PARAMS
from tests.programs import play_out

SMALL = Spec(target="ring", latent_dim=2, g_hidden=(4,), d_hidden=(4,), batch=8)

# Values of every live field that go together with the defaults of the others.
VALUES = {
    "loss": ["minimax", "hinge", "wasserstein", "least-squares", "maximum-likelihood"],
    "k": [0, 1, 2, 3],
    "g_steps": [1, 2, 3],
    "rule": list(PARAMS["rule"].choices),
    "unroll_data": list(PARAMS["unroll_data"].choices),
    "unroll": [0, 2],
    "instance_noise_decay": [0, 5],
    "d_dropout": [0.0, 0.5],
    "d_dropout_input": [0.0, 0.2],
    "smooth_real": [0.0, 0.1],
    "smooth_fake": [0.0, 0.1],
    "instance_noise": [0.0, 0.3],
    "temperature": [0.5, 2.0],
    "temperature_floor": [0.1, 0.5],
    "baseline": ["batch", "none"],
    "lookahead": [0, 2],
    "lookahead_share": [0.2, 0.5],
}
STRENGTHS = st.sampled_from([0.0, 0.001, 0.1])
RATES = ("g_lr", "d_lr", "e_lr")


def value(name: str):
    if name in VALUES:
        return st.sampled_from(VALUES[name])
    return st.sampled_from([1e-4, 3e-3]) if name in RATES else STRENGTHS


CHANGES = st.sampled_from(LIVE).flatmap(lambda name: value(name).map(lambda v: ("change", name, v)))
STEPS = st.one_of(
    CHANGES,
    CHANGES,
    st.sampled_from(["D", "G"]).map(lambda player: ("update", player)),
    st.integers(0, 4).map(lambda n: ("make", n)),
    st.integers(0, 2).map(lambda n: ("advance", n)),
)


def same(a: Run, b: Run) -> None:
    assert a.specs == b.specs and a.diverged == b.diverged
    for name in ("d_updates", "g_updates", "phase", "iterations", "g_phase"):
        assert getattr(a.state, name) == getattr(b.state, name), name
    pairs = [(a.state.g, b.state.g), (a.state.d, b.state.d)]
    pairs += zip(a.state.g_slots, b.state.g_slots, strict=True)
    pairs += zip(a.state.d_slots, b.state.d_slots, strict=True)
    assert all(torch.equal(x, y) for x, y in pairs)


def test_every_live_field_is_tried():
    numbers = {*RATES, *VALUES}
    others = [n for n in LIVE if n not in numbers]
    assert all(PARAMS[n].kind == "float" and PARAMS[n].low == 0 for n in others)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(STEPS, max_size=14), st.integers(1, 2))
def test_a_program_replays_bit_for_bit(tmp_path_factory, program, runs):
    specs = [SMALL.replace(seed=3 + i) for i in range(runs)]
    run = Run(specs)
    play_out(run, program)
    # In one call, in many, and from text.
    again = Run(specs, events=run.events)
    again.make(run.updates)
    if run.stopped:
        again.make(1)
    same(run, again)
    assert again.events == run.events
    third = Run(specs, events=write(run.events))
    while (third.updates, third.stopped) != (run.updates, run.stopped):
        third.make(1)
    same(run, third)
    assert read(write(run.events)) == run.events
    # A file saved in the middle, with events still to come.
    path = tmp_path_factory.mktemp("run") / "run.npz"
    middle = Run(specs, events=run.events)
    middle.make(run.updates // 2)
    middle.save(path)
    loaded = Run.load(path)
    assert loaded.events == run.events and loaded.past == middle.past
    assert loaded.start == run.start
    loaded.make(run.updates - middle.updates + run.stopped)
    same(run, loaded)


def test_iterations_are_counted_by_the_turns_of_then():
    run = Run(SMALL, events="4:k:3,9:D,20:g_steps:2")
    for n in range(1, 9):
        assert run.advance(1) == 1 and run.iteration == n
    assert run.spec.k == 3 and run.spec.g_steps == 2
    other = Run(SMALL, events=run.events)
    assert other.advance(8) == 8
    same(run, other)


def test_only_what_the_spec_does_not_say_is_an_event():
    run = Run(SMALL)
    run.update("D"), run.update(), run.make(3), run.advance(2)
    assert run.events == ()
    run.update(run.next_player)
    assert run.events == ()
    run.update("DG"[run.next_player == "D"])
    run.change(k=2, g_lr=0.01)
    out, change = run.events
    assert out.player and not out.fields and change.at == out.at + 1
    assert change.fields == (("k", 2), ("g_lr", 0.01))


def test_an_update_by_hand_takes_the_place_of_one_that_was_to_come():
    run = Run(SMALL, events="1:D,2:D")
    run.make(1)
    assert run.update("G") == "G" and run.update() == "D"
    assert run.events == (), "both were in turn"
    run = Run(SMALL, events="1:DD")
    run.make(3)
    assert write(run.past) == "1:DD" and run.state.d_updates == 3


def test_a_change_after_the_end_changes_nothing():
    run = Run(SMALL.replace(g_lr=1.0, d_lr=1.0, loss="maximum-likelihood", optimizer="sgd"))
    run.make(3000)
    assert run.stopped, "it is to diverge"
    run.change(k=5)
    assert run.spec.k == 1 and run.events == ()


@pytest.mark.parametrize(
    "text, name",
    [
        ("x:k:5", "events"), ("5", "events"), ("5:", "events"), ("-1:k:5", "events"),
        ("5:k", "events"), ("5:k:1:k:2", "events"), ("5:seed:1", "seed"), ("5:k:-1", "k"),
        ("5:k:1,4:D", "events"), ("5:D,5:G", "events"), ("5:DD,6:G", "events"),
        ("5:D,5:k:3", "events"), ("5:DX", "events"), ("9999999999999:D", "events"),
        ("5:loss:none", "loss"), ("٣:D", "events"), ("5:k:2,", "events"),
        ("3:r1:1,5:weight_clip:nan", "weight_clip"),
    ],
)  # fmt: skip
def test_bad_events_are_refused_by_name(text, name):
    with pytest.raises(SpecError) as caught:
        Run(SMALL, events=text)
    assert caught.value.name == name


def test_what_is_not_allowed_together_is_refused_at_once():
    with pytest.raises(SpecError):
        Run(SMALL.replace(minibatch_discrimination=4), events="10:r1:1")
    with pytest.raises(SpecError):
        check([Event(5, (("k", 2),)), Event(4, player="D")], [SMALL])
    with pytest.raises(SpecError):
        check([Event(0, player="D")] * 2, [SMALL])
    for bad in ({"player": "X"}, {}, {"player": "D", "fields": (("k", 1),)}):
        with pytest.raises(SpecError):
            Event(0, **bad)
    run = Run(SMALL, events="10:r1:1")
    with pytest.raises(SpecError):  # a later event would no longer be allowed
        run.change(r1=np.nan)
    assert run.events == read("10:r1:1")


def test_a_file_of_before_events_still_reads(tmp_path):
    run = Run(SMALL)
    run.make(7)
    run.save(tmp_path / "run.npz")
    parts = dict(np.load(tmp_path / "run.npz"))
    header = json.loads(str(parts["header"]))
    old = {n: v for n, v in header.items() if n not in ("start", "events")} | {"ganlab": 1}
    parts["header"] = np.array(json.dumps(old))
    np.savez(tmp_path / "old.npz", **parts)
    loaded = Run.load(tmp_path / "old.npz")
    assert loaded.events == () and loaded.start == loaded.specs
    same(run, loaded)


@pytest.mark.parametrize(
    "changes",
    [
        {"events": "3:k:5"},  # which contradicts the Specs
        {"events": 3},
        {"start": []},
        {"start": [SMALL.replace(seed=9).to_dict()]},
        {"events": "3:k:5,1:D"},
    ],
)
def test_a_file_whose_events_do_not_lead_to_its_specs_is_refused(tmp_path, changes):
    run = Run(SMALL)
    run.make(7)
    run.save(tmp_path / "run.npz")
    parts = dict(np.load(tmp_path / "run.npz"))
    header = json.loads(str(parts["header"])) | changes
    parts["header"] = np.array(json.dumps(header))
    np.savez(tmp_path / "bad.npz", **parts)
    with pytest.raises(SpecError):
        Run.load(tmp_path / "bad.npz")


def test_as_many_events_as_were_saved_are_loaded(tmp_path):
    run = Run(SMALL, events="1:" + "D" * 150_000)
    run.make(3)
    run.save(tmp_path / "run.npz")
    loaded = Run.load(tmp_path / "run.npz")
    assert len(loaded.events) == 150_000 and loaded.past == run.past
    assert loaded.timeline.coming == run.timeline.coming
    assert loaded.timeline.happened == 2 == len(loaded.timeline.past_from(0))


def test_events_of_one_update_are_made_at_once_and_checked_once_for_all_seeds(monkeypatch):
    many = [SMALL.replace(seed=i) for i in range(16)]
    # The effect of a change in mid-iteration on the optimiser's state and the iteration remains.
    text = "5:rule:optimistic,5:rule:alternating,5:g_steps:3,5:g_steps:1,5:k:2,9:k:3"
    run = Run(many)
    run.make(5)
    for event in read(text)[:-1]:
        run.change(**dict(event.fields))
    run.make(4)
    run.change(k=3)
    run.make(6)
    made, prepared = [], []
    replace, prepare = Spec.replace, Run._prepare
    monkeypatch.setattr(Spec, "replace", lambda s, **c: made.append(c) or replace(s, **c))
    monkeypatch.setattr(Run, "_prepare", lambda r: prepared.append(r) or prepare(r))
    again = Run(many, events=text)
    again.make(15)
    same(run, again)
    assert len(made) == 2 * len(read(text)) and len(prepared) == 3
    assert [s.seed for s in again.specs] == list(range(16))
    assert (
        all_after(many, read(text))
        == again.specs
        == tuple(map(Spec.from_json, map(Spec.to_json, again.specs)))
    )


def test_an_event_that_was_passed_over_does_not_hold_the_run():
    run = Run(SMALL, events="3:k:2,5:D")
    run.state = dataclasses.replace(run.state, d_updates=4, g_updates=4)
    assert run.make(3) == 3
