"""The order of blocks: spread over the map first, then along the borders between verdicts."""

import numpy as np
import pyarrow as pa
import pytest

from ganlab import Spec, SpecError
from ganlab.sweeps import Sweep, results
from ganlab.sweeps.order import Order
from ganlab.sweeps.spread import COARSE, arranged, levels

BASE = Spec(target="two_gaussians", g_hidden=(4,), d_hidden=(4,), batch=16)
RATES = {"d_lr": "1e-5..1e-1:20:log", "g_lr": "1e-5..1e-1:21:log"}


def found(block, names):
    """The table of a block whose cells have these verdicts."""
    cells, seeds = zip(*block.runs, strict=True)
    columns = {"cell": cells, "seed": seeds, "verdict": [names[c] for c in cells]}  # from seed 0
    return pa.table({name: list(column) for name, column in columns.items()})


def played(plan, names, order=None):
    """The numbers of the blocks in the order in which they are trained."""
    out = []
    order = Order(plan) if order is None else order
    for number in order:
        out.append(number)
        order.add(found(plan.blocks[number], names))
    return out


def known(plan, numbers):
    """Whether each cell is finished after these blocks."""
    runs = [cell for n in numbers for cell, _ in plan.blocks[n].runs]
    return np.bincount(runs, minlength=plan.size) == plan.seeds


@pytest.mark.parametrize("length", [1, 2, 3, 9, 20])
def test_levels_halve_an_axis(length):
    found = levels(length)
    for level in range(found.max() + 1):
        at = np.flatnonzero(found <= level)
        # The gaps between the values of a level are halves of those of the one before.
        assert at[0] == 0 and at[-1] == length - 1
        assert np.diff(at).max(initial=0) <= np.ceil((length - 1) / 2**level)


def test_blocks_hold_the_coarse_grid_first_and_then_neighbours():
    shape = (20, 21)
    cells = arranged(range(420), shape)
    assert sorted(cells) == list(range(420))
    at = np.array(np.unravel_index(cells, shape)).T
    assert {tuple(xy) for xy in at[:4]} == {(0, 0), (0, 20), (19, 0), (19, 20)}
    count = 5 * 5
    gaps = [np.diff(np.unique(at[:count, axis])).max() for axis in (0, 1)]
    assert max(gaps) <= 6 and COARSE == 2
    # Of 32 neighbours in a square of 6 by 6 two are at most 5 apart on each axis.
    rest = at[count : count + 384].reshape(-1, 32, 2)
    assert np.median(np.ptp(rest, axis=1)) <= 8


def test_every_block_comes_once_and_a_second_start_goes_on(tmp_path):
    plan = Sweep.of(BASE, RATES | {"k": [1, 2]}, seeds=3)
    names = np.random.default_rng(2).choice(["converged", "orbits", "hops"], plan.size)
    whole = played(plan, names)
    assert sorted(whole) == [block.number for block in plan.blocks]
    folder = results.Folder(tmp_path, plan)
    for number in whole[:30]:
        folder.add(number, found(plan.blocks[number], names))
    again = Order(plan, folder)
    assert len(again) == len(whole) - 30 and again.missing == set(whole[30:])
    rest = played(plan, names, again)
    assert sorted(rest) == sorted(whole[30:])
    assert rest[0] == whole[30], "it goes on where it was"
    folder.add(whole[31], found(plan.blocks[whole[0]], names))
    with pytest.raises(SpecError, match="other blocks"):
        Order(plan, folder)


def test_the_border_between_verdicts_is_known_long_before_the_rest():
    plan = Sweep.of(BASE, RATES, seeds=8)
    i, j = np.unravel_index(range(plan.size), plan.shape)
    inside = (i - 4) ** 2 + (j - 14) ** 2 < 60
    names = np.where(inside, "converged", "orbits")
    grid = np.pad(inside.reshape(plan.shape), 1, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(grid, (3, 3)).reshape(plan.size, 9)
    border = around.any(1) & ~around.all(1)
    order = played(plan, names)
    coarse = known(plan, order[: len(order) // 8]).reshape(plan.shape)
    assert all(coarse[a : a + 7, b : b + 7].any() for a in range(14) for b in range(15))
    half = known(plan, order[: len(order) // 2])
    assert half[border].mean() > 0.9 > 0.55 > half.mean()
    # Without differences the holes are filled evenly instead.
    even = played(plan, np.full(plan.size, "orbits"))
    assert known(plan, even[: len(even) // 2])[border].mean() < 0.8
