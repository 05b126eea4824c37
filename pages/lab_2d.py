"""The 2-D lab: the field of D, the bent latent space of G, and the modes it finds."""

from ganlab import Spec
from ganlab.ui.lab import lab
from ganlab.ui.layout import headline

headline(
    "2-D lab",
    "Generated points chase what D calls real (blue). "
    "Count the modes they hold: where they crowd, D turns against them.",
)
lab(
    2,
    # Metz et al.'s ring, made small and fast: it collapses on few modes and hops between them.
    Spec(
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
    ),
)
