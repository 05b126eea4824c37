"""The presenter mode: its size, its keys, and the way back."""

from __future__ import annotations

from playwright.sync_api import expect

from ganlab import theme

_SMALL = """
() => [...document.querySelectorAll('.gl-root *')].filter((node) => node.checkVisibility()
  && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())
  && parseFloat(getComputedStyle(node).fontSize) < 28).map((node) => node.outerHTML.slice(0, 80))
"""
_PICTURE = "document.querySelector('.gl-picture canvas').toDataURL()"


def test_a_presented_lab_fills_the_screen_and_obeys_keys(lab):
    lab.page.set_viewport_size({"width": 1920, "height": 1080})
    lab.open("/one?k=1&present=1")
    box = lab.page.locator(".gl-picture").bounding_box()
    assert 0.8 * 1920 * 1080 <= box["width"] * box["height"] < 1920 * 1080
    lab.page.keyboard.press("?")
    assert lab.js(_SMALL) == []
    scale = float(
        lab.js("getComputedStyle(document.querySelector('.gl-root')).getPropertyValue('--gl-u')")
    )
    drawn = [v for n, v in vars(theme.SIZES).items() if n != "label_halo"]
    assert min(drawn) * scale >= 28
    for name in ("stHeader", "stSidebar"):
        expect(lab.get(name)).to_be_hidden()
    lab.page.keyboard.press("Escape")  # closes the list of keys
    expect(lab.get("present-keys")).to_be_hidden()

    lab.page.keyboard.press("k")
    lab.wait_field("k", "5")
    lab.wait("new URLSearchParams(location.search).get('present') === '1'")
    lab.page.keyboard.press("l")
    lab.wait_field("loss", "maximum-likelihood")
    lab.page.keyboard.press("Shift+L")
    lab.wait_field("loss", "non-saturating")
    speed = lab.status["speed"]
    lab.page.keyboard.press("-")
    lab.wait_status(f"s.speed > 0 && s.speed < {speed or 1e9}")

    lab.page.keyboard.press("f")
    before, at = lab.js(_PICTURE), lab.counters["iteration"]
    lab.wait_status(f"s.iteration > {at + 20} && s.state === 'playing'")
    assert lab.js(_PICTURE) == before
    expect(lab.get("frozen")).to_be_visible()
    lab.page.keyboard.press("f")
    lab.page.wait_for_function(f"(before) => {_PICTURE} !== before", arg=before)

    lab.page.keyboard.press("o")
    lab.page.mouse.move(500, 400)
    place = "getComputedStyle(document.querySelector('.gl-pointer')).getPropertyValue('--x')"
    lab.wait(f"{place} === '500px'")
    lab.page.keyboard.press("ArrowRight")
    lab.wait(f"{place} === '558px'")  # 3 % of the width further
    lab.page.keyboard.press("Escape")
    expect(lab.get("stHeader")).to_be_visible()
    lab.wait("!new URLSearchParams(location.search).has('present')")
    assert "present" not in lab.page.url
