"""The plane: its pictures, with p_g as samples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from ganlab.domains.base import Domain, thinned
from ganlab.domains.label_probe import marks
from ganlab.domains.outside import outside
from ganlab.domains.picture import ARROWS, Detail, Layer, Players
from ganlab.domains.plane_probe import GRID, PlaneProbe
from ganlab.domains.tiles import FAKES, SCALE, fullest
from ganlab.domains.tiles import latents as tile_latents
from ganlab.languages import _
from ganlab.latents import LatentEntry, quasi_random
from ganlab.targets import Target

MESH = 48  # cells of a small field of D in each direction
FEWEST, FEWEST_LINES = 40, 5  # points of a line, and lines of a grid, of each label
_REAL_SHOWN = 500
_CYCLES = 40  # points x from which an arrow to G(E(x)) is drawn
_BELOW = 0.99  # a contour line is drawn at this share of its height: see `contours`
_POINT = 3.0  # the blur of given points in contours, in 320ths of the box's width


class Plane(Domain):
    """The real plane."""

    name, sides, distance = "plane", ("left", "right", "bottom", "top"), _("W₁ (sliced)")
    square, most_cells = True, GRID**2

    def probe(
        self,
        target: Target,
        latent: LatentEntry,
        latent_dim: int,
        points: int,
        weights: tuple[float, ...] = (),
    ) -> PlaneProbe:
        """See `Domain.probe`."""
        return PlaneProbe.of(target, latent, latent_dim, points, weights)

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """See `Domain.beyond`; a sample belongs to the side that it exceeds most."""
        gz, box = np.asarray(gz, np.float64), np.asarray(box, np.float64)
        return np.stack([_beyond(row, box) for row in gz])

    def layers(
        self, probe: PlaneProbe, latent_dim: int, average: bool, finite: bool = False
    ) -> list[Layer]:
        """D's field, contours of p_data, samples, the image of a grid of latents."""
        return [
            Layer("d", "D(x)", "D"),
            Layer("p_data", _("p_data"), "data"),
            Layer("real", _("training data") if finite else _("real samples"), "data"),
            Layer("fake", _("generated"), "G"),
            *([Layer("average", _("average of G"), "G")] if average else []),
            *([Layer("nearest", _("nearest data"), "data")] if finite else []),
            *([Layer("manifold", "z → G(z)", "G")] if latent_dim <= 2 else []),
            Layer("gradient", _("push on G"), "accent"),
        ]

    def scene(
        self, view: PlaneProbe, seed: int, data: torch.Tensor | None = None
    ) -> dict[str, np.ndarray]:
        """The arrays of `contours`, and real (n, 2): the training data, at most 2,000 of them.

        If they are drawn anew for each minibatch: 500 samples of p_data, functions of the seed.
        With labels also those of `marks`.
        """
        if view.weights:
            return marks(view.target) | self._scene(view, seed, data)
        return self._scene(view, seed, data)

    def _scene(
        self, view: PlaneProbe, seed: int, data: torch.Tensor | None
    ) -> dict[str, np.ndarray]:
        if data is not None:
            return contours(view.target) | {"real": thinned(data)}
        draw = torch.Generator().manual_seed(seed)
        return contours(view.target) | {"real": view.target.sample(_REAL_SHOWN, draw).numpy()}

    def picture(
        self, players: Players, views: Sequence[PlaneProbe], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """fake, manifold, d (R, cells, cells) in rows of constant y; beyond, spread.

        average: samples of the average of G's weights at some of the same latents; cycle_from,
        cycle_to: see `Players.cycle`, if there is an encoder. With labels
        also fake_label (R, n), and the manifold has one grid for each: (R, K, ...).
        """
        spec, weights = players.specs[0], views[0].weights
        z, mesh = latents(spec.p_z, spec.latent_dim, detail, weights)
        made = players.generate(z)
        gz = made.cpu().numpy()
        made, out = made[:, : detail.fakes], {"fake": gz[:, : detail.fakes]}
        if weights:
            label = z[: detail.fakes, -len(weights) :].argmax(1).numpy().astype(np.uint8)
            out["fake_label"] = np.tile(label, (len(gz), 1))
        made = players.told(made, z[: detail.fakes])
        if (mean := players.average) is not None:
            out["average"] = mean.generate(z[: detail.fakes // 4]).cpu().numpy()
        if mesh:
            out["manifold"] = gz[:, detail.fakes :].reshape(len(gz), *mesh, 2)
        boxes = [tuple(map(tuple, view.target.box.tolist())) for view in views]
        points = torch.stack([_field(box, detail.cells) for box in boxes])
        d = players.field(points, made)
        out["d"] = d.view(len(gz), detail.cells, detail.cells).cpu().numpy()
        if spec.classes:
            names = ("regions", "regions_alone")
            for name, found in zip(names, players.classes(points, slice(None)), strict=True):
                out[name] = found.astype(np.uint8).reshape(-1, detail.cells, detail.cells)
        if arrows:
            out |= players.arrows(made, made[:, :ARROWS])
        out |= {name: part for name, part in players.cycle(_CYCLES).items() if name != "cycle_z"}
        out["beyond"] = outside(self, views, out["fake"])
        return out | {"spread": out["fake"]}

    def mesh(self, view: PlaneProbe) -> torch.Tensor:
        """Centres of `MESH`² cells, in rows of constant y."""
        return _field(tuple(map(tuple, view.target.box.tolist())), MESH)

    def small(self, fields: np.ndarray) -> np.ndarray:
        """In 32,767ths, int16: (m, MESH, MESH); ½ where D has no value."""
        shown = np.rint(np.nan_to_num(fields, nan=0.5) * 32767).astype(np.int16)
        return shown.reshape(-1, MESH, MESH)

    def message(self, picture: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """With D's field in bytes: see `field`."""
        return picture | field(picture["d"])

    def tile_scene(self, probe: PlaneProbe) -> dict[str, np.ndarray]:
        """The arrays of `contours`."""
        return contours(probe.target)

    def tiles(self, players: Players, probe: PlaneProbe) -> dict[str, np.ndarray]:
        """fake (R, FAKES, 2), int16, -SCALE..SCALE in the box; beyond."""
        spec, box = players.specs[0], probe.target.box
        z = tile_latents(spec.p_z, spec.latent_dim, FAKES, weights=probe.weights)
        gz = players.generate(z).cpu().numpy()
        middle, half = box.mean(1), (box[:, 1] - box[:, 0]) / 2
        place = (gz - middle) / half * SCALE
        fake = np.rint(np.clip(place, -(2**15), 2**15 - 1)).astype(np.int16)
        return {"fake": fake, "beyond": fullest(self.beyond(gz, box))}


@lru_cache(maxsize=16)
def latents(
    latent: LatentEntry, dim: int, detail: Detail, weights: tuple[float, ...] = ()
) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Inputs of the samples shown, then those whose outputs show G's latent grid.

    The shape of the latter before flattening: (lines, lines) for 2-D latents, (points,) for 1-D
    latents, () otherwise, where no grid is shown. With labels there is a coarser one for each:
    (K, lines, lines) or (K, 1, points).
    """
    count = max(detail.fakes, detail.points or 0)
    shown = quasi_random(latent, dim, count, weights)[: detail.fakes]
    ppf, labels = latent.ppf, len(weights)
    shape: tuple[int, ...]
    if dim > 2:
        return torch.from_numpy(shown).float(), ()
    if dim == 1:
        points = max(FEWEST, 2 * detail.thread // labels) if labels else detail.thread
        mesh = ppf(np.linspace(0.002, 0.998, points))[:, None]
        shape = (labels, 1, points) if labels else (points,)
    else:
        lines = max(FEWEST_LINES, int(1.5 * detail.mesh / labels**0.5)) if labels else detail.mesh
        axis = ppf(np.linspace(0.02, 0.98, lines))
        mesh = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
        shape = (labels, lines, lines) if labels else (lines, lines)
    if labels:
        each = np.repeat(np.eye(labels), len(mesh), 0)
        mesh = np.concatenate([np.tile(mesh, (labels, 1)), each], 1)
    return torch.from_numpy(np.concatenate([shown, mesh])).float(), shape


@lru_cache(maxsize=32)
def _field(box: tuple[tuple[float, ...], ...], cells: int) -> torch.Tensor:
    """Centres of the cells of D's field, (cells², 2), in rows of constant y."""
    x, y = (lo + (hi - lo) * (np.arange(cells) + 0.5) / cells for lo, hi in box)
    return torch.from_numpy(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)).float()


def _beyond(x: np.ndarray, box: np.ndarray) -> np.ndarray:
    count = len(x)
    far = (x < box[:, 0]) | (x > box[:, 1])
    x = x[far[:, 0] | far[:, 1]]  # few, as a rule
    if not len(x):
        return np.zeros((4, 3))
    side = np.concatenate([box[:, 0] - x, x - box[:, 1]], 1)[:, [0, 2, 1, 3]].argmax(1)
    shares = np.bincount(side, minlength=4) / count
    totals = np.stack([np.bincount(side, part, 4) for part in x.T], 1) / count
    return np.concatenate([shares[:, None], totals / np.where(shares, shares, 1.0)[:, None]], 1)


@lru_cache(maxsize=64)  # computing them takes half of a restart
def contours(target: Target) -> dict[str, np.ndarray]:
    """p_data's contour lines as polylines: those that enclose 90, 50 and 15 % of the mass.

    contours (points, 2): all lines, one after the other; contour_lengths (lines,): their numbers
    of points; contour_levels (lines,): 0, 1 or 2.
    """
    import contourpy

    (x0, x1), (y0, y1) = target.box
    x, y = np.linspace(x0, x1, 321), np.linspace(y0, y1, 321)
    mass = target.cell_masses(
        np.append(x, 2 * x[-1] - x[-2]) - (x[1] - x[0]) / 2,
        np.append(y, 2 * y[-1] - y[-2]) - (y[1] - y[0]) / 2,
    )
    if not target.has_density:  # a circle around each point, which could not be seen otherwise
        from scipy.ndimage import gaussian_filter

        mass = gaussian_filter(mass, _POINT)
    ranked = np.sort(mass.ravel())[::-1]
    total = np.cumsum(ranked)
    lines: list[Any] = [np.empty((0, 2))]
    lengths, levels = [], []
    maker = contourpy.contour_generator(x, y, mass.T)
    for number, share in enumerate((0.9, 0.5, 0.15)):
        height = ranked[min(np.searchsorted(total, share * total[-1]), len(ranked) - 1)]
        # The contour of a plateau (a uniform density, or ink) is just below its height.
        for line in maker.lines(float(height) * _BELOW):
            lines.append(line)
            lengths.append(len(line))
            levels.append(number)
    return {
        "contours": np.concatenate(lines),
        "contour_lengths": np.array(lengths, np.int32),
        "contour_levels": np.array(levels, np.int32),
    }


def field(d: np.ndarray) -> dict[str, np.ndarray]:
    """D's field (ny, nx) in 255ths, uint8; d_none is 1 where it has no value, and omitted if none.

    Weights close to overflow may give D no value. Such a cell gets its nearest neighbour's value,
    so that interpolation beside it stays correct.
    """
    none = ~np.isfinite(d)
    if not none.any():
        return {"d": np.rint(d * 255).astype(np.uint8)}
    if none.all():
        d = np.zeros_like(d)
    else:
        from scipy.ndimage import distance_transform_edt

        nearest = distance_transform_edt(none, return_distances=False, return_indices=True)
        d = d[tuple(nearest)]
    return {"d": np.rint(d * 255).astype(np.uint8), "d_none": none.astype(np.uint8)}


PlaneProbe.domain = PLANE = Plane()
