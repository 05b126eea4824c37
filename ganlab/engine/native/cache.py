"""Compiled programs on disk: a folder for each Code, code version, torch version and CPU."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch

from ganlab.engine.code import Code
from ganlab.engine.native import build
from ganlab.paths import kept

_MOST = 300  # programs kept; the longest unused go first
_SOURCES = (
    *("losses.py", "optim.py", "stabilisers.py", "engine/code.py", "engine/rules.py"),
    *(f"networks/{n}.py" for n in ("entries", "mlp", "generator", "discriminator")),
)


@cache
def _surroundings() -> str:
    """All that a program depends on besides its Code: our sources, torch, the CPU."""
    package = Path(__file__).parents[2]
    here = Path(__file__).parent
    seen = hashlib.sha256()
    for path in (*(package / s for s in _SOURCES), here / "build.py", here / "runner.c"):
        seen.update(path.read_bytes())
    # The C++ compiler is told to use whatever this very CPU has.
    flags = ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        flags = next((x for x in lines if x.startswith(("flags", "Features"))), "")
    except OSError:
        pass
    capability = torch.backends.cpu.get_cpu_capability()
    for part in (torch.__version__, platform.platform(), platform.machine(), capability, flags):
        seen.update(f"|{part}".encode())
    return seen.hexdigest()


def key(code: Code) -> str:
    """The name of a Code's folder."""
    return hashlib.sha256((build.to_json(code) + _surroundings()).encode()).hexdigest()[:32]


def _manifest(code: Code, folder: Path) -> dict[str, str]:
    """What a whole folder says of itself: its key, and the SHA-256 of each part."""
    digests = {p: hashlib.sha256((folder / p).read_bytes()).hexdigest() for p in build.PARTS}
    return {"key": key(code), **digests}


def find(code: Code) -> Path | None:
    """The folder with the program of `code`, whole and unchanged; None if there is none.

    What is corrupt or foreign is taken away, so that it is built anew.
    """
    folder = kept() / "programs" / key(code)
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        good = manifest == _manifest(code, folder)
    except (OSError, ValueError):
        good = False
    if good:
        try:
            os.utime(folder)
        except OSError:
            pass  # a cache that cannot be written can be read
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    return None


def store(code: Code, make: Callable[[Path], None]) -> Path:
    """Have `make` fill a fresh folder, and put it in its place in one step."""
    programs = kept() / "programs"
    programs.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=programs))
    try:
        make(draft)
        (draft / "manifest.json").write_text(json.dumps(_manifest(code, draft)))
        place = programs / key(code)
        shutil.rmtree(place, ignore_errors=True)
        try:
            os.replace(draft, place)
        except OSError:  # another process was faster
            if find(code) is None:
                raise
        _prune(programs)
        return place
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _prune(programs: Path) -> None:
    folders = [p for p in programs.iterdir() if not p.name.startswith("draft-")]
    for old in sorted(folders, key=lambda p: p.stat().st_mtime)[:-_MOST]:
        shutil.rmtree(old, ignore_errors=True)
