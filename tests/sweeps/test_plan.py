"""Plans of sweeps: every allowed run stands in one block, and files hold the whole plan."""

import itertools

import pytest

from ganlab import Run, Spec, SpecError
from ganlab.sweeps import Sweep
from ganlab.sweeps.plan import BLOCK, MOST_CELLS

BASE = Spec(target="ring", g_hidden=(8,), d_hidden=(8,), batch=16, seed=5)


def plan(**options):
    axes = {"k": [1, 2], "g_hidden": [(8,), (4, 4)], "t.std": "0.02..0.1:3"}
    return Sweep.of(BASE, axes, **{"seeds": 7, "iterations": 100} | options)


def test_every_run_is_in_one_block_with_runs_that_advance_together():
    sweep = plan()
    assert (sweep.shape, sweep.size) == ((2, 2, 3), 12)
    runs = [run for block in sweep.blocks for run in block.runs]
    assert sorted(runs) == sorted(itertools.product(range(12), range(7)))
    for block in sweep.blocks:
        assert 1 <= len(block.runs) <= BLOCK
        specs = [sweep.spec(*run) for run in block.runs]
        Run(specs)  # raises if they cannot be advanced together
    for cell in sweep.cells:
        k, hidden, std = (a.values[i] for a, i in zip(sweep.axes, cell.at, strict=True))
        assert cell.spec == BASE.changed({"k": k, "g_hidden": hidden, "t.std": std})
    assert {sweep.spec(3, n).seed for n in range(7)} == set(range(5, 12))


def test_a_combination_that_is_not_allowed_is_left_out_and_says_why():
    sweep = Sweep.of(BASE, {"r1": [0, 1], "minibatch_discrimination": [0, 4]}, seeds=2)
    assert sweep.allowed == (0, 1, 2) and "minibatch discrimination" in sweep.cells[3].why
    assert {cell for block in sweep.blocks for cell, _ in block.runs} == {0, 1, 2}
    never = Sweep.of(BASE.replace(r1=1.0), {"minibatch_discrimination": [2, 4]})
    with pytest.raises(SpecError, match="at least one combination"):
        _ = never.blocks


@pytest.mark.parametrize("options", [{}, {"stop_below": 0.01, "checks": 3}])
def test_a_plan_is_what_its_file_says(options):
    sweep = plan(**options)
    assert Sweep.from_json(sweep.to_json()) == sweep


def test_toml():
    text = """
    [base]
    target = "ring"
    g_hidden = [8]
    d_hidden = [8]
    batch = 16
    seed = 5
    [axes]
    k = [1, 2]
    g_hidden = [[8], [4, 4]]
    t.std = {from = 0.02, to = 0.1, steps = 3}
    [sweep]
    seeds = 7
    iterations = 100
    """
    assert Sweep.from_toml(text) == plan()


def test_parameters_of_the_target_have_the_names_of_an_address_in_a_file():
    text = "[base]\ntarget = 'ring'\nt.std = 0.05\n[axes]\nt.radius = [1.0, 1.5]"
    base = Spec(target="ring", target_params={"std": 0.05})
    assert Sweep.from_toml(text) == Sweep.of(base, {"t.radius": [1.0, 1.5]})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("base", "file"),
        ("[base]\nt = 3\n[axes]\nk = [1]", "spec field"),
        ("[base]\nt.speed = 3\n[axes]\nk = [1]", "target_params of gaussian"),
        ("[bases]", "table"),
        ("sweep = 3", "table"),
        ("[axes]", "axes"),
        ("[base]\nbatch = 0\n[axes]\nk = [1]", "batch"),
        ("[axes]\nk = [1]\n[sweep]\nseed = 2", "option of a sweep"),
        ("[axes]\nk = [1]\n[sweep]\nseeds = 0", "seeds"),
        ("[axes]\nk = [1]\n[sweep]\nseeds = true", "seeds"),
        ("[axes]\nk = [1]\n[sweep]\nstop_below = 0.7", "stop_below"),
        ("[axes]\nk = [1]\n[sweep]\niterations = 3", "checks"),
        ("[axes]\nk = [1]\n'k+g_steps' = [1]", "axes"),
        ("[axes]\nk = [1]\ng_steps=[1]\ng_lr=[1.0]\nd_lr=[1.0]", "axes"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text, named):
    with pytest.raises(SpecError) as refused:
        Sweep.from_toml(text)
    assert refused.value.name == named


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"axes": 3}', '{"axes": [[1, 2]]}', '{"axes":'])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(SpecError):
        Sweep.from_json(text)


def test_sizes_are_bounded_before_anything_is_made():
    wide = {"d_lr": "1e-4..1:200:log", "g_lr": "1e-4..1:200:log"}
    assert Sweep.of(BASE, wide, seeds=1).size == MOST_CELLS
    with pytest.raises(SpecError, match="cells"):
        Sweep.of(BASE, wide | {"k": [1, 2]}, seeds=1)
    with pytest.raises(SpecError, match="runs"):
        Sweep.of(BASE, wide, seeds=26)
    with pytest.raises(SpecError):
        Sweep.of(Spec(target="mnist"), {"k": [1]})
