"""The language of a page: by the address, kept on the way, and changed by its switch."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow


def test_a_visit_in_chinese_stays_so_and_can_be_changed(page, server):
    page.goto(f"{server}/lessons?lang=zh")
    expect(page.locator("h1")).to_have_text("课程")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.get_by_role("link", name="一维实验室").click()
    expect(page).to_have_url(re.compile(r"/one\?.*lang=zh"))
    play = page.get_by_test_id("play")
    expect(play).to_contain_text(re.compile("暂停|播放"))
    expect(page.get_by_test_id("layer-p_data")).to_be_visible()
    expect(page.get_by_test_id("layer-grad")).to_contain_text("对 G 的推力")
    # Nothing is wider than its place.
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.gl-root button, .gl-root label, .gl-root p')]
          .filter((n) => n.offsetParent && n.scrollWidth > n.clientWidth + 2)
          .map((n) => n.textContent)"""
    )
    assert not cut
    page.get_by_test_id("language-en").click()
    expect(page).to_have_url(re.compile("lang=en"))
    expect(play).to_contain_text(re.compile("Pause|Play"))
    assert page.evaluate("document.documentElement.lang") == "en"
