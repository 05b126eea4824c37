"""A user's own points: a table that is uploaded, and one that is dropped on the page."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from .lab import Lab
from .test_open import drag


def test_a_table_becomes_p_data(lab: Lab):
    lab.open("/two?target=own_points_2d")
    lab.wait_status("s.iteration > 3")
    page = lab.page
    page.get_by_role("button", name="Upload or paste points").click()
    rows = [f"P{i};{1.5 + 0.01 * i:.2f};{50 + i % 30},5".replace(".", ",") for i in range(60)]
    table = "\n".join(["name;size;weight", *rows, "Q;oops;70"]).encode("cp1252")
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": table}
    page.locator('[role="dialog"] input[type="file"]').set_input_files(file)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("60 points of size, weight: cells separated by a semicolon")
    expect(dialog).to_contain_text("row 62 (size: “oops”)")
    page.get_by_role("button", name="Use these points").click()
    expect(dialog).to_have_count(0)
    lab.wait("live.last.scene.units.map((unit) => unit.axis).join() === 'size,weight'")
    unit = lab.js("live.last.scene.units[0]")
    assert abs(unit["centre"] - (1.5 + 0.01 * 29.5)) < 1e-6
    # The address holds the data: sixty points are few.
    expect(page).to_have_url(re.compile(r"t\.data=[0-9a-f]{32}.*&own="))
    # Another table, dropped on the page.
    drag(lab, b"u,v\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(30)), "parabola.csv")
    lab.wait("live.last.scene.units.map((unit) => unit.axis).join() === 'u,v'")
    points = page.get_by_role("combobox", name="points", exact=True)
    expect(points).to_have_value("parabola.csv: u, v")
