"""Axes that follow G, switched by the button in the legend."""

from __future__ import annotations


def width(lab) -> float:
    return lab.js("live.last.scene.box[0][1] - live.last.scene.box[0][0]")


def test_the_axes_follow_g_and_go_back(lab):
    # A bounded G that is far too wide, and hardly learns: its tails would take a while to come in.
    lab.open("/?init_gain=5&latent=uniform&g_lr=1e-5&d_lr=1e-5", moving=False)
    lab.wait("live.last.frame && live.last.frame.beyond.length > 0")
    own, follow = width(lab), lab.get("follow")
    assert follow.get_attribute("aria-pressed") == "false"
    iteration = lab.counters["iteration"]
    follow.click()
    lab.wait(f"live.last.scene.box[0][1] - live.last.scene.box[0][0] > {own}")
    lab.wait("live.last.frame.run === live.last.scene.run && live.last.frame.beyond.length === 0")
    lab.wait("live.last.status.follow === true")
    assert follow.get_attribute("aria-pressed") == "true"
    follow.click()
    lab.wait(f"live.last.scene.box[0][1] - live.last.scene.box[0][0] === {own}")
    lab.wait("live.last.status.follow === false")
    assert lab.counters["iteration"] >= iteration, "the run has gone on"
