"""An iteration is k updates of D and g_steps of G, however the calls divide them."""

import dataclasses
import itertools
import json
import random

import numpy as np
import pytest
import torch
from doubled import in_double
from oracle import Oracle

from ganlab import Run, Spec, SpecError
from ganlab.engine.turns import START, Turns
from ganlab.update_rules import RULES

SMALL = {"g_hidden": (4,), "d_hidden": (4,), "batch": 8}
EACH = list(itertools.product((0, 1, 3), (1, 2, 5)))


def counts(state) -> tuple[int, ...]:
    names = ("d_updates", "g_updates", "iterations", "phase", "g_phase")
    return tuple(getattr(state, name) for name in names)


class Slow:
    """The same, one update at a time, following the definition."""

    def __init__(self, k: int, g_steps: int):
        self.k, self.g_steps = k, g_steps
        self.d = self.g = self.iterations = self.d_now = self.g_now = 0

    def next(self) -> str:
        return "D" if self.g_now == 0 and self.d_now < self.k else "G"

    def make(self, player: str) -> None:
        if player == "D":
            self.d, self.d_now = self.d + 1, self.d_now + 1
            return
        self.g, self.g_now = self.g + 1, self.g_now + 1
        if self.g_now == self.g_steps:
            self.iterations, self.d_now, self.g_now = self.iterations + 1, 0, 0

    def counts(self) -> tuple[int, ...]:
        return self.d, self.g, self.iterations, self.d_now, self.g_now


@pytest.mark.parametrize(("k", "g_steps"), EACH)
def test_turns_are_their_definition(k, g_steps):
    turns, slow, state, rng = Turns(k, g_steps), Slow(k, g_steps), START, random.Random(1)
    for _ in range(300):
        assert turns.next(state) == slow.next()
        ahead = dataclasses.replace(state)
        for player in turns.players(state, 23).decode():
            assert player == turns.next(ahead)
            ahead = turns.after(ahead, player.encode())
        assert turns.left(state) == turns.players(state, len(turns.left(state)))
        assert turns.after(state, turns.left(state)).iterations == state.iterations + 1
        players = "".join(rng.choice("DGG") for _ in range(rng.randrange(0, 12)))
        wanted = []
        for player in players:
            if player == "G":
                wanted.append(slow.iterations)
            slow.make(player)
        g_made = np.arange(players.count("G"))
        assert turns.iterations(state, g_made).tolist() == wanted
        state = turns.after(state, players.encode())
        assert counts(state) == slow.counts()


@pytest.mark.parametrize(("k", "g_steps"), EACH)
def test_runs_make_them(k, g_steps):
    run, slow = Run(Spec(**SMALL, k=k, g_steps=g_steps)), Slow(k, g_steps)
    for _ in range(2 * (k + g_steps) + 1):
        assert run.next_player == slow.next() == run.update()
        slow.make(run.last)
        assert counts(run.state) == slow.counts() and run.iteration == slow.iterations
    assert run.advance(3) == 3 and run.state.phase == run.state.g_phase == 0
    assert run.state.g_updates == g_steps * run.iteration
    straight = Run(run.spec)
    straight.advance(run.iteration)
    assert torch.equal(run.state.g, straight.state.g)
    assert torch.equal(run.state.d, straight.state.d)
    assert run.snapshot(points=2048).iteration == run.iteration


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_oracle_agrees(optimizer):
    fields = {"optimizer": optimizer, "instance_noise": 0.5, "instance_noise_decay": 9}
    spec = Spec(**SMALL, **fields, k=2, g_steps=3, g_lr=0.01, d_lr=0.02)
    run, oracle = in_double(Run(spec)), Oracle(spec)
    run.advance(12)
    oracle.advance(12)
    for got, player in ((run.state.g, "G"), (run.state.d, "D")):
        torch.testing.assert_close(got[0], oracle.flat(player), rtol=1e-8, atol=1e-10)
    # The noise falls per iteration, not per update of G: it is 0 at iteration 9, not at 3.
    quicker = in_double(Run(spec.replace(instance_noise_decay=3)))
    quicker.advance(12)
    assert not torch.equal(quicker.state.d, run.state.d)


def test_fewer_updates_of_g_end_the_iteration_that_has_them_already():
    run = Run(Spec(**SMALL, g_steps=5))
    run.make(4)  # one of D, three of G
    run.change(g_steps=4)
    assert counts(run.state) == (1, 3, 0, 1, 3) and run.next_player == "G"
    run.change(g_steps=2)
    assert counts(run.state) == (1, 3, 1, 0, 0) and run.next_player == "D"
    assert run.advance(2) == 2 and counts(run.state) == (3, 7, 3, 0, 0)


@pytest.mark.parametrize("rule", RULES)
def test_other_rules_have_one_update_of_g(rule):
    if rule == "alternating":
        assert Spec(rule=rule, g_steps=2).g_steps == 2
        return
    fields = {"optimizer": "sgd", "loss": "minimax"}  # which some rules require
    assert Spec(rule=rule, g_steps=1, **fields)
    why = f"g_steps = 2 is not allowed; it must be 1 with {RULES[rule].title} updates"
    with pytest.raises(SpecError, match=why):
        Spec(rule=rule, g_steps=2, **fields)
    run = Run(Spec(**SMALL | fields, g_steps=2))
    with pytest.raises(SpecError):
        run.change(rule=rule)
    assert run.advance(1) == 1


def test_runs_of_other_turns_are_not_advanced_together():
    with pytest.raises(SpecError, match="one k and one g_steps"):
        Run([Spec(g_steps=1), Spec(g_steps=2)])


def test_files_keep_the_turn_and_old_files_have_one_update_of_g(tmp_path):
    run = Run(Spec(**SMALL, k=2, g_steps=3))
    run.make(8)  # one iteration, two of D and one of G
    run.save(tmp_path / "new.npz")
    again = Run.load(tmp_path / "new.npz")
    assert counts(again.state) == counts(run.state) == (4, 4, 1, 2, 1)
    for one in (run, again):
        one.advance(2)
    assert torch.equal(run.state.g, again.state.g) and counts(again.state) == counts(run.state)

    old = Run(Spec(**SMALL, k=2))
    old.make(8)
    old.save(tmp_path / "old.npz")
    with np.load(tmp_path / "old.npz") as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(str(arrays["header"]))
    del header["iterations"], header["g_phase"], header["specs"][0]["g_steps"]
    arrays["header"] = np.array(json.dumps(header))
    np.savez(tmp_path / "old.npz", **arrays)
    assert counts(Run.load(tmp_path / "old.npz").state) == counts(old.state) == (6, 2, 2, 2, 0)
