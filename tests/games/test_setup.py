"""The address of the page of games, and the answer that the page gets."""

from __future__ import annotations

import csv
import dataclasses
import io
import math

import numpy as np
import pytest

from ganlab.games import GAMES, Equilibrium, Method, Play
from ganlab.games.method import rules
from ganlab.games.presets import PRESETS
from ganlab.games.setup import BUDGET, MOST_STARTS, Setup, work
from ganlab.games.text import python
from ganlab.live.games import CELLS, answer, as_csv
from ganlab.live.wire import decode
from ganlab.query import UnknownField
from ganlab.registry import SpecError

FULL = Setup(
    "dirac",
    {"loss": "wasserstein", "clip": 1.5, "gp": 0.5, "gp_target": 0.8},
    ("optimistic", "alternating"),
    {"step": 0.07, "optimizer": "adam", "betas": (0.5, 0.9), "lookahead": 3},
    ((1.0, -2.5), (0.125, 3.0)),
    150,
)


@pytest.mark.parametrize("setup", [FULL, *(p.setup for p in PRESETS), *map(Setup, GAMES)], ids=str)
def test_an_address_is_the_whole_setup(setup):
    assert Setup.from_query(setup.query()) == setup
    assert Setup.from_query("?" + setup.query(), errors := []) == setup and not errors


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("game=chess", "game"),
        ("game=dirac&loss=none", "loss"),
        ("game=dirac&r1=-1", "r1"),
        ("rule=newton", "rule"),
        ("rule=" + ",".join(rules()[:5]), "rule"),
        ("rule=", "rule"),
        ("step=nan", "step"),
        ("step=1e400", "step"),
        ("momentum=2", "momentum"),
        ("betas=0.5", "betas"),
        ("start=1", "start"),
        ("start=1,2,3", "start"),
        ("start=1,x", "start"),
        ("start=" + ",".join("1" * 2 * (MOST_STARTS + 1)), "start"),
        ("updates=1e9", "updates"),
        ("updates=5", "updates"),
        ("b=1&b=2", "b"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_used(query, field):
    with pytest.raises(SpecError) as error:
        Setup.from_query(query)
    assert error.value.name == field
    ignored: list[SpecError] = []
    setup = Setup.from_query(query + "&lookahead=4", ignored)
    assert [e.name for e in ignored] == [field] and setup.method["lookahead"] == 4


def test_unknown_fields_and_values_that_do_not_go_together_are_named():
    ignored: list[SpecError] = []
    setup = Setup.from_query("game=dirac&noise=0.5&loss=relativistic-average&b=2", ignored)
    assert isinstance(ignored[0], UnknownField) and ignored[0].value == "b"
    assert (
        ignored[1].name == "noise"
        and setup.values["noise"] * (setup.values["loss"] == "relativistic-average") == 0
    )
    header, _ = decode(answer("game=dirac&loss=none&step=9&zzz=1"))
    notes = " ".join(header["notes"])
    assert "loss = 'none' is not allowed; it must be one of minimax" in notes and "Ignored" in notes
    assert "step size h = 9.0 is not allowed; it must be a number from 0.001 to 5" in notes


def test_an_answer_has_the_trajectories_of_the_library():
    setup = Setup.from_query("game=dirac&r1=0.3&rule=alternating,implicit&start=1,1,-0.5,2")
    header, arrays = decode(answer(setup.query()))
    assert Setup.from_query(header["query"]) == setup and header["notes"] == []
    for i, rule in enumerate(setup.rules):
        play = Play("dirac", Method(rule), [(1.0, 1.0), (-0.5, 2.0)], r1=0.3)
        play.advance(300)
        assert np.abs(arrays[f"path.{i}"] - play.path.transpose(1, 0, 2)).max() < 1e-6
        far = np.linalg.norm(play.path, axis=2).T
        assert np.abs(arrays[f"distance.{i}"] - far).max() < 1e-6
        run = header["runs"][i]
        assert run["predicted"] == pytest.approx(math.log(run["radius"]))
        assert arrays[f"closed.{i}"].shape == arrays[f"measured.{i}"].shape == (2, 2)
        gap = np.sort(arrays[f"closed.{i}"], 0) - np.sort(arrays[f"measured.{i}"], 0)
        assert np.abs(gap).max() < 1e-6
    field = arrays["field"]  # the source's (-ψ f'(θψ), θ f'(θψ)), and -γ ψ of R1
    axis = np.linspace(-2.5, 2.5, CELLS)
    theta, psi = np.meshgrid(axis, axis)
    slope = 1 / (1 + np.exp(theta * psi))
    wanted = np.stack([-psi * slope, theta * slope - 0.3 * psi], 2)
    assert field.shape == (CELLS, CELLS, 2) and np.abs(field - wanted).max() < 1e-6


def test_a_rule_that_cannot_play_says_why_and_the_others_play():
    header, arrays = decode(answer("optimizer=adam&rule=simultaneous,rk4,continuous"))
    first, *rest = header["runs"]
    assert first["refused"] == "" and "Adam divides" in first["verdicts"][0]["why"]
    assert all("Adam" in run["refused"] for run in rest)
    assert "path.0" in arrays and "path.1" not in arrays


def test_what_an_answer_costs_is_bounded():
    dear = sorted(rules(), key=work)[-4:]
    setup = Setup.from_query(f"rule={','.join(dear)}&updates=2000")
    assert setup.made * sum(map(work, dear)) <= BUDGET < setup.updates * sum(map(work, dear))
    header, _ = decode(answer(f"rule=alternating,{dear[-1]}&updates=2000"))
    assert header["updates"] < 2000 and "more take too long" in header["notes"][0]
    # Every listed rule costs at most its share: a rule from outside counts as dear, too.
    assert all(1 <= work(rule) <= 20 for rule in rules())


def test_the_axes_contain_all_starting_points():
    for start in ((1.0, 1.0), (25.0, -3.0)):
        header, _ = decode(answer(f"rule=alternating&updates=20&start={start[0]},{start[1]}"))
        for (low, high), value in zip(header["box"], start, strict=True):
            assert low < value < high
        assert header["box"][0][1] <= 1.2 * max(3.0, *map(abs, start))


@pytest.mark.parametrize("setup", [FULL, PRESETS[0].setup], ids=["full", "preset"])
def test_python_lines_make_the_same_trajectories(setup, capsys):
    lines = python(setup)
    scope: dict = {}
    exec(lines, scope)
    printed = capsys.readouterr().out
    assert all(f"{rule} " in printed for rule in setup.rules)
    play = Play(setup.game, setup.methods()[setup.rules[-1]], list(setup.points), **setup.values)
    play.advance(setup.made)
    assert np.array_equal(scope["play"].path, play.path, equal_nan=True)


def test_the_table_has_every_point_exactly():
    text = as_csv("game=dirac&rule=alternating&updates=15&start=1,1,2,0")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2 * 16 and list(rows[0]) == ["rule", "start", "update", "θ", "ψ"]
    play = Play("dirac", Method("alternating"), [(1.0, 1.0), (2.0, 0.0)])
    play.advance(15)
    assert [float(rows[-1]["θ"]), float(rows[-1]["ψ"])] == play.path[-1, 1].tolist()


def test_a_game_that_is_added_is_on_the_page():
    name = "late"
    like = GAMES["bilinear"]
    GAMES.add(
        dataclasses.replace(
            like,
            name=name,
            title="late",
            params=(),
            costs=lambda x, y, values: ((2 * x * y).sum(1), -(2 * x * y).sum(1)),
            equilibria=lambda values: (Equilibrium(0.0, 0.0, np.array([[0.0, 2.0], [-2.0, 0.0]])),),
        )
    )
    try:
        header, _ = decode(answer("game=late&step=0.1&rule=extragradient"))
        assert [name, "late"] in header["games"] and header["notes"] == []
        assert header["runs"][0]["radius"] == pytest.approx(math.sqrt(1 - 0.04 + 0.0016))
    finally:
        del GAMES.entries[name]
    assert "one of bilinear" in decode(answer("game=late"))[0]["notes"][0]
