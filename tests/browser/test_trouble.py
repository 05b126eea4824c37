"""Errors in the browser: divergence, a lost connection, a dropped session."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ganlab import Spec

from .server import Server


@pytest.mark.parametrize("path", ["/?", "/two?target=ring&latent_dim=2&"], ids=["one", "two"])
def test_a_divergence_is_told_and_the_lab_stays_usable(lab, path):
    lab.open(f"{path}optimizer=sgd&g_lr=100&d_lr=100", moving=False)
    status = lab.wait_status("s.state === 'diverged'")
    lab.wait("!document.querySelector('[data-testid=message]').hidden")
    assert "iverged" in lab.message
    told = int(re.search(r"iteration ([\d,]+)", lab.message)[1].replace(",", ""))
    # The parameters are the last finite ones: of that iteration, or of the one before.
    assert told - 1 <= status["iteration"] <= told
    lab.says("status", "diverged")
    lab.wait("ganlab.frames > 0")
    # The message has a row of its own: the whole picture is visible, on one screen.
    words = lab.get("message").bounding_box()
    seen = lab.page.locator(".gl-picture").bounding_box()
    knobs = lab.get("knob-k").bounding_box()
    assert knobs["y"] + knobs["height"] <= words["y"]
    assert words["y"] + words["height"] <= seen["y"] < seen["y"] + seen["height"] <= 720
    assert words["height"] < 60 and seen["height"] > 350
    whole = lab.image()
    lab.get("layer-p_data").click()
    assert lab.image() != whole, "the picture is not blank"
    lab.get("layer-p_data").click()
    lab.get("knob-g_lr").fill("120")
    lab.get("knob-d_lr").fill("120")
    lab.wait_status("s.values.g_lr < 0.01 && s.values.d_lr < 0.01")
    lab.get("restart").click()
    lab.wait_status("s.run === 2 && s.state === 'playing' && s.iteration > 5")
    lab.moves()
    assert lab.message == ""
    taller = lab.page.locator(".gl-picture").bounding_box()["height"] - seen["height"]
    assert words["height"] <= taller <= words["height"] + 20, "the picture has its room again"


_WRITTEN = """
async (values) => {
  const files = performance.getEntriesByType('resource').map(({ name }) => name);
  const live = files.find((name) => name.endsWith('/live.js'));
  const { noNoise, short, steady } = await import(new URL('plot.js', live).href);
  return values.map((value) => [short(value), steady(value), steady(noNoise(value))]);
}
"""
_NUMBERS = {
    -2.2e-16: ["−2.2e−16", "−2.2e−16", "0"],
    1.04e-22: ["1.04e−22", "1.0e−22", "0"],
    -0.0003: ["−0.0003", "−3.0e−4", "−3.0e−4"],
    0.30000000000000004: ["0.3", "0.300", "0.300"],
    7: ["7", "7", "7"],
    -2210.4: ["−2210", "−2210", "−2210"],
    150000: ["150k", "1.5e5", "1.5e5"],
    3.54e27: ["3.54e27", "3.5e27", "3.5e27"],
}


def test_numbers_of_any_size_are_short_and_noise_is_zero(lab):
    lab.open("/?optimizer=sgd&g_lr=100&d_lr=100", moving=False)
    lab.wait("live.last.frame")
    assert lab.page.evaluate(_WRITTEN, list(_NUMBERS)) == list(_NUMBERS.values())


def test_a_lost_connection_comes_back_by_itself(lab):
    lab.open()
    lab.js("live.socket.close()")
    lab.wait("live.closed === 1 && live.opened === 2")
    seen = lab.counters["iteration"]
    lab.moves()
    after = lab.counters
    assert after["run"] == 1 and after["iteration"] > seen
    assert after["mounts"] == 1
    lab.wait("document.querySelector('[data-testid=status]').textContent === 'playing'")


# The same app, but unwatched sessions are dropped after two seconds, and their number is printed.
_QUICK = """
import threading, time
from ganlab.live.scheduler import SCHEDULER
SCHEDULER.drop_seconds = 2
def count():
    while True:
        print('sessions', len(SCHEDULER.sessions), flush=True)
        time.sleep(0.2)
threading.Thread(target=count, daemon=True).start()
"""


def test_a_dropped_session_starts_anew_and_none_is_left_behind(new_lab, tmp_path):
    with Server(tmp_path / "log.txt", prepare=_QUICK) as server:
        lab = new_lab(base=server.url).open("/?k=3&seed=4")
        lab.get("knob-k").fill("5")
        lab.wait_field("k", "5")

        def sessions() -> int:
            return int(re.findall(r"sessions (\d+)\n", server.log)[-1])

        def until(count: int) -> None:
            for _ in range(100):
                if sessions() == count:
                    return
                lab.page.wait_for_timeout(200)
            raise AssertionError(f"{sessions()} sessions, not {count}")

        assert sessions() == 1
        # The network is down for longer than the scheduler waits.
        lab.js("(live.block = true, live.socket.close())")
        until(0)
        lab.says("status", re.compile("reconnecting"))
        lab.console.clear()  # the browser reports each failed attempt
        lab.js("(live.block = false, live.opened = 0, live.last = {})")
        # The first connection learns that the session is gone; a later one is to a new one, of
        # which there may be several if the browser takes longer to connect than they are kept.
        lab.wait("live.opened >= 2 && ganlab.socketOpen && live.last.frame")
        assert lab.js("live.last.scene.run") == 1, "a run that continues is begun once"
        lab.console.clear()
        lab.moves()
        assert lab.spec == Spec(k=5, seed=4)
        assert lab.status["values"]["k"] == 5
        lab.page.goto("about:blank")
        until(0)


def answering(answer):
    """A request handler that gives this answer."""
    return lambda route: route.fulfill(**answer)


def test_a_script_that_cannot_be_had_is_told_and_tried_again(lab):
    script = "**/ganlab-assets/**/live.js*"
    for answer, part in (
        ({"status": 404, "body": ""}, "(404)"),
        ({"status": 502, "body": ""}, "behind this address does not answer (502)"),
        ({"status": 200, "body": "<html>", "content_type": "text/html"}, "is not a script"),
    ):
        lab.page.route(script, answering(answer))
        if part == "(404)":
            lab.open("/one", moving=False)
        expect(lab.get("trouble")).to_contain_text(part, timeout=20_000)
        lab.page.unroute(script)
    lab.wait("ganlab.frames > 2")
    expect(lab.get("trouble")).to_have_count(0)
    lab.console.clear()  # the browser reports each file that it could not load


# While `live.astray` is set, the live socket goes there instead of to /live/. While `live.deaf` is
# set, it stays open and receives nothing.
_ASTRAY = """
(() => {
  const Tapped = window.WebSocket;
  window.WebSocket = class extends Tapped {
    constructor(url, ...rest) {
      super(live.astray ? String(url).replace(/\\/live\\/.*/, live.astray) : url, ...rest);
    }
    set onmessage(hear) {
      super.onmessage = (event) => live.deaf || hear(event);
    }
  };
  live.astray = '/live/another-replica';
})();
"""


def test_a_connection_that_cannot_be_had_is_told_and_tried_again(lab):
    lab.page.add_init_script(_ASTRAY)
    lab.open("/?seed=4", moving=False)
    words = lab.get("message")
    # A server without the page's run, one that refuses WebSockets, and no server.
    expect(words).to_contain_text("several servers share this address", timeout=20_000)
    lab.js("(live.astray = '/nothing/here')")
    expect(words).to_contain_text("a proxy in between must forward WebSockets on /live/")
    lab.page.route("**/live/*", lambda route: route.abort())
    expect(words).to_contain_text("The server does not answer.", timeout=20_000)
    lab.page.unroute("**/live/*")
    lab.js("(live.astray = '')")
    lab.wait("ganlab.frames > 2")
    expect(words).to_be_hidden()
    assert (lab.spec.seed, lab.counters["mounts"], lab.counters["run"]) == (4, 1, 1)
    # A server that sends nothing to a playing run; silence is normal when paused.
    lab.js("(live.deaf = true)")
    expect(words).to_contain_text("The server is busy", timeout=20_000)
    lab.js("(live.deaf = false)")
    expect(words).to_be_hidden()
    lab.console.clear()
