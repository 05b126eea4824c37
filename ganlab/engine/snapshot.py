"""Snapshot: what can be seen and measured of a run at one moment, in NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch

from ganlab import metrics, theory
from ganlab.engine.beyond import beyond
from ganlab.engine.game import Game, evenly
from ganlab.engine.probe import POINTS, Probe, probe_for
from ganlab.engine.state import State
from ganlab.latents import LATENTS, Intervals, intervals, quasi_random
from ganlab.losses import every_pair
from ganlab.spec import Spec

FAKES = 1500  # generated samples shown
MAP_LINES = 41  # arrows z -> G(z)
MESH = 21  # lines of latents each way in the warped grid
ARROWS = 48  # gradient arrows
_PICTURE_INTERVALS = 1024
_SCORED = 2500  # generated samples behind modes, hq and reverse_kl
EXPECTATION = 2048  # latents behind V, the losses and the gradients
PIECE = 2048
HEAVY = 20_000  # parameters of G from which p_g is estimated from fewer latents
FACED = 256  # samples of each kind on which D is unrolled for the arrows


@dataclass
class Snapshot:
    """R runs at one moment. Arrays lead with R; divergences are in nats.

    metrics, each (R,): jsd and jsd_smooth (ORACLES: binned on cells of `probe.cell`, and with
    both sides convolved with a Gaussian of two cells), w1, value = V(D, G), c_g = C(G) =
    -log 4 + 2 jsd, gap = c_g - value, d_distance = mean |D - D*| under (p_data + p_g)/2, d_loss,
    g_loss, grad_x = mean norm of dG's cost/dx at a generated x, grad_g = norm of dG's cost/dθ_G,
    tail = reach of p_g's tails over that of p_data's (`Probe.tail`), modes (captured), hq
    (fraction), reverse_kl.
    picture: arrays named as the live view's frames name them; beyond: see `engine.beyond`; tail:
    as in metrics, where every run's p_data or latent has no mean.
    """

    specs: tuple[Spec, ...]
    iteration: int
    d_updates: int
    g_updates: int
    phase: int
    probes: tuple[Probe, ...]
    diverged: list
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    picture: dict[str, np.ndarray] = field(default_factory=dict)


def points_for(game: Game) -> int:
    """Latents behind p_g where it is estimated: fewer for a G that is dear to ask."""
    return POINTS // 8 if game.G.size > HEAVY else POINTS


def take(
    game: Game,
    state: State,
    specs: tuple[Spec, ...],
    diverged: list,
    *,
    measure: bool = True,
    picture: bool = True,
    arrows: bool = True,
    points: int = POINTS,
    view: tuple[Probe, ...] | None = None,
) -> Snapshot:
    """A Snapshot of `state`; `measure` and `picture` say which half is wanted.

    view: probes of the picture's axes, where they are not the targets' own (see `Probe.over`).

    Without `arrows` a picture lacks grad_x and grad, which are half of its cost.
    `points` quasi-random latents estimate p_g where it is not an exact push-forward.
    """
    probes = tuple(probe_for(s, points) for s in specs)
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
        if measure:
            shot.metrics = _measure(game, state, specs, probes)
        if picture:
            see = _picture_1d if specs[0].dim == 1 else _picture_2d
            shot.picture = see(game, state, specs, view or probes, arrows)
            shot.picture |= _shares(probes, shot.picture.pop("spread"))
    return shot


def _rows(tensors: list[torch.Tensor], device: torch.device) -> torch.Tensor:
    return torch.stack(tensors).to(device)


def _array(x: torch.Tensor) -> np.ndarray:
    return x.detach().cpu().double().numpy()


def _bounded(x: torch.Tensor) -> torch.Tensor:
    """Without NaN and inf: what overflows is far outside any picture, on no side that is known."""
    return torch.nan_to_num(x, nan=1e30, posinf=1e30, neginf=-1e30)


def _generate(game: Game, state: State, z: torch.Tensor) -> torch.Tensor:
    # In pieces whose activations stay in cache.
    with torch.no_grad():
        pieces = [game.make(state.g, piece) for piece in z.split(PIECE, 1)]
        return _bounded(torch.cat(pieces, 1) if len(pieces) > 1 else pieces[0])


def _gradients(game: Game, state: State, z: torch.Tensor, real: torch.Tensor):
    """At x = G(z): d cost/dx of one sample (R, n, dim), d cost/dθ_G (R, P), x, cost.

    Where D is unrolled, through its updates on `real` and x.
    """
    with torch.enable_grad():
        g = state.g.detach().requires_grad_()
        x = game.make(g, z)
        cost = game.g_cost(game.faced(state, real, x), real, x)
        by_x, by_g = torch.autograd.grad(cost.sum(), (x, g))
    return by_x * z.shape[1], by_g, x, cost


def _measure(game: Game, state: State, specs, probes) -> dict[str, np.ndarray]:
    device = state.g.device
    z = _rows([p.z for p in probes], device)
    gz = _generate(game, state, z).cpu().numpy()
    masses = np.stack([p.masses(row[None])[0] for p, row in zip(probes, gz, strict=True)])
    jsds = [p.jsd(m[None]) for p, m in zip(probes, masses, strict=True)]
    out = {
        "jsd": np.array([j[0][0] for j in jsds]),
        "jsd_smooth": np.array([j[1][0] for j in jsds]),
        "w1": np.array(
            [p.w1(row[None], game.G.bounded)[0] for p, row in zip(probes, gz, strict=True)]
        ),
    }
    out["tail"] = np.array([p.tail(row[None])[0] for p, row in zip(probes, gz, strict=True)])
    some = probes[0].even(z) if probes[0].exact else z[:, :EXPECTATION]
    reals = _rows([p.x for p in probes], device)
    if game.D.kernels:  # closeness within minibatches costs a minibatch's square
        reals, some = evenly(reals, EXPECTATION // 2), evenly(some, EXPECTATION // 2)
    by_x, by_g, x, g_cost = _gradients(game, state, some, evenly(reals, EXPECTATION))
    with torch.no_grad():
        real, fake = game.logits(state.d, reals), game.logits(state.d, x)
    value = theory.value(_array(real), _array(fake))
    out["value"] = value if game.loss.value else np.full(len(probes), np.nan)
    out["c_g"] = theory.c_g(out["jsd"])
    out["gap"] = out["c_g"] - out["value"]
    out["d_loss"] = _array(game.loss.d(real, fake))
    out["g_loss"] = _array(g_cost)
    out["grad_x"] = _array(by_x.norm(dim=2).mean(1))
    out["grad_g"] = _array(by_g.norm(dim=1))
    cells = [_cell_d(game, state, specs, probes, r, masses[r], x) for r in range(len(probes))]
    out["d_distance"] = np.array([metrics.d_distance(d, star, weight) for d, star, weight in cells])
    for name in ("modes", "hq", "reverse_kl"):
        out[name] = np.full(len(probes), np.nan)
    for r, probe in enumerate(probes):
        if probe.target.modes is not None:
            score = metrics.mode_score(samples(probe, gz[r : r + 1])[0], probe.target.modes)
            out["modes"][r], out["hq"][r] = score.captured, score.high_quality
            out["reverse_kl"][r] = score.reverse_kl
    return out


def samples(probe: Probe, gz: np.ndarray) -> np.ndarray:
    """At most `_SCORED` of G(z) (R, n, dim), spread over all latents."""
    # An exact probe's latents are in order: its first ones would be one side of p_g only.
    gz = probe.even(gz)
    return gz[:, :: math.ceil(gz.shape[1] / _SCORED)] if probe.exact else gz[:, :_SCORED]


def _cell_d(game, state, specs, probes, r: int, mass: np.ndarray, made: torch.Tensor):
    """D and D* at the cell centres, and their weight (p_data + p_g)/2, all flat.

    D* is NaN where the loss knows no best D(x), and where nothing is.
    """
    probe, row = probes[r], slice(r, r + 1)
    with torch.no_grad():
        device, made = state.d.device, made[row]
        logits = game.at(state.d[row], probe.grid[None].to(device), made)
        shown = game.drawn(state.d[row], logits, probe.x[None].to(device), made)[0]
    inner = slice(0, -1) if probe.target.dim == 2 else slice(1, -1)
    p, q = probe.p_data[inner], mass[inner]
    best, spec = game.loss.optimal, specs[r]
    star = np.full(p.shape, np.nan)
    if best is not None:
        star = best(p, q, spec.smooth_real, spec.smooth_fake)
    return _array(shown), star, (p + q) / 2


def _arrows(game: Game, state: State, probes, made, x: torch.Tensor) -> dict[str, np.ndarray]:
    """Points x (R, n, dim) and, for each, the displacement that lowers G's cost.

    The cost is by the D that G faces: unrolled, if so, against `made` (R, n, dim) of G's images.

    A gradient of norm n is 0.15 n / (n + 0.4) of the box's width long, at any time: so a
    vanishing gradient is seen to vanish, and none leaves the picture.
    """
    d, made, x = state.d, evenly(made, FACED), x.detach()
    match, compares = "feature_matching" in game.strengths, game.loss.g_sees_real
    reals: torch.Tensor | None = None
    if match or compares or game.rules.structure.unroll:
        reals = evenly(_rows([p.x for p in probes], d.device), FACED)
        d = game.faced(state, reals, made).detach()
    with torch.enable_grad():
        # Costs of means pull at the mean of all, not at each alone.
        seen = torch.cat([x, made], 1) if match or compares else x
        seen = seen.detach().requires_grad_()
        if match and reals is not None:
            cost = game.g_cost(d, reals, seen)
        elif compares and reals is not None:
            cost = game.loss.g(*every_pair(game.at(d, reals, made), game.at(d, seen, made)))
        else:
            cost = game.loss.g(None, game.at(d, seen, made))
        (by_x,) = torch.autograd.grad(cost.sum(), seen)
    # What is NaN has no direction: it is left out of the picture, not drawn as a gradient of 0.
    by_x = (by_x * seen.shape[1])[:, : x.shape[1]].clamp(-1e15, 1e15)
    norm = by_x.norm(dim=2, keepdim=True).clamp_min(1e-30)
    length = 0.15 * norm / (norm + 0.4) * torch.from_numpy(_boxes(probes)).to(norm)
    return {"grad_x": x.detach().cpu().numpy(), "grad": (-by_x / norm * length).cpu().numpy()}


def _boxes(probes) -> np.ndarray:
    """Widths of what is shown, (R, 1, 1)."""
    return np.array([[[p.target.box[0, 1] - p.target.box[0, 0]]] for p in probes])


def _beyond(probes, gz: np.ndarray, over: Intervals | None = None) -> np.ndarray:
    mass = None if over is None else over.mass
    rows = [beyond(x[None], p.target.box, mass)[0] for p, x in zip(probes, gz, strict=True)]
    return np.stack(rows)


def _shares(probes, fakes: np.ndarray) -> dict[str, np.ndarray]:
    """Fraction of `fakes` (R, n, dim) nearest to each mode; what is far off is no mode's."""
    if any(p.target.modes is None for p in probes):
        return {}
    return {"shares": np.stack([_share(p, f) for p, f in zip(probes, fakes, strict=True)])}


def _share(probe: Probe, x: np.ndarray) -> np.ndarray:
    modes, box = probe.target.modes, probe.target.box
    assert modes is not None
    centers = modes.centers.astype(np.float32)
    reach = box[:, 1] - box[:, 0]  # a box's width beyond the box, all modes are equally far
    inside = ((x >= box[:, 0] - reach) & (x <= box[:, 1] + reach)).all(1)
    # All modes of a target are equally wide: the nearest is so in σ as well.
    nearest = ((centers**2).sum(1) - 2 * x[inside] @ centers.T).argmin(1)
    return np.bincount(nearest, minlength=len(centers)) / len(x)


@lru_cache(maxsize=16)
def latents_1d(latent: str, count: int) -> tuple[torch.Tensor, np.ndarray, Intervals]:
    """Ends of latent intervals, then the starts of the arrows z -> G(z), (n, 1); both again."""
    lines = LATENTS[latent].ppf((np.arange(MAP_LINES) + 0.5) / MAP_LINES)
    over = intervals(latent, count)
    return torch.from_numpy(np.concatenate([over.ends, lines])).float()[:, None], lines, over


def _picture_1d(game: Game, state: State, specs, probes, arrows: bool) -> dict[str, np.ndarray]:
    exact, z, lines, over = probes[0].exact, probes[0].z, None, None
    if exact:
        z, lines, over = latents_1d(specs[0].latent, _PICTURE_INTERVALS)
    z = z.expand(len(specs), *z.shape).to(state.g.device)
    made, at = parted(_generate(game, state, z), over)
    gz = made.cpu().numpy()
    masses = np.stack([p.masses(row[None], over)[0] for p, row in zip(probes, gz, strict=True)])
    outside = _beyond(probes, gz, over)
    reach = [p.tail(row[None], over)[0] for p, row in zip(probes, gz, strict=True) if p.heavy]
    if over is not None:  # from here on all that is made counts alike
        made, gz = made[:, over.whole[1::2]], gz[:, over.whole[1:-1]]
    cells = [_cell_d(game, state, specs, probes, r, masses[r], made) for r in range(len(specs))]
    out = {
        "p_g": masses[:, 1:-1] / np.array([[p.cell] for p in probes]),
        "d": np.stack([c[0] for c in cells]),
        "d_star": np.stack([c[1] for c in cells]),
    }
    if lines is not None and at is not None:
        out["map_z"] = np.tile(lines, (len(specs), 1))
        out["map_x"] = at.cpu().numpy()[..., 0]
    else:
        out["fake"] = gz[:, :200, 0]
    if arrows:
        found = _arrows(game, state, probes, made, made[:, :20] if at is None else at[:, ::2])
        out |= {name: a[..., 0] for name, a in found.items()}
    out |= {"beyond": outside, "spread": gz[:, :: max(1, gz.shape[1] // 1000)]}
    if len(reach) == len(probes):
        out["tail"] = np.array(reach)
    return out


def parted(made: torch.Tensor, over: Intervals | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """What is made of the ends of intervals, and of what follows them, where there are any."""
    if over is None:
        return made, None
    ends, rest = made.tensor_split([len(over.ends)], 1)
    return ends, rest


@lru_cache(maxsize=16)
def _latents_2d(latent: str, dim: int) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Latents of the samples shown, then those whose images show how G bends its latent space.

    The latter's shape before flattening: (lines, lines) for 2-D latents, (points,) for 1-D ones,
    () for more, where there is no mesh to show.
    """
    shown = quasi_random(latent, dim, FAKES)
    if dim > 2:
        return torch.from_numpy(shown).float(), ()
    if dim == 1:
        mesh = LATENTS[latent].ppf(np.linspace(0.002, 0.998, 200))[:, None]
        shape: tuple[int, ...] = (200,)
    else:
        axis = LATENTS[latent].ppf(np.linspace(0.02, 0.98, MESH))
        mesh = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        shape = (MESH, MESH)
    return torch.from_numpy(np.concatenate([shown, mesh])).float(), shape


def _picture_2d(game: Game, state: State, specs, probes, arrows: bool) -> dict[str, np.ndarray]:
    spec, runs = specs[0], len(specs)
    z, mesh = _latents_2d(spec.latent, spec.latent_dim)
    z = z.expand(runs, *z.shape).to(state.g.device)
    made = _generate(game, state, z)
    gz = made.cpu().numpy()
    out = {"fake": gz[:, :FAKES]}
    if mesh:
        out["manifold"] = gz[:, FAKES:].reshape(runs, *mesh, 2)
    with torch.no_grad():
        grids = _rows([p.grid for p in probes], state.d.device)
        reals, fakes = _rows([p.x for p in probes], state.d.device), made[:, :FAKES]
        d = game.drawn(state.d, game.at(state.d, grids, fakes), reals, fakes)
    nx, ny = (len(c) for c in probes[0].centres)
    # The grid runs over x first; pictures want rows of constant y.
    out["d"] = d.view(runs, nx, ny).transpose(1, 2).cpu().numpy()
    if arrows:
        out |= _arrows(game, state, probes, made[:, :FAKES], made[:, :ARROWS])
    out["beyond"] = _beyond(probes, out["fake"])
    return out | {"spread": out["fake"]}
