"""Named Specs: the defaults of the labs."""

from __future__ import annotations

from typing import Any, NamedTuple

from ganlab.languages import _
from ganlab.losses import LOSSES
from ganlab.optim import OPTIMIZERS
from ganlab.spec import Spec

# By `Spec.axes`: the Spec that each lab shows unless its address holds another.
DEFAULTS = {
    1: Spec(),
    # The ring of Metz et al., smaller and faster: G collapses to few modes and hops between them.
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
    # As frequent as words of a language; slow enough to be watched.
    0: Spec(target="categorical", latent_dim=2, g_lr=5e-4, d_lr=2e-3),
}


# By `Spec.axes`: the (iteration, seconds) of the stretches in which a lab's first view plays.
OPENING = {1: ((300, 12.0), (600, 4.0)), 2: ((900, 15.0),), 0: ((300, 12.0),)}


class Strip(NamedTuple):
    """One-click comparison on the Compare page: a field and its values, one for each run.

    base: the Spec whose field varies; None for the default of the page's dimension.
    """

    field: str
    values: tuple[Any, ...]
    base: Spec | None = None


_LOSSES: tuple[str, ...] = ("minimax", "non-saturating", "wasserstein", "least-squares", "hinge")
_LOSSES += ("maximum-likelihood",)
# Wider modes and a higher rate than the default's: G collapses, and is cured, within seconds.
CROWD = DEFAULTS[2].replace(
    latent_dim=16, batch=64, target_params={"std": 0.15}, g_lr=2e-3, d_lr=2e-3
)
STRIPS = {
    "k = 1, 2, 5, 10": Strip("k", (1, 2, 5, 10)),
    _("losses"): Strip("loss", tuple(name for name in _LOSSES if name in LOSSES)[:4]),
    _("minibatch discrimination"): Strip("minibatch_discrimination", (0, 4), CROWD),
    _("unrolled D: K = 0, 5"): Strip("unroll", (0, 5), CROWD),
    _("optimisers"): Strip("optimizer", tuple(OPTIMIZERS)[:4]),
    _("D's rate"): Strip("d_lr", (3e-4, 3e-3, 3e-2)),
    _("D's width"): Strip("d_hidden", ((4,), (32, 32))),
}
