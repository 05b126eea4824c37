"""The MNIST page in the browser, from a machine without MNIST to a trained run."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from pyarrow import parquet as pq

from ganlab.digits.data import MNIST
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.ui.mnist.words import history_csv

from . import mnist_runs
from .accessible import check
from .mnist_runs import FILES


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with mnist_runs.site(tmp_path_factory.mktemp("mnist")) as site:
        yield site


@pytest.fixture
def site(started):
    started.clear()
    yield started
    started.clear()


@pytest.fixture
def page(new_lab, site):
    """page(path="/mnist", theme="light"): the page, opened."""

    def open_(path: str = "/mnist", theme: str = "light"):
        return new_lab(theme, base=site.url).open(path, moving=False)

    return open_


def main(lab) -> Locator:
    return lab.page.get_by_test_id("stMainBlockContainer")


def says(lab, text: str) -> None:
    expect(main(lab)).to_contain_text(text)


def button(lab, key: str) -> Locator:
    return lab.page.locator(f".st-key-mnist_{key} button").first


def state(lab, word: str, seconds: float = 60) -> None:
    """Wait until the shown run has this state."""
    expect(lab.get("mnist-state")).to_have_text(word, timeout=seconds * 1000)


def field(lab, name: str, text: str) -> None:
    box = main(lab).get_by_label(name, exact=True).last
    box.fill(text)
    box.press("Enter")


def folder(lab, text: str) -> None:
    field(lab, "Folder with MNIST", text)


def canvas(lab, testid: str) -> str:
    return lab.js(f"document.querySelector('[data-testid={testid}]').toDataURL()")


def test_without_mnist_it_says_what_it_trains_on_instead(page):
    lab = page()
    says(lab, "MNIST is not on this machine")
    says(lab, "digits drawn by ganlab itself, which are not MNIST")
    for recipe in RECIPES.entries.values():
        says(lab, recipe.title)
        main(lab).get_by_text(recipe.title, exact=True).click()
        # One of its epochs is a fifth of one of MNIST's.
        epochs = main(lab).get_by_label("epochs", exact=True).last
        expect(epochs).to_have_value(str(5 * recipe.epochs))
    expect(button(lab, "download")).to_be_enabled()
    expect(button(lab, "train")).to_be_enabled()


def test_a_wrong_folder_is_told_and_nothing_is_lost(page, tmp_path):
    lab = page()
    field(lab, "epochs", "7")
    folder(lab, "/no/such/folder")
    says(lab, "That folder cannot be used")
    says(lab, "no complete set in /no/such/folder")
    for part, raw in FILES.items():
        (tmp_path / MNIST[part].name).write_bytes(raw[:-3])
    folder(lab, str(tmp_path))
    says(lab, "train-images-idx3-ubyte: found only")
    assert main(lab).get_by_label("epochs", exact=True).last.input_value() == "7"
    expect(button(lab, "train")).to_be_enabled()
    for part, raw in FILES.items():
        (tmp_path / MNIST[part].name).write_bytes(raw)
    folder(lab, str(tmp_path / "."))
    folder(lab, f"{tmp_path}/")
    says(lab, f" is in {tmp_path}")
    expect(main(lab)).not_to_contain_text("cannot be used")


def test_a_download_fails_readably_and_comes_the_next_time(page, site):
    lab = page()
    button(lab, "download").click()
    says(lab, "Downloading")
    expect(button(lab, "train")).to_be_enabled()
    says(lab, "The download failed")
    says(lab, "404")
    expect(main(lab).get_by_label("epochs", exact=True).last).to_have_value("50")
    site.mirror.open = True
    button(lab, "download").click()
    says(lab, f" is in {site.data}")
    expect(main(lab)).not_to_contain_text("not on this machine")
    expect(main(lab).get_by_label("epochs", exact=True).last).to_have_value("10")


def test_a_value_that_is_not_allowed_starts_nothing(page, site):
    lab = page()
    lab.page.locator(".st-key-mnist_edit summary").click()
    field(lab, "G's hidden widths", "16, 99999")
    says(lab, "This cannot be trained")
    says(lab, "G's hidden widths = '16, 99999' is not allowed")
    expect(button(lab, "train")).to_be_disabled()
    main(lab).get_by_text(RECIPES["paper"].title, exact=True).click()
    expect(button(lab, "train")).to_be_enabled()
    box = main(lab).get_by_label("G's hidden widths", exact=True).last
    expect(box).to_have_value("1200, 1200")
    assert not site.runs.exists()


def test_the_pictures_of_a_run_that_is_done(page, site):
    mnist_runs.make(site.runs / "2026-01-02-030405-aaaa")
    lab = page()
    state(lab, "done")
    lab.wait("ganlab.frames > 0")
    says(lab, "not MNIST")
    says(lab, "at distances of 4.0 to 7.0")
    assert lab.js("document.querySelector('.gl-root').dataset.theme") == "light"
    # On one screen, whole.
    names = ("samples", "walk", "spread", "classes", "curves")
    boxes = [lab.get(name).bounding_box() for name in names]
    assert all(box["y"] + box["height"] <= 720 for box in boxes)
    assert lab.js("document.documentElement.scrollWidth <= 1280")
    lab.get("samples").hover(position={"x": 30, "y": 30})
    says(lab, "Row 1: the training image nearest to the last sample is at a distance of 4.00")
    # The interpolation needs no server.
    before = canvas(lab, "walk")
    lab.get("walk-slider").fill("40")
    assert canvas(lab, "walk") != before
    assert "from z₃ to z₄" in lab.get("walk-caption").inner_text()
    lab.get("walk-play").click()
    lab.wait("Number(document.querySelector('[data-testid=walk-slider]').value) > 45")
    lab.get("walk-play").click()
    assert lab.get("pick-7").is_hidden(), "its G knows no labels"
    told = lab.get("classes").get_attribute("aria-label")
    assert told == "7 of 10 classes covered, not 4, 8, 9; KL 0.43 (floor 0.0045) nats"
    _take_home(lab)
    assert lab.counters["mounts"] == 1


def _take_home(lab) -> None:
    """The Export menu, by keyboard: files of the server, which the page saves, and the picture."""

    def saved(kind: str) -> tuple[str, bytes]:
        lab.get("export").focus()
        lab.page.keyboard.press("Enter")
        item = lab.get(f"export-{kind}")
        expect(item).to_contain_text(" · ")  # its size
        for _ in range(20):
            if item.evaluate("node => node === document.activeElement"):
                break
            lab.page.keyboard.press("ArrowDown")
        with lab.page.expect_download() as download:
            lab.page.keyboard.press("Enter")
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    name = "2026-01-02-030405-aaaa"
    assert saved("csv") == (f"{name}-history.csv", history_csv(mnist_runs.HISTORY).encode())
    called, table = saved("parquet")
    assert called.endswith(".parquet") and pq.read_table(io.BytesIO(table)).num_rows == 21
    called, arrays = saved("preview")
    assert called == f"{name}-preview.npz"
    assert np.load(io.BytesIO(arrays), allow_pickle=False)["samples"].shape == (100, 784)
    called, picture = saved("png")
    assert called == f"{name}.png" and picture.startswith(b"\x89PNG")
    called, drawing = saved("svg")
    # 110 samples and nearest images, and those of the interpolation; each once.
    assert called == f"{name}.svg" and 110 < drawing.count(b"<image") < 200
    assert b">losses<" in drawing and len(drawing) < 1e6
    lab.get("export").click()
    run = lab.get("export-run")
    expect(run).to_contain_text("not there yet")
    expect(run).to_have_attribute("aria-disabled", "true")
    lab.page.keyboard.press("Escape")


def test_a_label_is_picked(page, site):
    mnist_runs.make(site.runs / "2026-01-02-030405-aaaa", "quick-labels")
    lab = page(theme="dark")
    lab.wait("ganlab.frames > 0")
    assert lab.js("document.querySelector('.gl-root').dataset.theme") == "dark"
    lab.get("pick-7").click()  # the samples have their place from here on
    lab.get("pick-all").click()
    before = canvas(lab, "samples")
    lab.get("pick-7").click()
    assert canvas(lab, "samples") != before
    assert lab.get("samples-title").inner_text() == "Fifty samples of a 7"
    lab.get("pick-all").click()
    assert canvas(lab, "samples") == before


def test_table_curves_and_files(page, site):
    mnist_runs.make(site.runs / "2026-01-02-030405-aaaa")
    lab = page()
    state(lab, "done")
    views = main(lab).get_by_role("radiogroup", name="View")
    views.get_by_text("Table 1").click()
    says(lab, "190 ± 2.2")
    says(lab, "classes covered: 7 of 10")
    says(lab, "KL 0.43 (floor 0.0023)")
    expect(main(lab).get_by_role("img", name="class 9: 0.0 %, expected 10.0 %")).to_be_visible()
    says(lab, "225 ± 2")
    says(lab, "do not compare its numbers")
    says(lab, "without being good")
    views.get_by_text("Curves").click()
    main(lab).locator(".js-plotly-plot").wait_for()
    with lab.page.expect_download() as download:
        main(lab).get_by_role("button", name="history.csv").click()
    assert Path(download.value.path()).read_text().startswith("iteration,d_loss,g_loss")
    views.get_by_text("Files").click()
    says(lab, str(site.runs))


def test_runs_are_listed_chosen_and_deleted(page, site):
    old = mnist_runs.make(site.runs / "2026-01-02-030405-aaaa")
    mnist_runs.make(site.runs / "2026-02-03-040506-bbbb", state="stopped", epoch=2.0)
    lab = page()
    state(lab, "stopped")
    sidebar = lab.page.get_by_test_id("stSidebar")
    sidebar.get_by_text("02 Jan 03:04 · Quick").click()
    state(lab, "done")
    lab.page.reload()
    state(lab, "done")
    main(lab).get_by_role("radiogroup", name="View").get_by_text("Files").click()
    main(lab).get_by_role("button", name="Delete this run").click()
    assert old.path.exists()
    lab.page.get_by_role("button", name="Delete for good").click()
    state(lab, "stopped")
    assert not old.path.exists() and len(list(site.runs.iterdir())) == 1
    expect(sidebar).not_to_contain_text("02 Jan")


@pytest.mark.parametrize("how", ["failed", "diverged", "killed"])
def test_what_went_wrong_is_told(page, site, how):
    message = {"failed": "Out of memory on a GPU", "diverged": "diverged at iteration 300"}
    wrong = {"state": how, "message": message.get(how, "")}
    if how == "killed":
        # A process that wrote this and no longer holds a lock.
        wrong = {"state": "training", "pid": os.getpid(), "checkpoint": 250}
    run = mnist_runs.make(site.runs / "2026-01-02-030405-aaaa", k=3, **wrong)
    run.log.write_text("first\nthe last line\n")
    run.run.write_bytes(b"a checkpoint")
    lab = page()
    state(lab, "stopped" if how == "killed" else how)
    if how == "killed":
        says(lab, "resume from iteration 250")
        expect(button(lab, "again")).to_contain_text("Resume")
        return
    says(lab, message[how])
    if how == "diverged":  # it would diverge again from its checkpoint
        expect(button(lab, "again")).to_have_count(0)
    else:
        expect(button(lab, "again")).to_contain_text("Start again from the checkpoint")
    main(lab).get_by_text("The last lines that the trainer printed").click()
    says(lab, "the last line")
    # Or a new run that starts with its Spec.
    button(lab, "change").click()
    says(lab, "Data and recipe")
    expect(main(lab).get_by_label("epochs", exact=True).last).to_have_value("4")
    lab.page.locator(".st-key-mnist_edit summary").click()
    expect(lab.page.locator(".st-key-mnist_of_k input")).to_have_value("3")


def test_a_run_trains_pauses_stops_and_goes_on(page, site):
    lab = page()
    lab.page.locator(".st-key-mnist_edit summary").click()
    field(lab, "epochs", "4000")
    field(lab, "D's hidden widths", "16")
    # The click ends the typing, and the typed value is trained, not an older one.
    main(lab).get_by_label("G's hidden widths", exact=True).last.fill("16")
    button(lab, "train").click()
    state(lab, "training")
    (path,) = site.runs.iterdir()
    run = Folder(path)
    spec = run.plan.spec
    assert (spec.g_hidden, spec.d_hidden, run.plan.epochs) == ((16,), (16,), 4000)
    assert spec.target == "drawn_digits"
    lab.wait("ganlab.frames > 2")
    button(lab, "pause").click()
    state(lab, "paused")
    button(lab, "latents").click()
    lab.wait("ganlab.latents === 1")
    # A reload shows the same, and so does another browser.
    lab.page.reload()
    state(lab, "paused")
    button(lab, "resume").click()
    state(lab, "training")
    button(lab, "new").click()
    expect(button(lab, "train")).to_be_enabled()
    says(lab, "1 run is in training")
    says(lab, "yours would be number 1 in the queue")
    button(lab, "show_working").click()
    state(lab, "training")
    button(lab, "stop").click()
    state(lab, "stopped")
    assert not run.running
    button(lab, "again").click()
    state(lab, "training")
    # The requested epochs are done already: it has only to be measured.
    button(lab, "more_epochs").click()
    box = lab.page.get_by_role("spinbutton", name="Total epochs")
    box.fill(str(max(1, int(run.status.epoch))))
    button(lab, "set_epochs").click()
    state(lab, "done", 240)
    assert run.scores[-1].iteration == run.status.iteration
    # Other latents of a finished run can still be shown.
    button(lab, "latents").click()
    lab.wait("ganlab.latents === 2")
    state(lab, "done")
    views = main(lab).get_by_role("radiogroup", name="View")
    views.get_by_text("Table 1").click()
    says(lab, "do not compare its numbers")


@pytest.mark.parametrize("path", ["/mnist?run=new", "/mnist"])
def test_it_is_accessible_in_both_themes_and_on_a_phone(page, site, path):
    mnist_runs.make(site.runs / "2026-01-02-030405-aaaa", "quick-labels")
    lab = page(path)
    if path == "/mnist":
        lab.wait("ganlab.frames > 0")
    else:
        button(lab, "train").wait_for()
    check(lab, live=False)
