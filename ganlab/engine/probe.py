"""The probe of a Spec, cached for its target and latent, and shared by runs and snapshots.

Since the probe is shared, the points of a curve differ by the state alone.
"""

from __future__ import annotations

from functools import lru_cache

from ganlab.domains import Probe, domain_of
from ganlab.domains.base import POINTS
from ganlab.latents import LatentEntry
from ganlab.spec import Params, Spec
from ganlab.targets import TARGETS, make_target


@lru_cache(maxsize=16)
def _build(
    name: str,
    params: Params,
    latent: LatentEntry,
    latent_dim: int,
    points: int,
    weights: tuple[float, ...],
) -> Probe:
    target = make_target(name, params)
    return domain_of(TARGETS[name].dim).probe(target, latent, latent_dim, points, weights)


def probe_for(spec: Spec, points: int = POINTS) -> Probe:
    """The probe of a Spec's target and latent; `points` latents if p_g is estimated."""
    return _build(
        spec.target, spec.target_params, spec.p_z, spec.latent_dim, points, spec.label_weights
    )
