"""The answers to a view's Export menu: runs as files, and how large these would be."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from ganlab import export
from ganlab.engine import Run
from ganlab.events import Event, write
from ganlab.experiment import Experiment
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import Spec

SIZES = "sizes"  # asks for about how many bytes each kind of file would have
PAGE, STOP = "page", "stop"  # a page of the recording, see `TapeMaker`; make it no longer
_OVERHEAD = 40_000  # bytes of a file with data besides its samples: mostly what is drawn
_SMALLEST_PAGE, _LARGEST_PAGE = 370_000, 5_000_000  # bytes
_MOST_FRAMES, _FRAME_BYTES = 900, {1: 450, 2: 4_500}  # of a page; by dimension
Begun = list[tuple[Spec, tuple[Event, ...]]]


def message(
    kind: str, experiment: Experiment, runs: tuple[Run, ...], curves: dict[str, np.ndarray]
) -> bytes:
    """The message with the file, or with the sizes of all files as JSON.

    runs: those of the experiment, or () before they have begun. curves: by name, one value for each
    point, (n,).

    Raises `SpecError` unless `kind` is "sizes" or in `export.KINDS`, for what a run does not have
    (a plain script with a variant from outside), and for "run" and "data" before the run has begun.
    """
    if kind not in (*export.KINDS, SIZES):
        raise SpecError("export", kind, f"one of {', '.join((*export.KINDS, SIZES))}")
    specs = [spec for run in runs for spec in run.specs] or list(experiment.specs)
    begun: Begun = [(spec, run.past) for run in runs for spec in run.start]
    begun = begun or [(spec, ()) for spec in specs]
    header = {"type": "export", "what": kind, "name": "", "text": ""}
    if kind == SIZES:
        header["text"] = json.dumps(_sizes(begun, runs, curves))
        return encode(header)
    files = len(runs) if kind in ("run", "data") else len(begun)
    header["name"] = export.name(specs, kind, files)
    made = max((run.iteration for run in runs), default=0)
    if kind == "python":
        texts = [write(events) for _, events in begun]
        header["text"] = export.python([spec for spec, _ in begun], made, texts)
    elif kind == "json":
        header["text"] = export.as_json(specs)
    elif kind == "csv":
        header["text"] = export.curves(curves)
    else:
        binary = np.frombuffer(_file(kind, specs, begun, runs, curves), np.uint8)
        return encode(header, {"file": binary})
    return encode(header)


def _file(
    kind: str,
    specs: list[Spec],
    begun: Begun,
    runs: tuple[Run, ...],
    curves: dict[str, np.ndarray],
) -> bytes:
    """The content of a file; for several runs, a zip archive of one for each."""
    if kind == "parquet":
        return export.parquet(curves, export.as_json(specs))
    if kind in ("script", "notebook"):
        made = max((run.iteration for run in runs), default=0)
        make = export.script if kind == "script" else export.notebook
        return _packed(kind, [make(spec, made, events).encode() for spec, events in begun])
    if not runs:
        raise SpecError("export", kind, "python or json before the run has begun")
    if kind == "data":
        return _packed(kind, [export.data(run) for run in runs])
    return _packed(kind, [_saved(run) for run in runs])


def _packed(kind: str, files: list[bytes]) -> bytes:
    if len(files) == 1:
        return files[0]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"run-{number}.{export.ending(kind)}", content)
    return out.getvalue()


def _saved(run: Run) -> bytes:
    """A run as `Run.save` writes it."""
    with tempfile.TemporaryDirectory(prefix="ganlab-") as folder:
        path = Path(folder) / "run.npz"
        run.save(path)
        return path.read_bytes()


def _sizes(begun: Begun, runs: tuple[Run, ...], curves: dict[str, np.ndarray]) -> dict[str, int]:
    """About how many bytes the files would have."""
    events = sum(len(write(past)) for _, past in begun)
    specs = [spec for spec, _ in begun]
    cells = sum(len(column) for column in curves.values())
    samples = sum(80_000 * spec.dim + _OVERHEAD for spec, _ in begun)
    state = sum(run.state.nbytes for run in runs)
    count = len(begun)
    return {
        "python": 600 + 150 * count + events,
        "script": 7_000 * count + 2 * events,
        "notebook": 10_000 * count + 3 * events,
        "json": 2_500 * count,
        "csv": 400 + 12 * cells,
        "parquet": 12_000 + 8 * cells,
        "data": samples + state // 3,
        "run": 4_000 * max(1, len(runs)) + state + events,
        PAGE: _page_size(specs, max((run.iteration for run in runs), default=0)),
    }


def _page_size(specs: list[Spec], iterations: int) -> int:
    frames = min(iterations + 1, _MOST_FRAMES)
    return min(_LARGEST_PAGE, _SMALLEST_PAGE + frames * sum(_FRAME_BYTES[s.dim] for s in specs))
