"""Measures of a run that a Snapshot lacks, for the claims of presets."""

from __future__ import annotations

import numpy as np
import torch

from ganlab.engine.probe import probe_for
from ganlab.presets.preset import POINTS, Checked


def off(run: Checked) -> dict[str, np.ndarray]:
    """off, (R,): the mean of p_g minus the mean of p_data, in units of x; 1-D targets only."""
    probes = [probe_for(spec, POINTS) for spec in run.specs]
    z = torch.stack([probe.z for probe in probes])
    with torch.no_grad():
        made = run.game.make(run.state.g, z).mean(1)[:, 0].double().numpy()
    return {"off": made - np.array([float(probe.x.double().mean()) for probe in probes])}


def lonely(run: Checked) -> dict[str, np.ndarray]:
    """there, (R,): the mean of D over the generated mass where p_data is below 1 % of p_g.

    alone, (R,): the share of p_g's mass that lies there.
    """
    shot = run.snapshot(measure=False)
    rows = []
    for i, probe in enumerate(shot.probes):
        mass = shot.picture["p_g"][i] * probe.cell
        mass = mass * (probe.p_data[1:-1] < 0.01 * mass)
        rows.append(((shot.picture["d"][i] * mass).sum() / max(mass.sum(), 1e-9), mass.sum()))
    there, alone = np.array(rows).T
    return {"there": there, "alone": alone}
