"""The front end without a browser: its modules executed in an isolate of V8."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any, Self

import numpy as np
from PIL import Image

from ganlab import bundle
from ganlab.pictures import lettering
from ganlab.pictures.extras import need
from ganlab.pictures.options import Options
from ganlab.pictures.shapes import Painter

_ENTRY = "plate.js"


class Isolate:
    """The front end for one picture or film: takes messages of the live view, and draws frames.

    It must be used in a `with` statement, which ends V8's threads. Raises RuntimeError if a package
    of the extra "film" is missing.
    """

    def __init__(self, options: Options, sharp: int, about: str, lost: bool):
        engine = need("py_mini_racer", "mini-racer")
        self._painter = Painter(options.width, options.height, sharp)
        self._v8 = engine.MiniRacer()
        settings = {
            "theme": options.theme,
            "font": lettering.FAMILY,
            "width": options.width,
            "height": options.height,
            "sharp": sharp,
            "hidden": list(options.hidden),
            "parts": options.parts,
            "about": about,
            "lost": lost,
            "widths": lettering.widths(),
        }
        try:
            self._v8.eval(bundle.module(_ENTRY) + ";0")
            self._v8.eval(f"open({json.dumps(settings)})")
        except BaseException:
            self._v8.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._v8.close()

    def take(self, kind: str, message: bytes) -> None:
        """Take a message: "scene", then "curves"."""
        self._put(message)
        self._v8.eval(f"{kind}()")

    def frames(self, messages: Iterable[bytes]) -> Iterator[np.ndarray]:
        """The picture with each frame, RGBA (height, width, 4), valid until the next one.

        While one is drawn, V8 already executes the next.
        """
        with ThreadPoolExecutor(1) as pool:
            last: Future[tuple[Any, dict[int, np.ndarray]]] | None = None
            for message in chain(messages, (None,)):
                ready = None if last is None else last.result()
                last = None if message is None else pool.submit(self._execute, message)
                if ready is not None:
                    self._painter.draw(*ready)
                    yield self._painter.image

    def _execute(self, message: bytes) -> tuple[Any, dict[int, np.ndarray]]:
        """The canvases with a frame, as `Painter.draw` takes them, and their images."""
        self._put(message)
        canvases, images = json.loads(self._v8.eval("frame()"))
        return canvases, {i: self._pixels(i).copy() for i in range(images)}

    def svg(self, message: bytes) -> str:
        """The picture with a frame as SVG, with text as text."""
        self._put(message)
        self._v8.eval("frame(); 0")
        text = self._v8.eval("svg()")
        return re.sub(r'"pixels:(\d+)"', lambda m: f'"{self._url(int(m[1]))}"', text)

    def _put(self, message: bytes) -> None:
        inbox = self._v8.eval(f"globalThis.inbox = new Uint8Array({len(message)})")
        inbox[:] = message

    def _pixels(self, index: int) -> np.ndarray:
        found: Any = self._v8.eval(f"pixels({index})")
        return np.frombuffer(found, np.uint8)

    def _url(self, index: int) -> str:
        width, height = json.loads(self._v8.eval(f"JSON.stringify(sizeOf({index}))"))
        out, pixels = io.BytesIO(), self._pixels(index).reshape(height, width, 4)
        Image.fromarray(pixels, "RGBA").save(out, "png")
        return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
