"""One page of the app for tests: what it shows, and the messages of its socket."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Locator, Page, expect

from ganlab import Spec
from ganlab.experiment import Experiment

SECONDS = 30

# Streamlit remembers a closed sidebar, as on a phone, and tests share its storage.
_FORGET = """
for (const key of location.protocol.startsWith('http') ? Object.keys(localStorage) : []) {
  if (key.startsWith('stSidebarCollapsed')) localStorage.removeItem(key);
}
"""
# Stores the headers of the live socket's messages, in both directions, in window.live.
TAP = """
(() => {
  const live = (window.live = {
    sent: [], opened: 0, closed: 0, seen: {}, last: {}, socket: null, block: false, heard: null,
  });
  const text = new TextDecoder();
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, ...rest) {
      const tapped = String(url).includes('/live/');
      super(tapped && live.block ? String(url).replace(/:[0-9]+/, ':9') : url, ...rest);
      if (!tapped) return;
      live.socket = this;
      this.tapped = true;
      this.addEventListener('open', () => (live.opened += 1));
      this.addEventListener('close', () => (live.closed += 1));
      this.addEventListener('message', ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const header = JSON.parse(text.decode(new Uint8Array(data, 4, length)));
        live.seen[header.type] = (live.seen[header.type] || 0) + 1;
        live.last[header.type] = header;
        live.heard?.(header);
      });
    }
    send(data) {
      if (this.tapped) {
        const command = JSON.parse(data);
        if (command.cmd !== 'ack') live.sent.push(command);
      }
      return super.send(data);
    }
  };
})();
"""

# The value of a field according to the address: of the start's Spec, or of the last event.
FIELD = """
(name) => {
  const fields = new URLSearchParams(location.search);
  let value = fields.get(name);
  const [, run, field] = name.match(/^([b-d]\\.)?(.*)$/);
  for (const event of (fields.get(`${run || ''}events`) || '').split(',')) {
    const words = event.split(':');
    for (let i = 1; i < words.length; i += 2) if (words[i] === field) value = words[i + 1];
  }
  return value;
}
"""
_STILL = """
() => [...document.querySelectorAll('.gl-still')].map((host) => ({
  drawn: host.matches('.js-plotly-plot') && getComputedStyle(host).visibility === 'visible',
  traces: (host.data || [])
    .filter(({ visible }) => visible !== false && visible !== 'legendonly')
    .map(({ name }) => name),
  box: [host.clientWidth, host.clientHeight],
}))
"""

_COUNT = """
([colour, tolerance]) => {
  const canvas = document.querySelector('.gl-picture canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    let far = 0;
    for (let c = 0; c < 3; c++) far = Math.max(far, Math.abs(data[i + c] - colour[c]));
    if (far <= tolerance) count += 1;
  }
  return count;
}
"""


def spec_of(query: str) -> Spec:
    """The current Spec according to an address: the start's Spec after its events."""
    fields = parse_qsl(query.partition("&preset=")[0], keep_blank_values=True)
    start = Experiment.from_query(fields)
    return start.after[0]


class Lab:
    """A lab page. Times are in seconds, colours (r, g, b)."""

    def __init__(self, page: Page, base: str):
        self.page, self.base = page, base
        self.errors: list[str] = []  # uncaught exceptions
        self.console: list[str] = []  # the console's errors
        self.outside: list[str] = []  # requests to other hosts
        self.dialogs: list[str] = []
        page.set_default_timeout(SECONDS * 1000)
        page.add_init_script(_FORGET)
        page.add_init_script(TAP)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _console(self, message: Any) -> None:
        url = message.location.get("url", "")
        # While a server is stopped, Streamlit asks for its health again and again.
        stopped = "/_stcore/" in url and "net::ERR" in message.text
        if message.type == "error" and not stopped:  # such as an answer of 400 or more
            self.console.append(f"{message.text} ({url})")

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.outside.append(request.url)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str = "/one", moving: bool = True) -> Lab:
        """Open a path of the app, and wait until its picture moves."""
        self.page.goto(self.base + path)
        if moving:
            self.wait("ganlab.frames > 2 && ganlab.iteration > 0")
        return self

    def wait(self, expression: str, seconds: float = SECONDS) -> None:
        """Wait until a JavaScript expression is true; `window.ganlab` need not exist yet."""
        self.page.wait_for_function(
            f"() => window.ganlab !== undefined && Boolean({expression})", timeout=seconds * 1000
        )

    def js(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        return self.page.evaluate(expression)

    def get(self, testid: str) -> Locator:
        """An element by its data-testid."""
        return self.page.get_by_test_id(testid)

    @property
    def counters(self) -> dict[str, Any]:
        """window.ganlab."""
        return self.js("({...window.ganlab})")

    @property
    def status(self) -> dict[str, Any]:
        """The newest status that the engine sent."""
        return self.js("live.last.status")

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The commands that this page has sent, without acknowledgements."""
        return self.js("live.sent")

    @property
    def spec(self) -> Spec:
        """The current Spec according to the page's address: the start's Spec after its events."""
        return spec_of(urlsplit(self.page.url).query)

    @property
    def message(self) -> str:
        """The message over the view's picture; "" if there is none."""
        banner = self.get("message")
        return banner.inner_text() if banner.is_visible() else ""

    def wait_status(self, condition: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Wait until the newest status, `s`, satisfies a JavaScript condition; returns it."""
        self.wait(f"(live.last.status && ((s) => {condition})(live.last.status))", seconds)
        return self.status

    def wait_field(self, name: str, text: str | None) -> None:
        """Wait until the address has `text` for a field; None: until it has no such field."""
        self.wait(f"({FIELD})({name!r}) === {json.dumps(text)}")

    def says(self, testid: str, text: str | re.Pattern[str]) -> None:
        """Wait until an element has `text`: the view updates it a frame after the status."""
        expect(self.get(testid)).to_have_text(text, timeout=SECONDS * 1000, use_inner_text=True)

    def at_rest(self) -> None:
        """Wait until the page's script has finished, since it may reset widgets before."""
        self.page.wait_for_function(
            "() => document.querySelector('[data-test-script-state]')?.dataset.testScriptState"
            " === 'notRunning'"
        )

    def moves(self) -> None:
        """Wait until the picture and the run have advanced."""
        now = self.counters
        self.wait(
            f"ganlab.frames > {now['frames'] + 2} && (ganlab.iteration > {now['iteration']}"
            f" || ganlab.run !== {now['run']})"
        )

    def pause(self) -> dict[str, Any]:
        """Pause with the button; returns the status of the paused run."""
        self.get("play").click()
        return self.wait_status("s.state === 'paused'")

    def stills(self) -> list[dict[str, Any]]:
        """The Plotly figures over the canvases: the picture's and the curves'."""
        return self.page.evaluate(_STILL)

    def wait_stills(self, drawn: bool = True) -> list[dict[str, Any]]:
        """Wait until both figures are shown (or neither)."""
        self.wait(f"({_STILL})().every((still) => still.drawn === {str(drawn).lower()})")
        return self.stills()

    def count(self, colour: tuple[int, int, int], tolerance: int = 12) -> int:
        """The number of pixels with this colour on the picture's canvas."""
        return self.page.evaluate(_COUNT, [list(colour), tolerance])

    def image(self) -> str:
        """The picture's canvas as a data URL."""
        return self.js("document.querySelector('.gl-picture canvas').toDataURL()")
