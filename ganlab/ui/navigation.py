"""The table of pages: one row each, in the order of the menu."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from ganlab import paths
from ganlab.languages import _, tr
from ganlab.registry import Entry, Registry
from ganlab.shape import PAGE, Shape
from ganlab.ui import layout

MANY = "many"
COMPARE = "compare"
MNIST = "mnist"
GAMES = "games"
MATRIX = "matrix"
THEORY = "theory"
MAPS = "maps"
GALLERY = HOME = "phenomena"  # its address is the app's own
LESSONS = "lessons"
FOLLOW = "follow"
LABS = {1: "one", 2: "two", 0: "symbols"}  # by `Spec.axes`
KINDS = {1: _("1-D"), 2: _("2-D"), 0: _("symbols")}


@dataclass(frozen=True)
class Page(Entry):
    """A page. Its name is its url path; its doc says in two sentences what to watch for.

    run: the script, or a callable that draws the page below its headline. icon: the name of a
    Material symbol in Streamlit's notation. live: whether the page shows a live view.
    """

    run: Path | Callable[[], None] = Path()
    icon: str = ":material/article:"
    live: bool = False


def _unreachable(page: Page) -> str | None:
    if not re.fullmatch(r"[a-z][a-z0-9-]*", page.name):
        return tr("the name of a page is its address: use small letters, digits and hyphens")
    return None


PAGES: Registry[Page] = Registry("page", guards=[_unreachable])

for _page in (
    Page(
        GALLERY,
        _("Home"),
        "",
        _(
            "Two nets play against each other: choose a question, open its card, and "
            "watch. Each card says on how many seeds it occurred; lessons lead through "
            "one question each."
        ),
        run=paths.PAGES / "gallery.py",
        icon=":material/home:",
    ),
    Page(
        LESSONS,
        _("Lessons"),
        "",
        _(
            "A lesson leads through one question in five to ten minutes. Say what will "
            "happen before you look: does the run agree?"
        ),
        run=paths.PAGES / "lessons.py",
        icon=":material/school:",
    ),
    Page(
        LABS[1],
        _("1-D lab"),
        "",
        _(
            "p_g moves where D is higher, until D can only say ½. Change k, the loss or "
            "a rate: which player falls behind?"
        ),
        run=paths.PAGES / "lab_1d.py",
        icon=":material/show_chart:",
        live=True,
    ),
    Page(
        LABS[2],
        _("2-D lab"),
        "",
        _(
            "Generated points move where D says real (blue). Count the modes they cover: "
            "where they crowd, D turns against them."
        ),
        run=paths.PAGES / "lab_2d.py",
        icon=":material/scatter_plot:",
        live=True,
    ),
    Page(
        LABS[0],
        _("Symbols"),
        "",
        _(
            "G chooses among symbols, and no small step leads from one to another. "
            "Change how its gradient passes through the choice: do the green bars still "
            "reach the dotted ones?"
        ),
        run=paths.PAGES / "lab_symbols.py",
        icon=":material/abc:",
        live=True,
    ),
    Page(
        MANY,
        _("Many seeds"),
        "",
        _(
            "One seed proves nothing: watch how many of them collapse, and the median. "
            "Click a tile to open its seed in a lab."
        ),
        run=paths.PAGES / "ensemble.py",
        icon=":material/grid_view:",
        live=True,
    ),
    Page(
        COMPARE,
        _("Compare"),
        "",
        _(
            "Same seed, data and latents: only the marked fields differ. Which p_g "
            "reaches p_data, and which curve turns first?"
        ),
        run=paths.PAGES / "compare.py",
        icon=":material/compare:",
        live=True,
    ),
    Page(
        MAPS,
        _("Maps"),
        "",
        _(
            "Where do runs converge, orbit, collapse or diverge? Start a map, watch it "
            "fill, and click a cell where the colour changes."
        ),
        run=paths.PAGES / "maps.py",
        icon=":material/map:",
    ),
    Page(
        GAMES,
        _("Games"),
        "",
        _(
            "Two players, one number each: the smallest games that rotate as a GAN does. "
            "Click to add a starting point, add a rule or change the step: does the "
            "closed form agree?"
        ),
        run=paths.PAGES / "games.py",
        icon=":material/cyclone:",
    ),
    Page(
        MATRIX,
        _("Matrix games"),
        "",
        _(
            "Two players, a few strategies each: the play circles as a GAN does, its "
            "average comes to rest. Edit a pay-off or drag a start: where are the "
            "equilibria?"
        ),
        run=paths.PAGES / "matrix.py",
        icon=":material/grid_on:",
    ),
    Page(
        THEORY,
        _("Theory"),
        "",
        _(
            "Theorems about GANs as pictures: drag curves, points and sliders, and watch "
            "what follows. The numbers that matter are computed in two ways: do they "
            "agree?"
        ),
        run=paths.PAGES / "theory.py",
        icon=":material/function:",
    ),
    Page(
        MNIST,
        _("MNIST"),
        "",
        _(
            "G turns noise into digits, as in Figures 2 and 3 and Table 1 of the paper. "
            "Watch strokes become digits, then look at the framed column: are they new "
            "or copied?"
        ),
        run=paths.PAGES / "mnist.py",
        icon=":material/image:",
    ),
    Page(
        FOLLOW,
        _("Follow"),
        "",
        _(
            "See the picture of a teacher who presents, as it moves. Answer what she asks, and "
            "try the run of any moment yourself."
        ),
        run=paths.PAGES / "follow.py",
        icon=":material/cast_for_education:",
    ),
):
    PAGES.add(_page)


def pages(shape: Shape) -> list[st.Page]:
    """All pages, for st.navigation; the first is the app's home page.

    shape: which of them are left out of the menu.
    """
    return [
        st.Page(
            page.run if isinstance(page.run, Path) else partial(_drawn, page),
            title=tr(page.title),
            url_path=page.name,
            icon=page.icon,
            default=page.name == HOME,
            visibility="hidden" if shape.hidden(f"{PAGE}-{page.name}") else "visible",
        )
        for page in PAGES.entries.values()
    ]


def _drawn(page: Page) -> None:
    layout.headline(tr(page.title), tr(page.doc))
    assert not isinstance(page.run, Path)
    page.run()
    st.html(f'<span class="ganlab-drawn-{page.name}"></span>')  # see `ganlab.ui.frame`


def script(page: str) -> str:
    """The script of one of ganlab's own pages, for st.switch_page and links."""
    return str(PAGES[page].run)


def addresses() -> tuple[str, ...]:
    """The labs' addresses by `Spec.axes`, relative to the app's own: of symbols, 1-D and 2-D."""
    return tuple(LABS[axes] for axes in sorted(LABS))


def words(page: str) -> tuple[str, str]:
    """A page's title, and two sentences on what to watch for."""
    return tr(PAGES[page].title), tr(PAGES[page].doc)


def headline(page: str) -> None:
    """The headline of the page whose url path is `page`."""
    layout.headline(*words(page))
