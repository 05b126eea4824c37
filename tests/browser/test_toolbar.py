"""The toolbar and the keyboard: the effect of each on the run, according to the engine."""

from __future__ import annotations

import re
import struct
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from ganlab import Run, Spec


def test_pause_shows_plotly_and_play_goes_on(lab):
    lab.open()
    rest = lab.pause()
    picture, curves = lab.wait_stills()
    assert {"p_data", "p_g", "D(x)", "D*(x)"} <= set(picture["traces"])
    assert any("JSD" in name for name in curves["traces"])
    canvas = lab.page.locator(".gl-picture canvas").first.bounding_box()
    assert picture["box"] == pytest.approx([canvas["width"], canvas["height"]], abs=1)
    # The frame and the number on the screen are those of the paused run, and stay the same.
    assert lab.counters["iteration"] == lab.status["iteration"] == rest["iteration"]
    lab.says("iteration", f"{rest['iteration']:,}")
    lab.get("play").click()
    lab.wait_stills(drawn=False)
    lab.wait_status(f"s.state === 'playing' && s.iteration > {rest['iteration']}")
    lab.moves()


def test_d_and_g_make_one_update_of_one_player(lab):
    lab.open("/?k=3")
    before = lab.pause()
    lab.get("d").click()
    after = lab.wait_status(f"s.d_updates > {before['d_updates']}")
    assert after["d_updates"] == before["d_updates"] + 1
    assert after["g_updates"] == before["g_updates"]
    assert after["state"] == "paused"
    lab.get("g").click()
    last = lab.wait_status(f"s.g_updates > {before['g_updates']}")
    assert last["g_updates"] == before["g_updates"] + 1
    assert last["d_updates"] == after["d_updates"]
    # The picture is painted in parallel: it may arrive a little after the status.
    lab.wait(f"live.last.frame.g_updates === {last['g_updates']}")
    assert lab.js("live.last.frame")["last"] == "G"
    assert [command["cmd"] for command in lab.sent if command["cmd"] in ("d", "g")] == ["d", "g"]


def test_one_iteration_is_k_updates_of_d_and_one_of_g(lab):
    lab.open("/?k=4")
    paused = lab.pause()
    # First complete the current iteration.
    lab.get("step").click()
    start = lab.wait_status(
        f"s.iteration > {paused['iteration']} && s.d_updates === 4 * s.g_updates"
    )
    lab.get("step").click()
    end = lab.wait_status(f"s.iteration > {start['iteration']}")
    assert end["iteration"] == start["iteration"] + 1
    assert end["d_updates"] == start["d_updates"] + 4
    assert end["g_updates"] == start["g_updates"] + 1
    lab.wait(f"ganlab.iteration === {end['iteration']}")
    lab.wait_stills()


def test_speed_from_one_update_a_second_to_full(lab):
    lab.open("/two")
    slider = lab.get("speed")
    slider.fill("0")
    start = lab.wait_status("s.speed === 1")
    made = start["d_updates"] + start["g_updates"]
    updates = "s.d_updates + s.g_updates"
    first = lab.wait_status(f"{updates} > {made}")
    began = lab.js("performance.now()")
    made = first["d_updates"] + first["g_updates"]  # several if a busy machine told them late
    last = lab.wait_status(f"{updates} >= {made + 4}")
    took = (lab.js("performance.now()") - began) / 1000
    count = last["d_updates"] + last["g_updates"] - made
    assert 0.75 * count - 1 < took < 1.5 * count, "an update takes a second"
    slider.fill(slider.get_attribute("max"))
    lab.wait_status(f"s.speed === 0 && {updates} > {made + 40}")


def test_restart_keeps_the_seed_and_new_seed_changes_it(lab):
    lab.open("/?seed=7")
    lab.wait("ganlab.iteration > 60")
    lab.pause()
    lab.get("restart").click()
    again = lab.wait_status("s.run === 2")
    assert (again["seed"], again["state"], again["iteration"]) == (7, "paused", 0)
    lab.wait("ganlab.run === 2 && ganlab.iteration === 0")
    lab.get("play").click()
    lab.moves()
    lab.get("seed").click()
    other = lab.wait_status("s.run === 3 && s.seed !== 7")
    lab.wait_field("seed", str(other["seed"]))
    lab.says("seed", f"Seed {other['seed']}")
    assert lab.spec.replace(seed=7) == lab.spec.from_query("seed=7")
    lab.moves()


def test_the_keyboard(lab):
    lab.open()
    lab.page.keyboard.press("Space")
    rest = lab.wait_status("s.state === 'paused'")
    lab.page.keyboard.press("d")
    after = lab.wait_status(f"s.d_updates > {rest['d_updates']}")
    assert after["d_updates"] == rest["d_updates"] + 1
    lab.page.keyboard.press("s")
    step = lab.wait_status(f"s.iteration > {rest['iteration']}")
    assert step["iteration"] == rest["iteration"] + 1
    lab.page.keyboard.press("Space")
    lab.wait_status("s.state === 'playing'")
    # Letters typed into a field are not commands.
    sent = len(lab.sent)
    field = lab.page.get_by_role("textbox", name="G's hidden widths")
    field.focus()
    lab.page.keyboard.type("dgsrn ")
    assert len(lab.sent) == sent
    lab.page.keyboard.press("Escape")


_CONTROLS = """
() => [...document.querySelectorAll('.gl-root :is(button, input, select, a[data-testid])')]
  .filter((node) => !node.closest('.gl-still'))
  .map((node) => node.dataset.testid)
"""
# The focus ring, and how far it may extend over the view's edge.
_RING = """
() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const root = document.querySelector('.gl-root');
  const [a, b] = [node.getBoundingClientRect(), root.getBoundingClientRect()];
  const reach = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
  const inside = [a.left - b.left, a.top - b.top, b.right - a.right, b.bottom - a.bottom];
  const edge = getComputedStyle(root);
  const room = edge.overflowX === 'clip' ? parseFloat(edge.overflowClipMargin) : 0;
  return {
    id: node.dataset.testid, slider: node.type === 'range', drawn: style.outlineStyle !== 'none',
    whole: reach - Math.min(...inside) <= room,
  };
}
"""


def test_every_control_has_a_name_and_shows_its_focus(lab):
    lab.open("/two")
    lab.pause()
    lab.wait_stills()  # they must not move the focus
    at_hand = (name for name in lab.js(_CONTROLS) if lab.get(name).is_visible())
    controls = [name for name in at_hand if lab.get(name).is_enabled()]
    assert {"play", "speed", "timeline", "knob-k", "knob-loss", "layer-fake", "seed"} <= set(
        controls
    )
    for control in controls:
        tree = lab.get(control).aria_snapshot()
        assert re.match(r'- (button|slider|combobox|link) "[^"]+"', tree), tree
    # With the keyboard, in the order on the screen.
    lab.get(controls[0]).focus()
    lab.page.keyboard.press("Shift+Tab")
    lab.page.keyboard.press("Tab")
    for control in controls:
        ring = lab.js(_RING)
        for _ in range(20):  # the still figures' own buttons are in between
            if ring["id"] is not None:
                break
            lab.page.keyboard.press("Tab")
            ring = lab.js(_RING)
        assert ring["id"] == control
        if not ring["slider"]:  # a slider's ring is on its thumb
            assert ring["drawn"] and ring["whole"], control
        lab.page.keyboard.press("Tab")


def test_space_plays_where_no_control_has_the_focus(lab):
    lab.open()
    lab.page.mouse.click(500, 400)  # the picture
    lab.page.keyboard.press("Space")
    lab.wait_status("s.state === 'paused'")
    lab.get("speed").focus()
    lab.page.keyboard.press("Space")
    lab.wait_status("s.state === 'playing'")
    # A focused button handles the space key itself.
    lab.get("layer-p_g").focus()
    lab.page.keyboard.press("Space")
    assert lab.get("layer-p_g").get_attribute("aria-pressed") == "false"
    lab.get("play").focus()
    lab.page.keyboard.press("Space")
    lab.wait_status("s.state === 'paused'")
    assert [c["cmd"] for c in lab.sent if c["cmd"] in ("play", "pause")] == [
        "pause",
        "play",
        "pause",
    ]


def test_what_is_exported(lab, tmp_path):
    lab.open()
    lab.pause()
    lab.get("restart").click()
    lab.wait_status("s.iteration === 0")
    for i in range(1, 4):
        lab.get("step").click()
        lab.wait_status(f"s.iteration === {i}")
    button, menu = lab.get("export"), lab.page.get_by_role("menu", name="Export")
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    assert menu.get_by_role("menuitem").count() == 14
    expect(lab.page.locator(".gl-about").nth(1)).to_contain_text(" kB")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Escape")
    assert not menu.is_visible() and button.get_attribute("aria-expanded") == "false"
    names = {}
    for kind in ("json", "csv", "run", "png", "script", "svg", "film", "page", "clip"):
        button.click()
        with lab.page.expect_download(timeout=100_000) as download:
            lab.get(f"export-{kind}").click()
            if kind == "clip":
                lab.get("clip-to").select_option("0")
                lab.get("clip-make").click()
                expect(lab.page.get_by_text("The end must come after")).to_be_visible()
                lab.get("clip-to").select_option("the present")
                lab.get("clip-make").click()
            if kind in ("film", "clip"):
                expect(lab.get("recording")).to_contain_text("1 of", timeout=30_000)
                lab.get("recording").click()  # before its ten seconds are over
        names[kind] = download.value.suggested_filename
        content = download.value.path().read_bytes()
        if kind == "json":
            assert Spec.from_json(content.decode()).seed == 0
        elif kind == "run":
            download.value.save_as(tmp_path / names[kind])  # its suffix tells the format
            run = Run.load(tmp_path / names[kind])
            assert run.iteration == lab.status["iteration"] and run.spec.seed == 0
        elif kind == "csv":
            assert content.startswith(b"iteration,jsd [nats],") and content.count(b"\n") > 1
        elif kind == "script":
            assert b"import torch" in content and b"import ganlab" not in content
            names[kind] = names[kind].removesuffix(".torch.py") + ".py"
        elif kind == "svg":
            tree = ElementTree.fromstring(content)
            words = {node.text for node in tree.iter("{http://www.w3.org/2000/svg}text")}
            assert {"density", "D(x)", "losses"} <= words and b"<image" not in content[:2000]
        elif kind == "page":
            assert content.count(b"<script") == 2 and b'id="tape"' in content
        elif kind in ("film", "clip"):
            assert content[4:8] == b"ftyp" or content.startswith(b"\x1a\x45\xdf\xa3")  # MP4, WebM
        else:
            width, height = struct.unpack(">II", content[16:24])
            box = lab.page.locator(".gl-main").bounding_box()
            assert 1.5 * box["width"] < width <= 2 * box["width"] + 2
            assert 1.5 * box["height"] < height <= 2 * box["height"] + 2
    stems = {name.rsplit(".", 1)[0] for name in names.values()}
    assert len(stems) == 1 and stems.pop().startswith("gaussian-non-saturating-k1-seed0-")
