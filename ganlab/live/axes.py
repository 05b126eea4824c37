"""Axes that follow G: a box that contains p_data's own box and nearly all of p_g."""

from __future__ import annotations

import math

import numpy as np
import torch

from ganlab.domains import Probe
from ganlab.engine import Run
from ganlab.engine.generate import generate
from ganlab.latents import quasi_random

_POINTS = 512
_TAIL = 0.005  # the mass of p_g that may be beyond each side
_PAD = 0.08  # the free margin, as a share of the width
_WIDEST = 1e4  # in widths of the target's own box, which would look like a point beyond that
_SHRINK = 0.5  # axes shrink if the new width is below this share of the present one


def fitted(run: Run, probe: Probe, now: np.ndarray | None) -> np.ndarray | None:
    """The box (dim, 2) of axes that contain p_g; None if the target's own box does.

    now: the present box, which is kept while it contains p_g and is not much too wide.
    """
    own, spec = probe.target.box, run.spec
    z = quasi_random(spec.p_z, spec.latent_dim, _POINTS, spec.label_weights)
    x = generate(run.game, run.state.g, torch.from_numpy(z).float())[0].cpu().double().numpy()
    low, high = np.quantile(x, [_TAIL, 1 - _TAIL], axis=0)
    low, high = np.minimum(low, own[:, 0]), np.maximum(high, own[:, 1])
    if now is not None and (now[:, 0] <= low).all() and (high <= now[:, 1]).all():
        if ((high - low) > _SHRINK * (now[:, 1] - now[:, 0])).any():
            return now
    if (low == own[:, 0]).all() and (high == own[:, 1]).all():
        return None
    width = own[0, 1] - own[0, 0]
    limit = _WIDEST * width
    low, high = np.maximum(low, own[:, 0] - limit), np.minimum(high, own[:, 1] + limit)
    if probe.domain.square:  # keep units equally long on both axes
        half = max((high - low).max() / 2, 0.5 * width)
        middle = (high + low) / 2
        low, high = middle - half, middle + half
    pad = _PAD * (high - low)
    step = 10.0 ** np.floor(np.log10((high - low).max() / 4))
    low = np.where(low < own[:, 0], np.floor((low - pad) / step) * step, low)
    high = np.where(high > own[:, 1], np.ceil((high + pad) / step) * step, high)
    if probe.domain.square:
        side = math.ceil((high - low).max() / step) * step
        low = np.floor((high + low - side) / 2 / step) * step
        high = low + side
    return np.stack([low, high], 1)
