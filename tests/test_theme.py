"""Colours and geometry are defined once, and are the same on the canvas and in Plotly's figures."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from ganlab import figures, paths, theme
from tests.javascript import ROOT, value

# "#rgb" to "#rrggbbaa", and functions of numbers. "#1" in a sentence has too few digits.
COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3,4}){1,2}\b|\b(?:rgba?|hsla?|hwb|oklch)\(\s*\d")
NAMES = re.compile(r":\s*(?:black|white|red|green|blue|gr[ae]y|orange)\b")


def sources() -> list[Path]:
    """Every file of the package, the pages and the front end that could name a colour."""
    folders = (ROOT / "ganlab", paths.PAGES, paths.ASSETS / "live")
    files = [path for folder in folders for path in folder.rglob("*")]
    return sorted(path for path in files if path.suffix in (".py", ".js", ".css", ".c"))


def test_colours_are_named_in_one_file():
    found = {
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        if path.name != "theme.py" or path.parent.name != "ganlab"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COLOUR.search(line) or (path.suffix != ".py" and NAMES.search(line))
    }
    assert found == set()
    assert COLOUR.search((ROOT / "ganlab" / "theme.py").read_text())


@pytest.mark.parametrize(
    "text", ["#fff", "#1b1f24", "#00000030", "rgb(0 0 0 / 18%)", "rgba(1,2,3,.5)"]
)
def test_a_colour_is_recognised(text):
    assert COLOUR.search(f"color: {text};")
    assert not COLOUR.search("see #12, rgb(${red},${green},${blue}) and color-mix(in srgb, ...)")


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_pages_have_the_theme_of_the_pictures(name):
    config = tomllib.loads((ROOT / "ganlab" / ".streamlit" / "config.toml").read_text())["theme"][
        name
    ]
    own = theme.THEMES[name]
    assert config == {
        "primaryColor": own.primary,
        "backgroundColor": own.background,
        "secondaryBackgroundColor": own.second,
        "textColor": own.text,
        "greenTextColor": own.ink("G"),
        "orangeTextColor": own.ink("accent"),
        "blueTextColor": own.ink("D"),
    }


def test_css_has_both_themes():
    assert theme.css("ink:accent") == "light-dark(#b34f00, #ff8c42)"
    assert theme.css("role:G") == "light-dark(#009e73, #2fd0a0)"
    assert theme.css("background") == "light-dark(#ffffff, #14171c)"


def test_the_front_end_imports_what_is_named_here():
    assert value("tokens", tokens="tokens.js") == json.loads(json.dumps(theme.tokens()))


def test_shades_are_mixed_alike():
    shares = list(theme.tokens()["SHADES"].values())
    for own in theme.THEMES.values():
        mixed = value(
            f"{shares}.map((s) => t.mix(t.rgb('{own.text}'), t.rgb('{own.background}'), s))",
            t="theme.js",
        )
        assert [tuple(colour) for colour in mixed] == [theme.rgb(own.shade(s)) for s in shares]


LATENT = {"kind": "normal", "dim": 1, "lo": -3.0, "hi": 3.0}
LINE_SCENE = {"dim": 1, "box": [[-4.0, 6.0]], "map": True, "latent": LATENT, "layers": []}
PLANE_SCENE = {"dim": 2, "box": [[-2, 2], [-1, 2]], "map": False, "latent": LATENT, "layers": []}
SIZES = [(width, height, u) for width in (350, 611, 1203) for height in (250, 417, 903)
         for u in (1, 1.15, 1.4)]  # fmt: skip


def test_the_picture_of_a_line_has_one_geometry():
    places = value(f"{[list(s) for s in SIZES]}.map((s) => m.placeLine(...s))", m="draw1d.js")
    for (width, height, u), place in zip(SIZES, places, strict=True):
        layout = figures.picture_1d(
            LINE_SCENE, {}, "light", width, height, legend=False, scale=u
        ).layout
        margin = layout.margin
        assert (margin.l, margin.t) == (place["left"], place["head"])
        assert width - margin.l - margin.r == place["w"]
        assert height - margin.b == place["zLine"]
        area = place["zLine"] - place["head"]
        base = margin.t + (1 - layout.yaxis.domain[0]) * area
        assert base == pytest.approx(place["base"])
        # x's line is at 1 of the lowest axis, z's at 0.
        pixels = (layout.yaxis3.domain[1] - layout.yaxis3.domain[0]) * area
        unit = pixels / (layout.yaxis3.range[1] - layout.yaxis3.range[0])
        assert place["zLine"] - unit == pytest.approx(place["xLine"])


def test_the_picture_of_a_plane_has_one_geometry():
    box = PLANE_SCENE["box"]
    places = value(
        f"{[list(s) for s in SIZES]}.map((s) => m.placePlane({box}, ...s))", m="draw2d.js"
    )
    for (width, height, u), place in zip(SIZES, places, strict=True):
        margin = figures.picture_2d(
            PLANE_SCENE, {}, "light", width, height, legend=False, scale=u
        ).layout.margin
        assert (margin.l, margin.t) == (place["left"], place["top"])
        assert width - margin.l - margin.r == place["w"]
        assert height - margin.t - margin.b == place["h"]


def test_curves_have_one_geometry():
    counts = [(1, 1), (5, 5), (7, 6)]  # panels, and those of them that are curves
    code = f"""{[list(c) for c in counts]}.map((c) => {[list(s) for s in SIZES]}
      .map((s) => m.placePanels(...c, ...s)))"""
    all_places = value(code, m="panels.js")
    for (count, lines), places in zip(counts, all_places, strict=True):
        panels = [
            {"id": str(i), "title": str(i), "series": [], "lines": [], "bars": i >= lines}
            for i in range(count)
        ]
        for (width, height, u), place in zip(SIZES, places, strict=True):
            layout = figures.curves(panels, {}, width=width, height=height, scale=u).layout
            assert (layout.margin.l, width - layout.margin.l - layout.margin.r) == (
                place["left"], place["w"],
            )  # fmt: skip
            for i, top in enumerate(place["tops"]):
                low, high = layout[f"yaxis{i + 1}" if i else "yaxis"].domain
                # If there is no room for all, Plotly takes the rest.
                ends = np.clip([1 - (top + place["h"]) / height, 1 - top / height], 0, 1)
                np.testing.assert_allclose([low, high], ends, atol=1e-9)
