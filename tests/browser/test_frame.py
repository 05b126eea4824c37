"""No blank main area: a page's frame appears at the click, and says what it is waiting for."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from ganlab.ui.navigation import words

from .accessible import expect_none
from .server import Server

# For each click, records the contents of the frame in the next paint.
_NOTE = """
() => {
  window.noted = [];
  addEventListener('click', () => requestAnimationFrame(() => {
    const box = document.querySelector('[data-testid=frame]');
    const { width, height } = box?.getBoundingClientRect() ?? {};
    window.noted.push({ text: box?.innerText ?? '', width, height });
  }), { capture: true });
}
"""


@pytest.mark.parametrize("live", [True, False])
def test_the_frame_stands_before_the_server_has_answered(lab, live):
    lab.open("/one")
    lab.page.evaluate(_NOTE)
    page = "two" if live else "phenomena"
    title, sentence = words(page)
    lab.page.get_by_role("link", name=title, exact=True).click()
    noted = lab.page.wait_for_function("() => window.noted[0]").json_value()
    assert title in noted["text"] and sentence in noted["text"]
    assert "waiting for the server…" in noted["text"]
    assert noted["width"] > 800 and noted["height"] > 500
    # It is replaced by the page itself.
    expect(lab.page.get_by_role("heading", name=title)).to_be_visible()
    expect(lab.get("frame")).to_have_count(0)
    if live:
        lab.moves()


def test_the_home_page_loads_a_labs_files_before_its_click(lab):
    lab.open("/", moving=False)
    loaded = "performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop())"
    for name in ("words.js", "common.js", "Slider"):
        lab.page.wait_for_function(f"() => {loaded}.some((one) => one.startsWith('{name}'))")
    before = lab.js(f"new Set({loaded}).size")
    lab.page.get_by_role("link", name=words("two")[0], exact=True).first.click()
    lab.wait("ganlab.frames > 2")
    new = lab.js(f"[...new Set({loaded})].slice({before}).filter((name) => name.endsWith('.js'))")
    assert "live.js" in new  # executed now, with the code of common.js
    assert not [name for name in new if name.startswith(("common", "Slider", "Number"))]


def test_the_frame_stands_when_a_button_leads_to_another_page(lab):
    lab.open("/two")
    lab.page.evaluate(_NOTE)
    for number, (button, page) in enumerate(
        (
            (lab.page.get_by_role("button", name="Many seeds of this"), "many"),
            (lab.get("see-collapse"), None),  # only the server knows its page
            (lab.get("gallery"), "phenomena"),
        )
    ):
        button.click()
        text = lab.page.wait_for_function(f"() => window.noted[{number}]?.text").json_value()
        assert "waiting for the server…" in text and (page is None or words(page)[0] in text)
        expect(lab.get("frame")).to_have_count(0)
    expect(lab.page.get_by_role("heading", name=words("phenomena")[0])).to_be_visible()


def test_a_page_opens_before_all_is_imported(new_lab, tmp_path):
    gate = tmp_path / "go"
    wait = f"""
import sys, time
from importlib.machinery import PathFinder
from pathlib import Path
class Late:
    def find_spec(self, name, path=None, target=None):
        if name == "ganlab.live.scheduler":
            spec = PathFinder.find_spec(name, path)
            load = spec.loader.exec_module
            def late(module):  # not in find_spec, which no other import can pass meanwhile
                while not Path({str(gate)!r}).exists():
                    time.sleep(0.02)
                load(module)
            spec.loader.exec_module = late
            return spec
sys.meta_path.insert(0, Late())
"""
    with Server(tmp_path / "log.txt", wait) as server:
        lab = new_lab(base=server.url).open("/one", moving=False)
        frame = lab.get("frame")
        expect(frame).to_contain_text("importing torch")
        expect(frame).to_contain_text(words("one")[1])
        expect_none(lab, "while a page opens")
        threading.Timer(0.1, gate.touch).start()
        lab.wait("ganlab.frames > 2")
        expect(frame).to_have_count(0)
        lab.page.goto("about:blank")  # else it may say that the server has stopped
