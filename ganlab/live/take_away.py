"""The answers to a view's Export menu: runs as a file."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np

from ganlab import export
from ganlab.engine import Run
from ganlab.events import write
from ganlab.experiment import Experiment
from ganlab.live.wire import encode
from ganlab.registry import SpecError


def message(
    kind: str, experiment: Experiment, runs: tuple[Run, ...], curves: dict[str, np.ndarray]
) -> bytes:
    """The message with the file.

    runs: those of the experiment, or () before they have begun. curves: by name, one value for each
    point, (n,).

    Raises `SpecError` unless `kind` is in `export.KINDS`, and for "run" before the run has begun.
    """
    if kind not in export.KINDS:
        raise SpecError("export", kind, f"one of {', '.join(export.KINDS)}")
    specs = [spec for run in runs for spec in run.specs] or list(experiment.specs)
    header = {
        "type": "export",
        "what": kind,
        "name": export.name(specs, kind, len(runs)),
        "text": "",
    }
    if kind == "run":
        if not runs:
            raise SpecError("export", kind, "python or json before the run has begun")
        return encode(header, {"file": np.frombuffer(_file(runs), np.uint8)})
    if kind == "python":
        begun = [(spec, write(run.past)) for run in runs for spec in run.start]
        begun = begun or [(spec, "") for spec in specs]
        made = max((run.iteration for run in runs), default=0)
        header["text"] = export.python([s for s, _ in begun], made, [e for _, e in begun])
    elif kind == "json":
        header["text"] = export.as_json(specs)
    else:
        header["text"] = export.curves(curves)
    return encode(header)


def _file(runs: tuple[Run, ...]) -> bytes:
    """A run as `Run.save` writes it; for several, a zip archive of such files."""
    with tempfile.TemporaryDirectory(prefix="ganlab-") as folder:
        paths = [Path(folder) / f"run-{i}.npz" for i in range(len(runs))]
        for run, path in zip(runs, paths, strict=True):
            run.save(path)
        if len(paths) == 1:
            return paths[0].read_bytes()
        whole = Path(folder) / "runs.zip"
        with zipfile.ZipFile(whole, "w") as archive:
            for path in paths:
                archive.write(path, path.name)
        return whole.read_bytes()
