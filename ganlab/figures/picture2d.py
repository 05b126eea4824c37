"""The 2-D picture: the field D(x), p_data's contours, real and generated points, G's manifold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ganlab.figures.base import (
    CLEAR,
    Layers,
    array,
    arrows,
    axis,
    base_layout,
    bottom_legend,
    find_theme,
    gradient_arrows,
    label_marks,
    legend_height,
    pixel,
    polylines,
    said,
)
from ganlab.figures.units import unit_names, unit_ticks
from ganlab.theme import PLANE, SIZES, translucent

POINT = "x = (%{x:.4~g}, %{y:.4~g})"


def centres(low: float, high: float, n: int) -> np.ndarray:
    """The centres (n,) of n equal cells that cover the interval from `low` to `high`."""
    return low + (high - low) * (np.arange(n) + 0.5) / n


def picture_2d(
    scene: Mapping[str, Any],
    frame: Mapping[str, Any],
    theme: str = "light",
    width: float = 600,
    height: float = 440,
    hidden: Collection[str] = (),
    legend: bool = True,
    scale: float = 1,
) -> go.Figure:
    """The plane: D as a diverging field in [0, 1], with points, manifold and gradient over it.

    scene: box [[xlo, xhi], [ylo, yhi]], layers, contours (n, 2), contour_lengths (m,),
    contour_levels (m,), real (r, 2). frame: d uint8 (ny, nx) in 0..255 with y ascending along its
    first axis, d_none (ny, nx) where it has no value, fake (f, 2), manifold (u, v, 2) or (u, 2),
    grad_x, grad (j, 2), and its texts, beyond and missing; any of them may be missing, and rows
    with NaN are left out. Units are equally long on both axes. scale: of text and margins, as in
    the live canvas. With a legend there is also a colour bar of D. Raises SpecError for an unknown
    theme.
    """
    palette, u = find_theme(theme), scale
    layers = Layers(scene["layers"], hidden, palette)
    (x_lo, x_hi), (y_lo, y_hi) = ((float(a), float(b)) for a, b in scene["box"])
    # The same pixels as in the live canvas; with a legend also a colour bar on the right.
    pad, left = pixel(PLANE.pad * u), pixel(PLANE.left * u)
    foot = legend_height(scene["layers"], width - left - pad) if legend else 0
    room_x = max(width - left - (left if legend else pad), 50)
    room_y = max(height - pixel(PLANE.below * u) - pad - foot, 50)
    unit = min(room_x / (x_hi - x_lo), room_y / (y_hi - y_lo))
    w, h = pixel(unit * (x_hi - x_lo)), pixel(unit * (y_hi - y_lo))
    left += max(0, pixel((room_x - w) / 2))
    margin = {"l": left, "r": width - left - w, "t": pad, "b": height - pad - h}

    field = frame.get("d")
    if field is not None and "d" in layers.known:
        z = np.asarray(field) / np.float32(255)
        none = frame.get("d_none")
        if none is not None:
            z = np.where(np.asarray(none) > 0, np.float32(np.nan), z)
        _field(layers, z, (x_lo, x_hi), (y_lo, y_hi), u if legend else 0)
    if "p_data" in layers.known:
        _contours(layers, scene, u)
    _points(layers, "real", array(scene, "real"), PLANE.real * u, PLANE.real_alpha)
    _manifold(layers, array(frame, "manifold"), u)
    _points(layers, "fake", array(frame, "fake"), PLANE.fake * u, 1, frame.get("fake_label"))
    _nearest(layers, array(frame, "fake"), array(scene, "real"), u)
    _crosses(layers, "average", array(frame, "average"), u)
    _cycle(layers, array(frame, "cycle_from"), array(frame, "cycle_to"), u)
    for name in ("regions", "regions_alone"):
        _regions(layers, name, frame.get(name), (x_lo, x_hi), (y_lo, y_hi), u)
    start, end = gradient_arrows(array(frame, "grad_x"), array(frame, "grad"), x_hi - x_lo)
    if len(start) and "gradient" in layers.known:
        colour, data = layers.colour("gradient"), arrows(start, end, 8 * u)
        data["marker"]["color"] = colour
        layers.add(
            "gradient",
            **data,
            line={"color": colour, "width": PLANE.gradient * u},
            hoverinfo="skip",
        )

    layout = base_layout(palette, width, height, margin, u)
    layout["modebar"]["orientation"] = "v"
    layout.update(
        xaxis=axis(palette, u, range=[x_lo, x_hi], constrain="domain", mirror=True,
                   **unit_ticks(scene, 0, x_lo, x_hi)),
        yaxis=axis(
            palette, u, range=[y_lo, y_hi], scaleanchor="x", scaleratio=1, constrain="domain",
            mirror=True, **unit_ticks(scene, 1, y_lo, y_hi),
        ),
        hovermode="closest",
        showlegend=legend,
        legend=bottom_legend(),
    )  # fmt: skip
    notes = label_marks(scene, layers, u)
    notes += said(frame, palette, u, "fake" in layers.hidden, "d" in layers.hidden)
    notes += unit_names(scene, palette, u)
    layout["annotations"] = [{"showarrow": False, **note} for note in notes]
    return go.Figure(data=layers.close(), layout=layout)


def _field(
    layers: Layers,
    d: np.ndarray,
    xs: tuple[float, float],
    ys: tuple[float, float],
    bar: float,
) -> None:
    palette, (ny, nx) = layers.theme, d.shape
    layers.add(
        "d",
        go.Heatmap,
        x=centres(*xs, nx),
        y=centres(*ys, ny),
        z=d.astype(np.float32),
        zmin=0,
        zmax=1,
        colorscale=[[i / 2, colour] for i, colour in enumerate(palette.field)],
        showscale=bar > 0,
        colorbar={
            "x": 1, "xanchor": "left", "xpad": 6, "y": 0, "yanchor": "bottom",
            "len": 1, "ypad": 0, "thickness": 8 * bar, "outlinewidth": 0, "bgcolor": CLEAR,
            "tickvals": [0, 0.5, 1], "ticktext": ["0", "½", "1"], "ticks": "",
            "tickfont": {"size": SIZES.axis * bar, "color": palette.colour("D")},
        }
        if bar
        else None,
        zsmooth="best" if np.isfinite(d).all() else False,  # smoothing would fill the gaps
        hoverongaps=False,
        hovertemplate=POINT + "<br>D = %{z:.4~g}<extra></extra>",
    )  # fmt: skip


def _contours(layers: Layers, scene: Mapping[str, Any], u: float) -> None:
    points = array(scene, "contours")
    if points is None:
        return
    lengths = np.asarray(scene["contour_lengths"], dtype=int)
    levels = np.asarray(scene.get("contour_levels", np.zeros(len(lengths))), dtype=int)
    lines = np.split(points, np.cumsum(lengths)[:-1])
    for level in np.unique(levels):
        colour = layers.colour(
            "p_data", min(PLANE.contour_alpha + PLANE.contour_alpha_step * int(level), 1)
        )
        xy = polylines(line for line, of in zip(lines, levels, strict=True) if of == level)
        style = {"color": colour, "width": PLANE.contour * u, "dash": "dot"}
        layers.add("p_data", x=xy[:, 0], y=xy[:, 1], mode="lines", line=style, hoverinfo="skip")


def _regions(
    layers: Layers,
    layer: str,
    classes: np.ndarray | None,
    xs: tuple[float, float],
    ys: tuple[float, float],
    u: float,
) -> None:
    """Lines between cells (ny, nx) of different classes; dashed in the picture of the net alone."""
    if classes is None or layer not in layers.known:
        return
    ny, nx = classes.shape
    x, y = np.linspace(*xs, nx + 1), np.linspace(*ys, ny + 1)
    across, up = (np.argwhere(np.diff(classes.astype(int), axis=axis)) for axis in (1, 0))
    if layer == "regions_alone":
        across, up = (found[found.sum(1) % 2 == 0] for found in (across, up))
    lines = [np.array([[x[i + 1], y[j]], [x[i + 1], y[j + 1]]]) for j, i in across]
    lines += [np.array([[x[i], y[j + 1]], [x[i + 1], y[j + 1]]]) for j, i in up]
    xy = polylines(lines)
    style = {"color": layers.colour(layer), "width": PLANE.region * u}
    layers.add(layer, x=xy[:, 0], y=xy[:, 1], mode="lines", line=style, hoverinfo="skip")


def _points(
    layers: Layers,
    layer: str,
    xy: np.ndarray | None,
    size: float,
    alpha: float,
    labels: np.ndarray | None = None,
) -> None:
    if xy is None or layer not in layers.known:
        return
    good = np.isfinite(xy).all(axis=1)
    xy, colour = xy[good], layers.colour(layer)
    own = [] if labels is None else [layers.theme.label(int(k)) for k in np.asarray(labels)[good]]
    marker = {"size": size, "color": own or colour, "opacity": alpha, "line": {"width": 0}}
    layers.add(layer, x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker, hovertemplate=POINT)


def _nearest(layers: Layers, fake: Any, data: Any, u: float) -> None:
    """Lines from some generated samples to the nearest training points."""
    if fake is None or data is None or "nearest" not in layers.known:
        return
    some = fake[: PLANE.nearest_count]
    some = some[np.isfinite(some).all(axis=1)]
    near = data[((some[:, None] - data[None]) ** 2).sum(-1).argmin(1)]
    xy = polylines(np.stack([some, near], 1))
    style = {"color": layers.colour("nearest"), "width": PLANE.nearest * u}
    layers.add("nearest", x=xy[:, 0], y=xy[:, 1], mode="lines", line=style, hoverinfo="skip")
    if len(data) <= PLANE.few:
        _points(layers, "nearest", data, PLANE.few_size * u, 1)


def _cycle(layers: Layers, start: Any, end: Any, u: float) -> None:
    """Arrows from some x to G(E(x))."""
    if start is None or end is None or "cycle" not in layers.known:
        return
    _points(layers, "cycle", start, PLANE.cycle_dot * u, 1)
    data, colour = arrows(start, end, 8 * u), layers.colour("cycle")
    data["marker"]["color"] = colour
    line = {"color": colour, "width": PLANE.cycle * u}
    layers.add("cycle", **data, line=line, hoverinfo="skip")


def _crosses(layers: Layers, layer: str, xy: np.ndarray | None, u: float) -> None:
    if xy is None or layer not in layers.known:
        return
    xy = xy[np.isfinite(xy).all(axis=1)]
    colour = layers.colour(layer)
    line = {"width": PLANE.average_line * u, "color": colour}
    marker = {"size": PLANE.average * u, "symbol": "cross-thin", "color": colour, "line": line}
    layers.add(layer, x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker, hovertemplate=POINT)


def _manifold(layers: Layers, grid: np.ndarray | None, u: float) -> None:
    if grid is None or "manifold" not in layers.known:
        return
    if grid.ndim == 4:  # one for each label
        for k, own in enumerate(grid):
            _lines(layers, own[0] if len(own) == 1 else own, u, layers.theme.label(k))
    else:
        _lines(layers, grid, u, layers.colour("manifold"))


def _lines(layers: Layers, grid: np.ndarray, u: float, colour: str) -> None:
    """The image of a line (n, 2) or of a grid (m, n, 2) of latents."""
    lines = [grid] if grid.ndim == 2 else [*grid, *np.swapaxes(grid, 0, 1)]
    xy = polylines(lines)
    alpha, width = (
        (PLANE.curve_alpha, PLANE.curve * u) if grid.ndim == 2 else (PLANE.grid_alpha, PLANE.grid)
    )
    style = {"color": translucent(colour, alpha), "width": width}
    layers.add("manifold", x=xy[:, 0], y=xy[:, 1], mode="lines", line=style, hoverinfo="skip")
