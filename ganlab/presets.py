"""Named Specs: what the labs open with."""

from __future__ import annotations

from ganlab.losses import LOSSES
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


def to_compile() -> list[Spec]:
    """What is worth compiling ahead: every preset, with each loss, which can change live."""
    return [spec.replace(loss=loss) for spec in DEFAULTS.values() for loss in LOSSES]
