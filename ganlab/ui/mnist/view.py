"""The pictures of an MNIST run, packed once per change and drawn by a persistent component."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ganlab import paths, words
from ganlab.languages import _
from ganlab.live.wire import encode
from ganlab.mnist.folder import Folder
from ganlab.mnist.records import Preview, Status
from ganlab.ui.view import LOADER

_SHEET = 70_000  # bytes of the samples as PNG
# As in a lab's scene, for both the canvas and the Plotly figure.
PANELS: tuple[dict[str, Any], ...] = (
    {
        "id": "losses",
        "help": words.of_panel("losses", (), ()),
        "title": _("losses"),
        "unit": "nats",
        "series": [
            {"key": "d_loss", "title": "D", "role": "D", "dash": "dash"},
            {"key": "g_loss", "title": "G", "role": "G", "dash": "solid"},
        ],
        "lines": [],
    },
    {
        "id": "means",
        "help": words.of_panel("means", (), ("½",)),
        "title": _("mean of D(x)"),
        "series": [
            {"key": "mean_real", "title": _("training"), "role": "data", "dash": "dot"},
            {"key": "mean_unseen", "title": _("unseen"), "role": "muted", "dash": "dash"},
            {"key": "mean_fake", "title": _("G's"), "role": "G", "dash": "solid"},
        ],
        "lines": [{"value": 0.5, "title": "½"}],
        "low": 0.0,
        "high": 1.0,
    },
)
_JS = (
    LOADER
    + """
export default function ({ data, parentElement }) {
  const entry = views.get(parentElement) ?? place(parentElement, 'ASSETS/live/mnist.js',
    (module, root, options) => module.mount(root, options));
  entry.update({ message: data });
  return leaving(parentElement);
}
""".replace("ASSETS", paths.ASSETS_URL)
)


def pictures(folder: Folder, status: Status) -> None:
    """Mount the pictures of a run; unchanged pictures are neither packed nor sent again."""
    # As bytes: Streamlit neither converts them to JSON nor searches them for data frames.
    view = st.components.v2.component("ganlab_mnist", js=_JS, isolate_styles=False)
    per_epoch = status.iterations / status.epochs if status.epochs and status.iterations else 0.0
    changed = folder.changed(folder.preview_file.name), folder.changed("history.npz")
    view(key="mnist_pictures", data=_packed(str(folder.path), changed, per_epoch))


def series(folder: Folder) -> dict[str, np.ndarray]:
    """The history's columns (n,) under the names of `PANELS`, and "iteration"."""
    arrays = folder.history.arrays()
    means = {f"mean_{name}": arrays[name] for name in ("real", "fake", "unseen")}
    return {name: arrays[name] for name in ("iteration", "d_loss", "g_loss")} | means


def sizes(folder: Folder) -> dict[str, int | None]:
    """About how many bytes each file of the Export menu has; None: there is none yet."""

    def of(path: Path) -> int | None:
        return path.stat().st_size if path.is_file() else None

    numbers, preview = len(folder.history.rows) * len(folder.history.NAMES), of(folder.preview_file)
    return {
        "python": 2_000,
        "sheet": preview and _SHEET,
        "csv": 100 + 12 * numbers,
        "parquet": 4_000 + 8 * numbers,
        "preview": preview,
        "spec": 2_500,
        "all": 8_000 + 14 * numbers,
        "run": of(folder.run),
    }


@lru_cache(maxsize=8)
def _packed(path: str, changed: tuple[int, int], per_epoch: float) -> bytes:
    """Preview and history as one message. per_epoch: iterations per epoch, 0 while unknown."""
    folder = Folder(path)
    preview = folder.preview
    arrays = series(folder)
    steps = arrays.pop("iteration")
    arrays["steps"] = steps / per_epoch if per_epoch else steps
    header: dict[str, Any] = {
        "run": folder.name,
        "stamp": f"{path} {changed} {per_epoch}",
        "panels": PANELS,
        "help": {name: words.unfold([word]) for name, word in words.MNIST.items()},
        "axis": "epoch" if per_epoch else "",
        "iteration": preview.iteration if preview else 0,
        "latents": preview.latents if preview else 0,
        "sizes": sizes(folder),
    }
    if preview is not None:
        names: tuple[str, ...] = (
            "samples",
            "nearest",
            "distance",
            "chain",
            "digits",
            "real",
            "fake",
            "unseen",
        )
        names += Preview.LATER
        arrays |= {name: getattr(preview, name) for name in names}
    return encode(header, arrays)
