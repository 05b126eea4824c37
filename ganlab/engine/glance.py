"""A glance: a snapshot's picture from fewer points, for servers with many sessions.

What is shown is what it says it is: p_g an exact push-forward where it is one elsewhere, of fewer
latent intervals; else estimated from fewer latents. So small, a picture costs mostly the dispatch
of its operations, of which there are as few as can be.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from ganlab.engine import probe, snapshot
from ganlab.engine.game import Game
from ganlab.engine.probe import Probe, probe_for
from ganlab.engine.snapshot import Snapshot
from ganlab.engine.state import State
from ganlab.latents import LATENTS, quasi_random
from ganlab.spec import Spec

INTERVALS = 256  # latent intervals of the exact push-forward
POINTS = 4096  # quasi-random latents where p_g must be estimated, 1-D
FAKES = 600  # generated samples shown, 2-D
MESH = 15  # lines of latents each way in the warped grid
THREAD = 120  # points of the image of a 1-D latent
CELLS = 32  # of D's field each way
_SHARED = 600  # generated samples behind the shares


def glance(
    game: Game,
    state: State,
    specs: tuple[Spec, ...],
    diverged: list,
    *,
    arrows: bool = True,
    points: int = probe.POINTS,
    view: tuple[Probe, ...] | None = None,
) -> Snapshot:
    """The Snapshot of a single run, without metrics: its picture is `snapshot.take`'s, coarser.

    Cells in 1-D are the same; without `arrows` grad_x and grad are left out. points, view: as
    there.
    """
    probes = (probe_for(specs[0], points),)
    shot = Snapshot(
        specs,
        state.iterations,
        state.d_updates,
        state.g_updates,
        state.phase,
        probes,
        list(diverged),
    )
    # Parameters are finite (a run keeps its last finite ones), but G may still overflow.
    with np.errstate(all="ignore"):
        see = _line if specs[0].dim == 1 else _plane
        shot.picture = see(game, state, specs[0], view or probes, arrows)
        shot.picture |= snapshot._shares(probes, shot.picture.pop("spread"))
    return shot


def _line(
    game: Game, state: State, spec: Spec, probes: tuple[Probe, ...], arrows: bool
) -> dict[str, np.ndarray]:
    (one,) = probes
    exact, z, lines, over = one.exact, one.z[:POINTS], None, None
    if exact:
        z, lines, over = snapshot.latents_1d(spec.latent, INTERVALS)
    made = snapshot._generate(game, state, z[None].to(state.g.device))
    made, at = snapshot.parted(made, over)
    gz = made.cpu().numpy()
    mass = one.masses(gz, over)
    outside = snapshot._beyond(probes, gz, over)
    if over is not None:
        made, gz = made[:, over.whole[1::2]], gz[:, over.whole[1:-1]]
    d, d_star, _ = snapshot._cell_d(game, state, (spec,), probes, 0, mass[0], made)
    out = {"p_g": mass[:, 1:-1] / one.cell, "d": d[None], "d_star": d_star[None]}
    if lines is not None and at is not None:
        out |= {"map_z": lines[None], "map_x": at.cpu().numpy()[..., 0]}
    else:
        out["fake"] = gz[:, :200, 0]
    if arrows:
        where = made[:, :20] if at is None else at[:, ::2]
        found = snapshot._arrows(game, state, probes, made, where)
        out |= {name: a[..., 0] for name, a in found.items()}
    out |= {"beyond": outside, "spread": gz[:, :: max(1, gz.shape[1] // _SHARED)]}
    return out


@lru_cache(maxsize=16)
def _plane_latents(latent: str, dim: int) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Latents of the samples shown, then of the warped grid, and that one's shape before."""
    shown = quasi_random(latent, dim, POINTS)[:FAKES]
    ppf = LATENTS[latent].ppf
    shape: tuple[int, ...]
    if dim == 1:
        mesh, shape = ppf(np.linspace(0.002, 0.998, THREAD))[:, None], (THREAD,)
    elif dim == 2:
        axis = ppf(np.linspace(0.02, 0.98, MESH))
        mesh = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        shape = (MESH, MESH)
    else:
        mesh, shape = shown[:0], ()
    return torch.from_numpy(np.concatenate([shown, mesh])).float()[None], shape


@lru_cache(maxsize=16)
def _field(box: tuple[tuple[float, ...], ...]) -> torch.Tensor:
    """Centres of the cells of D's field, (1, CELLS², 2), rows of constant y."""
    x, y = (lo + (hi - lo) * (np.arange(CELLS) + 0.5) / CELLS for lo, hi in box)
    points = np.stack(np.meshgrid(x, y), -1).reshape(1, -1, 2)
    return torch.from_numpy(points).float()


def _plane(
    game: Game, state: State, spec: Spec, probes: tuple[Probe, ...], arrows: bool
) -> dict[str, np.ndarray]:
    z, mesh = _plane_latents(spec.latent, spec.latent_dim)
    made = snapshot._generate(game, state, z.to(state.g.device))
    gz = made.cpu().numpy()
    out = {"fake": gz[:, :FAKES]}
    if mesh:
        out["manifold"] = gz[:, FAKES:].reshape(1, *mesh, 2)
    box = tuple(tuple(side) for side in probes[0].target.box.tolist())
    field = _field(box).to(state.d.device)
    with torch.no_grad():
        reals, fakes = probes[0].x[None].to(state.d.device), made[:, :FAKES]
        d = game.drawn(state.d, game.at(state.d, field, fakes), reals, fakes)
    out["d"] = d.view(1, CELLS, CELLS).cpu().numpy()
    if arrows:
        shown = made[:, : snapshot.ARROWS]
        out |= snapshot._arrows(game, state, probes, made[:, :FAKES], shown)
    out["beyond"] = snapshot._beyond(probes, out["fake"])
    return out | {"spread": out["fake"]}
