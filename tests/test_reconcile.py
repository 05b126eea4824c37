"""The largest subset of wanted values: nothing is lost, and every refusal has a reason."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from ganlab import Spec, SpecError
from ganlab.reconcile import reconcile
from ganlab.registry import SpecError as Error

# Many pairs of these exclude each other.
VALUES = {
    "r1": (0.0, 1.0),
    "r2": (0.0, 2.0),
    "gradient_penalty": (0.0, 0.1),
    "minibatch_discrimination": (0, 4),
    "batch": (256, 1, 100, 64),
    "packing": (1, 3, 8),
    "loss": ("non-saturating", "wasserstein"),
    "smooth_real": (0.0, 0.3),
    "g_norm": ("none", "batch"),
    "g_hidden": ((32, 32), ()),
    "d_hidden": ((32, 32), ()),
    "d_dropout": (0.0, 0.5),
    "target": ("gaussian", "two_gaussians"),
    "t.weights": ((), (0.5, 0.5), (1.0, 2.0, 3.0)),
}


def possible(spec: Spec, values: dict) -> bool:
    try:
        spec.changed(values)
    except SpecError:
        return False
    return True


@pytest.mark.parametrize("seed", range(40))
def test_of_random_edits_the_most_that_go_together_apply_and_the_others_say_why(seed):
    dice = random.Random(seed)
    spec, wanted = Spec(), {}
    for _ in range(12):  # as a user does: refused values stay wanted
        name = dice.choice(list(VALUES))
        wanted[name] = dice.choice(VALUES[name])
        if dice.random() < 0.2:
            other = dice.choice(list(VALUES))
            wanted[other] = dice.choice(VALUES[other])
        open_ = {n: v for n, v in wanted.items() if n == "t.weights" or spec.value(n) != v}
        made, refused = reconcile(spec, open_, Spec.changed)
        applied = {n: v for n, v in open_.items() if n not in refused}
        assert set(refused) <= set(open_)
        assert all(isinstance(error, SpecError) for error in refused.values())
        assert made == spec.changed(applied)
        # No refused value could be added, and no larger set is allowed.
        for name in refused:
            assert not possible(spec, {**applied, name: open_[name]})
        if len(open_) <= 8:
            larger = combinations(open_, len(applied) + 1)
            assert not any(possible(spec, {n: open_[n] for n in names}) for names in larger)
        spec = made
        wanted = {n: v for n, v in wanted.items() if n in refused}


def test_what_is_refused_applies_once_nothing_speaks_against_it():
    spec, refused = reconcile(Spec(r1=1.0), {"minibatch_discrimination": 4}, Spec.changed)
    assert spec == Spec(r1=1.0) and refused["minibatch_discrimination"].name == "r1"
    both = {"minibatch_discrimination": 4, "r1": 0.0}
    assert reconcile(spec, both, Spec.changed) == (Spec(minibatch_discrimination=4), {})


def test_two_that_need_each_other_apply_together_among_many_that_clash():
    wanted = {name: values[-1] for name, values in VALUES.items()} | {
        "target": "two_gaussians",
        "t.weights": (0.5, 0.5),
    }
    wanted |= {f"x{i}": i for i in range(30)}  # fields of no Spec: all are refused, quickly

    def change(spec: Spec, values: dict) -> Spec:
        for name in values:
            if name.startswith("x"):
                raise Error(name, values[name], "nothing")
        return spec.changed(values)

    spec, refused = reconcile(Spec(), wanted, change)
    assert {f"x{i}" for i in range(30)} <= set(refused)
    assert spec.target == "two_gaussians" and spec.target_params["weights"] == (0.5, 0.5)


def test_what_is_too_dear_is_refused_by_who_takes_it_and_the_rest_applies():
    shown = [Spec()]

    def accept(spec: Spec) -> None:
        if spec.batch > 1000:
            raise Error("batch", spec.batch, "at most 1000 on this server")
        shown.append(spec)

    wanted = {"batch": 4096, "k": 3}
    spec, refused = reconcile(Spec(), wanted, Spec.changed, accept)
    assert spec == shown[-1] == Spec(k=3)
    assert set(refused) == {"batch"} and "1000" in refused["batch"].allowed
    assert reconcile(spec, {"batch": 4096}, Spec.changed, accept)[0] == spec == shown[-1]
    assert reconcile(spec, {}, Spec.changed, accept) == (spec, {})


def test_what_takes_too_long_is_refused_instead(monkeypatch):
    """Each attempt is slow, and no two values can be combined: it stops in time, with reasons."""
    clock, tries = [0.0], []
    monkeypatch.setattr("ganlab.reconcile.time.monotonic", lambda: clock[0])

    def change(now, values):
        clock[0] += 0.3
        tries.append(values)
        raise SpecError(next(iter(values)), 1, "nothing")

    made, refused = reconcile("before", dict.fromkeys("abcdefghij", 1), change)
    assert made == "before" and set(refused) == set("abcdefghij")
    assert 1 < len(tries) < 6
