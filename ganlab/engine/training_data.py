"""What a finite set of training data does: D's value on it, and how near G's samples are to it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

from ganlab import theory
from ganlab.engine.draws import data_set
from ganlab.engine.evaluation import Evaluation, array
from ganlab.engine.game import evenly
from ganlab.spec import Spec
from ganlab.targets import make_target

COMPARED = 500  # samples whose nearest points are found
_TREE = 20_000  # training points among which they are found
_SEED = 20140610  # of the new samples


@lru_cache(maxsize=16)
def _near(spec: Spec) -> tuple[cKDTree, float]:
    """The training data as a tree, and the median distance of new data to their nearest point."""
    import torch

    points = data_set(spec)
    assert points is not None
    tree = cKDTree(points[:: -(-len(points) // _TREE)].double().numpy())
    target = make_target(spec.target, spec.target_params)
    new = target.sample(4 * COMPARED, torch.Generator().manual_seed(_SEED)).double().numpy()
    return tree, float(np.median(tree.query(new)[0]))


def _data_of(spec: Spec) -> Spec:
    """A Spec with the same training data; all Specs with these data have the same one."""
    same = Spec(target=spec.target, target_params=spec.target_params, latent_dim=spec.dim)
    return same.replace(data_size=spec.data_size, seed=spec.seed)


def nearest(spec: Spec, x: np.ndarray) -> float:
    """Median distance of x (n, dim) to the nearest training point, over that of new data.

    About 1 if x are as new as data that were never seen, 0 if they are copies. Of more than 20,000
    training points, evenly spaced ones count.
    NaN without a finite set of training data.
    """
    if not spec.data_size:
        return float("nan")
    tree, apart = _near(_data_of(spec))
    some = np.asarray(x, np.float64)[:: -(-len(x) // COMPARED)]
    return float(np.median(tree.query(some)[0])) / apart


def value_on_data(players: Evaluation, run: int, fake: np.ndarray, most: int) -> float:
    """V(D, G) of one run with the expectation over its training data, at most `most` of them.

    fake: (m,), D's logits of generated samples. NaN without a finite set of training data, and with
    losses of another game.
    """
    points = data_set(players.specs[run])
    if points is None or not players.game.loss.value:
        return float("nan")
    seen = evenly(points[None].to(players.device), most)
    (real,) = players.judged(slice(run, run + 1), seen)
    return float(theory.value(array(real)[0], fake))
