"""Runs on images as a trainer leaves them, without a trainer; and a mirror of tiny files."""

from __future__ import annotations

import gzip
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from ganlab.digits import strokes
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import History, Look, Plan, Score, Status

DONE = Status(
    state="done", iteration=400, iterations=400, epoch=4.0, epochs=4, seconds=70.0, device="cpu",
    device_name="a processor", source=strokes.SOURCE, checkpoint=400,
)  # fmt: skip


def look(labels: bool, latents: int = 0) -> Look:
    """A look at drawn digits in the place of G's images."""
    pixels = strokes.digits(600, 10).train.pixels
    x = (np.arange(40) + 0.5) / 40
    bins = np.exp(-((x - 0.4) ** 2) / 0.02).astype(np.float32)
    digits = pixels[:500].reshape(10, 50, 784) if labels else np.zeros((0, 0, 784), np.uint8)
    distance = np.linspace(4, 7, 10, dtype=np.float32)
    parts = (pixels[100:200], pixels[:10], distance, pixels[200:329], digits)
    return Look(400, latents, *parts, bins[::-1] / bins.sum(), bins / bins.sum(), bins / bins.sum())


def make(path, recipe: str = "quick", k: int = 1, **changes) -> Folder:
    """A run in a folder; changes: of its status, which is `DONE`."""
    spec = RECIPES[recipe].spec.replace(target="drawn_digits", k=k)
    folder = Folder.create(Plan(spec, epochs=4), path)
    folder.put_look(look(spec.conditional == "yes"))
    rows = [(float(i), 1.4 - i / 1000, 0.7 + i / 800, 0.6, 0.4, 0.55) for i in range(0, 401, 20)]
    folder.put_history(History(rows))
    folder.put_scores([Score(400, 4.0, 190.3, 2.2, 0.2, 2000, 10_000)])
    folder.say(replace(DONE, **changes))
    return folder


class Mirror:
    """A server of gzipped files by name; answers 404 until `open` is set."""

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
