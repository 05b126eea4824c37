"""A run is saved, and opened again on another page: dropped there, or chosen in the Export menu."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import expect

from .lab import Lab

# A drag of a file over the page, and its drop; Playwright cannot drag files from outside.
DRAG = """
([type, content, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  window.dispatchEvent(new DragEvent(type, options));
}
"""


def drag(lab: Lab, content: bytes, name: str = "run.ganlab") -> None:
    given = [base64.b64encode(content).decode(), name]
    lab.page.evaluate(DRAG, ["dragenter", *given])
    assert lab.get("drop").is_visible()
    lab.page.evaluate(DRAG, ["dragover", *given])
    lab.page.evaluate(DRAG, ["drop", *given])
    assert not lab.get("drop").is_visible()


def test_a_saved_run_is_opened_on_its_page(lab):
    lab.open("/two")
    lab.wait_status("s.iteration > 40")
    before = lab.pause()
    lab.get("timeline").press("Shift+ArrowLeft")
    at = lab.wait_status("s.timeline.past && s.timeline.wanted === -1")["timeline"]["at"]
    lab.get("note").fill("look here")
    lab.get("note").press("Enter")
    lab.wait("live.last.curves.flags.some((flag) => flag.text === 'look here')")
    lab.get("export").click()
    with lab.page.expect_download() as saved:
        lab.get("export-run").click()
    path = saved.value.path()
    assert saved.value.suggested_filename.endswith(".ganlab")
    content = path.read_bytes()
    # On another page, which leads to its own.
    lab.open("/one")
    lab.wait_status("s.iteration > 5")
    drag(lab, content[:-50])
    lab.says("opening", "run.ganlab cannot be opened: it is no zip archive, or it is cut off.")
    drag(lab, content, "picture.png")
    lab.says(
        "opening", re.compile("picture.png cannot be opened: the name of a run's file ends in")
    )
    lab.page.get_by_label("Close this message").click()
    assert not lab.get("opening").is_visible()
    drag(lab, content)
    again = lab.wait_status(f"s.state === 'paused' && s.iteration === {before['iteration']}")
    assert again["timeline"]["last"] == before["timeline"]["last"] and again["timeline"]["exact"]
    lab.wait("live.last.scene.dim === 2 && live.last.curves.flags.length")
    notes = lab.js("live.last.curves.flags.filter((flag) => flag.kind === 'note')")
    assert [(note["at"], note["text"]) for note in notes] == [(at, "look here")]
    # A page without a run opens it too.
    lab.open("/phenomena", moving=False)
    lab.get("open-file").wait_for(state="attached")
    drag(lab, b"")
    lab.says("opening", "run.ganlab cannot be opened: it is no zip archive, or it is cut off.")
    drag(lab, content)
    lab.wait_status(f"s.state === 'paused' && s.iteration === {before['iteration']}")
    # From now on Playwright intercepts the dialog; it might be too late for one that opens at once.
    lab.page.on("filechooser", lambda _: None)
    # By the keyboard, a comparison that was forked from it.
    lab.get("timeline").press("Shift+ArrowLeft")
    lab.wait_status("s.timeline.past && s.timeline.wanted === -1")
    lab.get("fork").select_option("k")
    now = lab.wait_status("s.runs && s.state === 'paused'")["runs"][0]["iteration"]
    lab.get("step").click()
    pair = lab.wait_status(f"s.runs.every((run) => run.iteration === {now + 1})")
    lab.get("export").click()
    with lab.page.expect_download() as saved:
        lab.get("export-run").click()
    lab.open("/many")
    lab.wait_status("s.seeds > 1")
    lab.at_rest()
    lab.get("export").press("Enter")
    lab.page.keyboard.press("End")
    expect(lab.get("open")).to_be_focused()
    with lab.page.expect_file_chooser() as chooser:
        lab.page.keyboard.press("Enter")
    chooser.value.set_files(
        {
            "name": "pair.ganlab",
            "mimeType": "application/octet-stream",
            "buffer": saved.value.path().read_bytes(),
        }
    )
    opened = lab.wait_status("s.runs && s.state === 'paused'")
    assert [run["iteration"] for run in opened["runs"]] == [r["iteration"] for r in pair["runs"]]
    assert opened["query"] == pair["query"]
