"""Slow motion: an iteration in its parts, by button, key and slider, in both labs."""

from __future__ import annotations

import pytest

from .accessible import check

# The overlay's pixels that are not transparent, as a number that changes with what is drawn.
_INK = """
(() => {
  const canvas = document.querySelector('.gl-overlaid');
  if (!canvas) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3]) sum += (i % 9973) + data[i] + 3 * data[i + 1];
  }
  return sum;
})()
"""
_TITLE = "document.querySelector('[data-testid=part-title]').textContent"
_FITS = "document.scrollingElement.scrollHeight <= innerHeight"


@pytest.mark.parametrize("path", ["/?k=2&unroll=2", "/two?latent_dim=3"])
def test_an_iteration_in_its_parts(lab, path):
    lab.page.emulate_media(reduced_motion="reduce")  # each part stands still, complete
    lab.open(path)
    lab.page.keyboard.press("e")
    lab.wait(f"live.seen.parts === 1 && {_TITLE}.startsWith('Draw a minibatch')")
    start = lab.wait_status("s.state === 'paused' && s.explains")["iteration"]
    assert lab.get("explain").get_attribute("aria-pressed") == "true"
    assert lab.js(_FITS), "one screen"
    told = lab.js("live.last.parts")
    drawn = []
    for number, part in enumerate(told["parts"]):
        lab.wait(f"{_TITLE} === {part['title']!r}")
        lab.wait(f"({_INK}) !== {drawn[-1] if drawn else 0}")  # at the display's next tick
        drawn.append(lab.js(_INK))
        lit = lab.js("[...document.querySelectorAll('.gl-term.gl-lit')].map((n) => n.dataset.term)")
        assert set(lit) == set(part["lit"])
        words = lab.page.locator(".gl-explain-words")
        assert words.get_attribute("aria-live") == "polite" and part["says"] in words.inner_text()
        if number == 0:
            lab.get("part-after").click()
        else:
            lab.page.keyboard.press("ArrowRight")
    lab.wait_status(f"s.iteration === {start + 1}")
    lab.wait(f"live.seen.parts === 2 && {_TITLE}.startsWith('Draw a minibatch')")
    check(lab, live=False)
    lab.get("explain-close").click()
    lab.wait_status("s.state === 'playing' && !s.explains")
    assert not lab.get("explained").is_visible() and lab.js(_INK) == 0


def test_the_slowest_speed_runs_through_the_parts_by_itself(lab):
    lab.open()
    lab.get("speed").fill("-1")
    lab.wait_status("s.state === 'paused' && s.explains")
    lab.wait(f"{_TITLE}.startsWith('Draw z')")  # without a click
    lab.page.keyboard.press("Space")
    assert lab.get("play").inner_text() == "Play"
    lab.get("speed").fill("12")
    lab.wait_status("s.state === 'playing' && s.speed === 0 && !s.explains")
