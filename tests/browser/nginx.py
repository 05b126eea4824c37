"""A real nginx with a configuration of the test's own, in its folder, as this user."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .server import ROOT

_CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {text}
}}
"""


def find() -> str | None:
    """The path of nginx, which Debian installs outside of a user's PATH."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def documented() -> str:
    """The configuration in docs/operating.md."""
    page = (ROOT / "docs" / "operating.md").read_text()
    (text,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    return text


def certificate(folder: Path) -> tuple[Path, Path]:
    """A new self-signed certificate for 127.0.0.1 and its key."""
    made, key = folder / "lab.pem", folder / "lab.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=lab", "-keyout", str(key), "-out", str(made)]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return made, key


class Nginx:
    """A context manager: nginx with `text` in its http block, ready on all of `ports`."""

    def __init__(self, folder: Path, text: str, ports: list[int]):
        self._folder, self._ports = folder, ports
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, text=text))

    def __enter__(self) -> Nginx:
        command = [find(), "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        with (self._folder / "nginx.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 20
        while not all(_answers(port) for port in self._ports):
            if self._process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise RuntimeError((self._folder / "nginx.log").read_text(errors="replace"))
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
