"""Named Specs: what the labs open with."""

from __future__ import annotations

from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS
from ganlab.spec import Spec

# By dimension: what each lab shows unless its address says otherwise.
DEFAULTS = {
    1: Spec(),
    # Metz et al.'s ring, made small and fast: it collapses on few modes and hops between them.
    2: Spec(
        target="ring",
        target_params={"std": 0.02},
        latent_dim=2,
        g_hidden=(64, 64),
        d_hidden=(64,),
        g_activation="relu",
        d_activation="relu",
        init="orthogonal",
        init_gain=0.8,
        g_lr=1e-3,
        d_lr=1e-3,
        betas=(0.5, 0.999),
    ),
}


_LOSSES = ("minimax", "non-saturating", "wasserstein", "least-squares", "hinge")
_LOSSES += ("maximum-likelihood",)
# What the page of comparisons offers with one click: the field and its values, one a run.
STRIPS = {
    "k = 1, 2, 5, 10": ("k", (1, 2, 5, 10)),
    "losses": ("loss", tuple(name for name in _LOSSES if name in LOSSES)[:4]),
    "optimisers": ("optimizer", tuple(OPTIMIZERS)[:4]),
    "unrolled D: K = 0, 5": ("unroll", (0, 5)),
    "D's rate": ("d_lr", (3e-4, 3e-3, 3e-2)),
    "D's width": ("d_hidden", ((4,), (32, 32))),
}
