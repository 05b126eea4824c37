"""The gallery in the browser: a click opens a preset on its page."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from ganlab import Spec
from ganlab.comparison import Comparison
from ganlab.presets import DEFAULTS, PRESETS
from ganlab.presets.exercises import EXERCISES


def query(lab) -> list[tuple[str, str]]:
    pairs = parse_qsl(urlsplit(lab.page.url).query, keep_blank_values=True)
    return [pair for pair in pairs if pair[0] != "preset"]


def test_every_phenomenon_has_its_card(lab):
    lab.open("/phenomena", moving=False)
    lab.get("open-hopping").wait_for()
    text = lab.page.locator("[data-testid=stMain]").inner_text()
    for name in PRESETS:
        assert PRESETS[name].title in text
        assert lab.get(f"open-{name}").count() == 1
    # The first card plays; one at a time.
    first = "document.querySelector('.gl-card-picture').toDataURL()"
    lab.js(f"window.before = {first}")
    lab.page.wait_for_function(f"() => window.before !== {first}")
    lab.get("search").fill("unrolled metz")
    lab.says("found", re.compile(r"\d of \d\d"))
    assert lab.get("card-unrolling").is_visible() and lab.get("card-rotation").is_hidden()
    lab.get("search").fill("xyzzy")
    lab.says("found", "nothing found: try another word")


def test_one_spec_opens_in_its_lab(lab):
    lab.open("/phenomena", moving=False)
    lab.get("open-hopping").click()
    lab.wait("ganlab.frames > 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/two"
    assert Spec.from_query(query(lab)) == PRESETS["hopping"].specs[0]


def test_several_open_side_by_side(lab):
    lab.open("/phenomena", moving=False)
    lab.get("open-saturation").click()
    lab.wait("ganlab.frames > 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/compare"
    assert Comparison.from_query(query(lab)).specs == PRESETS["saturation"].specs


def test_an_exercise_opens_with_the_settings_of_its_source(lab):
    lab.open("/phenomena", moving=False)
    lab.page.get_by_role("tab", name="Exercises of courses and papers").click()
    lab.page.locator(".st-key-open-exercise-udl button").click()
    lab.wait("ganlab.frames > 2 && ganlab.iteration > 0")
    assert urlsplit(lab.page.url).path == "/one"
    assert Spec.from_query(query(lab)) == EXERCISES["udl"].specs[0]


def test_a_toggle_changes_the_run_that_goes_on(lab):
    lab.open("/two")
    lab.page.get_by_text("Toggles of D").click()
    field = lab.page.get_by_role("spinbutton", name="R1, γ")
    field.fill("0.3")
    field.press("Enter")
    lab.wait("window.live.last.curves && window.live.last.curves.marks.length > 0")
    assert lab.js("window.live.last.curves.marks.map((mark) => mark.text)") == ["R1, γ 0→0.3"]
    assert lab.js("window.live.last.status.run") == 1
    lab.wait_field("r1", "0.3")


_FULL_SPEED = "sessionStorage.setItem('ganlab.speed', '0')"  # an earlier choice of the visitor


def test_two_clicks_to_a_collapse_and_one_to_its_cure(lab):
    lab.page.add_init_script(_FULL_SPEED)
    clicks = 0

    def click(testid: str) -> None:
        nonlocal clicks
        clicks += 1
        lab.get(testid).click()

    lab.open("/", moving=False)
    click("open-collapse")
    lab.wait("live.last.status && live.last.status.story.state === 'seen'", 90)
    assert lab.js("live.last.status.speed") == 0, "the visitor's own speed is kept"
    assert clicks <= 2 and urlsplit(lab.page.url).path == "/two"
    assert lab.js("live.last.status.metrics.modes") <= 4
    lab.says("claim", "seen")
    click("cure-minibatch_discrimination")
    lab.wait_status("s.run === 2 && s.iteration > 300 && s.metrics.modes >= 7", 120)
    assert clicks <= 4
    lab.says("changed", "changed from the preset: minibatch kernels")
    assert lab.get("knob-minibatch_discrimination").input_value() == "4"
    lab.says("cure-minibatch_discrimination", "Without minibatch discrimination")


def test_an_opened_preset_keeps_its_words_over_a_reload_and_keys_lead_on(lab):
    lab.open("/compare?preset=minibatch-discrimination")
    lab.says("preset-title", PRESETS["minibatch-discrimination"].title)
    lab.wait_field("preset", "minibatch-discrimination")
    assert 0 < lab.js("live.last.status.rate || 1") < 60
    lab.says("label-1", "4 kernels")
    lab.page.reload()
    lab.says("preset-title", PRESETS["minibatch-discrimination"].title)
    names = list(PRESETS)
    after = names[names.index("minibatch-discrimination") + 1]
    lab.page.keyboard.press("]")
    lab.says("preset-title", PRESETS[after].title)
    lab.wait_field("preset", after)
    lab.get("leave").click()
    lab.get("preset-title").wait_for(state="hidden")
    assert Comparison.from_query(query(lab)).specs == PRESETS[after].specs
    # A strip starts from its own base, whatever was shown before.
    lab.page.get_by_role("button", name="k = 1, 2, 5, 10").click()
    lab.wait("live.last.scene.runs.length === 4")
    lab.wait_field("d.k", "10")
    base = Comparison.from_query(query(lab)).base
    assert base == DEFAULTS[base.axes].replace(k=1)
