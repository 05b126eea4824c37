"""WCAG 2.2 AA as far as a machine can check it: axe-core, and content that is cut off."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from .lab import Lab

WIDE, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
# axe-core checks the size of targets (24 px), a rule of WCAG 2.2, only on request.
_ALL = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_TARGETS = {"resultTypes": ["violations"], "runOnly": ["target-size"]}
_AXE = Axe()

# Elements beyond the page's right edge, and text that its box cuts off.
_CUT = """
() => {
  const wide = document.documentElement.clientWidth;
  const cut = [];
  for (const node of document.querySelectorAll('.stMain *')) {
    const { width, height, right } = node.getBoundingClientRect();
    const style = getComputedStyle(node);
    if (!width || !height || style.visibility === 'hidden' || !node.innerText) continue;
    if (style.clipPath !== 'none') continue; // only for those who hear the page
    const hides = ['hidden', 'clip'].includes(style.overflowX);
    if (right > wide + 1 || (hides && node.scrollWidth > node.clientWidth + 1)) {
      cut.push(`${node.className}: ${node.innerText.slice(0, 60)}`);
    }
  }
  const { scrollWidth } = document.documentElement;
  return scrollWidth > wide ? [`scrolls: ${scrollWidth} of ${wide} px`, ...cut] : cut;
}
"""


def violations(lab: Lab, options: dict[str, Any] = _ALL) -> list[str]:
    """The violations that axe-core finds on the current page, one line per element."""
    found: list[dict[str, Any]] = _AXE.run(lab.page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} ({node.get('failureSummary')})"
        for rule in found
        for node in rule["nodes"]
    ]


def expect_none(lab: Lab, where: str, options: dict[str, Any] = _ALL) -> None:
    """Fail with the violations that axe-core finds on the current page, if any."""
    found = violations(lab, options)
    assert not found, "\n".join([f"violations {where}:", *found])


def dark(lab: Lab, yes: bool) -> None:
    """Set the browser's theme, and wait until the page uses it."""
    scheme = "dark" if yes else "light"
    lab.page.emulate_media(color_scheme=scheme)
    lab.page.wait_for_function(
        "(scheme) => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme",
        arg=scheme,
    )
    lab.page.wait_for_timeout(400)  # the transition of colours


def check(lab: Lab, live: bool = True) -> None:
    """Check an open page in both themes and on a phone; `live`: whether it has a toolbar."""
    if live:
        lab.pause()  # frames would take the time of axe-core, which needs a second without them
    expect_none(lab, "in the light theme")
    dark(lab, True)
    expect_none(lab, "in the dark theme")
    lab.page.set_viewport_size(PHONE)
    shut = lab.page.locator("[data-testid=stSidebarCollapseButton] button")
    if shut.is_visible():
        lab.page.wait_for_timeout(500)  # it may be about to close by itself
    if shut.is_visible():
        shut.click()
    lab.page.wait_for_timeout(600)  # the menu closes, and the picture is laid out again
    cut = lab.page.evaluate(_CUT)
    assert not cut, f"cut off on a phone: {cut}"
    expect_none(lab, "on a phone", _TARGETS)
    lab.page.emulate_media(color_scheme="light")
    lab.page.set_viewport_size(WIDE)
