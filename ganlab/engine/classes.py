"""Accuracies of a D that learns the labels of a few points, and of a net that has these alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ganlab.engine.evaluation import Evaluation
from ganlab.targets import Target

HELD_OUT = 4096  # labelled samples of p_data on which accuracies are measured
_SEED = 20160610  # of these samples


@lru_cache(maxsize=16)
def held_out(target: Target) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples of p_data (n, dim) that no run trains on, and their labels (n,)."""
    x, which = target.sample_labelled(HELD_OUT, torch.Generator().manual_seed(_SEED))
    return x, which.long()


@lru_cache(maxsize=16)
def best(target: Target) -> float:
    """The highest accuracy that any classifier can have on these samples, on average."""
    x, _ = held_out(target)
    return float(target.posterior(x.double().numpy()).max(1).mean())


def accuracies(players: Evaluation) -> dict[str, np.ndarray]:
    """accuracy: D's share of right labels; accuracy_alone: that of the net beside it; (R,) each."""
    out: dict[str, list[float]] = {"accuracy": [], "accuracy_alone": []}
    for run, spec in enumerate(players.specs):
        x, which = held_out(spec.built)
        row = slice(run, run + 1)
        for name, found in zip(out, players.classes(x[None], row), strict=True):
            out[name].append(float((found[0] == which.numpy()).mean()))
    return {name: np.array(values) for name, values in out.items()}
