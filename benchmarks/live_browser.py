"""A Chromium that Playwright joins and leaves, so that it is watched as a visitor watches it.

While Playwright is connected, Chromium sends it every message of a WebSocket, sixty pictures a
second. That takes a tenth of a core, and in the 2-D lab half of what watching seems to cost.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from playwright.sync_api import Browser, Page, Playwright

from tests.chromium import command

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


class Chromium:
    """A context manager: a headless Chromium with one page of `width` by `height` pixels."""

    def __init__(self, playwright: Playwright, width: int, height: int):
        self._playwright, self._size = playwright, (width, height)
        self.browser: Browser | None = None

    def __enter__(self) -> Chromium:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        profile = Path(self._folder.name)
        options = [f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"]
        self._process = subprocess.Popen(
            [*command(self._playwright), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",  # as a visitor's is
        )
        port = profile / "DevToolsActivePort"
        end = time.monotonic() + _START_SECONDS
        while not port.exists() or not port.read_text():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError("Chromium does not start")
            time.sleep(0.05)
        self._port = int(port.read_text().split()[0])
        self._fit(self.join())
        return self

    def join(self) -> Page:
        """Connect, and return the page."""
        self.leave()
        address = f"http://127.0.0.1:{self._port}"
        self.browser = self._playwright.chromium.connect_over_cdp(address)
        return self.browser.contexts[0].pages[0]

    def leave(self) -> None:
        """Disconnect; the page goes on."""
        if self.browser is not None:
            self.browser.close()
            self.browser = None

    def _fit(self, page: Page) -> None:
        """Give the window the size at which the page has its own."""
        cdp = page.context.new_cdp_session(page)
        window = cdp.send("Browser.getWindowForTarget")["windowId"]
        frame = page.evaluate("[outerWidth - innerWidth, outerHeight - innerHeight]")
        size = [wanted + extra for wanted, extra in zip(self._size, frame, strict=True)]
        bounds = {"width": size[0], "height": size[1]}
        cdp.send("Browser.setWindowBounds", {"windowId": window, "bounds": bounds})
        page.wait_for_function(
            "([width, height]) => innerWidth === width && innerHeight === height", arg=self._size
        )
        cdp.detach()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._folder.cleanup()
