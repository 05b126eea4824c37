"""The line: its pictures, with p_g as a density."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from ganlab import metrics
from ganlab.domains.base import Domain, thinned
from ganlab.domains.label_probe import marks
from ganlab.domains.line_probe import MOST_CELLS, LineProbe
from ganlab.domains.outside import beyond_row, outside, within
from ganlab.domains.picture import MEAN, Detail, Layer, Players
from ganlab.domains.tiles import CELLS, D_POINTS, MOST_LATENTS, fullest, to_bytes
from ganlab.domains.tiles import latents as tile_latents
from ganlab.languages import _
from ganlab.latents import Intervals, LatentEntry, labelled
from ganlab.targets import Target

MAP_LINES = 41  # the number of arrows z -> G(z)
FEWEST_LINES = 9  # of each label
_CYCLES = 13  # points x whose path x -> E(x) -> G(E(x)) is drawn
_FAKES = 200  # generated samples shown if there is no map z -> G(z)


class Line(Domain):
    """The real line."""

    name, sides, distance, density = "line", ("left", "right"), _("W₁ (exact)"), True
    quick, exact_latent_dim, most_cells = True, 1, MOST_CELLS

    def probe(
        self,
        target: Target,
        latent: LatentEntry,
        latent_dim: int,
        points: int,
        weights: tuple[float, ...] = (),
    ) -> LineProbe:
        """See `Domain.probe`."""
        return LineProbe.of(target, latent, latent_dim, points, weights)

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """See `Domain.beyond`."""
        gz, box = np.asarray(gz, np.float64), np.asarray(box, np.float64)
        if mass is not None:
            return np.stack([_intervals(row, box, np.asarray(mass, np.float64)) for row in gz])
        return np.stack([_samples(row, box) for row in gz])

    def layers(
        self, probe: LineProbe, latent_dim: int, average: bool, finite: bool = False
    ) -> list[Layer]:
        """p_data and p_g as densities, D, D*, the map from latents."""
        return [
            Layer("p_data", _("p_data"), "data"),
            *([Layer("real", _("training data"), "data")] if finite else []),
            Layer("p_g", "p_g", "G"),
            *([Layer("average", _("average of G"), "G")] if average else []),
            Layer("d", "D(x)", "D"),
            Layer("d_star", "D*(x)", "D"),
            Layer("map", "z → G(z)" if probe.exact else "G(z)", "G"),
            Layer("gradient", _("push on G"), "accent"),
        ]

    def scene(
        self, view: LineProbe, seed: int, data: torch.Tensor | None = None
    ) -> dict[str, np.ndarray]:
        """x and p_data, (cells,); real (n,): the training data, if they are a finite set.

        With labels also those of `marks`.
        """
        out = {"x": view.centres[0], "p_data": view.p_data[1:-1] / view.cell}
        out |= marks(view.target) if view.weights else {}
        return out if data is None else out | {"real": thinned(data)[:, 0]}

    def picture(
        self, players: Players, views: Sequence[LineProbe], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """p_g, d, d_star in cells; map_z and map_x, or fake; beyond, spread, tail.

        average: p_g of the average of G's weights, if one is kept; cycle_from, cycle_z, cycle_to:
        see `Players.cycle`, if there is an encoder. With labels also p_g_labels
        (R, K, cells), the part of p_g with each label, and map_label, the label of each in map_z.
        """
        exact, z, lines, over = views[0].exact, views[0].z[: detail.points], None, None
        weights = views[0].weights
        if exact:
            z, lines, over = latents(players.specs[0].p_z, detail.intervals, weights)
        made, at = _parted(players.generate(z), over)
        gz = made.cpu().numpy()
        each = list(zip(views, gz, strict=True))
        masses = np.stack([view.masses(row[None], over)[0] for view, row in each])
        out = {"beyond": outside(self, views, gz, over)}
        shown = masses
        if weights:
            own = np.stack([view.label_masses(row[None], over)[0] for view, row in each])
            shown = masses if players.label == MEAN else own[:, players.label]
            part = own[..., 1:-1] * np.array(weights)[:, None]
            out["p_g_labels"] = part / np.array([[[view.cell]] for view in views])
        inputs = z[: made.shape[1]]
        reach = [view.tail(row[None], over)[0] for view, row in each if view.heavy]
        if over is not None:  # from here on all samples have equal weight
            made, gz = made[:, over.whole[1::2]], gz[:, over.whole[1:-1]]
            inputs = inputs[over.whole[1::2]]
        made = players.told(made, inputs)
        cells = [players.cells(run, shown[run], made) for run in range(len(views))]
        out["p_g"] = masses[:, 1:-1] / np.array([[view.cell] for view in views])
        out["d"], out["d_star"] = (np.stack([c[i] for c in cells]) for i in (0, 1))
        if (mean := players.average) is not None:
            also = _parted(mean.generate(z), over)[0].cpu().numpy()
            each = list(zip(views, also, strict=True))
            masses = np.stack([view.masses(row[None], over)[0] for view, row in each])
            out["average"] = masses[:, 1:-1] / np.array([[view.cell] for view in views])
        if lines is not None and at is not None:
            out["map_z"] = np.tile(lines, (len(views), 1))
            out["map_x"] = at.cpu().numpy()[..., 0]
            at = players.told(at, z[-len(lines) :])
            if weights:
                label = z[-len(lines) :, 1:].argmax(1).numpy().astype(np.uint8)
                out["map_label"] = np.tile(label, (len(views), 1))
        else:
            out["fake"] = gz[:, :_FAKES, 0]
        if arrows:
            found = players.arrows(made, made[:, :20] if at is None else at[:, ::2])
            out |= {name: a[..., 0] for name, a in found.items()}
        for name, part in players.cycle(_CYCLES).items():
            out[name] = part[..., 0]
        if len(reach) == len(views):
            out["tail"] = np.array(reach)
        return out | {"spread": gz[:, :: max(1, gz.shape[1] // detail.shared)]}

    def mesh(self, view: LineProbe) -> torch.Tensor:
        """The cells' centres, as in a picture."""
        return view.grid

    def tile_scene(self, probe: LineProbe) -> dict[str, np.ndarray]:
        """p_data (CELLS,), as a share of twice its peak."""
        p_data = _coarse(probe.target)
        return {"p_data": p_data / (2 * p_data.max())}

    def tiles(self, players: Players, probe: LineProbe) -> dict[str, np.ndarray]:
        """p_g (R, CELLS), d (R, D_POINTS), uint8; beyond; d_none, if D lacks values somewhere.

        p_g in 255ths of twice p_data's peak, D(x) in 255ths, both from one end of the box to the
        other; d_none: where D has no value.
        """
        spec, runs, box = players.specs[0], len(players.specs), probe.target.box
        count = min(1024, MOST_LATENTS // runs) * (1 if probe.exact else 2)
        z = tile_latents(spec.p_z, spec.latent_dim, count, probe.exact, probe.weights)
        gz = players.generate(z).cpu().numpy()[..., 0]
        edges = _edges(probe.target)
        over = labelled(spec.p_z, count, probe.weights) if probe.exact else None
        beyond = self.beyond(gz[..., None], box, None if over is None else over.mass)
        if over is not None:
            mass = metrics.pushforward_1d(gz, over.mass, edges)[:, 1:-1]
            gz, z = gz[:, over.whole[1::2]], z[over.whole[1::2]]
        else:
            mass = np.stack([np.histogram(row, edges)[0] for row in gz]) / count
            mass = metrics.smooth(mass, 1.0)  # with so few samples, plain counts are ragged
        top = 2 * _coarse(probe.target).max() * (edges[1] - edges[0])
        x = torch.linspace(float(box[0, 0]), float(box[0, 1]), D_POINTS)
        at = x[None, :, None].expand(runs, D_POINTS, 1)
        made = players.told(torch.from_numpy(gz[..., None]).to(at), z)
        d = players.field(at, made).cpu().numpy()
        out = {"p_g": to_bytes(mass / top), "d": to_bytes(d), "beyond": fullest(beyond)}
        # With weights close to overflow D may have no value.
        none = ~np.isfinite(d)
        return out | {"d_none": none.astype(np.uint8)} if none.any() else out


def _edges(target: Target) -> np.ndarray:
    low, high = target.box[0]
    return np.linspace(low, high, CELLS + 1)


def _coarse(target: Target) -> np.ndarray:
    """p_data as the tiles draw it, (CELLS,)."""
    edges = _edges(target)
    return target.cell_masses(edges) / (edges[1] - edges[0])


@lru_cache(maxsize=16)
def latents(
    latent: LatentEntry, count: int, weights: tuple[float, ...] = ()
) -> tuple[torch.Tensor, np.ndarray, Intervals]:
    """Ends of latent intervals, then the starts of the arrows z -> G(z), (n, in); both again.

    With labels each has arrows of its own, from the same latents.
    """
    labels = len(weights)
    lines = max(FEWEST_LINES, 2 * MAP_LINES // labels) if labels else MAP_LINES
    z = latent.ppf((np.arange(lines) + 0.5) / lines)
    over = labelled(latent, count, weights)
    starts = z[:, None]
    if labels:
        starts = np.concatenate(
            [np.tile(starts, (labels, 1)), np.repeat(np.eye(labels), lines, 0)], 1
        )
    inputs = torch.from_numpy(np.concatenate([over.inputs, starts])).float()
    return inputs, starts[:, 0], over


def _parted(made: torch.Tensor, over: Intervals | None) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The outputs at the ends of intervals, and the outputs after them, or None."""
    if over is None:
        return made, None
    ends, rest = made.tensor_split([len(over.ends)], 1)
    return ends, rest


def _samples(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    if within(x, box):
        return np.zeros((2, 2))
    x, (low, high) = x[:, 0], box[0]
    out = []
    for where in (x < low, x > high):
        out.append(beyond_row(where.mean(), np.where(where, x, 0.0).mean()))
    return np.array(out)


def _intervals(x: np.ndarray, box: np.ndarray, mass: np.ndarray) -> np.ndarray:
    if within(x, box):
        return np.zeros((2, 2))
    x, (low, high) = x[:, 0], box[0]
    a, b = np.minimum(x[1:], x[:-1]), np.maximum(x[1:], x[:-1])
    wide = b > a
    length = np.where(wide, b - a, 1.0)
    # An interval whose ends coincide is an atom: all of it is beyond, or none.
    below = np.where(wide, np.clip((low - a) / length, 0, 1), a < low)
    above = np.where(wide, np.clip((b - high) / length, 0, 1), a > high)
    middles = (a / 2 + np.minimum(b, low) / 2, np.maximum(a, high) / 2 + b / 2)
    rows = zip((below, above), middles, strict=True)
    return np.array([beyond_row(mass @ p, mass @ np.where(p > 0, p * m, 0.0)) for p, m in rows])


LineProbe.domain = LINE = Line()
