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
_PIXELS = """
(() => {
  const canvas = document.querySelector('[data-testid=spectrum-plane]');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return [...new Set(new Uint32Array(data.buffer))];
})()
"""


def _SAID(name):
    return f"Number(document.querySelector('[data-testid={name}]').textContent)"


_WHOLE = """
(() => {
  const { scrollHeight, clientHeight } = document.querySelector('[data-testid=spectrum-panel]');
  return scrollHeight <= clientHeight + 1;
})()
"""
_FITS = "document.scrollingElement.scrollHeight <= innerHeight"


@pytest.mark.parametrize(
    "path", ["/?k=2&unroll=2&g_hidden=8&d_hidden=8", "/two?latent_dim=3&g_hidden=8&d_hidden=8"]
)
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
    the_spectrum_says_what_was_computed(lab)


def the_spectrum_says_what_was_computed(lab):
    """The numbers beside the eigenvalues, under another rule and with R1, while the run stands."""
    lab.page.set_viewport_size({"width": 1280, "height": 720})
    lab.get("play").click()
    lab.wait_status("s.state === 'paused'")
    lab.page.keyboard.press("l")
    lab.wait("live.last.spectrum?.now", seconds=120)
    lab.get("spectrum-rule").select_option("extragradient")
    lab.get("spectrum-r1").fill("2")
    lab.get("spectrum-r1").press("Tab")
    lab.wait("live.last.spectrum.other?.r1 === 2", seconds=120)
    told = lab.js("live.last.spectrum")
    lab.wait(
        f"{_SAID('spectrum-radius')} === {told['now']['rules']['extragradient']['radius']:.5f}"
    )
    assert lab.get("spectrum-why").inner_text() == told["now"]["rules"]["extragradient"]["why"]
    assert (
        lab.get("spectrum-growing").inner_text()
        == f"{told['now']['growing']} of {told['now']['count']}"
    )
    assert f"{told['iteration']:,}" in lab.get("spectrum-age").inner_text()
    assert "/games?game=dirac&loss=non-saturating&rule=alternating" in lab.get(
        "spectrum-game"
    ).get_attribute("href")
    drawn = lab.get("spectrum-plane")
    assert len(lab.js(_PIXELS)) > 3 and drawn.bounding_box()["height"] > 100
    assert lab.js(_FITS) and lab.js(_WHOLE), "one screen"
    check(lab, live=False)
    lab.get("spectrum-close").click()
    lab.wait_status("!s.spectrum")
    assert not lab.get("spectrum-panel").is_visible()


def test_the_slowest_speed_runs_through_the_parts_by_itself(lab):
    lab.open()
    lab.get("speed").fill("-1")
    lab.wait_status("s.state === 'paused' && s.explains")
    lab.wait(f"{_TITLE}.startsWith('Draw z')")  # without a click
    lab.page.keyboard.press("Space")
    assert lab.get("play").inner_text() == "Play"
    lab.get("speed").fill("12")
    lab.wait_status("s.state === 'playing' && s.speed === 0 && !s.explains")
