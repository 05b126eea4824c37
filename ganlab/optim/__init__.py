"""Optimisers on flat parameters: `update(grad, slots, params, t, hyper) -> params, slots`.

`slots` is a tuple of vectors like `params` (R, P), which start as zeros; t = 1, 2, ... counts the
updates of the player. Numbers in `hyper` are floats, or (R, 1) tensors if the runs differ.
Nothing is changed in place, and everything can be differentiated, as unrolling needs.

An update has two parts: `numbers(t, hyper)` computes a few numbers in double precision, and
`apply(grad, slots, params, *numbers)` does the work. Compiled programs hold only the second.
"""

from __future__ import annotations

from ganlab.optim import optimisers  # noqa: F401  (importing it fills OPTIMIZERS)
from ganlab.optim.entry import OPTIMIZERS, Hyper, Number, OptimizerEntry, Slots, Stepped

__all__ = ["OPTIMIZERS", "Hyper", "Number", "OptimizerEntry", "Slots", "Stepped"]
