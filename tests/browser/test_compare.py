"""Compare in the browser: two clicks to vary k, shared controls, one figure of all curves."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from ganlab import Spec
from ganlab.comparison import Comparison
from ganlab.presets import STRIPS

from .lab import SECONDS
from .test_view import G

SMALL = Spec(target="two_gaussians", g_hidden=(8,), d_hidden=(8,), batch=32)
RING = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=32)
PAIR = Comparison.by(SMALL, {"k": (1, 4)})

# For each picture's canvas, whether it shows more than one colour, and its position.
_CELLS = """
() => [...document.querySelectorAll('.gl-cell')].map((cell) => {
  const canvas = cell.querySelector('canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer);
  const box = canvas.getBoundingClientRect();
  return {
    drawn: pixels.some((pixel) => pixel !== pixels[0]),
    inside: box.width > 100 && box.height > 100
      && box.bottom <= innerHeight && box.right <= innerWidth,
  };
})
"""
_SCROLLS = """
[document.documentElement, document.querySelector('[data-testid=stMain]')].some(
  (node) => node.scrollHeight > node.clientHeight || node.scrollWidth > node.clientWidth)
"""
# Counts how often a canvas that has been drawn is blank.
_WATCH = """
() => {
  window.blank = 0;
  const probe = new OffscreenCanvas(64, 64).getContext('2d', { willReadFrequently: true });
  const look = () => {
    for (const canvas of document.querySelectorAll('.gl-cell canvas, .gl-overlay canvas')) {
      if (canvas.hidden) continue;
      probe.clearRect(0, 0, 64, 64);
      probe.drawImage(canvas, 0, 0, 64, 64);
      const pixels = new Uint32Array(probe.getImageData(0, 0, 64, 64).data.buffer);
      if (pixels.every((pixel) => pixel === pixels[0])) window.blank += 1;
    }
    window.looks = (window.looks || 0) + 1;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


def shown(lab) -> Comparison:
    """The current comparison according to the page's address: the start's after its events."""
    pairs = parse_qsl(urlsplit(lab.page.url).query, keep_blank_values=True)
    begun = Comparison.from_query(pairs)
    return begun.with_specs(begun.after)


def becomes(lab, condition) -> Comparison:
    """The comparison in the address as soon as it meets a condition: it follows the page."""
    end = time.monotonic() + SECONDS
    while not condition(now := shown(lab)):
        assert time.monotonic() < end, f"the address says {now}"
        lab.page.wait_for_timeout(50)
    return now


def labels(lab) -> list[str]:
    """The texts in the headings of the runs."""
    return lab.js("[...document.querySelectorAll('.gl-cell-label')].map((e) => e.textContent)")


def fits(lab, count: int) -> None:
    lab.wait(f"!({_SCROLLS})", seconds=10)
    lab.wait(f"({_CELLS})().length === {count}")
    lab.wait(f"({_CELLS})().every((cell) => cell.drawn && cell.inside)")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_clicks_from_home_to_the_effect_of_k_and_of_the_loss(new_lab, theme):
    lab = new_lab(theme).open("/one")
    lab.page.get_by_role("link", name="Compare").click()
    lab.wait("live.last.scene && live.last.scene.runs && live.last.scene.runs.length === 2")
    lab.moves()
    assert urlsplit(lab.page.url).path == "/compare"
    fits(lab, 2)
    assert shown(lab) == Comparison.pair(Spec()) and labels(lab) == ["k = 1", "k = 5"]
    lab.js(f"({_WATCH})()")
    lab.page.get_by_role("button", name="k = 1, 2, 5, 10").click()
    lab.wait("live.last.scene.runs.length === 4")
    lab.wait_status("s.iteration > 0 && s.runs.length === 4")
    fits(lab, 4)
    assert labels(lab) == [f"k = {k}" for k in (1, 2, 5, 10)]
    lab.wait_field("d.k", "10")
    assert shown(lab).columns == {"k": (1, 2, 5, 10)}
    lab.page.get_by_role("button", name="losses").click()
    losses = STRIPS["losses"][1]
    lab.wait(f"live.last.scene.runs.length === {len(losses)}")
    lab.wait(f"live.last.scene.runs[1].label === {losses[1]!r}")
    fits(lab, len(losses))
    assert shown(lab).columns == {"loss": losses}
    lab.moves()
    assert lab.count(G[theme]) > 100
    lab.wait("window.looks > 5")
    assert lab.js("blank") == 0, "a canvas was blank"


def test_play_pause_and_steps_are_of_all_runs(lab):
    lab.open(f"/compare?{PAIR.to_query()}")
    status = lab.pause()
    assert [run["iteration"] for run in status["runs"]] == [status["iteration"]] * 2
    lab.page.locator("body").press("s")
    status = lab.wait_status(f"s.iteration === {status['iteration'] + 1}")
    assert [run["iteration"] for run in status["runs"]] == [status["iteration"]] * 2
    stills = lab.wait_stills()
    assert len(stills) == 3
    names = [trace for still in stills for trace in still["traces"]]
    assert any(name.endswith("k = 4") and name.startswith("JSD") for name in names)
    assert lab.get("d").count() == lab.get("g").count() == 0
    lab.page.locator("body").press(" ")
    lab.wait_status("s.state === 'playing'")
    lab.wait_stills(drawn=False)
    lab.moves()
    lab.page.locator("body").press("n")
    lab.wait_field("seed", "1")
    lab.wait_status("s.seed === 1 && s.run === 2")
    lab.page.locator("body").press("r")
    lab.wait_status("s.run === 3 && s.iteration > 0")
    lab.get("speed").fill("2")
    lab.wait_status("s.speed === 4")
    assert shown(lab) == PAIR.on(SMALL.replace(seed=1))


def test_what_differs_is_edited_on_the_page(lab):
    lab.open(f"/compare?{PAIR.to_query()}")
    sidebar = lab.page.get_by_test_id("stSidebar")
    # Without a restart: k is live.
    number = sidebar.get_by_role("spinbutton", name="B").first
    number.fill("5")
    number.press("Enter")
    lab.wait_status("s.runs[1].label === 'k = 5' && s.run === 1")
    lab.wait_field("b.k", "5")
    # Knobs change all runs; fields that differ have none.
    assert lab.get("knob-k").count() == 0
    lab.get("knob-loss").select_option("minimax")
    lab.wait_status("s.values.loss === 'minimax' && s.run === 1")
    lab.wait_field("loss", "minimax")
    # Another field, then another run, each with its own buttons.
    sidebar.get_by_role("button", name="Run", exact=True).click()
    lab.wait("live.last.scene.runs.length === 3")
    fits(lab, 3)
    lab.get("drop-0").click()
    lab.wait("live.last.scene.runs.length === 2")
    lab.wait_field("k", "5")
    lab.at_rest()  # until then the buttons of the last comparison are there, too
    sidebar.get_by_role("button", name="Field").click()
    lab.wait_status("s.fields.length === 2")
    fields = becomes(lab, lambda c: len(c.fields) == 2).fields
    assert fields[0] == "k"
    lab.at_rest()
    sidebar.locator("[class*='_drop_'] button:visible").last.click()
    lab.wait_status("s.fields.length === 1")
    lab.wait("live.last.scene.runs.every((run) => !run.label.includes('·'))")
    # The buttons in the headings.
    before = becomes(lab, lambda c: c.fields == ("k",))
    lab.get("swap-1").click()
    becomes(lab, lambda c: c == before.swapped(1))
    lab.get("copy-1").click()
    lab.wait_field("b.k", str(before.specs[1].k))
    lab.wait("[...document.querySelectorAll('.gl-cell-label')].every((e, _, all) => "
             "e.textContent === all[0].textContent)")  # fmt: skip
    # A change of a shared field that is not live restarts all runs.
    lab.at_rest()
    run = lab.status["run"]
    sidebar.get_by_role("textbox", name="G's hidden widths").fill("4")
    lab.page.keyboard.press("Enter")
    lab.wait_status(f"s.run > {run} && s.iteration > 0")
    lab.wait_field("g_hidden", "4")
    assert {spec.g_hidden for spec in shown(lab).specs} == {(4,)}


def test_an_address_opens_as_it_was_in_the_plane_too(lab):
    comparison = Comparison.by(RING, {"unroll": (0, 2), "t.std": (0.05, 0.1)})
    lab.open(f"/compare?{comparison.to_query()}")
    fits(lab, 2)
    assert shown(lab) == comparison and lab.js("live.last.scene.dim") == 2
    assert labels(lab) == list(comparison.labels)
    lab.page.set_viewport_size({"width": 1920, "height": 1080})
    fits(lab, 2)
    lab.page.set_viewport_size({"width": 1280, "height": 720})
    lab.page.get_by_role("radio", name="1-D").click()
    lab.wait("live.last.scene.dim === 1")
    lab.page.get_by_role("radio", name="2-D").click()
    lab.wait("live.last.scene.dim === 2")
    lab.wait_field("b.t.std", "0.1")
    assert shown(lab) == comparison


def test_one_that_diverges_says_so_in_its_own_panel(lab):
    wild = SMALL.replace(optimizer="sgd")
    lab.open(f"/compare?{Comparison.by(wild, {'g_lr': (1e-3, 90), 'd_lr': (1e-3, 90)}).to_query()}")
    lab.says("lost-1", re.compile("Diverged in iteration"))
    assert lab.get("lost-0").is_hidden() and lab.message == ""
    lab.moves()
    assert lab.status["state"] == "playing"


@pytest.mark.parametrize(
    "query, says, k",
    [
        ("b.k=999", ["run B's k = 999 is not allowed"], "5"),
        ("c.k=2", ["not allowed"], "5"),
        (
            "b.seed=1&b.<b>=1&runs=2&b.k=3",
            ["Ignored in this address: ", "b.seed", "b.<b>", "runs"],
            "3",
        ),
    ],
)
def test_of_a_hostile_address_what_is_wrong_is_named(lab, query, says, k):
    lab.open(f"/compare?{query}")
    said = lab.page.locator(".st-key-notes")
    said.wait_for()
    lab.wait_field("b.k", k)
    assert all(words in said.inner_text() for words in says)
    assert shown(lab) == Comparison.by(Spec(), {"k": (1, int(k))})


def test_from_a_lab_to_a_comparison_of_it(lab):
    lab.open(f"/?{SMALL.to_query()}")
    lab.get("knob-k").fill("3")
    lab.wait_field("k", "3")
    lab.page.get_by_role("button", name="Compare this").click()
    lab.wait("live.last.scene.runs && live.last.scene.runs.length === 2")
    lab.moves()
    assert shown(lab) == Comparison.pair(SMALL.replace(k=3))


def test_other_families_are_shown_as_the_address_says_until_they_are_switched_off(lab):
    lab.open(f"/compare?{PAIR.to_query()}&families=open")
    section = lab.page.locator(".st-key-families")
    section.get_by_role("button", name="Fit them").wait_for()
    section.get_by_text("variational auto-encoder").wait_for()
    assert "Ignored in this address" not in lab.page.locator("[data-testid=stMain]").inner_text()
    lab.wait("location.search.includes('families=open') && location.search.includes('k=')")
    lab.page.get_by_text("Beside other families").first.click()
    lab.wait("!location.search.includes('families')")
    section.wait_for(state="detached")
