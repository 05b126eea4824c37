"""A lesson in the browser: it lights, waits, ticks itself, and is where it was after a reload."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from ganlab.lessons import lessons

from .accessible import check


def test_a_lesson_is_taken(lab):
    lab.open("/lessons", moving=False)
    lab.page.locator(".st-key-open-lesson-figure-1 button").click()
    lab.get("lesson").wait_for()
    steps = lessons()["figure-1"].steps
    lab.says("lesson-said", "waits for you")
    assert "gl-lighted" in lab.get("layer-d_star").get_attribute("class")
    assert lab.get("lesson-next").inner_text() == "Skip ›" and not lab.get("lesson-reveal").count()
    lab.get("layer-d_star").click()
    lab.says("lesson-said", "✓ done")
    assert lab.get("lesson-reveal").is_visible()
    lab.get("lesson-next").click()
    lab.says("lesson-said", "waits for your answer")
    assert lab.get("lesson-show").is_hidden(), "not before the answer"
    lab.get("choice-1").click()  # wrong
    lab.says("lesson-said", "waits for you")
    lab.get("lesson-show").click()  # it presses D twenty times
    lab.says("lesson-said", "✓ done")
    assert lab.status["d_updates"] == 20 and lab.status["g_updates"] == 0
    assert lab.get("choice-0").get_attribute("data-state") == "right"
    assert lab.get("choice-1").get_attribute("data-state") == "wrong"
    assert "Not what you said." in lab.get("lesson-reveal").inner_text()
    check(lab, live=False)  # the run stands still already
    address = parse_qs(urlsplit(lab.page.url).query)
    assert (address["lesson"], address["step"]) == (["figure-1"], ["2"])
    lab.page.reload()
    lab.says("lesson-said", "waits for your answer")
    assert steps[1].title in lab.get("lesson").inner_text()
    assert lab.js("JSON.parse(localStorage.getItem('ganlab.lessons'))['figure-1']") == [2, 5]
    lab.get("lesson-leave").click()
    lab.page.get_by_test_id("stSidebar").get_by_text("Many seeds of this").wait_for()
    assert lab.get("lesson").is_hidden()
    lab.page.get_by_role("link", name="Lessons").click()
    progress = lab.page.locator(".ganlab-done-figure-1")
    expect(progress).to_have_text("2 of 5 steps done")
