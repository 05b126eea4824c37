"""Other families of generative models beside the GAN, on the same data and with the same budget.

    from ganlab import Spec, baselines
    for result in baselines.compare(Spec(target="moons", latent_dim=2)):
        print(result.family, result.numbers)

They are baselines to look at, at most 120 lines each, and one registry entry each: see `Family`.
"""

from __future__ import annotations

from ganlab.baselines import diffusion, em, flow, gan, kde, vae
from ganlab.baselines.compare import NUMBERS, Result, as_csv, best, compare, measured, task_of
from ganlab.baselines.entry import FAMILIES, ROWS, Family, Model, Task

__all__ = [
    "FAMILIES",
    "NUMBERS",
    "ROWS",
    "Family",
    "Model",
    "Result",
    "Task",
    "as_csv",
    "best",
    "compare",
    "measured",
    "task_of",
]

for _module in (em, kde, vae, flow, diffusion, gan):
    FAMILIES.add(_module.FAMILY)
