"""Presets of maps: the closed form's border, and what each map is said to show."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from ganlab import Spec, SpecError
from ganlab.experiment import Experiment
from ganlab.games.lab import radius
from ganlab.sweeps import Sweep, results
from ganlab.sweeps.border import agreement, border_of
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.presets import MAP_PRESETS, preset_of, successes

EMPTY = {"modes_held": -1} | dict.fromkeys(("w1", "modes", "hq", "d_accuracy", "value"), 0.0)
EMPTY |= {"grad_g": 0.0}


@pytest.fixture(params=list(MAP_PRESETS))
def preset(request):
    return MAP_PRESETS[request.param]


def test_a_preset_is_a_map_with_a_claim_that_opens_in_labs(preset):
    sweep = preset.sweep
    assert len(sweep.axes) >= 2 and sweep.allowed and preset.claim and preset.cite and preset.doc
    assert preset_of(Plan.from_json(sweep.to_json())) is preset
    assert preset_of(sweep.replace(seeds=2, base=sweep.base.replace(seed=5))) is preset
    assert preset_of(sweep.replace(base=sweep.base.replace(batch=33))) is None
    coarse = preset.coarsely(3, 7)
    assert coarse.size < sweep.size and (coarse.seeds, coarse.seed(0)) == (3, 7)
    for cell in (sweep.allowed[0], sweep.allowed[-1]):
        query = Experiment.of(sweep.spec(cell, 0)).to_query()
        assert Experiment.from_query(query).base == sweep.spec(cell, 0)
    # Either the claim is about a closed form, or it was counted.
    assert (preset.counts is None) == (radius(preset.base) is not None)


@pytest.mark.parametrize("name", [n for n, p in MAP_PRESETS.entries.items() if p.counts is None])
def test_verdicts_agree_with_the_closed_form_within_a_cell(name, here):
    preset = MAP_PRESETS[name]
    coarse = preset.coarsely(1).replace(iterations=300, checks=16)
    table = results.tidy(coarse, (f.table for f in coarse.run(here(), compiled=False)))
    assert successes(preset, coarse, table) == [True]
    wrong = table.to_pandas().assign(verdict="converged")
    assert successes(preset, coarse, type(table).from_pandas(wrong)) == [False]


# Of each preset, the modes held and the JSD in cells by their values, as the claim has them.
SHOWN = {
    "ttur": {(1, 3e-4): (1, 0.6), (5, 3e-4): (6, 0.5), (1, 0.01): (4, 0.5), (5, 0.01): (2, 0.5)},
    "d-width": {
        ((4, 4), 8): (3, 0.5), ((4, 4), 16): (9, 0.4),
        ((32, 32), 8): (8, 0.3), ((32, 32), 16): (16, 0.3),
    },
    "unrolling-minibatch": {(0, 0): (2, 0.6), (5, 0): (4, 0.5), (0, 4): (8, 0.3), (5, 4): (8, 0.3)},
    "batch-modes": {(4, 8): (6, 0.4), (4, 16): (14, 0.4), (64, 8): (8, 0.3), (64, 16): (16, 0.3)},
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n, p in MAP_PRESETS.entries.items() if p.counts])
def test_a_claim_is_about_the_cells_that_it_names(name):
    preset, checks = MAP_PRESETS[name], 4
    plan = preset.coarsely(2, 5)

    def decided(swapped):
        rows = []
        for number, cell in enumerate(plan.cells):
            first, second = (a.values[i] for a, i in zip(plan.axes, cell.at, strict=True))
            own = plan.axes[0].values
            other = own[1 - own.index(first)] if swapped else first
            held, jsd = SHOWN[name][other, second]
            for seed, late in itertools.product((5, 6), range(checks)):
                # Only the last half counts.
                row = {"held": held, "jsd": jsd} if late >= checks / 2 else {"held": 0, "jsd": 0.69}
                rows.append({"cell": number, "seed": seed, "verdict": "stalled", **row})
        table = pa.Table.from_pylist(
            [row | {"iteration": i, **EMPTY} for i, row in enumerate(rows)]
        )
        return successes(preset, plan, table)

    assert decided(False) == [True, True] and decided(True) == [False, False]


def test_the_border_of_the_dirac_gan_with_r1():
    sweep = MAP_PRESETS["r1-dirac"].sweep
    border = border_of(sweep)
    h, gamma = np.meshgrid(*(np.array(a.values) for a in sweep.axes), indexing="ij")
    # Mescheder et al.: the eigenvalues' product is 1 - h γ + h²/4, and -1 is one on the upper line.
    inside = (gamma > h / 4 + 1e-9) & (gamma < 2 / h + h / 8 - 1e-9)
    assert ((border.cells < -1e-9) == inside.reshape(-1)).all() and 0 < inside.mean() < 1
    # Between cells it goes on smoothly: at the cells themselves it has their values.
    every = (len(border.x) - 1) // (sweep.shape[0] - 1), (len(border.y) - 1) // (sweep.shape[1] - 1)
    at_cells = border.between[0][:: every[1], :: every[0]].T
    np.testing.assert_allclose(at_cells.reshape(-1), border.cells, atol=1e-9)


def test_the_border_of_momentum_in_the_bilinear_game():
    sweep = MAP_PRESETS["negative-momentum"].sweep
    found = border_of(sweep).cells.reshape(sweep.shape)
    for (i, j), level in np.ndenumerate(found):
        step, beta = sweep.axes[0].values[i], sweep.axes[1].values[j]
        square = np.polymul(np.poly([1.0, 1.0]), np.poly([beta, beta]))
        wanted = np.abs(np.roots(np.polyadd(square, [step**2, 0, 0, 0]))).max() - 1
        assert level == pytest.approx(wanted, abs=1e-6)
    assert 0.0 in sweep.axes[1].values  # not the rounding error of a range through 0


def test_agreement_counts_cells_by_their_distance_to_the_border():
    base = MAP_PRESETS["r1-dirac"].base
    plan = Plan.of(base, {"r1": "0..2:9", "g_lr+d_lr": "0.2..4:9"})
    inside = (border_of(plan).cells < 0).reshape(plan.shape)
    random = np.random.default_rng(1)
    names = random.choice(["converged", "orbits", ""], plan.size).astype(object)
    counts = [0, 0, 0]
    for (i, j), name in np.ndenumerate(names.reshape(plan.shape)):
        if name:
            around = inside[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
            same = (name == "converged") == inside[i, j]
            counts[0 if same else 1 if ((name == "converged") == around).any() else 2] += 1
    found = agreement(plan, names)
    assert list(found) == counts and min(counts) > 0 and found.cells == (names != "").sum()


def test_maps_of_other_games_have_no_border():
    assert border_of(Plan.of(Spec(), {"k": [1, 2], "d_lr": [0.1, 0.2]})) is None
    base = MAP_PRESETS["r1-dirac"].base
    assert border_of(Plan.of(base, {"r1": [0.0, 1.0]})) is None
    assert border_of(Plan.of(base, {"r1": [0.0, 1.0], "rule": ["simultaneous", "rk4"]})) is None
    three = Plan.of(base, {"r1": "0..1:4", "d_lr": "0.1..1:4", "rule": ["simultaneous", "rk4"]})
    assert border_of(three).between.shape[0] == 2
    with pytest.raises(SpecError, match="one of r1-dirac"):
        MAP_PRESETS["nonsense"]
    assert isinstance(MAP_PRESETS["r1-dirac"].sweep, Sweep)
