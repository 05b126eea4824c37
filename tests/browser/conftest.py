"""One server and one browser for all browser tests; a fresh page for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.chromium import launch

from .lab import SECONDS, Lab
from .server import Server

_LOG: list[Server] = []
Server.environment = {"GANLAB_FRAME_RATE": "20"}  # less of the machine for each page
expect.set_options(timeout=SECONDS * 1000)  # as long as pages wait: a busy machine is slow


# Not session-scoped: while Playwright's loop runs, no other test can use asyncio.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium that can reach this machine only."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started as in the README."""
    with Server(tmp_path_factory.mktemp("server") / "log.txt") as server:
        _LOG.append(server)
        yield server
        _LOG.remove(server)


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """One browser profile for each theme; pages share its cache but no state of the app."""
    made = {
        theme: browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 720})
        for theme in ("light", "dark")
    }
    for context in made.values():
        # It keeps the profile's window open: a page in a new window takes twice the CPU time.
        context.new_page()
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def new_lab(contexts: dict[str, BrowserContext], server: Server) -> Iterator[Callable[..., Lab]]:
    """Make pages: new_lab(theme="light", context=None, base=None). Their errors fail the test."""
    labs: list[Lab] = []

    def make(
        theme: str = "light", context: BrowserContext | None = None, base: str | None = None
    ) -> Lab:
        page = (context or contexts[theme]).new_page()
        labs.append(Lab(page, base or server.url))
        return labs[-1]

    yield make
    for lab in labs:
        lab.page.close()
    for lab in labs:
        assert lab.errors == [], "uncaught exceptions in the page"
        assert lab.console == [], "errors in the page's console"
        assert lab.dialogs == [], "a dialog opened"
        assert lab.outside == [], "the page asked another host for something"


@pytest.fixture
def lab(new_lab: Callable[..., Lab]) -> Lab:
    """One page, not yet opened."""
    return new_lab()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Show the server's log with a failure."""
    report = yield
    if report.failed:
        for server in _LOG:
            report.sections.append(("server log", server.log[-6000:]))
    return report
