"""How well the encoder E and G invert each other."""

from __future__ import annotations

import numpy as np
import torch

from ganlab.engine.evaluation import Evaluation, array
from ganlab.engine.game import evenly

CYCLED = 1024  # points, and latents, whose cycles are measured


def cycles(players: Evaluation, z: torch.Tensor) -> dict[str, np.ndarray]:
    """cycle_x: mean |x - G(E(x))| over p_data; cycle_z: mean |z - E(G(z))| over inputs z of G.

    z: (R, n, in), with labels if there are any. The results are (R,), in units of x and of z.
    """
    structure = players.game.rules.structure
    x = evenly(players.points, CYCLED)
    # Those of an exact push-forward are sorted; of quasi-random ones only the first are even.
    z = evenly(z, CYCLED) if players.probes[0].exact else z[:, :CYCLED]
    back = players.generate(players.infer(x))
    labels = z[..., structure.latent_dim :]
    again = players.infer(torch.cat([players.generate(z), labels.expand(len(x), -1, -1)], 2))
    pairs = {
        "cycle_x": (back, x[..., : structure.dim]),
        "cycle_z": (again[..., : structure.latent_dim], z[..., : structure.latent_dim]),
    }
    return {
        name: array(torch.linalg.vector_norm(a - b, dim=2).mean(1))
        for name, (a, b) in pairs.items()
    }
