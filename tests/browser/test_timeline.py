"""The timeline: a drag and the keys show earlier moments, which can be continued and forked."""

from __future__ import annotations


def test_earlier_moments_are_shown_continued_and_forked(lab):
    lab.open("/two")
    lab.wait_status("s.iteration > 60")
    last = lab.pause()["timeline"]["last"]
    slider = lab.get("timeline")
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + box["width"] - 8, middle)
    lab.page.mouse.down()
    for part in (0.9, 0.8, 0.7, 0.6, 0.5):
        lab.page.mouse.move(box["x"] + part * box["width"], middle)
    lab.wait_status(f"s.timeline.past && s.timeline.at < {0.7 * last}")
    lab.page.mouse.up()
    at = int(slider.input_value())  # the exact moment, not a keyframe near it as during the drag
    then = lab.wait_status(f"s.timeline.wanted === -1 && s.timeline.at === {at}")["timeline"]
    assert 0.3 * last < at < 0.7 * last and then["last"] == last and then["exact"]
    lab.says("iteration", f"{then['iteration']:,}")
    lab.wait(f"live.last.frame.d_updates + live.last.frame.g_updates === {at}")
    for key, away in (("ArrowLeft", -1), ("Shift+ArrowRight", 9), ("Shift+ArrowLeft", -1)):
        slider.press(key)
        lab.wait_status(f"s.timeline.at === {at + away}")
    assert slider.get_attribute("aria-valuetext").startswith(f"update {at - 1:,}, iteration ")
    slider.press("End")
    lab.wait_status(f"!s.timeline.past && s.timeline.at === {last}")
    assert lab.get("continue").is_disabled() and lab.get("fork").is_disabled()
    # From the start again, with the curves of before behind the new ones.
    slider.press("Home")
    lab.wait_status("s.timeline.at === 0 && s.timeline.wanted === -1")
    lab.get("continue").click()
    lab.wait_status(f"s.state === 'playing' && s.timeline.at > 0 && s.timeline.last < {last}")
    lab.wait_status("s.timeline.at > 30")
    slider.press("Shift+ArrowLeft")
    at = lab.wait_status("s.timeline.past && s.timeline.wanted === -1")["timeline"]["at"]
    lab.get("fork").select_option("k")
    lab.wait("live.last.scene && live.last.scene.runs && live.last.scene.runs.length === 2")
    assert lab.wait_status("s.runs && s.state === 'paused'")["query"].endswith(f"b.events={at}:k:5")
