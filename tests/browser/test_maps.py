"""The page of maps: a map that was trained, its cells, and the form that a lab's settings open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from ganlab import Spec
from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.sweeps import Sweep, job
from ganlab.sweeps.presets import MAP_PRESETS

from .accessible import check


@pytest.fixture
def done(monkeypatch):
    """A finished map in the server's cache."""
    base = Spec(target="two_gaussians", g_hidden=(6,), d_hidden=(6,), batch=16)
    sweep = Sweep.of(base, {"d_lr": "1e-3..1e-1:3:log", "k": [1, 2]}, seeds=2, iterations=40)
    monkeypatch.setattr("ganlab.sweeps.executors.processes", lambda: ThreadPoolExecutor(1))
    folder = job.Folder.create(sweep)
    assert job.work(folder.path).state == "done"
    return folder


def test_cells_are_seen_chosen_and_opened_and_a_lab_is_mapped(lab, done):
    page, plan = lab.page, done.plan
    lab.open(f"/maps?map={done.name}", moving=False)
    grid = page.locator(".st-key-maps_grid")
    grid.locator(".heatmaplayer image").wait_for()
    assert "12 of 12 runs" in page.locator(".ganlab-status").inner_text()
    signs = grid.locator(".textpoint text").all_inner_texts()
    assert len(signs) == plan.size
    # The keyboard's way to a cell, then the mouse's.
    page.get_by_role("combobox", name="D's rate").press("ArrowDown")
    page.keyboard.type("0.01")
    # Enter takes the highlighted option, which follows what was typed a little later.
    typed = page.get_by_role("option", name="0.01", exact=True)
    expect(typed).to_have_attribute("data-focused", "true")
    page.keyboard.press("Enter")
    _opens(page, plan, (1, 0))
    box = grid.locator(".heatmaplayer image").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 5 / 6, box["y"] + box["height"] / 4)
    _opens(page, plan, (2, 1))
    # Cells side by side: along an axis, and this cell beside one that is kept.
    beside = [plan.cells[i].spec for i in (1, 3, 5)]
    _leads(page, "Compare along D's rate", Comparison(tuple(beside), ("d_lr",)))
    page.get_by_role("button", name="Keep, to compare").click()
    page.get_by_role("button", name="Do not keep").wait_for()
    box = grid.locator(".heatmaplayer image").bounding_box()  # the button was scrolled to
    page.mouse.click(box["x"] + box["width"] / 6, box["y"] + box["height"] / 4)
    kept = (plan.cells[5].spec, plan.cells[1].spec)
    _leads(page, "Compare with 0.1", Comparison(kept, ("d_lr",)))
    page.get_by_text("Curves", exact=True).click()
    expect(grid.locator(".textpoint text")).to_have_count(0)
    check(lab, live=False)
    lab.open("/maps?target=ring&k=3&g_lr=0.01&utm_source=x", moving=False)
    base = page.get_by_role("combobox", name="what does not vary")
    expect(base).to_have_value("the settings of the lab")
    page.get_by_text("G's rate = 0.01").first.wait_for()
    page.get_by_text("utm_source").first.wait_for()  # is named as unknown
    values = page.get_by_role("textbox", name="values of D's rate")
    values.fill("1,x")
    values.press("Enter")
    page.get_by_text("D's rate = 'x' is not allowed").first.wait_for()
    expect(page.get_by_role("button", name="Train the map")).to_be_disabled()
    page.get_by_role("button", name=MAP_PRESETS["r1-dirac"].title).click()
    expect(page.get_by_role("textbox", name="values of R1")).to_have_value("0..2:21")
    page.get_by_text("20 × 21 cells, 420 runs").wait_for()
    assert urlsplit(page.url).query == "preset=r1-dirac"
    expect(page.get_by_role("button", name="Train the map")).to_be_enabled()


def _leads(page, name, comparison):
    """A link leads to a comparison."""
    link = page.get_by_role("link", name=name)
    expect(link).to_have_attribute("href", f"compare?{comparison.to_query()}")


def _opens(page, plan, at):
    """The links lead to the runs of a cell."""
    cell = next(c for c in plan.cells if c.at == at)
    link = page.get_by_role("link", name="Open in the lab")
    wanted = Experiment.of(cell.spec).to_query()
    page.wait_for_function(
        "(wanted) => [...document.links].some((a) => a.search === '?' + wanted)", arg=wanted
    )
    there = urlsplit(link.get_attribute("href"))
    assert there.path == "one", "the 1-D lab"
    found = parse_qsl(there.query)
    assert Experiment.from_query(found).base == cell.spec
