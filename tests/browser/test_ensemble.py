"""Many seeds in the browser: tiles move, fit one screen, open in the lab; the summary is shown."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from ganlab import Spec
from ganlab.presets import DEFAULTS

from .lab import spec_of
from .test_view import G

TWO = Spec(target="ring", latent_dim=2, g_hidden=(16,), d_hidden=(16,), batch=32, seed=40)

_INSIDE = """
() => {
  const box = document.querySelector('.gl-picture').getBoundingClientRect();
  const places = [...document.querySelectorAll('.gl-tile')].map((t) => t.getBoundingClientRect());
  return places.every(
    (r) => r.width > 40 && r.height > 40 && r.left >= box.left - 1 && r.right <= box.right + 1
      && r.top >= box.top - 1 && r.bottom <= box.bottom + 1 && r.bottom <= window.innerHeight);
}
"""
_SCROLLS = """
[document.documentElement, document.querySelector('[data-testid=stMain]')].some(
  (node) => node.scrollHeight > node.clientHeight || node.scrollWidth > node.clientWidth)
"""


def address(lab) -> tuple[Spec, str]:
    """Spec and number of seeds in the page's address."""
    fields = dict(parse_qsl(urlsplit(lab.page.url).query, keep_blank_values=True))
    return lab.spec, fields["runs"]


def fits(lab, count: int) -> None:
    lab.wait(f"!({_SCROLLS})", seconds=10)
    assert lab.page.locator(".gl-tile").count() == count
    lab.wait(f"({_INSIDE})()")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tiles_move_at_once_and_fit_one_screen(new_lab, theme):
    lab = new_lab(theme).open("/many")
    assert lab.sent == [] and address(lab) == (DEFAULTS[2], "16")
    fits(lab, 16)
    assert lab.count(G[theme]) > 200
    before = lab.image()
    lab.moves()
    assert lab.image() != before
    lab.wait("/ of 16 seeds .*median JSD 0/.test(document.querySelector('.gl-says').innerText)")
    lab.page.set_viewport_size({"width": 1920, "height": 1080})
    lab.wait("document.querySelector('.gl-picture canvas').clientHeight > 600")
    fits(lab, 16)
    lab.page.set_viewport_size({"width": 1280, "height": 720})


def test_a_tile_opens_its_seed_in_the_lab(lab):
    lab.open(f"/many?{TWO.to_query()}&runs=36")
    fits(lab, 36)
    assert lab.status["seeds"] == 36
    lab.get("knob-k").fill("4")
    lab.wait_status("s.values.k === 4")
    lab.wait_field("k", "4")
    assert address(lab) == (TWO.replace(k=4), "36")
    link = lab.get("tile-7").get_attribute("href")
    assert spec_of(urlsplit(link).query) == TWO.replace(k=4, seed=47)
    assert urlsplit(link).path == "/two"
    lab.get("tile-7").click()
    lab.wait("live.last.scene && live.last.scene.layers && live.last.status.seed === 47")
    lab.moves()
    assert urlsplit(lab.page.url).path == "/two"
    lab.wait_field("seed", "47")
    assert lab.spec == TWO.replace(k=4, seed=47)
    lab.wait("live.opened - live.closed === 1")
    # A second tile, although the lab has a run by now.
    lab.page.get_by_role("link", name="Many seeds").click()
    lab.wait("live.last.scene.seeds === 36 && ganlab.mounts === 3")
    lab.get("tile-0").click()
    lab.wait("live.last.scene.layers && live.last.status.seed === 40")


def test_from_a_lab_to_many_seeds_of_it(lab):
    lab.open("/?target=two_gaussians&batch=32&seed=3")
    lab.get("knob-k").fill("3")
    lab.wait_field("k", "3")
    lab.page.get_by_role("button", name="Many seeds of this").click()
    lab.wait("live.last.scene.seeds === 16 && live.last.status.seed === 3")
    assert urlsplit(lab.page.url).path == "/many"
    lab.wait_field("runs", "16")
    spec = Spec(target="two_gaussians", batch=32, seed=3, k=3)
    assert address(lab) == (spec, "16")
    lab.moves()
    lab.get("seed").click()
    lab.wait_field("seed", "19")
    lab.page.get_by_role("radio", name="64").click()
    lab.wait("live.last.scene.seeds === 64")
    fits(lab, 64)
    lab.wait_field("runs", "64")
    lab.page.get_by_role("radio", name="2-D").click()
    lab.wait("live.last.scene.dim === 2")
    lab.page.get_by_role("radio", name="1-D").click()
    lab.wait("live.last.scene.dim === 1 && live.last.status.seed === 19")
    at = lab.pause()["iteration"]
    lab.get("step").click()
    lab.wait_status(f"s.iteration === {at + 1}")


@pytest.mark.parametrize("query", ["runs=16&runs=36", "runs=<b>"])
def test_a_hostile_address_is_named(lab, query):
    lab.open(f"/many?{query}")
    said = lab.page.locator(".st-key-notes")
    said.wait_for()
    lab.wait_field("runs", "16")
    words = said.inner_text()
    assert query.split("=")[0] in words and ("not allowed" in words or "twice" in words), words
    assert address(lab) == (DEFAULTS[2], "16")
