"""The language of a page: by the address, kept on the way, and changed by its switch."""

from __future__ import annotations

import re

from playwright.sync_api import expect

_CUT = """
() => [...document.querySelectorAll('.gl-root button, .gl-root label, .gl-root select')]
  .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 2)
  .map((node) => node.textContent)
"""
_LANGUAGE = "document.documentElement.lang"


def test_a_visit_in_chinese_stays_so_and_can_be_changed(lab):
    page = lab.page
    page.set_viewport_size({"width": 1280, "height": 720})
    lab.open("/one?lang=zh&k=2")
    expect(page.locator("h1")).to_have_text("一维实验室")
    assert lab.js(_LANGUAGE) == "zh-CN"
    expect(lab.get("layer-gradient")).to_contain_text("对 G 的推力")
    expect(page.get_by_text("生成器", exact=True)).to_be_visible()
    assert lab.js(_CUT) == []
    page.get_by_role("link", name="课程").first.click()
    expect(page.locator("h1")).to_have_text("课程")
    expect(page).to_have_url(re.compile(r"/lessons\?lang=zh$"))
    lab.get("language-en").click()
    expect(page.locator("h1")).to_have_text("Lessons")
    expect(page).to_have_url(re.compile(r"/lessons\?lang=en$"))
    assert lab.js(_LANGUAGE) == "en"
