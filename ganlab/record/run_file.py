"""Files of runs with their recordings: .ganlab, an uncompressed zip of JSON and NumPy arrays.

docs/files.md documents the layout. A file is read within bounds: the own data of its target, its
header, then what the Specs in it make of the shapes of its arrays, and only then the arrays.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.lib import format as npy

from ganlab.engine import Run, storage
from ganlab.engine.native.program_key import surroundings
from ganlab.engine.run import FORMATS
from ganlab.languages import _
from ganlab.own_data import members
from ganlab.reading import Arrays, parse_json
from ganlab.record import moments, run_header
from ganlab.record.recording import MEGABYTES, Past, Recording
from ganlab.record.run_header import HEADER, Course, Header, Mark, Note, Plan
from ganlab.registry import SpecError

SUFFIX = ".ganlab"
KEPT = 2.0  # megabytes of keyframes in a file: moments between them are replayed
Columns = Mapping[str, np.ndarray]
_DATE = (1980, 1, 1, 0, 0, 0)  # of all members: the same runs make the same file


@dataclass(frozen=True)
class RunFile:
    """Runs, each with its recording if it has one, and what was measured and noted of them.

    curves: "iteration", ascending, and other columns, (n,) float64 each; NaN: no value. ghost:
    those of an earlier run, in the background. fields: in which runs side by side differ. marks:
    what the curves say of changes. notes: on the timeline, whose places are updates of a single
    run, and iterations of several. preset: the name of the shown phenomenon, or empty. playing,
    speed: of a session (None: no choice). note: what a reader must know of the file, or empty.
    """

    runs: tuple[Run, ...]
    curves: Columns = field(default_factory=dict)
    ghost: Columns = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    marks: Sequence[Mark] = ()
    notes: Sequence[Note] = ()
    preset: str = ""
    playing: bool = False
    speed: float | None = None
    note: str = ""

    @classmethod
    def of(cls, run: Run, **more: Any) -> RunFile:
        """A file of one run as it is now, with its recording."""
        still = run.recorder.still().run if isinstance(run.recorder, Recording) else run.still()
        return cls((still,), **more)

    @property
    def pasts(self) -> tuple[Past | None, ...]:
        """What was recorded of each run."""
        recorders = (run.recorder for run in self.runs)
        return tuple(one.past if isinstance(one, Recording) else None for one in recorders)

    @property
    def own_data(self) -> list[str]:
        """The names of the own data that its runs use."""
        return list(dict.fromkeys(name for run in self.runs for name in run.spec.own_data))

    def nbytes_with(self, megabytes: float = KEPT) -> int:
        """The approximate size of the file in bytes, with at most `megabytes` of keyframes."""
        size = 1500 + 60 * (len(self.marks) + len(self.notes))
        size += sum(column.nbytes for column in (*self.curves.values(), *self.ghost.values()))
        size += members.nbytes(self.own_data)
        frames = 0
        for run in self.runs:
            past = run.recorder.past.frames if isinstance(run.recorder, Recording) else ()
            size += 1300 * len(run.start) + run.state.nbytes + 20 * run.timeline.happened
            frames += sum(one.nbytes + 40 for one in past if one.updates < run.updates)
        return size + min(frames, int(megabytes * 1e6))

    # -- writing ---------------------------------------------------------------------------------

    def save(self, path: Path, megabytes: float = KEPT) -> None:
        """Write it to a file, atomically; see `write`. Raises OSError if it cannot be written."""
        storage.write(path, lambda file: self.write(file, megabytes))

    def write(self, file: BinaryIO, megabytes: float = KEPT) -> None:
        """Write it to an open file, with at most `megabytes` of keyframes.

        Raises `SpecError` if a run has too many changes for a file, and if own data of its target
        are not here any more.
        """
        parts = [moments.of(run, megabytes / len(self.runs)) for run in self.runs]
        header = {
            "ganlab": run_header.FORMAT,
            "made": {
                "by": _made_by(),
                "on": surroundings(),
            },
            "fields": list(self.fields),
            "preset": self.preset,
            "playing": self.playing,
            "speed": self.speed,
            "marks": list(self.marks),
            "notes": list(self.notes),
            "curves": list(self.curves)[1:],
            "ghost": list(self.ghost)[1:],
            "runs": [part.plan for part in parts],
        }
        text = json.dumps(header, allow_nan=False)
        work = max(run_header.changes(p.plan["events"], len(p.plan["start"])) for p in parts)
        longest = max(len(part.plan["events"]) for part in parts)
        if work > run_header.MOST_CHANGES or longest > run_header.MOST_EVENTS:
            allowed = _(
                "at most {most} in a file of at most {longest} characters",
                most=f"{run_header.MOST_CHANGES:,}",
                longest=f"{run_header.MOST_EVENTS:,}",
            )
            raise SpecError("changes", f"{work:,}", allowed)
        own = members.arrays(self.own_data)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(HEADER, _DATE), text)
            for name, array in own.items():
                _put(archive, name, array)
            for i, part in enumerate(parts):
                _put(archive, f"states_{i}", part.states)
            _put(archive, "curves", _table(self.curves))
            _put(archive, "ghost", _table(self.ghost))

    # -- reading ---------------------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        source: Path | BinaryIO,
        name: str = "",
        device: str | torch.device = "cpu",
        allow: Callable[[Sequence[Course]], object] = lambda courses: None,
        most: int | None = None,
    ) -> RunFile:
        """Read a file that `save` wrote, or a .npz file that `Run.save` wrote.

        source: its path, or the opened file. name: what errors call it. allow: is given the Specs
        and events of its runs before any of its arrays are read, and may raise. most: bytes of the
        file. Raises `SpecError`, which says what is wrong, and OSError if it cannot be read.
        """
        name = name or (source.name if isinstance(source, Path) else "the file")
        with storage.reading(source, name, most, (HEADER,)) as file:
            if HEADER not in file.texts:
                start, _found, events, *_rest = storage.read(file, name)
                allow([Course(tuple(start), events)])
                return cls((Run.read(file, name, device),))
            text = file.text(HEADER, run_header.MOST_TEXT)
            allowed = _("the header of a run written by ganlab (in {name})", name=name)
            items = parse_json(text, "header", allowed, run_header.MOST_TEXT)
            members.receive(file, name)
            header = run_header.read(items, name)
            allow([plan.course for plan in header.plans])
            return cls._of(file, header, name, device)

    @classmethod
    def _of(cls, file: Arrays, header: Header, name: str, device: Any) -> RunFile:
        """The rest of the file, after its header."""
        same = header.made_on == surroundings()
        wanted = {"curves", "ghost", *(f"states_{i}" for i in range(len(header.plans)))}
        starts = (plan.course.start[0] for plan in header.plans)
        wanted |= {members.PREFIX + data for spec in starts for data in spec.own_data}
        if more := sorted(set(file.heads) - wanted):
            raise SpecError("file", more[0], _("only the arrays of a run (in {name})", name=name))
        curves = _columns(file, "curves", header.curves, name)
        ghost = _columns(file, "ghost", header.ghost, name)
        for i, plan in enumerate(header.plans):
            storage.check_head(file, f"states_{i}", np.float32, (sum(plan.sizes),), name)
        runs = []
        for i, plan in enumerate(header.plans):
            flat = storage.finite(file, f"states_{i}", name)
            runs.append(_run(plan, flat, same, device))
        return cls(
            tuple(runs),
            curves,
            ghost,
            header.fields,
            header.marks,
            header.notes,
            header.preset,
            header.playing,
            header.speed,
            "" if same else f"It was made by {header.made_by}, or on another machine.",
        )


def _made_by() -> str:
    try:
        own = version("ganlab")
    except PackageNotFoundError:  # it was not installed
        own = "from its sources"
    return f"ganlab {own}, torch {torch.__version__}"


def _run(plan: Plan, flat: np.ndarray, same: bool, device: str | torch.device) -> Run:
    """A run of a file with its recording; flat: the States of its moments, one after the other."""
    frames, timeline = moments.frames(plan, flat), moments.timeline(plan)
    last = frames[-1]
    run = Run.restored(plan.course.start, last.specs, timeline, last.state, last.diverged, device)
    run.last = last.last
    if run.device.type == "cpu":
        past = Past(tuple(frames), plan.first, moments.makers(plan, same))
        Recording(run, megabytes=max(MEGABYTES, flat.nbytes / 1e6 * 2), past=past)
    return run


def _put(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    info = zipfile.ZipInfo(f"{name}.npy", _DATE)
    with archive.open(info, "w", force_zip64=array.nbytes > 2**31) as member:
        npy.write_array(member, array, version=(1, 0), allow_pickle=False)


def _table(columns: Columns) -> np.ndarray:
    """(n, columns) float64."""
    if not columns:
        return np.empty((0, 1))
    table = np.stack([np.asarray(c, np.float64) for c in columns.values()], axis=1)
    return np.where(np.isinf(table), np.nan, table)


def _columns(file: Arrays, array: str, names: Sequence[str], name: str) -> dict[str, np.ndarray]:
    """A table's columns by name. Raises `SpecError` for another shape, and for bad iterations."""
    shape = file.heads.get(array, (None, (0,)))[1]
    rows = shape[0] if shape else 0
    if rows > run_header.MOST_ROWS:
        raise SpecError(
            array,
            f"{rows:,} rows",
            _(
                "at most {most} (in {name})",
                most=f"{run_header.MOST_ROWS:,}",
                name=name,
            ),
        )
    storage.check_head(file, array, np.float64, (rows, 1 + len(names)), name)
    table = file.read(array)
    iteration = table[:, 0]
    whole = np.isfinite(iteration).all() and (iteration == np.floor(iteration)).all()
    ascending = whole and (np.diff(iteration) > 0).all() and (not rows or iteration[0] >= 0)
    if not ascending or (rows and iteration[-1] > storage.MOST_UPDATES):
        raise SpecError(array, "iterations", _("integers that ascend (in {name})", name=name))
    if np.isinf(table).any():
        raise SpecError(
            array, "inf", _("numbers, or NaN where there is no value (in {name})", name=name)
        )
    if not rows:
        return {}
    return dict(zip(("iteration", *names), np.ascontiguousarray(table.T), strict=True))


class _Format:
    """Files of single runs, for `Run.save` and `Run.load`."""

    def save(self, run: Run, path: Path) -> None:
        """See `Run.save`."""
        RunFile.of(run).save(path)

    def load(self, path: Path, device: str | torch.device) -> Run:
        """See `Run.load`."""
        runs = RunFile.load(path, device=device).runs
        if len(runs) > 1:
            allowed = _("one run; RunFile.load(path).runs has its {count} runs", count=len(runs))
            raise SpecError("file", path.name, allowed)
        return runs[0]


FORMATS[SUFFIX] = _Format()
