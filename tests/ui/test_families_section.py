"""The tables of other families: what they show of results."""

from __future__ import annotations

import math

import numpy as np

from ganlab import Spec
from ganlab.baselines import FAMILIES, ROWS, Result
from ganlab.ui import families

RING = Spec(target="ring", latent_dim=2)
NUMBERS = {"jsd": 0.12345, "w1": 0.5, "modes": 7.0, "hq": 0.3333, "log_likelihood": -1.2344}
NUMBERS |= {"fit_seconds": 2.04, "sample_seconds": 0.456}


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in text.splitlines()]


def test_each_number_of_a_result_is_in_its_row():
    none = dict.fromkeys(NUMBERS, math.nan) | {"jsd": 0.2, "fit_seconds": 1, "sample_seconds": 1}
    found = [
        Result("vae", NUMBERS, bound=True, steps=2000, of=2000),
        Result("gan", none, steps=40, of=2000),
        Result("em", refused="it needs | something"),
    ]
    head, _, floor, vae, gan, em = cells(families._numbers(RING, found))
    assert head[:4] == ["family", "JSD", "W₁", "modes"] and floor[0] == "p_data itself"
    assert vae[1:8] == ["0.1235", "0.5", "7 of 8", "33.3%", "≥ -1.234", "2.0 s", "0.46 s"]
    assert gan[2:6] == ["–"] * 4 and gan[8] == "stopped after 40 of 2,000 steps"
    assert em[1] == "–" and "it needs \\| something" in em[-1]
    # The mean log-density of the ring's own samples: −log(2πσ²) − 1 − log 8, modes far apart.
    std = RING.target_params["std"]
    want = -math.log(2 * math.pi * std**2) - 1 - math.log(8)
    assert abs(float(floor[5]) - want) < 0.1
    assert np.isfinite([float(floor[1]), float(floor[2])]).all()


def test_the_table_has_each_row_for_each_family():
    head, _, *rows = cells(families._table())
    assert head[1:] == [family.title for family in FAMILIES.entries.values()]
    assert [row[0] for row in rows] == list(ROWS.values())
    assert all(len(row) == len(head) and all(row) for row in rows)
