"""WCAG 2.2 AA on every page, in both themes, and on a phone; the texts of Compare."""

from __future__ import annotations

import pytest

from .accessible import PHONE, check


@pytest.mark.parametrize("path", ["/one", "/two?preset=collapse", "/many?runs=16", "/compare"])
def test_a_live_page(lab, path):
    check(lab.open(path))


def test_the_gallery(lab):
    lab.open("/", moving=False)
    lab.get("open-hopping").wait_for()
    check(lab, live=False)


def test_compares_controls_are_named_in_words(lab):
    lab.open("/compare")
    for testid, name in {"copy-1": "Run B: copy A", "swap-1": "Run B: swap with A"}.items():
        assert lab.get(testid).get_attribute("aria-label") == name
    sidebar = lab.page.get_by_test_id("stSidebar")
    for name in ("Field 1 that differs", "Run A: k", "Run B: k"):
        assert sidebar.get_by_label(name).first.is_visible(), name


def test_the_menu_of_a_phone_closes_when_a_page_was_chosen(contexts, lab):
    lab.page.set_viewport_size(PHONE)
    lab.open("/one")
    menu = lab.page.get_by_test_id("stSidebar")
    assert not menu.is_visible() or menu.bounding_box()["x"] < -100, "it starts closed"
    lab.page.get_by_test_id("stExpandSidebarButton").click()
    lab.page.get_by_test_id("stSidebarNavLink").nth(3).click()
    lab.page.wait_for_function(
        "() => location.pathname === '/two' && document.querySelector("
        "'[data-testid=stSidebar]').getBoundingClientRect().right < 100"
    )
