"""Colours and geometry of all pictures; no other module defines any.

Plotly's figures read them here. The canvases get them as an ES module, `module()`, which
`ganlab.front` serves beside the files of the front end. Lengths are in CSS pixels at text scale 1,
shares are fractions. The pages' own colours are in `.streamlit/config.toml`; a test keeps them
equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

RUN_ROLES = ("run0", "run1", "run2", "run3")  # of compared runs, which also have dashes
RUN_DASHES = ("solid", "dash", "dot", "dashdot")  # to tell runs apart without colour


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of "#rrggbb"."""
    text = colour.lstrip("#")
    red, green, blue = (int(text[i : i + 2], 16) for i in (0, 2, 4))
    return red, green, blue


def mix(a: str, b: str, share: float) -> str:
    """The colour `share` of the way from a to b, all "#rrggbb"."""
    parts = (round(x + (y - x) * share) for x, y in zip(rgb(a), rgb(b), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


@dataclass(frozen=True)
class Shades:
    """The share of the background's colour that is mixed into the text's colour."""

    muted: float = 0.32
    line: float = 0.55  # axes
    faint: float = 0.82  # grids


@dataclass(frozen=True)
class Line:
    """The 1-D picture: densities above, x's line below them, z's line at the bottom."""

    left: float = 40
    right: float = 34
    head: float = 26
    below: float = 96  # the least height below the densities' base
    below_share: float = 0.27  # of the height below the head
    labels: float = 20  # height of z's tick labels
    x_line: float = 38  # below the densities' base
    gradient_from: float = 4  # above x's line
    gradient_apart: float = 5  # the rows of arrows
    gradient_rows: int = 3  # neighbours stay apart
    tick_from: float = 1  # below x's line, without a line of z
    tick_to: float = 13
    stroke: float = 9  # height of a training point on the axis, and its width
    stroke_width: float = 1.2
    stroke_alpha: float = 0.7
    quantiles: int = 61  # ticks at equal shares of p_g's mass, without a line of z
    top: float = 2  # of the densities' axis, in heights of p_data
    p_data: float = 2.75  # widths of lines
    p_g: float = 2.25
    average: float = 1.1  # p_g of the average of G
    d: float = 2.25
    d_star: float = 1.1
    gradient: float = 1.4
    d_dash: tuple[float, float] = (8, 5)
    d_star_alpha: float = 0.75
    d_axis_alpha: float = 0.5
    d_half_alpha: float = 0.28  # the line at D = 1/2
    map_alpha: float = 0.8
    cycle: float = 1.5  # the path x -> E(x) -> G(E(x)); its part to z's line is dashed
    cycle_dash: tuple[float, float] = (3, 3)
    cycle_depth: float = 14  # without z's line, below x's


@dataclass(frozen=True)
class Plane:
    """The 2-D picture."""

    left: float = 36
    below: float = 24
    pad: float = 10
    real: float = 3  # diameters of dots
    fake: float = 3.6
    average: float = 6  # width of a cross, and of its lines
    average_line: float = 1.2
    real_alpha: float = 0.72
    contour: float = 1.8  # widths of lines
    contour_alpha: float = 0.5  # of the outermost
    contour_alpha_step: float = 0.22
    grid: float = 1
    grid_alpha: float = 0.5
    region: float = 1.8  # lines between the classes of D
    curve: float = 1.5  # G's manifold, if it is one
    curve_alpha: float = 0.9
    gradient: float = 1.4
    nearest: float = 1
    cycle: float = 1.3  # arrows from x to G(E(x)), and the dots at x
    cycle_dot: float = 5
    few: int = 100  # as many training points are drawn larger, over the generated samples
    few_size: float = 7
    nearest_count: int = 60  # generated samples with a line to their nearest training point


@dataclass(frozen=True)
class Column:
    """The panels of curves, one above the other."""

    left: float = 44
    right: float = 48
    head: float = 18  # the row of marks
    title: float = 18  # above a panel
    gap: float = 7
    axis: float = 20  # below the last panel of curves
    least: float = 24  # height of a panel
    legend: float = 24  # of compared runs, above all
    apart: float = 13  # two words at the right edge
    width: float = 1.75  # of a solid curve
    dashed: float = 1.5
    least_span: int = 200  # iterations of an earlier run shown beside one that has just begun
    ghost_alpha: float = 0.4  # of an earlier run's curves
    later: float = 0.7  # of the cover of what came after the moment that is shown
    mark_alpha: float = 0.65
    missed: float = 0.1  # of its fair share: a mode with less is drawn in the accent colour
    bars_top: float = 2.5  # of the bars' axis, in the largest fair share
    bar: float = 0.7  # of the room that a bar has


@dataclass(frozen=True)
class Sizes:
    """Sizes of text."""

    axis: float = 12  # of a picture
    panel_axis: float = 11
    title: float = 12.5
    unit: float = 11.5
    value: float = 12
    note: float = 12
    letter: float = 14  # x and z
    label: float = 13  # the number of a label
    label_halo: float = 3  # width of the background's colour around it


DASHES: Mapping[str, tuple[float, ...]] = {
    "solid": (),
    "dash": (6, 4),
    "dot": (1.5, 3),
    "dashdot": (8, 3, 1.5, 3),
}
SHADES, LINE, PLANE, COLUMN, SIZES = Shades(), Line(), Plane(), Column(), Sizes()


@dataclass(frozen=True)
class Theme:
    """Colours of one theme, "#rrggbb": `roles` by what they stand for, `field` those of D."""

    name: str
    background: str
    second: str  # the background of the sidebar and of raised elements
    text: str
    primary: str  # of clickable elements
    shadow: str
    dim: str  # the cover of what is outside of a presenter's spotlight
    laser: str  # a presenter's pointer
    fill: float  # opacity of p_g's area
    roles: Mapping[str, str]
    inks: Mapping[str, str]  # text colours for roles whose line colour has a contrast below 4.5
    labels: tuple[str, ...]  # of what belongs to label 0, 1, ...; they repeat
    field: tuple[str, str, str]  # D = 0 (fake), 1/2, 1 (real): soft, so that dots stand out

    def shade(self, share: float) -> str:
        """The text's colour with this share of the background mixed in."""
        return mix(self.text, self.background, share)

    def colour(self, role: str, alpha: float = 1.0) -> str:
        """The colour of a role; unknown roles get the muted colour."""
        own = {"game": self.text, "muted": self.shade(SHADES.muted)} | dict(self.roles)
        return translucent(own.get(role, own["muted"]), alpha)

    def label(self, number: int, alpha: float = 1.0) -> str:
        """The colour of a label."""
        return translucent(self.labels[number % len(self.labels)], alpha)

    def ink(self, role: str) -> str:
        """The colour of text that belongs to a role."""
        return self.inks.get(role) or self.colour(role)


def translucent(colour: str, alpha: float) -> str:
    """A colour as rgba(); opaque colours stay "#rrggbb"."""
    red, green, blue = rgb(colour)
    return f"rgba({red},{green},{blue},{alpha:g})" if alpha < 1 else colour


# Colour-blind safe, see tests/test_figures.py; compared runs also have dashes.
THEMES: dict[str, Theme] = {
    "light": Theme(
        name="light",
        background="#ffffff",
        second="#f4f5f7",
        text="#1b1f24",
        primary="#00669e",
        shadow="#0000002e",
        dim="#000000b8",
        laser="#ff2d1a",
        fill=0.16,
        roles={
            "data": "#111111",
            "G": "#009e73",
            "D": "#0072b2",
            "accent": "#d55e00",
            **dict(zip(RUN_ROLES, ("#6a22ec", "#896b2b", "#e54ab1", "#131d23"), strict=True)),
        },
        inks={"G": "#007a58", "accent": "#b34f00", "run2": "#c22f8f"},
        labels=(
            "#0b9f68",
            "#0e13fc",
            "#d555b3",
            "#819315",
            "#52028b",
            "#b95cff",
            "#6a0a4d",
            "#184106",
        ),
        field=("#debe98", "#f8f8f7", "#96c4e8"),
    ),
    "dark": Theme(
        name="dark",
        background="#14171c",
        second="#1e232b",
        text="#e8eaed",
        primary="#56b4e9",
        shadow="#0000002e",
        dim="#000000cc",
        laser="#ff2d1a",
        fill=0.2,
        roles={
            "data": "#f2f2f2",
            "G": "#2fd0a0",
            "D": "#56b4e9",
            "accent": "#ff8c42",
            **dict(zip(RUN_ROLES, ("#d343e8", "#f1b839", "#ef3b69", "#d3dde3"), strict=True)),
        },
        inks={},
        labels=(
            "#26fbd8",
            "#eeea24",
            "#b82d81",
            "#7291f0",
            "#b78f13",
            "#9c02fc",
            "#b5f292",
            "#5c6f35",
        ),
        field=("#5c4026", "#1b1d22", "#184a74"),
    ),
}


# Of the verdicts on runs in a map: the same in both themes, distinct for the colour-blind, each
# with a text colour of sufficient contrast.
VERDICTS: dict[str, tuple[str, str]] = {
    "converged": ("#1b9e77", "#000000"),
    "orbits": ("#56b4e9", "#000000"),
    "hops": ("#cc79a7", "#000000"),
    "collapsed": ("#e69f00", "#000000"),
    "stalled": ("#8a8f98", "#000000"),
    "unfinished": ("#f0e442", "#000000"),
    "diverged": ("#3b1f4a", "#ffffff"),
}


def css(pick: str) -> str:
    """A colour of both themes as CSS: "ink:accent", "role:G" or an attribute such as "background".

    Raises KeyError or AttributeError for unknown names.
    """
    kind, _, role = pick.partition(":")
    both = [
        theme.ink(role) if kind == "ink" else theme.roles[role] if role else getattr(theme, kind)
        for theme in THEMES.values()
    ]
    return f"light-dark({', '.join(both)})"


def tokens() -> dict[str, Any]:
    """Everything above by the names that the front end imports, as JSON types."""
    return {
        "THEMES": {name: asdict(theme) for name, theme in THEMES.items()},
        "SHADES": asdict(SHADES),
        "LINE": asdict(LINE),
        "PLANE": asdict(PLANE),
        "COLUMN": asdict(COLUMN),
        "SIZES": asdict(SIZES),
        "DASHES": dict(DASHES),
        "RUN_DASHES": RUN_DASHES,
    }


@cache
def module() -> str:
    """`tokens` as the ES module that the front end imports as ./tokens.js."""
    return "".join(f"export const {k} = {json.dumps(v)};\n" for k, v in tokens().items())
