"""The time that a page's JavaScript and its main thread take, from Chromium's trace."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

_CATEGORIES = [
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-v8.gc",
]
# Events that contain all JavaScript: calls from the browser, timers, scripts, and collections.
_SCRIPT = {"FunctionCall", "EvaluateScript", "RunMicrotasks", "MinorGC", "MajorGC"}
_TASK = {"RunTask"}
_FRAME = "FireAnimationFrame"  # an event of each callback of `requestAnimationFrame`


class Cost(NamedTuple):
    """CPU milliseconds of the main thread for each callback of requestAnimationFrame."""

    script: float
    all: float


def cost(browser: Browser, page: Page, seconds: float) -> Cost:
    """Trace a page for some seconds."""
    browser.start_tracing(page=page, categories=_CATEGORIES)
    page.wait_for_timeout(1000 * seconds)
    return read(json.loads(browser.stop_tracing())["traceEvents"])


def read(events: list[dict[str, Any]]) -> Cost:
    """The costs in a trace, on the thread with the most animation frames; NaN if it has none."""
    threads = Counter((e["pid"], e["tid"]) for e in events if e["name"] == _FRAME)
    if not threads:
        return Cost(float("nan"), float("nan"))
    ((main, frames),) = threads.most_common(1)
    own = [e for e in events if e.get("ph") == "X" and (e["pid"], e["tid"]) == main]
    return Cost(*(_outermost(own, names) / frames for names in (_SCRIPT, _TASK)))


def _outermost(events: Iterable[dict[str, Any]], names: set[str]) -> float:
    """CPU milliseconds of the events with these names that are not within another of them."""
    total, end = 0.0, -1.0
    for event in sorted((e for e in events if e["name"] in names), key=lambda e: e["ts"]):
        if event["ts"] >= end:
            # Without the time in which the thread did not run: others share the processor.
            total += event.get("tdur", event.get("dur", 0)) / 1000
            end = event["ts"] + event.get("dur", 0)
    return total
