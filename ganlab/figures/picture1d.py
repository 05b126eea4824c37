"""The 1-D picture after Figure 1 of Goodfellow et al. (2014): densities above, z -> x below."""

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
    number,
    pixel,
    polylines,
    said,
    steady,
)
from ganlab.figures.units import nice_ticks, unit_names, unit_ticks
from ganlab.languages import _, tr
from ganlab.theme import LINE, SHADES, SIZES

HOVER = "%{y:.4~g}"


def quantiles(x: np.ndarray, density: np.ndarray, n: int = LINE.quantiles) -> np.ndarray:
    """Points (n,) that each represent 1/n of the mass of a density.

    density (cells,): on equal cells centred at x (cells,). Empty if there is no mass.
    """
    mass = np.clip(np.nan_to_num(density.astype(float)), 0, None)
    if mass.sum() <= 0:
        return np.empty(0)
    cell = float(x[1] - x[0]) if len(x) > 1 else 1.0
    edges = np.concatenate([[x[0] - cell / 2], x + cell / 2])
    cdf = np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])
    return np.interp((np.arange(n) + 0.5) / n, cdf, edges)


def picture_1d(
    scene: Mapping[str, Any],
    frame: Mapping[str, Any],
    theme: str = "light",
    width: float = 600,
    height: float = 440,
    hidden: Collection[str] = (),
    legend: bool = True,
    scale: float = 1,
) -> go.Figure:
    """p_data, p_g, D and D* over x; below them the x line, the z line and the map z -> G(z).

    scene: box [[lo, hi]], latent, map, layers, x (nx,), p_data (nx,). frame: p_g, d, d_star
    (nx,), map_z, map_x (m,), cycle_from, cycle_z, cycle_to (c,), grad_x, grad (j,); any of them may
    be absent, NaN is a gap.
    Densities in 1/[x] on [0, 2 max p_data] (a higher p_g is marked with its peak); D in [0, 1].
    z is drawn at lo + (hi - lo) (z - z_lo)/(z_hi - z_lo). scale: of text and margins, as in the
    live canvas. Raises SpecError for an unknown theme. Source: Goodfellow et al. (2014), Figure 1.
    """
    palette, u = find_theme(theme), scale
    layers = Layers(scene["layers"], hidden, palette)
    (lo, hi) = (float(v) for v in scene["box"][0])
    x, p_data, p_g = array(scene, "x"), array(scene, "p_data"), array(frame, "p_g")
    highest = float(np.nanmax(p_data)) if p_data is not None and np.isfinite(p_data).any() else 0.0
    top = LINE.top * highest if highest > 0 else 1.0

    # The same pixels as in the live canvas: head, base of the densities, x line, z line.
    left, right, head = pixel(LINE.left * u), pixel(LINE.right * u), pixel(LINE.head * u)
    strip = (LINE.gradient_from + LINE.gradient_rows * LINE.gradient_apart) * u
    foot = legend_height(scene["layers"], width - left - right) if legend else 0
    floor = max(height - foot, head + 120 * u)
    base = pixel(floor - max(LINE.below * u, (floor - head) * LINE.below_share))
    z_line = pixel(floor - LINE.labels * u - 2)
    x_line = pixel(base + LINE.x_line * u)
    area, gap = z_line - head, z_line - x_line

    if x is not None:
        _densities(layers, x, p_data, p_g, u)
        for k, part in enumerate(frame.get("p_g_labels", ())):
            own = {"color": palette.label(k), "width": LINE.p_g * u}
            layers.add("p_g", x=x, y=part, mode="lines", line=own, hoverinfo="skip")
        _strokes(layers, array(scene, "real"), (base - head) / top, u)
        _average(layers, x, array(frame, "average"), u)
        _discriminator(layers, x, frame, u)
        if p_g is not None and "p_g" in layers.known:
            _peak(layers, x, p_g, top, u)
    notes = _latent(layers, scene, frame, x, p_g, u, gap)
    _cycle(layers, scene, frame, u, gap)
    start, end = gradient_arrows(array(frame, "grad_x"), array(frame, "grad"), hi - lo)
    if len(start) and "gradient" in layers.known:
        row = np.arange(len(start))[:, None] % LINE.gradient_rows
        y = 1 + (LINE.gradient_from + LINE.gradient_apart * row) * u / gap
        data = arrows(np.hstack([start, y]), np.hstack([end, y]), 7 * u)
        data["marker"]["color"] = colour = layers.colour("gradient")
        style = {"color": colour, "width": LINE.gradient * u}
        layers.add("gradient", **data, yaxis="y3", line=style, hoverinfo="skip")

    margin = {"l": left, "r": right, "t": head, "b": height - z_line}
    layout = base_layout(palette, width, height, margin, u)
    layout.update(
        xaxis=axis(
            palette, u, range=[lo, hi], unifiedhovertitle={"text": "x = %{x:.4~g}"},
            **unit_ticks(scene, 0, lo, hi, 8),
        ),
        yaxis=axis(palette, u, range=[0, top], domain=[(z_line - base) / area, 1], nticks=5),
        yaxis2=axis(
            palette, u, range=[0, 1], overlaying="y", side="right",
            linecolor=palette.colour("D", LINE.d_axis_alpha),
            tickvals=[0, 0.5, 1], ticktext=["0", "½", "1"], ticklen=2,
            tickfont={"size": SIZES.axis * u, "color": palette.colour("D")},
        ),
        yaxis3=axis(
            palette, u, range=[0, 1 + strip / gap], domain=[0, (gap + strip) / area],
            visible=False, fixedrange=True,
        ),
        hovermode="x unified",
        showlegend=legend,
        legend=bottom_legend(),
    )  # fmt: skip
    line = palette.shade(SHADES.line)
    layout["shapes"] = [
        _line(palette.colour("D", LINE.d_half_alpha), "y2", 0.5),
        _line(line, "y3", 1),
    ]
    if any(note["text"] == "<i>z</i>" for note in notes):
        layout["shapes"].append(_line(line, "y3", 0))
    above = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 3 * u}
    notes.append({**above, "x": 0, "xanchor": "left", "xshift": -left, "text": tr("density")})
    notes.append({**above, "x": 1, "xanchor": "right", "xshift": right, "text": "D(x)",
                  "font": {"color": palette.colour("D")}})  # fmt: skip
    notes += label_marks(scene, layers, u, {"yref": "paper", "y": 1, "yanchor": "top"})
    notes += said(frame, palette, u, "p_g" in layers.hidden, "d" in layers.hidden)
    plain = {"showarrow": False, "font": {"size": SIZES.axis * u, "color": palette.colour("muted")}}
    layout["annotations"] = [{**plain, **note} for note in notes]
    for name in unit_names(scene, palette, u):  # above the densities' base, not z's line
        layout["annotations"].append(name | {"yref": "y domain"})
    return go.Figure(data=layers.close(), layout=layout)


def _line(colour: str, yref: str, y: float) -> dict[str, Any]:
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": yref, "y0": y, "y1": y,
        "line": {"color": colour, "width": 1}, "layer": "below",
    }  # fmt: skip


def _densities(layers: Layers, x: np.ndarray, p_data: Any, p_g: Any, u: float) -> None:
    if p_g is not None and "p_g" in layers.known:
        line = {"color": layers.colour("p_g"), "width": LINE.p_g * u}
        fill = layers.colour("p_g", layers.theme.fill)
        layers.add("p_g", x=x, y=p_g, mode="lines", line=line, fill="tozeroy",
                   fillcolor=fill, hovertemplate=HOVER)  # fmt: skip
    if p_data is not None and "p_data" in layers.known:
        line = {"color": layers.colour("p_data"), "width": LINE.p_data * u, "dash": "dot"}
        layers.add("p_data", x=x, y=p_data, mode="lines", line=line, hovertemplate=HOVER)


def _strokes(layers: Layers, data: Any, unit: float, u: float) -> None:
    """The training data as strokes on the axis; unit: pixels of one unit of density."""
    if data is None or "real" not in layers.known:
        return
    ends = np.stack([np.zeros(len(data)), np.full(len(data), LINE.stroke * u / unit)], 1)
    xy = polylines(np.stack([np.repeat(data[:, None], 2, 1), ends], 2))
    style = {"color": layers.colour("real", LINE.stroke_alpha), "width": LINE.stroke_width * u}
    layers.add("real", x=xy[:, 0], y=xy[:, 1], mode="lines", line=style, hoverinfo="skip")


def _average(layers: Layers, x: np.ndarray, p: Any, u: float) -> None:
    """p_g of the average of G's weights, if one is kept: a thin line."""
    if p is None or "average" not in layers.known:
        return
    line = {"color": layers.colour("average"), "width": LINE.average * u}
    layers.add("average", x=x, y=p, mode="lines", line=line, hovertemplate=HOVER)


def _discriminator(layers: Layers, x: np.ndarray, frame: Mapping[str, Any], u: float) -> None:
    dashes = ",".join(f"{length * u:g}px" for length in LINE.d_dash)
    lines = (
        ("d_star", LINE.d_star, "solid", LINE.d_star_alpha),
        ("d", LINE.d, dashes, 1.0),
    )
    for layer, width, dash, alpha in lines:
        y = array(frame, layer)
        if y is None or layer not in layers.known:
            continue
        line = {"color": layers.colour(layer, alpha), "width": width * u, "dash": dash}
        layers.add(layer, x=x, y=y, yaxis="y2", mode="lines", line=line, hovertemplate=HOVER)


def _peak(layers: Layers, x: np.ndarray, p_g: np.ndarray, top: float, u: float) -> None:
    """A mark with the highest value where p_g leaves the picture at its upper edge."""
    if not np.isfinite(p_g).any() or not np.nanmax(p_g) > 1.02 * top:
        return
    at, colour = int(np.nanargmax(p_g)), layers.colour("p_g")
    late = x[at] > x[0] + 0.85 * (x[-1] - x[0])
    layers.add(
        "p_g", x=[float(x[at])], y=[top], mode="markers+text", text=[f" {steady(p_g[at])} "],
        textposition="top left" if late else "top right", cliponaxis=False, hoverinfo="skip",
        textfont={"color": layers.theme.ink("G"), "size": SIZES.note * u, "weight": 600},
        marker={"symbol": "triangle-up", "size": 9 * u, "color": colour},
    )  # fmt: skip


def _cycle(
    layers: Layers, scene: Mapping[str, Any], frame: Mapping[str, Any], u: float, gap: float
) -> None:
    """Some x, E(x) and G(E(x)): a dashed line down to E(x), an arrow back to G(E(x))."""
    start, z, end = (array(frame, f"cycle_{name}") for name in ("from", "z", "to"))
    if start is None or z is None or end is None or "cycle" not in layers.known:
        return
    low, middle = 1 - LINE.cycle_depth * u / gap, (start + end) / 2
    if scene.get("map"):
        (lo, hi), latent = (float(v) for v in scene["box"][0]), scene["latent"]
        low, middle = 0.0, lo + (hi - lo) * (z - latent["lo"]) / (latent["hi"] - latent["lo"])
    high = np.ones(len(start))
    down = np.stack([np.stack([start, high], 1), np.stack([middle, low * high], 1)], 1)
    xy, colour = polylines(down), layers.colour("cycle")
    style = {"color": colour, "width": LINE.cycle * u}
    dash = ",".join(f"{length * u:g}px" for length in LINE.cycle_dash)
    layers.add(
        "cycle",
        x=xy[:, 0],
        y=xy[:, 1],
        yaxis="y3",
        mode="lines",
        line=style | {"dash": dash},
        hoverinfo="skip",
    )
    data = arrows(down[:, 1], np.stack([end, high], 1), 7 * u)
    data["marker"]["color"] = colour
    layers.add("cycle", **data, yaxis="y3", line=style, hoverinfo="skip")


def _latent(
    layers: Layers,
    scene: Mapping[str, Any],
    frame: Mapping[str, Any],
    x: Any,
    p_g: Any,
    u: float,
    gap: float,
) -> list[dict[str, Any]]:
    """Draw the lower area, x's line `gap` pixels above z's; returns its annotations."""
    latent, (lo, hi) = scene["latent"], (float(v) for v in scene["box"][0])
    beside = {"xref": "paper", "x": 0, "xanchor": "right", "xshift": -8 * u, "yref": "y3"}
    beside["font"] = {"size": SIZES.letter * u, "color": layers.theme.text}
    notes = [{**beside, "y": 1, "text": "<i>x</i>"}]
    if "map" not in layers.known:
        return notes
    colour = layers.colour("map", LINE.map_alpha)
    z, image = array(frame, "map_z"), array(frame, "map_x")
    if scene.get("map") and z is not None and image is not None:
        z_lo, z_hi = float(latent["lo"]), float(latent["hi"])

        def place(value: np.ndarray) -> np.ndarray:
            return lo + (hi - lo) * (value - z_lo) / (z_hi - z_lo)

        good = np.isfinite(z) & np.isfinite(image)
        z, image = z[good].astype(float), image[good].astype(float)
        which = np.asarray(frame.get("map_label", np.zeros(len(good), int)))[good]
        for k in np.unique(which):
            of = which == k
            ends = np.ones(of.sum())
            data = arrows(
                np.stack([place(z[of]), 0 * ends], 1), np.stack([image[of], ends], 1), 6 * u
            )
            own = layers.theme.label(k, LINE.map_alpha) if "map_label" in frame else colour
            data["marker"]["color"], line = own, {"color": own, "width": 1}
            layers.add("map", **data, yaxis="y3", line=line, hoverinfo="skip")
        layers.add("map", x=image, y=np.ones(len(z)), yaxis="y3", mode="markers", customdata=z,
                   marker={"size": 9, "color": CLEAR},
                   hovertemplate="G(z), z = %{customdata:.4~g}")  # fmt: skip
        ticks = nice_ticks(z_lo, z_hi)
        layers.add(
            "map", x=place(ticks), y=np.zeros(len(ticks)), yaxis="y3", mode="markers+text",
            text=[number(t) for t in ticks], textposition="bottom center", hoverinfo="skip",
            textfont={"size": SIZES.axis * u, "color": layers.theme.colour("muted")},
            cliponaxis=False,
            marker={"symbol": "line-ns", "size": 6,
                    "line": {"width": 1, "color": layers.theme.colour("muted")}},
        )  # fmt: skip
        return [*notes, {**beside, "y": 0, "text": "<i>z</i>"}]
    shown = image if image is not None else array(frame, "fake")
    if shown is None:
        shown = quantiles(x, p_g) if x is not None and p_g is not None else np.empty(0)
    shown = shown.ravel()[np.isfinite(shown.ravel())]
    low, high = (1 - y * u / gap for y in (LINE.tick_to, LINE.tick_from))
    xy = polylines(np.array([[t, low], [t, high]]) for t in shown)
    layers.add("map", x=xy[:, 0], y=xy[:, 1], yaxis="y3", mode="lines", hoverinfo="skip",
               line={"color": colour, "width": 1})  # fmt: skip
    text = _("z is {dim}-dimensional: no line to draw", dim=latent["dim"])
    return [*notes, {"xref": "paper", "x": 0.5, "yref": "y3", "y": 0.5, "text": text}]
