"""Variants of an outside package appear in the app that imports it."""

import shutil
from pathlib import Path

from playwright.sync_api import expect

from ganlab.losses import LOSSES

from .server import ROOT, Server

SCRATCH = Path(__file__).parents[1] / "extension" / "scratch"
MODULES = ("loss", "target", "latent", "optimiser", "stabiliser", "page")


def test_its_variants_train_in_the_lab_and_its_page_opens(new_lab, tmp_path, monkeypatch):
    shutil.copytree(SCRATCH, tmp_path / "outside_variants")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    monkeypatch.setenv("GANLAB_VARIANTS", ",".join(f"outside_variants.{m}" for m in MODULES))
    asked = "target=logistic&loss=exponential&latent=triangular&optimizer=softsign&anchor=0.5"
    with Server(tmp_path / "log.txt") as server:
        lab = new_lab(base=server.url).open(f"/?{asked}")
        lab.moves()
        assert lab.status["iteration"] > 0 and "anchor=0.5" in lab.js("location.search")
        expect(lab.page.get_by_role("combobox", name="loss", exact=True)).to_have_value(
            "exponential"
        )
        lab.page.set_viewport_size({"width": 1920, "height": 1080})  # the menu has all pages
        lab.page.get_by_role("link", name="Counted", exact=True).click()
        expect(lab.page.get_by_role("heading", name="Counted")).to_be_visible()
        expect(lab.page.get_by_text(f"There are {len(LOSSES) + 1} losses.")).to_be_visible()
        expect(lab.get("frame")).to_have_count(0)  # though the page has no button
