"""The presenter mode, its keys and the way back; and a class that follows."""

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


def test_a_student_follows_tries_and_comes_back(new_lab):
    teacher, student = new_lab(), new_lab()
    teacher.open("/one?k=1")
    teacher.page.keyboard.press("w")
    teacher.get("class-start").click()
    code = teacher.get("class-code").inner_text()
    student.open(f"/follow?code={code.lower()}")
    expect(teacher.get("followers")).to_have_text("1")
    teacher.get("question").fill("Will it settle?")
    teacher.get("answers").fill("yes\n\nno")
    teacher.get("ask").click()
    student.get("choice-1").click()
    expect(teacher.get("count-1")).to_have_text("1")
    expect(student.get("count-1")).to_have_text("")  # not yet shown to the class
    teacher.get("reveal").click()
    expect(student.get("count-1")).to_have_text("1")
    teacher.page.keyboard.press("Escape")
    expect(teacher.get("class-panel")).to_be_hidden()

    # What the teacher does is seen; what a student presses is not.
    student.page.keyboard.press("Space")
    teacher.page.keyboard.press("Space")
    student.wait("document.querySelector('.gl-root').dataset.state === 'paused'")
    rest = teacher.wait_status("s.state === 'paused'")["iteration"]
    student.wait(f"ganlab.iteration === {rest}")
    teacher.get("layer-d_star").click()
    expect(student.get("layer-d_star")).to_have_attribute("aria-pressed", "false")

    # After a reload the teacher's page continues the same run, and still has the class.
    student.get("try").click()
    expect(student.get("back-to-class")).to_be_visible()
    student.wait(f"ganlab.iteration === {rest} && ganlab.state === 'paused'")
    student.page.keyboard.press("s")
    student.wait(f"ganlab.iteration === {rest + 1}")
    teacher.page.reload()
    teacher.wait(f"ganlab.iteration === {rest}")
    expect(teacher.get("class")).to_contain_text(code)
    student.get("back-to-class").click()
    expect(student.get("follow-name")).to_contain_text(code)
    student.wait(f"ganlab.iteration === {rest}")
    expect(student.get("choice-1")).to_have_attribute("aria-pressed", "true")
