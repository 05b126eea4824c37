"""The answers to a view's Export menu: runs as files, and the sizes of these files."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np

from ganlab import export
from ganlab.events import Event, write
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live.wire import encode
from ganlab.record import RunFile
from ganlab.registry import SpecError
from ganlab.spec import Spec

SIZES = "sizes"  # asks for about how many bytes each kind of file would have
PAGE, STOP = "page", "stop"  # a page of the recording, see `TapeMaker`; make it no longer
_OVERHEAD = 40_000  # bytes of a file with data besides its samples: mostly what is drawn
_SMALLEST_PAGE, _LARGEST_PAGE = 370_000, 5_000_000  # bytes
_MOST_FRAMES, _FRAME_BYTES = 900, {1: 450, 2: 4_500, 0: 900}  # of a page; by `Spec.axes`
Begun = list[tuple[Spec, tuple[Event, ...]]]


def message(kind: str, experiment: Experiment, file: RunFile) -> bytes:
    """The message with the file, or with the sizes of all files as JSON.

    file: the experiment's runs and curves; it has no runs before they have begun.

    Raises `SpecError` unless `kind` is "sizes" or in `export.KINDS`, for what a run does not have
    (a plain script with a variant from outside), and for "run" and "data" before the run has begun.
    """
    if kind not in (*export.KINDS, SIZES):
        raise SpecError(
            "export", kind, _("one of {listed}", listed=", ".join((*export.KINDS, SIZES)))
        )
    runs, curves = file.runs, file.curves
    specs = [spec for run in runs for spec in run.specs] or list(experiment.specs)
    begun: Begun = [(spec, run.past) for run in runs for spec in run.start]
    begun = begun or [(spec, ()) for spec in specs]
    header = {"type": "export", "what": kind, "name": "", "text": ""}
    if kind == SIZES:
        header["text"] = json.dumps(_sizes(begun, file))
        return encode(header)
    files = len(runs) if kind == "data" else len(begun)
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
        binary = np.frombuffer(_file(kind, specs, begun, file), np.uint8)
        return encode(header, {"file": binary})
    return encode(header)


def _file(kind: str, specs: list[Spec], begun: Begun, file: RunFile) -> bytes:
    """The content of a file; for several runs, a zip archive of one for each."""
    runs = file.runs
    if kind == "parquet":
        return export.parquet(file.curves, export.as_json(specs))
    if kind in ("script", "notebook"):
        made = max((run.iteration for run in runs), default=0)
        make = export.script if kind == "script" else export.notebook
        return _packed(kind, [make(spec, made, events).encode() for spec, events in begun])
    if not runs:
        raise SpecError("export", kind, _("python or json before the run has begun"))
    if kind == "data":
        return _packed(kind, [export.data(run) for run in runs])
    out = io.BytesIO()
    file.write(out)
    return out.getvalue()


def _packed(kind: str, files: list[bytes]) -> bytes:
    if len(files) == 1:
        return files[0]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(files):
            archive.writestr(f"run-{number}.{export.ending(kind)}", content)
    return out.getvalue()


def _sizes(begun: Begun, file: RunFile) -> dict[str, int]:
    """About how many bytes the files would have."""
    runs, curves = file.runs, file.curves
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
        "run": file.nbytes_with(),
        PAGE: _page_size(specs, max((run.iteration for run in runs), default=0)),
    }


def _page_size(specs: list[Spec], iterations: int) -> int:
    frames = min(iterations + 1, _MOST_FRAMES)
    return min(_LARGEST_PAGE, _SMALLEST_PAGE + frames * sum(_FRAME_BYTES[s.axes] for s in specs))
