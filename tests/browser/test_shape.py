"""A page that a teacher shapes: chosen by clicking, handed out as an address, and obeyed."""

from __future__ import annotations

from urllib.parse import urlsplit

from .accessible import check

SHAPE = "hide=spectrum,layer-d_star,curve-w1,page-*&lock=field-*,restart&show=k"


def test_a_teacher_chooses_and_a_student_gets_that_page(lab):
    lab.open("/one?k=1")
    lab.page.locator(".st-key-shape_page button").first.click()
    lab.get("shaper").wait_for()
    run = lab.counters["run"]
    lab.get("knob-k").click()  # shown, locked, hidden, shown: this one stays
    for _ in range(2):
        lab.get("knob-k").click()
    lab.get("shape-lock").click()
    for _ in range(2):
        lab.get("layer-d_star").click()
    for part, state in {"restart": "locked", "spectrum": "hidden", "curve-w1": "hidden"}.items():
        lab.page.locator(f'[data-part="{part}"] label', has_text=state).click()
    lab.get("shape-page-hidden").click()
    assert lab.counters["run"] == run, "the controls themselves were not used"
    address = lab.get("shape-address").input_value()
    assert address.endswith(f"&{SHAPE}") and "shape" not in urlsplit(lab.page.url).query
    lab.open(address.removeprefix(lab.base))
    menu = lab.page.get_by_test_id("stTopNavLink")
    assert not menu.count() or not menu.first.is_visible()
    assert lab.get("layer-d_star").is_hidden() and lab.get("spectrum").count() == 0
    ids = lab.js("live.last.scene.panels.map(({ id }) => id)")
    assert "w1" in ids and not lab.page.get_by_test_id("help-w1").count()
    lab.get("knob-g_lr").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("r")
    lab.get("restart").click(force=True)
    lab.get("knob-k").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.wait_status("s.values.k === 2")
    assert lab.counters["run"] == 1
    assert [c["field"] for c in lab.sent if c["cmd"] == "set"] == ["k"]
    assert not any(c["cmd"] == "restart" for c in lab.sent)
    lab.page.keyboard.press("n")  # a new run keeps the shape
    lab.wait("ganlab.run === 2 && ganlab.iteration > 0")
    assert lab.page.url.endswith(f"&{SHAPE}")
    check(lab)
