"""`ganlab.live` in a real JupyterLab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .lab import SECONDS
from .server import ROOT, START_SECONDS, free_port

# Not importorskip: the import takes 2 s in every process that only collects the tests.
pytestmark = pytest.mark.skipif(find_spec("jupyterlab") is None, reason="needs jupyterlab")
MS = SECONDS * 1000
CELLS = (
    "import ganlab, time\n"
    "view = ganlab.live(ganlab.Spec(batch=32, g_hidden=(8,), d_hidden=(8,)))\n"
    "view",
    # It ends once the knob above the picture is turned, while the runs go on.
    "at = view.run.iteration\n"
    "for _ in range(900):\n"
    "    if view.run.spec.k == 3 and view.run.iteration > at: break\n"
    "    time.sleep(0.1)\n"
    'print("k is", view.run.spec.k, "then", view.run.iteration > at)',
    "view.pause()\n"
    "at = view.run.iteration\n"
    'print("paused at", at, view.run.snapshot(points=4096).metrics["jsd"].shape)',
    'print("stands still:", view.run.iteration == at, view.run.at(10).updates)',
)


def _notebook() -> str:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": text,
        }
        for i, text in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


@pytest.fixture
def jupyter(tmp_path: Path) -> Iterator[str]:
    """JupyterLab's address; it serves a notebook, and writes into the test's folder only."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.ipynb").write_text(_notebook())
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
    own = {"JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"), "PYTHONPATH": str(ROOT)}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        own[name] = str(tmp_path / name)
    own["JUPYTERLAB_WORKSPACES_DIR"] = str(tmp_path / "workspaces")
    url = f"http://127.0.0.1:{free_port()}"
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": url.rsplit(":", 1)[1],
        "ServerApp.port_retries": "0",
        "ServerApp.root_dir": str(folder),
        "ServerApp.password": "",
        "IdentityProvider.token": "",
        "LabApp.extension_manager": "readonly",
    }
    start = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    start += ["--expose-app-in-browser", *(f"--{name}={value}" for name, value in options.items())]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(start, env=os.environ | own, stdout=log, stderr=log)
        try:
            _wait(f"{url}/api/status")
            yield url
        except BaseException:
            print((tmp_path / "log").read_text()[-4000:])
            raise
        finally:
            server.terminate()  # also its kernels
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert time.monotonic() < end, "JupyterLab did not start"
            time.sleep(0.1)


def _open(page: Page, url: str) -> None:
    page.goto(f"{url}/lab/tree/a.ipynb?reset")
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=2 * MS)


def _execute(page: Page, number: int) -> None:
    page.locator(".jp-Cell").nth(number).locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")


def _says(page: Page, number: int, text: str) -> str:
    output = page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-output")
    expect(output).to_contain_text(text, timeout=2 * MS)
    return output.inner_text()


def test_a_live_view_in_jupyterlab(browser: Browser, jupyter: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        _drive(page, jupyter)
    finally:
        page.close()


def _drive(page: Page, jupyter: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    _open(page, jupyter)
    _execute(page, 0)
    page.wait_for_function("window.ganlab?.frames > 5", timeout=2 * MS)
    root = page.locator(".gl-root")
    expect(root).to_have_attribute("data-theme", "light")

    # A knob, while a cell is executed; keys in the view are the view's: "d" twice deletes a cell.
    _execute(page, 1)
    expect(page.locator(".jp-Cell").nth(1).get_by_text("[*]")).to_be_visible()
    page.get_by_test_id("knob-k").focus()
    for key in ("ArrowRight", "ArrowRight", "d", "d"):
        page.keyboard.press(key)
    page.keyboard.press("Space")  # plays on, as an update by hand pauses
    assert _says(page, 1, "k is").strip() == "k is 3 then True"
    assert page.locator(".jp-Cell").count() == len(CELLS)

    _execute(page, 2)
    at = int(_says(page, 2, "paused at").split()[2])
    page.wait_for_function("at => ganlab.state === 'paused' && ganlab.iteration === at", arg=at)
    _execute(page, 3)
    assert _says(page, 3, "stands still").split() == ["stands", "still:", "True", "10"]

    # Another execution of the cell begins another view, and ends this one.
    _execute(page, 0)
    page.wait_for_function("ganlab.state === 'playing'", timeout=2 * MS)
    expect(root).to_have_count(1)
    page.evaluate(
        "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    expect(root).to_have_attribute("data-theme", "dark")
    assert "/lab/tree/a.ipynb" in page.url  # the view leaves the address alone

    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("void jupyterapp.commands.execute('kernelmenu:restart')")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    expect(root.get_by_test_id("message")).to_contain_text("The kernel was restarted")

    # Opened later, without this kernel.
    _open(page, jupyter)
    still = page.get_by_test_id("still")
    expect(still).to_have_text("This is a live view of ganlab. Run its cell to see it move.")
    assert errors == []
