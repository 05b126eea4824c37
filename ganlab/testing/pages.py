"""Checks of pages, which Streamlit executes without a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from streamlit.testing.v1 import AppTest

from ganlab.ui import navigation
from ganlab.ui.navigation import PAGES, Page

_MAIN = Path(navigation.__file__).with_name("main.py")
SECONDS = 60.0  # the most that a page may take


def opened(page: str = "") -> AppTest:
    """The app in Streamlit without a browser, at the page with that url path, or at home."""
    test = AppTest.from_file(_MAIN, default_timeout=SECONDS)
    test.run()
    if page:
        known = test._registered_pages.items()
        test._page_hash = next(h for h, p in known if p.get("url_pathname") == page)
        test.query_params.clear()
        test.run()
    return test


def has_words(page: Page, beside: Mapping[str, object]) -> None:
    """A title, and two sentences on what to watch for."""
    assert page.title.strip() == page.title != "", "a page has a title"
    told = len(re.findall(r"[.!?](?=\s|$)", page.doc))
    assert page.doc.endswith((".", "?")) and told == 2, "its doc is two sentences: what to watch"


def is_drawn(page: Page, beside: Mapping[str, object]) -> None:
    """It opens below its headline, and is drawn again, without an exception."""
    home = next(iter(PAGES.entries.values()))
    test = opened("" if page is home else page.name)
    for _ in range(2):
        assert not test.exception, "\n".join(error.message for error in test.exception)
        shown = " ".join(block.proto.body for block in test.get("html"))
        assert f"<h1>{page.title}</h1>" in shown, "its headline is not shown"
        test.run()


CHECKS = (has_words, is_drawn)
