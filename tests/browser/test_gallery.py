"""The gallery in the browser: a click opens the phenomenon where it is to be seen."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from ganlab import Spec
from ganlab.live.comparison import Comparison
from ganlab.presets import PRESETS


def query(lab) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(lab.page.url).query, keep_blank_values=True)


def test_every_phenomenon_has_its_card(lab):
    lab.open("/phenomena", moving=False)
    lab.page.locator(".st-key-open-hopping button").wait_for()
    text = lab.page.locator("[data-testid=stMain]").inner_text()
    for name in PRESETS:
        assert PRESETS[name].title in text
        assert lab.page.locator(f".st-key-open-{name} button").count() == 1


def test_one_spec_opens_in_its_lab(lab):
    lab.open("/phenomena", moving=False)
    lab.page.locator(".st-key-open-hopping button").click()
    lab.wait("ganlab.frames > 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/two"
    assert Spec.from_query(query(lab)) == PRESETS["hopping"].specs[0]


def test_several_open_side_by_side(lab):
    lab.open("/phenomena", moving=False)
    lab.page.locator(".st-key-open-saturation button").click()
    lab.wait("ganlab.frames > 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/compare"
    assert Comparison.from_query(query(lab)).specs == PRESETS["saturation"].specs


def test_a_toggle_changes_the_run_that_goes_on(lab):
    lab.open("/two")
    lab.page.get_by_text("Toggles of D").click()
    field = lab.page.get_by_role("spinbutton", name="R1, γ")
    field.fill("0.3")
    field.press("Enter")
    lab.wait("window.live.last.curves && window.live.last.curves.marks.length > 0")
    assert lab.js("window.live.last.curves.marks.map((mark) => mark.text)") == ["R1, γ 0→0.3"]
    assert lab.js("window.live.last.status.run") == 1
    lab.page.wait_for_function("() => location.search.includes('r1=0.3')")
