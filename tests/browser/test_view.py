"""The first view: both labs move by themselves, on one screen, in both themes."""

from __future__ import annotations

import pytest

DATA = {"light": (17, 17, 17), "dark": (242, 242, 242)}
G = {"light": (0, 158, 115), "dark": (47, 208, 160)}
BACK = {"light": (255, 255, 255), "dark": (20, 23, 28)}

_OVERFLOW = """
() => {
  const main = document.querySelector('[data-testid="stMain"]');
  const page = document.documentElement;
  const parts = '.gl-canvas:not(.gl-overlaid), .gl-legend-box, .gl-toolbar';
  const canvases = [...document.querySelectorAll(parts)];
  return {
    page: page.scrollHeight - page.clientHeight,
    main: main.scrollHeight - main.clientHeight,
    wide: page.scrollWidth - page.clientWidth,
    boxes: canvases.map((node) => node.getBoundingClientRect()).map(
      (box) => [box.left, box.top, window.innerWidth - box.right, window.innerHeight - box.bottom]),
    sizes: canvases.map((node) => [node.clientWidth, node.clientHeight]),
  };
}
"""

# Pairs of the toolbar's parts that cover each other, with the longest words that they may have.
_COVERED = """
() => {
  const find = (name) => document.querySelector(`.gl-toolbar ${name}`);
  find('.gl-count').textContent = '123,456 it';
  find('.gl-state').textContent = 'ready in ~25 min';
  const names = ['.gl-speed', '.gl-count', '.gl-rate', '.gl-state', '.gl-help-box'];
  const boxes = names.map((name) => find(name).getBoundingClientRect());
  return names.filter((_, i) => boxes.some((b, j) => {
    const a = boxes[i];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    return i !== j && wide > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 8;
  }));
}
"""


def fits(lab) -> None:
    """The lab is on one screen: nothing scrolls, and both canvases are complete and large."""
    lab.wait(f"({_COVERED})().length === 0", seconds=10)  # after a change of the window's size
    lab.wait(f"({_OVERFLOW})().page <= 0 && ({_OVERFLOW})().main <= 0", seconds=10)
    found = lab.js(_OVERFLOW)
    assert found["wide"] <= 0
    assert len(found["boxes"]) == 4
    assert all(distance >= -0.5 for box in found["boxes"] for distance in box), found
    view = lab.page.viewport_size
    picture = max(found["sizes"], key=lambda size: size[0] * size[1])
    assert picture[0] * picture[1] > 0.2 * view["width"] * view["height"]


@pytest.mark.parametrize(("path", "dim"), [("/one", 1), ("/two", 2)])
def test_a_lab_moves_at_once_and_fits_one_screen(lab, path, dim):
    lab.open(path)
    assert lab.js("live.last.scene.dim") == dim
    assert lab.sent == [], "nobody clicked anything"
    lab.moves()
    lab.says("status", "playing")
    assert lab.counters["mounts"] == 1
    assert lab.count(G["light"]) > 200
    fits(lab)
    lab.page.set_viewport_size({"width": 1920, "height": 1080})
    lab.wait("document.querySelector('.gl-picture canvas').clientHeight > 600")
    fits(lab)
    lab.moves()
    lab.page.set_viewport_size({"width": 1280, "height": 720})
    fits(lab)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_theme(new_lab, theme):
    lab = new_lab(theme).open()
    lab.pause()
    lab.wait(f"document.querySelector('.gl-root').dataset.theme === '{theme}'")
    back = lab.js("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert back == "rgb({}, {}, {})".format(*BACK[theme])
    lab.wait_stills()
    size = lab.js("(({width, height}) => width * height)(document.querySelector('.gl-canvas'))")
    assert lab.count(BACK[theme], tolerance=3) > 0.5 * size
    with_data, with_g = lab.count(DATA[theme]), lab.count(G[theme])
    lab.get("layer-p_data").click()
    assert lab.count(DATA[theme]) < with_data - 100
    lab.get("layer-p_g").click()
    assert lab.count(G[theme]) < with_g - 100


@pytest.mark.parametrize("path", ["/one", "/two"])
def test_the_words_of_the_legend_show_and_hide_their_layer(lab, path):
    lab.open(path)
    lab.pause()
    lab.wait_stills()
    layers = [layer["id"] for layer in lab.js("live.last.scene.layers")]
    assert len(layers) == 6
    # A font loads after its first use, so only a second drawing has them all.
    for _ in range(2):
        lab.get(f"layer-{layers[0]}").click()
    for layer in layers:
        word = lab.get(f"layer-{layer}")
        assert word.get_attribute("aria-pressed") == "true"
        before = lab.image()
        word.click()
        assert word.get_attribute("aria-pressed") == "false"
        assert lab.image() != before, layer
        word.click()
        assert lab.image() == before, layer
    lab.get("layer-p_data").click()
    lab.wait_stills()
    assert lab.stills()[0]["traces"], "the other layers are there"
    assert "p_data" not in lab.stills()[0]["traces"]
    # Hidden layers stay hidden in the next run.
    lab.get("restart").click()
    lab.wait("ganlab.run === 2")
    assert lab.get("layer-p_data").get_attribute("aria-pressed") == "false"


def test_from_page_to_page_and_back(lab):
    lab.open("/?k=3")
    seen = lab.counters["iteration"]
    lab.page.get_by_role("link", name="2-D lab").click()
    lab.wait("live.last.scene.dim === 2 && ganlab.mounts === 2")
    lab.wait("live.opened - live.closed === 1")
    assert lab.js("live.opened") == 2, "the 1-D lab's socket is closed"
    lab.moves()
    assert lab.spec.target == "ring"
    lab.page.get_by_role("link", name="1-D lab").click()
    lab.wait("live.last.scene.dim === 1 && ganlab.mounts === 3 && live.opened - live.closed === 1")
    lab.moves()
    assert lab.counters["iteration"] > seen, "the run goes on where it was"
    lab.wait_field("k", "3")
    assert lab.status["values"]["k"] == 3


def test_a_reload_keeps_the_lab(lab):
    lab.open("/?k=2&seed=5")
    address = lab.spec
    lab.page.reload()
    lab.wait("ganlab.frames > 2")
    lab.moves()
    assert lab.spec == address
    assert (lab.status["values"]["k"], lab.status["seed"]) == (2, 5)
