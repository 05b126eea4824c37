"""A recording as a web page: opened from a file without a network, it plays and shows the run."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ganlab import Recording, Run, Spec, standalone
from ganlab.live.history import SERIES

from .accessible import violations

PLANE = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16)
_SIZES = [(1280, 720, "dark"), (390, 844, "light")]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Path]:
    """A run of 24 iterations with a change, and its page."""
    recording = Recording(Run(PLANE))
    recording.run.advance(12)
    recording.run.change(k=2)
    recording.run.advance(12)
    place = tmp_path_factory.mktemp("stick") / "a run & more.html"
    standalone.page(recording, place, seconds=2)
    return recording, place


def test_a_page_from_a_file_plays_and_shows_the_run(browser: Browser, recorded):
    recording, place = recorded
    for width, height, theme in _SIZES:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, offline=True
        )
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("request", lambda request, said=said: _only_the_file(request.url, place, said))
        page.goto(place.as_uri())
        _plays_and_scrubs(page, recording, theme)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert violations(SimpleNamespace(page=page)) == []
        assert said == []
        context.close()


def _only_the_file(url: str, place: Path, said: list[str]) -> None:
    if url != place.as_uri() and not url.startswith(("data:", "blob:")):
        said.append(url)


def _plays_and_scrubs(page: Page, recording: Recording, theme: str) -> None:
    root, slider = page.locator("#view"), page.get_by_test_id("timeline")
    expect(root).to_have_attribute("data-theme", theme)
    expect(root).to_have_attribute("data-state", "paused")  # it has played to its end
    iteration = page.get_by_test_id("iteration")
    expect(iteration).to_have_text("24")
    slider.press("Home")
    expect(iteration).to_have_text("0")
    page.keyboard.press("ArrowRight")
    expect(iteration).to_have_text("1")
    slider.press("Shift+ArrowRight")
    expect(iteration).to_have_text("11")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(iteration).to_have_text("13")
    shot = recording.at(12 * 2 + 3).snapshot(picture=False)
    expect(page.locator('[data-number="d_updates"]')).to_have_text("14")
    for name in SERIES:
        cell = page.locator(f'[data-number="{name}"]')
        if cell.count():
            np.testing.assert_allclose(float(cell.inner_text()), shot.metrics[name][0], rtol=1e-5)
    assert page.locator("[data-number]").count() > 10
    page.get_by_test_id("layer-fake").click()
    expect(page.get_by_test_id("layer-fake")).to_have_attribute("aria-pressed", "false")
    page.get_by_test_id("layer-fake").click()
    page.keyboard.press(" ")
    expect(root).to_have_attribute("data-state", "playing")
    page.keyboard.press(" ")
    page.locator("#theme").click()
    expect(root).to_have_attribute("data-theme", re.compile(f"(?!{theme})"))
    for left_out in ("step", "restart", "continue", "note", "explain", "follow"):
        assert page.get_by_test_id(left_out).count() == 0
