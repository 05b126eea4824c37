"""Tiles: a small picture and a few metrics for each of many runs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ganlab import metrics, words
from ganlab.domains import Probe
from ganlab.engine import Game, State
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import samples
from ganlab.latents import intervals, quasi_random
from ganlab.live.scene import contours, knobs, panel
from ganlab.spec import Spec
from ganlab.targets import TARGETS, Target, make_target

POINTS = 4096  # latents behind the metrics of one run
CELLS = 96  # of a tile's densities, 1-D
D_POINTS = 41  # points at which a tile shows D, 1-D
FAKES = 256  # generated points in a tile, 2-D
SCALE = 2**13  # coordinates are integers: -SCALE..SCALE is the box, and four boxes' widths fit
_MOST_LATENTS = 2**15  # for all tiles of a frame, 1-D


def probe_of(spec: Spec) -> Probe:
    """The probe that measures every run of an ensemble."""
    return probe_for(spec, POINTS)


def _generate(game: Game, g: torch.Tensor, z: torch.Tensor) -> np.ndarray:
    """G(z) for (R, P) and (n, latent_dim), (R, n, dim), finite."""
    with torch.no_grad():
        x = game.make(g, z.expand(len(g), *z.shape).to(g.device))
    return torch.nan_to_num(x, nan=1e30, posinf=1e30, neginf=-1e30).cpu().numpy()


def measure(game: Game, state: State, probe: Probe, rows: slice) -> dict[str, np.ndarray]:
    """Metrics of some of the runs, each (rows,): jsd, modes if the target has modes, w1 in 1-D.

    Defined as in `Snapshot.metrics`, with `POINTS` latents; jsd in nats, w1 in units of x.
    """
    with np.errstate(all="ignore"):
        gz = _generate(game, state.g[rows], probe.z)
        out = {"jsd": probe.jsd(probe.masses(gz))[0]}
        if probe.domain.density:
            out["w1"] = probe.w1(gz, game.G.bounded)
        if probe.target.modes is not None:
            out["modes"] = metrics.mode_score(samples(probe, gz), probe.target.modes).captured
    return {name: np.asarray(values, np.float64) for name, values in out.items()}


@lru_cache(maxsize=16)
def _latents(latent: str, dim: int, count: int, exact: bool) -> torch.Tensor:
    z = intervals(latent, count).ends[:, None] if exact else quasi_random(latent, dim, count)
    return torch.from_numpy(z).float()


def _edges(target: Target) -> np.ndarray:
    low, high = target.box[0]
    return np.linspace(low, high, CELLS + 1)


def _coarse(target: Target) -> np.ndarray:
    """p_data as the tiles draw it, (CELLS,)."""
    edges = _edges(target)
    return target.cell_masses(edges) / (edges[1] - edges[0])


def pictures(game: Game, state: State, spec: Spec) -> dict[str, np.ndarray]:
    """All tiles of one moment, small enough to be sent ten times per second.

    1-D: p_g (R, CELLS) in 255ths of twice p_data's peak, d = D(x) (R, D_POINTS) in 255ths, from
    one end of the box to the other; uint8. 2-D: fake (R, FAKES, 2), int16 (see `SCALE`).
    Both: beyond (R, 2), the side of `Domain.sides` beyond which most of p_g lies, and the
    percentage there. d_none (R, D_POINTS) marks where D has no value, and is omitted if it always
    has.
    """
    target = make_target(spec.target, spec.target_params)
    with np.errstate(all="ignore"):
        return (_lines if spec.domain.density else _points)(game, state, spec, target)


def _lines(game: Game, state: State, spec: Spec, target: Target) -> dict[str, np.ndarray]:
    runs, exact = len(state.g), spec.latent_dim == 1
    count = min(1024, _MOST_LATENTS // runs) * (1 if exact else 2)
    gz = _generate(game, state.g, _latents(spec.latent, spec.latent_dim, count, exact))[..., 0]
    edges = _edges(target)
    over = intervals(spec.latent, count) if exact else None
    outside = spec.domain.beyond(gz[..., None], target.box, None if over is None else over.mass)
    if over is not None:
        mass = metrics.pushforward_1d(gz, over.mass, edges)[:, 1:-1]
        gz = gz[:, over.whole[1::2]]
    else:
        mass = np.stack([np.histogram(row, edges)[0] for row in gz]) / count
        mass = metrics.smooth(mass, 1.0)  # counts of so few samples are noisy
    top = 2 * _coarse(target).max() * (edges[1] - edges[0])
    low, high = (float(edge) for edge in target.box[0])
    x = torch.linspace(low, high, D_POINTS, device=state.d.device)
    with torch.no_grad():
        at = x[None, :, None].expand(runs, D_POINTS, 1)
        made = torch.from_numpy(gz[..., None]).to(at)
        real = probe_for(spec, POINTS).x.to(at).expand(runs, -1, -1)
        d = game.drawn(state.d, game.at(state.d, at, made), real, made).cpu().numpy()
    out = {"p_g": _bytes(mass / top), "d": _bytes(d)}
    out["beyond"] = _most(outside)
    # Weights close to overflow may give D no value.
    none = ~np.isfinite(d)
    return out | {"d_none": none.astype(np.uint8)} if none.any() else out


def _bytes(share: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(np.nan_to_num(share), 0, 1) * 255).astype(np.uint8)


def _most(rows: np.ndarray) -> np.ndarray:
    """The fullest side of `beyond` (R, sides, 1 + dim) and its percentage, (R, 2)."""
    shares = rows[..., 0]
    return np.stack([shares.argmax(1), np.rint(100 * shares.max(1))], 1).astype(np.uint8)


def _points(game: Game, state: State, spec: Spec, target: Target) -> dict[str, np.ndarray]:
    gz = _generate(game, state.g, _latents(spec.latent, spec.latent_dim, FAKES, False))
    middle, half = target.box.mean(1), (target.box[:, 1] - target.box[:, 0]) / 2
    place = (gz - middle) / half * SCALE
    fake = np.rint(np.clip(place, -(2**15), 2**15 - 1)).astype(np.int16)
    return {"fake": fake, "beyond": _most(spec.domain.beyond(gz, target.box))}


def scene(spec: Spec, seeds: int, probe: Probe, number: int) -> tuple[dict, dict[str, Any]]:
    """Header and arrays of the scene on which the tiles of run `number` are drawn."""
    target, modes = probe.target, probe.target.modes
    header = {
        "type": "scene",
        "run": number,
        "seeds": seeds,
        "dim": spec.dim,
        "box": target.box.tolist(),
        "cell": probe.cell,
        "points": POINTS,
        "scale": SCALE,
        "modes": 0 if modes is None else len(modes.std),
        "target": TARGETS[spec.target].title,
        "panels": panels(probe),
        "knobs": knobs(),
        "readout": words.unfold(words.READOUTS.values()),
        "tiles": words.unfold(words.TILES.values()),
        "seed": spec.seed,
    }
    if spec.domain.density:
        p_data = _coarse(target)
        return header, {"p_data": p_data / (2 * p_data.max())}
    return header, contours(target)


def panels(probe: Probe) -> list[dict[str, Any]]:
    """The panels beside the tiles: median, quartiles and range over the runs.

    The last panel's legend names the bands for all panels: the first has no room beside its title.
    """

    def spread(name: str, title: str, lines=(), **more: Any) -> dict[str, Any]:
        series = [{"key": name, "title": "median", "role": "G", "dash": "solid"}]
        bands = [
            {"low": f"{name}_min", "high": f"{name}_max", "title": "", "opacity": 0.13},
            {"low": f"{name}_q1", "high": f"{name}_q3", "title": "", "opacity": 0.3},
        ]
        made = panel(name, title, series, lines, **more)
        about = [*made["help"], *words.unfold([words.BANDS])]
        return made | {"bands": bands, "role": "G", "help": about}

    about = f"JSD(p_data, p_g), cells of {probe.cell:.3g}, {POINTS:,} points a seed"
    lines = [(float(np.log(2)), "ln 2"), (probe.floors["jsd"], "floor")]
    out = [spread("jsd", about, lines, unit="nats", low=0.0, high=0.75)]
    if probe.target.modes is not None and len(probe.target.modes.std) > 1:
        count = len(probe.target.modes.std)
        title = f"modes captured, of {count}"
        out.append(spread("modes", title, [(count, "all")], low=0.0, high=count * 1.15))
    if probe.domain.density and probe.target.has_mean:
        out.append(spread("w1", probe.domain.distance, [(probe.floors["w1"], "floor")], low=0.0))
    for band, title in zip(out[-1]["bands"], ("all", "middle half"), strict=True):
        band["title"] = title
    return out
