"""A real Caddy with the configuration of the documentation, as this user."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .server import ROOT


def find() -> str | None:
    """The path of Caddy."""
    return shutil.which("caddy")


def documented(port: int, up: int, certificate: Path, key: Path) -> str:
    """The configuration in docs/class.md, at another address and with a certificate of the test."""
    page = (ROOT / "docs" / "class.md").read_text()
    (text,) = re.findall(r"```caddyfile\n(.*?)```", page, re.DOTALL)
    for old, new in (
        ("lab.example.org {", f"https://127.0.0.1:{port} {{\n    tls {certificate} {key}"),
        ("127.0.0.1:8501", f"127.0.0.1:{up}"),
    ):
        assert text.count(old) == 1, f"the page no longer says {old}"
        text = text.replace(old, new)
    # The test's only: no port of its own to be controlled on, none for http.
    return f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{text}"


class Caddy:
    """A context manager: Caddy with the Caddyfile `text`, ready on a port."""

    def __init__(self, folder: Path, text: str, port: int):
        self._folder, self._port = folder, port
        (folder / "Caddyfile").write_text(text)

    def __enter__(self) -> Caddy:
        command = [find(), "run", "--adapter", "caddyfile", "--config", "Caddyfile"]
        own = {"XDG_DATA_HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)}
        with (self._folder / "caddy.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=os.environ | own, stdout=log, stderr=log
            )
        end = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError((self._folder / "caddy.log").read_text(errors="replace"))
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
