"""The page of games in the browser: drag, click, change a rule; its numbers are closed forms."""

from __future__ import annotations

import math
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from ganlab.experiment import Experiment

from .accessible import check

DRAWN = "document.querySelector('.gl-games[data-drawn]')"


def opened(lab, path: str):
    lab.open(path, moving=False)
    lab.wait(DRAWN)
    return lab


def field(lab, name: str) -> str:
    """A field of the page's address."""
    return parse_qs(urlsplit(lab.page.url).query).get(name, [""])[0]


def address(lab, name: str, pattern: str) -> str:
    """A field of the address, once it is like `pattern`."""
    script = f"/{pattern}/.test(new URLSearchParams(location.search).get({name!r}) ?? '')"
    lab.wait(script)
    return field(lab, name)


def rates(lab, rule: str) -> tuple[float, float]:
    """The predicted and the measured rate of a rule."""
    found = re.findall(r"−?\d[\d.]*(?:e−?\d+)?", lab.get(f"rates-{rule}").inner_text())
    predicted, measured = (float(text.replace("−", "-")) for text in found)
    return predicted, measured


def test_the_numbers_are_the_closed_forms_whatever_is_dragged(lab):
    opened(lab, "/games")
    lab.wait("window.ganlab.frames > 20 && window.ganlab.iteration > 3")
    assert [lab.get(f"word-{rule}").inner_text() for rule in field(lab, "rule").split(",")] == [
        "diverges",
        "orbits",
        "converges",
    ]
    assert "1.01980" in lab.get("why-simultaneous").inner_text()

    # The step size, by the keyboard: the address and the numbers follow it.
    slider = lab.get("knob-step")
    slider.focus()
    for _ in range(8):
        slider.press("ArrowRight")
    h = float(address(lab, "step", f"^{slider.get_attribute('aria-valuetext')}$"))
    assert 0.2 < h < 0.5
    text = f"{math.sqrt(1 + h * h):.5f}"
    lab.wait(f"document.body.innerText.includes({text!r})")
    assert rates(lab, "simultaneous") == pytest.approx([math.log(1 + h * h) / 2] * 2, rel=0.01)
    shrinks = math.log(1 - h * h + h**4) / 2
    assert rates(lab, "extragradient") == pytest.approx([shrinks] * 2, rel=0.01)

    # A click adds a starting point there, a drag moves it, and keys do.
    box = lab.get("plane").bounding_box()
    lab.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.2 * box["height"])
    start = [float(x) for x in address(lab, "start", "^([^,]+,){3}[^,]+$").split(",")]
    assert start[:2] == [1, 1] and 1 < start[2] < 2 and 1 < start[3] < 2.5
    handle = lab.get("point-1").bounding_box()
    x, y = handle["x"] + 12, handle["y"] + 12
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x - 30, y + 40)
    lab.page.mouse.move(x - 60, y + 80)
    lab.page.mouse.up()
    scale = 6 / (0.87 * box["width"])  # about: the axes are from -3 to 3
    wanted = start[2] - 60 * scale, start[3] - 80 * scale
    lab.wait(
        "((s) => Math.hypot(s[2] - {:.3f}, s[3] - {:.3f}) < 0.3)"
        "(new URLSearchParams(location.search).get('start').split(','))".format(*wanted)
    )
    lab.get("point-1").focus()
    lab.page.keyboard.press("Delete")
    address(lab, "start", "^1,1$")

    # Rules: at most four, and each can be removed.
    lab.get("add-rule").select_option("implicit")
    address(lab, "rule", "implicit$")
    lab.get("word-implicit").wait_for()
    assert rates(lab, "implicit")[0] == pytest.approx(-math.log(1 + h * h) / 2, rel=0.01)
    assert not lab.get("add-rule").is_visible()
    lab.get("drop-alternating").click()
    address(lab, "rule", "^simultaneous,extragradient,implicit$")

    # Time, by keys.
    lab.page.keyboard.press("End")
    lab.wait("document.querySelector('[data-testid=update]').textContent === '300 of 300'")
    lab.page.keyboard.press("Shift+ArrowLeft")
    lab.wait("document.querySelector('[data-testid=update]').textContent === '290 of 300'")
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press(" ")
    lab.wait("window.ganlab.state === 'playing' && window.ganlab.iteration > 2")
    lab.page.keyboard.press(" ")
    lab.wait("window.ganlab.state === 'paused'")

    # The address holds all of it.
    told = lab.get("why-implicit").inner_text()
    query = urlsplit(lab.page.url).query
    opened(lab, f"/games?{query}")
    assert lab.get("why-implicit").inner_text() == told
    assert urlsplit(lab.page.url).query == query


def test_presets_bad_addresses_and_all_who_use_the_page(lab):
    opened(lab, "/games?game=dirac&r1=-3&rule=alternating&nonsense=1")
    message = lab.get("message").inner_text()
    assert (
        "R1, γ = -3.0 is not allowed; it must be a number from 0 to 10" in message
        and "nonsense" in message
    )
    lab.get("preset").select_option(label="Dirac-GAN: R1")
    address(lab, "r1", "^0.3$")
    gamma, h = 0.3, 0.2
    lab.wait("document.body.innerText.includes('0.97468')")
    assert rates(lab, "alternating")[0] == pytest.approx(math.log(1 - h * gamma) / 2, rel=0.01)
    assert not lab.get("message").is_visible()
    assert "84.7 % of ‖J‖² rotates" in lab.get("parts").inner_text()  # f'² / (f'² + γ²/2)
    href = urlsplit(lab.get("open-lab").get_attribute("href"))
    spec = Experiment.from_query(href.query).base
    assert spec.target == "points" and spec.r1 == gamma and spec.g_lr == spec.d_lr == h
    with lab.page.expect_download() as download:
        lab.get("export").click()
        lab.get("export-csv").click()
    rows = open(download.value.path()).read().splitlines()
    assert rows[0] == "rule,start,update,θ,ψ" and len(rows) == 1 + 2 * 301
    check(lab, live=False)
