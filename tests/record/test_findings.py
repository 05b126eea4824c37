"""Found moments: on rows whose moments are known, and on runs that show a phenomenon."""

import numpy as np
import pytest

from ganlab import Run
from ganlab.engine import Divergence
from ganlab.presets import PRESETS
from ganlab.record import findings as module
from ganlab.record.findings import (
    Found,
    collapse,
    d_won,
    divergence,
    found,
    hop,
    mode_found,
    mode_lost,
)


def rows(apart: int = 10, **columns) -> dict[str, np.ndarray]:
    count = len(next(iter(columns.values())))
    named = {name: np.array(values, float) for name, values in columns.items()}
    return {"iteration": apart * np.arange(count, dtype=float), **named}


def test_modes_are_lost_and_found_where_it_lasts():
    made = rows(held=[0, 0, 0, 2, 2, 2, 5, 2, 2, 5, 5, 4, 5, 5, 1, 1, 0, 1, 1, 3, 3, 3])
    #                 0        30 found   one peak 90 found  dip    140 lost      190 found
    assert mode_found(made) == [30, 90, 190]
    assert mode_lost(made) == [140]
    assert mode_lost(rows(held=[8, 8, 8, 7, 8, 7, 8, 7, 8])) == []
    # Down in steps: each of them lasts.
    assert mode_lost(rows(held=[8] * 3 + [6] * 3 + [3] * 3)) == [30, 60]
    assert mode_lost(rows(held=[4, 3])) == mode_lost(rows(held=[np.nan] * 9)) == []


def test_a_collapse_is_one_mode_with_nearly_all_for_long():
    assert collapse(rows(lead=[0.2, 0.5, 0.95, 0.9, 0.99, 0.9])) == [20]
    assert collapse(rows(lead=[0.2, 0.95, 0.95, 0.8, 0.95, 0.95])) == []  # it does not last
    # Not again before the mass has been on several modes, nor where a run begins with it.
    assert collapse(rows(lead=[0.2] + [1.0] * 3 + [0.6] + [1.0] * 3 + [0.4] + [1.0] * 3)) == [
        10,
        90,
    ]
    assert collapse(rows(lead=[1.0] * 9)) == collapse(rows(lead=[np.nan] * 9)) == []
    assert collapse(rows(lead=[])) == []


def test_a_hop_is_to_another_mode_with_most_of_the_mass():
    made = rows(
        leader=[3, 3, 5, 5, 6, 3, 3, 6],
        lead=[0.9, 0.8, 0.4, 0.6, 0.45, 0.2, 0.5, 0.3],
    )
    assert hop(made) == [30, 60]
    assert hop(rows(leader=[3, 3, 3], lead=[0.9, 0.1, 0.9])) == []
    assert hop(rows(leader=[np.nan] * 3, lead=[np.nan] * 3)) == hop(rows(jsd=[0.1])) == []


def test_d_has_won_only_if_it_lasts():
    made = rows(20, d_accuracy=[0.5] + [1.0] * 6 + [0.6] + [1.0] * 5 + [0.99] + [0.995] * 7)
    #                                 20..120, 100      160..240, 80            280..400
    assert d_won(made) == [20, 280]
    assert d_won(rows(500, d_accuracy=[1.0, 1.0, 0.5, 1.0, 1.0])) == []
    assert d_won(rows(20, d_accuracy=[np.nan] * 30)) == []


def test_all_of_them_in_order():
    made = rows(
        50, held=[8] * 3 + [1] * 5, leader=[0, 0, 0, 1, 1, 2, 2, 2], lead=[0.2] * 3 + [0.9] * 5
    )
    lost = Divergence(375, "D", "cost", "it is not finite")
    assert found(made, lost) == [
        Found(150, "collapse"), Found(150, "mode lost"), Found(250, "hop"),
        Found(375, "divergence"),
    ]  # fmt: skip
    assert divergence(None) == [] and set(module.KINDS) | {"divergence"} == {
        "mode lost", "mode found", "collapse", "hop", "divergence", "D won",
    }  # fmt: skip
    assert found(rows(jsd=[])) == []


def measured(spec, iterations: int, every: int) -> tuple[dict[str, np.ndarray], Run]:
    run = Run(spec)
    shots = [run.snapshot(points=4096, picture=False)]
    while run.iteration < iterations and not run.stopped:
        run.advance(every)
        shots.append(run.snapshot(points=4096, picture=False))
    made = {name: np.array([s.metrics[name][0] for s in shots]) for name in shots[0].metrics}
    return {"iteration": np.array([s.iteration for s in shots], float), **made}, run


def test_the_hopping_preset_hops_and_loses_and_finds_modes():
    made, _ = measured(PRESETS["hopping"].specs[0], 800, 20)
    assert len(hop(made)) >= 2 and mode_found(made) and mode_lost(made) and len(collapse(made)) == 1
    # Oracle: between two hops the mode with most of the mass stays the same.
    leads = made["leader"][made["lead"] >= 0.5]
    assert len(hop(made)) == np.count_nonzero(np.diff(leads))


def test_a_run_that_diverges_says_so_where_it_did():
    spec = PRESETS["hopping"].specs[0].replace(g_lr=1.0, d_lr=1.0, optimizer="sgd",
                                               loss="maximum-likelihood")  # fmt: skip
    made, run = measured(spec, 3000, 5)
    (last,) = (one for one in found(made, run.diverged[0]) if one.text == "divergence")
    assert run.stopped and run.iteration <= last.iteration <= run.iteration + 1


@pytest.mark.parametrize("g_lr, wins", [(0.0001, True), (2e-3, False)])
def test_d_wins_against_a_g_that_stands_still(g_lr, wins):
    spec = (
        PRESETS["hopping"]
        .specs[0]
        .replace(
            target="gaussian",
            latent_dim=1,
            k=5,
            g_lr=g_lr,
            d_lr=5e-3,
            target_params={"mean": 4.0, "std": 0.5},
        )
    )
    made, _ = measured(spec, 240, 10)
    assert bool(d_won(made)) == wins
