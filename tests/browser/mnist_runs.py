"""Folders of MNIST runs made without a trainer, and a server with a mirror for downloads."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from ganlab.digits import strokes
from ganlab.digits.data import MNIST
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Coverage, History, Plan, Preview, Score, Status

from .server import Server

DONE = Status(
    state="done", iteration=400, iterations=400, epoch=4.0, epochs=4, seconds=70.0, device="cpu",
    device_name="a processor", source=strokes.SOURCE, checkpoint=400,
)  # fmt: skip


HISTORY = History(
    [(float(i), 1.4 - i / 1000, 0.7 + i / 800, 0.6, 0.4, 0.55) for i in range(0, 401, 20)]
)
# Shares of the classes, the expected ones, and whether each is covered.
CLASSES = np.full((3, 10), 0.1, np.float32)
CLASSES[0] = 0.21, 0.302, 0.091, 0.102, 0.004, 0.09, 0.1, 0.1, 0.001, 0.0
CLASSES[2] = 1, 1, 1, 1, 0, 1, 1, 1, 0, 0


def look(labels: bool, latents: int = 0) -> Preview:
    """A preview in which drawn digits replace G's images."""
    pixels = strokes.digits(600, 10).train.pixels
    x = (np.arange(40) + 0.5) / 40
    bins = np.exp(-((x - 0.4) ** 2) / 0.02).astype(np.float32)
    digits = pixels[:500].reshape(10, 50, 784) if labels else np.zeros((0, 0, 784), np.uint8)
    distance = np.linspace(4, 7, 10, dtype=np.float32)
    parts = (pixels[100:200], pixels[:10], distance, pixels[200:329], digits)
    spread = (bins[::-1] / bins.sum(), bins / bins.sum(), bins / bins.sum())
    return Preview(400, latents, *parts, *spread, CLASSES, np.array([0.4321, 0.0045], np.float32))


def make(path, recipe: str = "quick", k: int = 1, **changes) -> Folder:
    """A run in a folder; changes: to its status, which is `DONE`."""
    spec = RECIPES[recipe].spec.replace(target="drawn_digits", k=k)
    folder = Folder.create(Plan(spec, epochs=4), path)
    folder.put_preview(look(spec.conditional == "yes"))
    folder.put_history(HISTORY)
    found = Coverage(
        CLASSES[0].tolist(), (0.1,) * 10, (0, 1, 2, 3, 5, 6, 7), 0.4321, 0.0023, 2000, 0.991
    )
    folder.put_scores([Score(400, 4.0, 190.3, 2.2, 0.2, 2000, 10_000, found)])
    real = Coverage((0.1,) * 10, (0.1,) * 10, tuple(range(10)), 0.0011, 0.0023, 2000, 0.991)
    folder.put_real(Score(0, 0.0, 222.2, 2.0, 0.2, 2000, 10_000, real))
    folder.say(replace(DONE, **changes))
    return folder


class Mirror:
    """A server of gzipped files by name; it answers 404 until `open` is set."""

    def __init__(self, files: dict[str, bytes]):
        self.open = False
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                raw = files.get(self.path.lstrip("/").removesuffix(".gz"))
                if raw is None or not mirror.open:
                    self.send_error(404)
                    return
                body = gzip.compress(raw)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


# Its trainers measure few samples with a classifier that was fitted in a moment.
_QUICK = """
import sys
from ganlab.cli import main
from ganlab.mnist import classifier, scoring
classifier.STEPS, scoring.SAMPLES = 60, 300
sys.exit(main(sys.argv[1:]))
"""
_PREPARE = """
import os
from ganlab.digits import data, idx
from ganlab.mnist.folder import Folder
os.environ["GANLAB_CACHE"] = {cache!r}
os.environ.pop("GANLAB_DATA", None)
tiny = {{part: idx.Known(*known) for part, known in {files!r}.items()}}
data.find.__defaults__ = (None, tiny)
usual = Folder.command
Folder.command = lambda folder: ["quick_trainer", *usual(folder)[1:]]
data.load.__kwdefaults__.update(files=tiny, mirrors=({url!r},))
"""
_SHAPES = {
    "train_pixels": (60, 28, 28),
    "train_labels": (60,),
    "test_pixels": (10, 28, 28),
    "test_labels": (10,),
}
FILES = {
    part: struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape)
    + np.zeros(shape, np.uint8).tobytes()
    for part, shape in _SHAPES.items()
}


class Site:
    """A server with its own cache, and the mirror from which it downloads."""

    def __init__(self, server: Server, cache: Path, mirror: Mirror):
        self.url, self.mirror, self.data = server.url, mirror, cache / "mnist"
        self.server, self.runs = server, cache / "mnist" / "runs"

    def clear(self) -> None:
        """Remove all runs and data, and close the mirror."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.mirror.open = False


@contextmanager
def site(cache: Path) -> Iterator[Site]:
    """A started server that finds no MNIST and downloads a tiny set with MNIST's names."""
    mirror = Mirror({MNIST[part].name: raw for part, raw in FILES.items()})
    known = {
        part: (MNIST[part].name, _SHAPES[part], hashlib.md5(raw).hexdigest())
        for part, raw in FILES.items()
    }
    prepare = _PREPARE.format(cache=str(cache), files=known, url=mirror.url)
    (cache / "quick_trainer.py").write_text(_QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(cache), prepend=os.pathsep)
        with Server(cache / "log.txt", prepare) as server:
            yield Site(server, cache, mirror)
    mirror.close()
