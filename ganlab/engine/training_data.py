"""What a finite set of training data does: D's value on it, and how near G's samples are to it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ganlab import theory
from ganlab.engine.draws import data_labels, data_set
from ganlab.engine.evaluation import Evaluation, array
from ganlab.engine.game import evenly
from ganlab.networks.labels import beside, one_hot
from ganlab.spec import Spec
from ganlab.targets import make_target

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

BINS = 12  # of the histogram of distances, up to `FARTHEST` medians of new data
FARTHEST = 3.0
COMPARED = 500  # samples whose nearest points are found
_TREE = 20_000  # training points among which they are found
_SEED = 20140610  # of the new samples


@lru_cache(maxsize=16)
def _near(spec: Spec) -> tuple[cKDTree, float, np.ndarray]:
    """The training data as a tree; the median distance of new data to their nearest point.

    And the histogram of these distances, (BINS,).
    """
    import torch
    from scipy.spatial import cKDTree  # slow: not at the server's start

    points = data_set(spec)
    assert points is not None
    tree = cKDTree(points[:: -(-len(points) // _TREE)].double().numpy())
    target = make_target(spec.target, spec.target_params)
    new = target.sample(4 * COMPARED, torch.Generator().manual_seed(_SEED)).double().numpy()
    found = tree.query(new)[0]
    apart = float(np.median(found))
    return tree, apart, _histogram(found / apart)


def _histogram(distances: np.ndarray) -> np.ndarray:
    """The shares (BINS,) of distances in equal bins from 0; the last one also has all beyond."""
    finite = np.nan_to_num(distances, nan=FARTHEST, posinf=FARTHEST)
    which = np.minimum(finite * (BINS / FARTHEST), BINS - 1).astype(int)
    return np.bincount(which, minlength=BINS) / max(1, len(distances))


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
    return float(np.median(_distances(spec, x))) if spec.data_size else float("nan")


def _distances(spec: Spec, x: np.ndarray) -> np.ndarray:
    tree, apart, _ = _near(_data_of(spec))
    some = np.asarray(x, np.float64)[:: -(-len(x) // COMPARED)]
    found: np.ndarray = tree.query(np.nan_to_num(some, posinf=1e300, neginf=-1e300))[0]
    return found / apart


def nearest_histogram(spec: Spec, x: np.ndarray) -> np.ndarray:
    """The histogram of the distances that `nearest` is the median of: shares (BINS,).

    The bins are equal, from 0 to `FARTHEST` medians of new data; the last has all beyond. NaN
    without a finite set of training data.
    """
    return _histogram(_distances(spec, x)) if spec.data_size else np.full(BINS, np.nan)


def new_histogram(spec: Spec) -> np.ndarray:
    """The same of new data, of 2,000 samples of p_data: (BINS,)."""
    return _near(_data_of(spec))[2]


def value_on_data(players: Evaluation, run: int, fake: np.ndarray, most: int) -> float:
    """V(D, G) of one run with the expectation over its training data, at most `most` of them.

    fake: (m,), D's logits of generated samples. NaN without a finite set of training data, and with
    losses of another game.
    """
    points = data_set(players.specs[run])
    if points is None or not players.game.loss.value:
        return float("nan")
    spec = players.specs[run]
    if spec.labels:
        points = beside(points, one_hot(data_labels(spec), spec.labels))
    row = slice(run, run + 1)
    seen = evenly(points[None].to(players.device), most)
    (real,) = players.judged(row, players.game.paired(players.state.g[row], seen))
    return float(theory.value(array(real)[0], fake))
