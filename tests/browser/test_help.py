"""The "?" beside curves and numbers, by mouse, by keyboard, and for screen readers."""

from __future__ import annotations

from playwright.sync_api import expect

from ganlab import words


def test_every_panel_of_a_lab_is_explained(lab):
    lab.open("/two")
    expect(lab.get("help-jsd")).to_be_visible()
    ids = ("jsd", "w1", "value", "loss", "gradient", "modes", "shares", "readout", "layers")
    for name in ids:
        button = lab.get(f"help-{name}")
        assert button.get_attribute("aria-label").startswith("What is ")
        described = f"document.getElementById({button.get_attribute('aria-describedby')!r})"
        spoken = lab.js(f"{described}.textContent")
        table = {**words.MEASURES, **words.PANELS}
        if name in table:
            assert table[name].says in spoken
    shown = lab.get("help-words")
    lab.get("help-gradient").hover()
    expect(shown).to_contain_text(words.MEASURES["grad_g"].says)
    shown.hover()  # the text stays while the mouse is on it
    lab.page.wait_for_timeout(300)
    expect(shown).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    lab.get("help-jsd").focus()
    expect(shown).to_contain_text(words.LINES["ln 2"].says)
    box = shown.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
    lab.page.keyboard.press("Tab")
    expect(shown).to_contain_text(words.MEASURES["w1"].says)
    lab.get("play").click()
    expect(shown).to_have_count(0)
    # Also over the still figures.
    lab.wait_stills()
    lab.get("help-shares").click()
    expect(shown).to_contain_text(words.PANELS["shares"].says)
