"""Draws of many runs at once are those of each run, wherever a call begins."""

import ctypes

import numpy as np
import torch

from ganlab import Spec
from ganlab.engine import Game
from ganlab.engine.draws import Draws

SPECS = tuple(Spec(target="ring", batch=4096, seed=seed) for seed in (3, 4, 5))
RULES = Game.of(SPECS, torch.device("cpu")).rules
CALLS = ((0, 5), (5, 3), (7, 1), (5, 30), (35, 2), (0, 8), (8, 9), (3, 1))  # blocks are of 8


def at(address: int, shape: tuple[int, ...]) -> np.ndarray:
    """A copy of the float32 numbers at an address."""
    count = int(np.prod(shape))
    numbers = (ctypes.c_float * count).from_address(int(address))
    return np.array(numbers, np.float32).reshape(shape)


def test_their_addresses_lead_to_the_draws_of_each_run():
    many = Draws(SPECS, RULES, torch.device("cpu"))
    alone = [Draws((spec,), RULES, torch.device("cpu")) for spec in SPECS]
    for start, count in CALLS:
        many.get("D", "data", start + 90)  # as an eager update would: of another block
        slabs = many.slabs("D", "data", start, count)
        for address, own in zip(slabs.at(start), alone, strict=True):
            wanted = own.slab(0, "D", "data", start, count).numpy()
            np.testing.assert_array_equal(at(address, wanted.shape), wanted)
