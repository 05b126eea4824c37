"""Phenomena of what G covers: collapse, hopping, and what restores diversity."""

from __future__ import annotations

from ganlab.presets.first import DEFAULTS
from ganlab.presets.preset import PRESETS, Preset, late

RING = DEFAULTS[2]

PRESETS.add(
    Preset(
        name="hopping",
        title="Mode collapse: one mode after another",
        equation="",
        doc="G puts nearly all its mass where D last believed it, D learns better, and G moves on. "
        "It never settles, and never covers the ring.",
        cite="Metz et al. 2017, figure 2; Goodfellow 2016, section 5.1.1",
        specs=(RING.replace(latent_dim=16),),
        labels=("G",),
        claim="In most checks at least 90 % of the mass is on at most two modes.",
        iterations=2000,
        every=100,
        holds=lambda a: (late(a, "top2", 0.8) >= 0.9).mean() > 0.5,
    )
)
