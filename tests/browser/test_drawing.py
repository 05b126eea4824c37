"""p_data drawn by hand in a lab: by touch, with undo, until the lab trains on it."""

from __future__ import annotations

from playwright.sync_api import expect

from ganlab import Spec
from ganlab.targets.ink import ink_of

_TOUCH = """
([places, type]) => {
  const canvas = document.querySelector('[data-testid=sketch]');
  const box = canvas.getBoundingClientRect();
  const send = (name, [x, y]) => canvas.dispatchEvent(new PointerEvent(name, {
    pointerId: 7, pointerType: type, isPrimary: true, bubbles: true, cancelable: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  canvas.setPointerCapture = () => {};  // of a pointer that is not there
  send('pointerdown', places[0]);
  for (const place of places) send('pointermove', place);
  send('pointerup', places.at(-1));
}
"""


def draw(lab, *places: tuple[float, float], kind: str = "touch") -> None:
    lab.page.evaluate(_TOUCH, [places, kind])


def test_strokes_by_touch_become_p_data_and_go_into_the_address_and_the_sidebar(lab):
    lab.open("/two?target=ring&latent_dim=2")
    lab.get("draw-data").click()
    lab.wait_status("s.state === 'paused'")
    draw(lab, (0.4, 0.3), (0.6, 0.3))
    draw(lab, (0.4, 0.6), (0.5, 0.8), (0.6, 0.6), kind="pen")
    draw(lab, (0.3, 0.1), (0.7, 0.9))
    lab.page.keyboard.press("Control+z")
    lab.get("sketch-use").click()
    lab.wait("live.last.scene.drawing.own")
    assert lab.get("sketch").count() == 0
    lab.moves()
    lab.wait("new URLSearchParams(location.search).has('own')")
    spec: Spec = lab.spec
    ink = ink_of(spec.target_params["picture"])
    on = ink > 7
    assert 20 < on.sum() < 600
    y, _ = on.nonzero()
    assert set(y) & set(range(10, 30)) and set(y) & set(range(36, 60)), "both strokes"
    sidebar = lab.page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("combobox", name="picture")).to_have_value("your drawing")
    # It is shown again to be changed, and Esc leaves it and the run as they are.
    run = lab.counters["run"]
    lab.get("draw-data").click()
    draw(lab, (0.3, 0.1), (0.7, 0.9))
    lab.page.keyboard.press("Escape")
    lab.moves()
    assert lab.counters["run"] == run and lab.spec == spec
