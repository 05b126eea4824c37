"""Reads a table in a process of its own, so that no file can take the server's memory or time."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ganlab import processes
from ganlab.languages import _
from ganlab.reading import parse_json
from ganlab.tables.found import BadTable, Column, Found, TooFewColumns, Wish
from ganlab.tables.read import read

_SECONDS = 60  # of one table
_BYTES = 4_000_000_000  # of address space
_AT_ONCE = 2
_WAIT = 60.0  # seconds for its turn
_MOST_TEXT = 1_000_000

_turns = threading.BoundedSemaphore(_AT_ONCE)


def read_apart(content: bytes, name: str, wish: Wish) -> Found:
    """See `read`; two tables are read at once. Raises `BadTable`, also for too much work."""
    if not _turns.acquire(timeout=_WAIT):
        raise BadTable(name, _("read later: the server is busy with the tables of others"))
    try:
        with tempfile.TemporaryDirectory(prefix="ganlab-table-") as folder:
            return _read(Path(folder), content, name, wish)
    finally:
        _turns.release()


def _read(folder: Path, content: bytes, name: str, wish: Wish) -> Found:
    (folder / "table").write_bytes(content)
    (folder / "wish.json").write_text(json.dumps({"name": name, "wish": asdict(wish)}))
    child = processes.start(
        __name__, str(folder), env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        child.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        raise BadTable(
            name, _("a smaller table: it takes more than {seconds} s to read", seconds=_SECONDS)
        ) from None
    finally:
        processes.end(child)
    answer = folder / "found.json"
    if not answer.is_file():  # it was ended, or its libraries failed
        raise BadTable(name, _("a smaller table: reading it takes too much time or memory"))
    found = parse_json(answer.read_text(), "file", _("what was found"), _MOST_TEXT)
    if "why" in found:
        raise (TooFewColumns if found["few"] else BadTable)(name, found["why"])
    return Found(
        tuple(Column(*column) for column in found["columns"]),
        tuple(found["chosen"]),
        np.load(folder / "x.npy", allow_pickle=False),
        found["total"],
        tuple(map(tuple, found["preview"])),
        tuple(found["notes"]),
        tuple(found["sheets"]),
    )


def main() -> None:
    """The child: reads the table in the folder that its argument names."""
    folder = Path(sys.argv[1])
    with contextlib.suppress(ImportError, ValueError, OSError):  # systems without such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        os.nice(5)
    asked = json.loads((folder / "wish.json").read_text())
    wish = Wish(**asked["wish"] | {"columns": tuple(asked["wish"]["columns"])})
    answer: dict[str, Any]
    try:
        found = read((folder / "table").read_bytes(), asked["name"], wish)
    except BadTable as error:
        answer = {"why": error.why, "few": isinstance(error, TooFewColumns)}
    else:
        np.save(folder / "x.npy", found.x)
        answer = {name: getattr(found, name) for name in ("chosen", "total", "preview", "notes")}
        answer["sheets"] = found.sheets
        answer["columns"] = [[column.name, column.numbers] for column in found.columns]
    draft = folder / "draft.json"
    draft.write_text(json.dumps(answer))
    draft.replace(folder / "found.json")
