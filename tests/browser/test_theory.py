"""The page of theory in the browser: drag, draw, step; its numbers are closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from .accessible import check

DRAWN = "document.querySelector('.gl-theory[data-drawn]')"


def opened(lab, path: str):
    lab.open(path, moving=False)
    lab.wait(DRAWN)
    return lab


def field(lab, name: str) -> float:
    """A number in the page's address."""
    return float(parse_qs(urlsplit(lab.page.url).query)[name][0])


def has(lab, **fields: str) -> None:
    """Wait until fields of the address are like these patterns."""
    for name, pattern in fields.items():
        get = f"new URLSearchParams(location.search).get({name!r}) ?? ''"
        lab.wait(f"/{pattern}/.test({get})")


def number(lab, index: int, way: str = "number") -> float:
    """A number on the screen."""
    return float(lab.get(f"{way}-{index}").inner_text().replace("−", "-").replace("∞", "inf"))


def agree(lab, closed: dict[tuple[str, int], Callable[[dict[str, float]], float]]) -> None:
    """Wait until numbers on the screen are closed forms of what the address says."""
    for _ in range(300):
        fields = parse_qs(urlsplit(lab.page.url).query)
        query = {n: float(v[0]) for n, v in fields.items() if n not in ("figure", "divergence")}
        wanted = {key: form(query) for key, form in closed.items()}
        found = {(way, i): number(lab, i, way) for way, i in closed}
        if found == pytest.approx(wanted, abs=6e-5, rel=1e-4):
            return
        lab.page.wait_for_timeout(100)
    assert found == pytest.approx(wanted, abs=6e-5, rel=1e-4)


def gauss(x: float, mean: float, std: float) -> float:
    return math.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


def above(q) -> float:
    """C(G) − (−log 4) on a grid, for p_data = N(−1, 0.8²) and the p_g of the figure's start."""
    d = 0.01
    total = 0.0
    for i in range(-1500, 1500):
        a, b = gauss(i * d, -1, 0.8), gauss(i * d, q["q_mean"], 1.2)
        total += d * (a * math.log(2 * a / (a + b)) + b * math.log(2 * b / (a + b))) if a * b else 0
    return total


def smooth(q) -> float:
    """JSD of N(0, σ²) and N(θ, σ²), on a grid."""
    d, total = 0.005, 0.0
    for i in range(-1200, 1200):
        a, b = gauss(i * d, 0, q["noise"]), gauss(i * d, q["theta"], q["noise"])
        for own in (a, b):
            total += d * own * math.log(2 * own / (a + b)) / 2 if own else 0
    return total


def hellinger(q) -> float:
    """∫ (√p − √q)² of N(−0.8, 1) and N(0.8, 1.2²)."""
    square = 1 + 1.2**2
    return 2 - 2 * math.sqrt(2.4 / square) * math.exp(-(1.6**2) / (4 * square))


def drag(lab, testid: str, dx: float, dy: float) -> None:
    """Drag a handle by pixels, in steps as a hand does."""
    box = lab.get(testid).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    for share in (0.3, 0.7, 1):
        lab.page.mouse.move(x + share * dx, y + share * dy)
    lab.page.mouse.up()


def test_the_numbers_are_the_closed_forms_whatever_is_dragged(lab):
    opened(lab, "/theory")
    box = lab.get("panel-densities").bounding_box()
    assert box["y"] + box["height"] < 720 and not lab.page.evaluate(
        "document.documentElement.scrollHeight > innerHeight"
    )

    # The mouse over the densities chooses x; a drag moves p_g.
    lab.page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 0.6 * box["height"])
    has(lab, x="^0\\.[4-9]")
    assert lab.get("reading-densities").is_visible()
    drag(lab, "handle-q_mean", -150, 20)
    has(lab, q_mean="^-")
    drag(lab, "handle-q_std", -60, 0)
    has(lab, q_std="^[12]")
    lab.get("handle-x").focus()
    for _ in range(3):
        lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("Shift+ArrowLeft")
    has(lab, x="^-0\\.[01]")

    def data(q):
        return gauss(q["x"], -1, 0.8)

    def fake(q):
        return gauss(q["x"], q["q_mean"], q["q_std"])

    def best(q):
        return data(q) / (data(q) + fake(q))

    def largest(q):
        return data(q) * math.log(best(q)) + fake(q) * math.log(1 - best(q))

    both = {(way, i): form for way in ("number", "other") for i, form in ((2, best), (3, largest))}
    agree(lab, {("number", 0): data, ("number", 1): fake, **both})

    # A curve drawn by hand, and the Gaussian again.
    lab.get("draw-p_drawn").click()
    lab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.3 * box["height"])
    lab.page.mouse.up()
    has(lab, p_drawn="^([\\d.]+,){40}[\\d.]+$")
    assert lab.get("handle-p_mean").count() == 0
    lab.get("undraw-p_drawn").click()
    has(lab, p_drawn="^$")
    lab.get("handle-p_mean").wait_for()

    # The address is the whole figure, and leads to the lab.
    link = lab.get("open-lab").get_attribute("href")
    start = [float(text) for text in parse_qs(urlsplit(link).query)["g_start"][0].split(",")]
    assert start == [field(lab, "q_std"), field(lab, "q_mean")]
    query, told = urlsplit(lab.page.url).query, lab.get("says").inner_text()
    opened(lab, f"/theory?{query}&nonsense=1")
    assert lab.get("says").inner_text() == told
    assert "nonsense" in lab.get("message").inner_text()
    with lab.page.expect_download() as download:
        lab.get("export").click()
        lab.get("export-csv").click()
    assert open(download.value.path()).readline() == "panel,series,frame,array,index,value\n"
    lab.get("reset").click()
    has(lab, q_mean="^$", figure="^optimal-d$")

    # Theorem 1: p_g is dragged towards p_data.
    lab.get("after").click()
    has(lab, figure="^minimum$")
    lab.get("panel-cost").wait_for()
    far = number(lab, 0)
    drag(lab, "handle-q_mean", -170, 30)
    has(lab, q_mean="^-")
    agree(lab, {(way, 2): above for way in ("number", "other")})
    assert number(lab, 0) < far - 0.5

    # Disjoint supports: a knob, and a point that the arrow keys move.
    lab.get("figure").select_option("disjoint")
    has(lab, figure="^disjoint$")
    lab.get("knob-noise").focus()
    for _ in range(40):
        lab.page.keyboard.press("ArrowRight")
    has(lab, noise="^0\\.[23]")
    lab.get("handle-theta").focus()
    for _ in range(5):
        lab.page.keyboard.press("Shift+ArrowLeft")
    has(lab, theta="^-1\\.3$")
    agree(lab, {("number", 0): lambda q: math.log(2), ("number", 1): lambda q: abs(q["theta"])})
    agree(lab, {("number", 2): smooth, ("other", 2): smooth})

    # One Gaussian for two: its steps, by keys and by the buttons.
    lab.get("figure").select_option("fit")
    lab.get("update").wait_for()
    lab.get("figure").blur()
    lab.page.keyboard.press("Home")
    lab.wait("document.querySelector('[data-testid=update]').textContent === '0 of 60'")
    start = number(lab, 0)
    lab.get("step").click()
    lab.wait("document.querySelector('[data-testid=update]').textContent === '1 of 60'")
    assert number(lab, 0) < start
    lab.get("play").click()
    lab.wait("window.ganlab.iteration > 3")
    lab.page.keyboard.press("End")
    assert "picks the right peak" in lab.get("says").inner_text()
    drag(lab, "handle-q_mean", -200, 0)
    lab.wait("document.querySelector('[data-testid=says]').textContent.includes('picks the left')")

    # Peaks that no target of the lab has: the link says why.
    lab.get("knob-apart").focus()
    lab.page.keyboard.press("Home")
    lab.wait("document.querySelector('[data-testid=open-lab]').ariaDisabled === 'true'")
    link = lab.get("open-lab")
    assert link.get_attribute("href") is None and "separation" in link.get_attribute("title")
    lab.get("figure").select_option("f-gan")
    lab.wait("document.querySelector('[data-testid=open-lab]').href.includes('f-kl')")
    lab.get("knob-divergence").select_option("hellinger")
    lab.wait(
        "document.querySelector('[data-testid=table] [aria-current] th').textContent"
        " === 'squared Hellinger'"
    )
    agree(lab, {(way, 0): hellinger for way in ("number", "other")})
    check(lab, live=False)


def test_a_lab_leads_to_the_costs_of_its_run(lab):
    lab.open("/?loss=minimax")
    lab.pause()
    link = lab.get("costs")
    link.focus()
    href = link.get_attribute("href")
    d = float(parse_qs(urlsplit(href).query)["d"][0])
    opened(lab, href[len(lab.base) :])
    assert f"D(G(z)) was {d:.3f} on average" in lab.get("says").inner_text()
    agree(lab, {(way, 3): lambda q: -q["d"] for way in ("number", "other")})
    # The way back: the lab of the figure, with the minimax cost.
    back = urlsplit(lab.get("open-lab").get_attribute("href"))
    assert parse_qs(back.query)["loss"] == ["minimax"]
