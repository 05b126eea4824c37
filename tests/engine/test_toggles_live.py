"""Toggles changed during a run, and runs with any toggles saved and loaded."""

import pytest
import torch
from doubled import Doubled, in_double
from oracle import Oracle
from test_toggles import small
from test_toggles_strength import same, tensors

from ganlab import Run, SpecError
from ganlab.update_rules import RULES


def changed(run: Run, **fields) -> None:
    """Change a run in float64."""
    run.change(**fields)
    run.draws = Doubled(run.draws)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "rmsprop", "sgd"])
def test_a_tour_of_live_changes_is_the_oracles(optimizer):
    spec = small(optimizer=optimizer)
    run, oracle = in_double(Run(spec)), Oracle(spec)
    for stop in (
        {},
        {"rule": "simultaneous"},
        {"unroll": 2, "d_lr": spec.d_lr / 2},
        {"rule": "optimistic", "unroll": 0},
        {"r1": 0.5, "k": 2, "loss": "least-squares"},
        {"rule": "extragradient", "instance_noise": 0.4, "d_dropout": 0.2},
        {"unroll": 1, "unroll_data": "fresh", "r1": 2.0},
        {"rule": "simultaneous", "d_dropout": 0.0, "consensus": 0.1},
        {"rule": "alternating", "unroll": 0, "instance_noise": 0.0, "gradient_clip": 0.5},
    ):
        changed(run, **stop)
        oracle.change(run.spec)
        for one in (run, oracle):
            one.advance(2)
        for player, got in (("G", run.state.g), ("D", run.state.d)):
            torch.testing.assert_close(got[0], oracle.flat(player), rtol=1e-6, atol=1e-8)
        assert len(run.state.d_slots) == len(run.game.rules.slots("D"))
        assert len(run.state.g_slots) == len(run.game.rules.slots("G"))


FIRST = ("alternating", "simultaneous", "extragradient", "extra-adam", "optimistic")
SWITCHES = [(rule, there, by) for rule in FIRST for there in FIRST for by in ("adam", "sgd")]
SWITCHES += [("alternating", there, "sgd") for there in RULES if there not in FIRST]
SWITCHES += [(rule, "optimistic", "sgd") for rule in RULES if rule not in FIRST]


@pytest.mark.parametrize(("rule", "there", "optimizer"), SWITCHES)
def test_there_and_back_is_as_if_nothing_had_been(rule, there, optimizer):
    loss = "minimax" if "cgd" in (rule, there) else "non-saturating"
    spec = small(rule=rule, optimizer=optimizer, k=2, loss=loss)
    straight, run = Run(spec), Run(spec)
    for one in (straight, run):
        one.advance(4)
    run.change(rule=there)
    run.change(rule=rule)
    if rule == "optimistic" != there:  # the step is forgotten, so the next expects no change
        for player in "gd":
            at = straight.game.rules.slots(player.upper()).index("step")
            assert not getattr(run.state, f"{player}_slots")[at].any()
            assert getattr(straight.state, f"{player}_slots")[at].any()
        return
    for one in (straight, run):
        one.advance(4)
    assert same(run, straight)


def test_a_stretch_of_another_rule_is_that_rule_from_there_on():
    spec = small(k=2)
    run = Run(spec)
    run.advance(4)
    for rule in ("simultaneous", "alternating", "extragradient", "alternating"):
        other = Run(spec.replace(rule=rule))
        rules, state = other.game.rules, run.state
        run.change(rule=rule)
        slots = [
            (*own[:2], *rules.first_slots(player, params)[2:])  # Adam's two are kept
            for player, params, own in (
                ("G", state.g, state.g_slots),
                ("D", state.d, state.d_slots),
            )
        ]
        other.state = type(state)(
            *(state.g, state.d, *slots, state.d_updates, state.g_updates, state.phase)
        )
        for one in (run, other):
            one.advance(3)
        for name in ("g", "d"):
            assert torch.equal(getattr(run.state, name), getattr(other.state, name))


def test_in_the_middle_of_an_iteration_g_answers_the_d_there_is():
    run, alternating = Run(small(k=2)), Run(small(k=2))
    for one in (run, alternating):
        one.advance(2)
        one.update("D")
        one.update("D")
    run.change(rule="simultaneous")
    for one in (run, alternating):
        assert one.update() == "G"
    assert torch.equal(run.state.g, alternating.state.g)
    # From then on it is D before its last update.
    for one in (run, alternating):
        one.advance(1)
    assert torch.equal(run.state.d, alternating.state.d)
    assert not torch.equal(run.state.g, alternating.state.g)


def test_a_refused_combination_changes_nothing():
    run = Run(small(minibatch_discrimination=2))
    run.advance(1)
    before = (run.specs, run.state, run.game)
    for fields in ({"r1": 1.0}, {"gradient_penalty": 1.0}, {"rule": "r1"}, {"unroll": 21}):
        with pytest.raises(SpecError) as caught:
            run.change(**fields)
        assert caught.value.name in fields
    assert (run.specs, run.state, run.game) == before
    smooth = Run(small(smooth_real=0.1))
    with pytest.raises(
        SpecError, match="smooth_real = 0.1 is not allowed; it must be 0 with the loss hinge"
    ):
        smooth.change(loss="hinge")
    smooth.change(loss="hinge", smooth_real=0.0)
    smooth.advance(2)


SAVED = [
    {"rule": "simultaneous"},
    {"rule": "simultaneous", "optimizer": "sgd", "unroll": 2},
    {"rule": "extragradient", "optimizer": "rmsprop", "unroll": 1, "unroll_data": "fresh"},
    {"rule": "extra-adam", "unroll": 1},
    {"rule": "optimistic", "optimizer": "momentum", "consensus": 0.1},
    {"historical_averaging": 0.2, "rule": "optimistic", "weight_clip": 0.5},
    {"g_norm": "virtual", "d_dropout": 0.3, "instance_noise": 1.0, "instance_noise_decay": 9},
    {"g_norm": "batch", "packing": 2, "gradient_penalty": 1.0, "feature_matching": 0.5},
    {"rule": "rk4", "optimizer": "sgd", "ode_regulariser": 0.1, "g_average": 0.9},
    {"d_norm": "batch", "lookahead": 2, "historical_averaging": 0.2, "loss": "f-kl"},
    {"dragan": 0.5, "d_norm": "spectral", "loss": "relativistic-pairing", "optimizer": "adamw"},
    {"minibatch_discrimination": 3, "smooth_real": 0.1, "d_activation": "maxout"},
]


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("fields", SAVED, ids=str)
def test_a_loaded_run_goes_on_bit_for_bit(tmp_path, fields, runs):
    specs = [small(**fields, k=2).replace(seed=s) for s in range(runs)]
    straight = Run(specs)
    straight.advance(3)
    straight.update()  # in the middle of an iteration
    straight.save(tmp_path / "a.npz")
    loaded = Run.load(tmp_path / "a.npz")
    assert same(loaded, straight) and loaded.specs == straight.specs
    start = [t.clone() for t in tensors(straight)]
    for run in (straight, loaded):
        run.advance(6)
    assert same(loaded, straight) and not torch.equal(start[0], straight.state.g)


def test_a_run_changed_and_saved_goes_on(tmp_path):
    run = Run(small(rule="simultaneous"))
    run.advance(3)
    run.update()
    run.change(rule="optimistic", unroll=1, r1=0.5)
    run.advance(2)
    run.save(tmp_path / "a.npz")
    loaded = Run.load(tmp_path / "a.npz")
    for one in (run, loaded):
        one.advance(2)
        one.change(rule="extragradient")
        one.advance(2)
    assert same(run, loaded)
