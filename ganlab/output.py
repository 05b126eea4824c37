"""The files that `ganlab train` and `ganlab export` write: by the suffix of their names."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replaced
from functools import partial
from pathlib import Path

import numpy as np

from ganlab import export
from ganlab.engine import Run
from ganlab.paths import replace
from ganlab.record import Recording, RunFile
from ganlab.record.run_file import Columns
from ganlab.registry import SpecError

# By suffix, the first that fits: the kind of a file, and its words.
SUFFIXES = {
    ".data.npz": ("data", "samples, fields and parameters"),
    ".ganlab": ("file", "the run with its curves and moments"),
    ".npz": ("run", "the run as it is"),
    ".csv": ("csv", "its curves"),
    ".parquet": ("parquet", "its curves"),
    ".py": ("script", "a plain PyTorch script"),
    ".ipynb": ("notebook", "a notebook"),
    ".json": ("json", "its Spec"),
    ".html": ("page", "a web page that plays it"),
    ".png": ("picture", "a picture"),
    ".svg": ("picture", "a picture"),
    ".mp4": ("film", "a film"),
    ".webm": ("film", "a film"),
    ".gif": ("film", "a film"),
}
ROWS = 200  # of the curves by default


def kind_of(path: Path) -> str | None:
    """The kind of a file, from the suffix of its name; None for another suffix."""
    ends = (kind for end, (kind, _) in SUFFIXES.items() if path.name.lower().endswith(end))
    return next(ends, None)


def needs_curves(paths: Sequence[Path]) -> bool:
    """Whether one of the files holds curves, which are measured during training."""
    return any(kind_of(path) in ("csv", "parquet", "file") for path in paths)


def opened(path: str) -> RunFile:
    """A file of one run. Raises `SpecError` or OSError as `RunFile.load` does."""
    file = RunFile.load(Path(path))
    if len(file.runs) > 1:
        allowed = f"a file of one run; RunFile.load(path).runs in Python has its {len(file.runs)}"
        raise SpecError("run", Path(path).name, allowed)
    return file


def check_outs(paths: Sequence[str]) -> list[Path]:
    """The paths of the files to write, checked before training.

    Raises `SpecError` for another suffix, and if a file could not be created.
    """
    found = [Path(p).expanduser() for p in paths]
    for path in found:
        name = str(path)
        if kind_of(path) is None:
            known = [f"{end} ({words})" for end, (_, words) in SUFFIXES.items()]
            raise SpecError(
                "--out", name, f"a name that ends in {', '.join(known[1:] + known[:1])}"
            )
        if path.is_dir():
            raise SpecError("--out", name, "the name of a file: this is a folder")
        try:
            with tempfile.TemporaryFile(dir=path.parent):
                pass
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            allowed = f"a file in a writable folder ({path.parent}: {why})"
            raise SpecError("--out", name, allowed) from None
    if len(set(found)) < len(found):
        raise SpecError("--out", str(found[0]), "given once")
    return found


@dataclass(frozen=True)
class Drawn:
    """How pictures and films are drawn: see `export.picture` and `export.film`."""

    theme: str = "light"
    width: int = 1280
    first: int | None = None
    last: int | None = None
    seconds: float = 10
    fps: int | None = None

    def picture(self, run: Run, path: Path) -> None:
        """Write a picture."""
        export.picture(run, path, theme=self.theme, width=self.width)

    def film(self, run: Run, path: Path) -> None:
        """Write a film, with a bar on a terminal."""
        with bar(path.name) as tell:
            export.film(
                run, path, theme=self.theme, width=self.width, first=self.first, last=self.last,
                seconds=self.seconds, fps=self.fps, tell=tell,
            )  # fmt: skip


@contextmanager
def bar(name: str) -> Iterator[Callable[[float], None]]:
    """A function that shows the share of the work that is done on the terminal, if there is one."""
    shown, terminal = -1, sys.stderr.isatty()

    def tell(share: float) -> None:
        nonlocal shown
        percent = int(100 * share)
        if terminal and percent != shown:
            shown = percent
            line = f"\r{name} [{'#' * (percent // 4):25}] {percent:3} %"
            print(line, end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if shown >= 0:
            print(file=sys.stderr)


class Curves:
    """Metrics measured while a run trains, in rows of `iteration` and every metric."""

    def __init__(self, run: Run):
        self._run = run
        self.names: tuple[str, ...] = ()
        self.rows: list[tuple[float, ...]] = []

    def measure(self) -> None:
        """Add a row for each run in its current state."""
        if self.rows and self.rows[-1][1] == self._run.iteration:
            return
        metrics = self._run.snapshot(picture=False).metrics
        self.names = tuple(metrics)
        for run in range(len(self._run.specs)):
            values = (float(metrics[name][run]) for name in self.names)
            self.rows.append((run, self._run.iteration, *values))

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The rows by column (n,), with `run` first if there are several runs; NaN: no value."""
        several = len(self._run.specs) > 1
        names = ("run", "iteration", *self.names)[not several :]
        values = np.array(self.rows, np.float64)[:, not several :]
        return dict(zip(names, values.T, strict=True))


def write_all(
    run: Run,
    paths: Sequence[Path],
    curves: Curves | None,
    file: RunFile | None = None,
    drawn: Drawn | None = None,
) -> list[tuple[Path, Path]]:
    """Write the files of a run; returns (wanted, written) for each that lies elsewhere.

    curves: those of the run, if a file holds them. file: what is known of the run besides. drawn:
    how pictures are drawn. Raises `SpecError` for what the run does not have, and OSError if a file
    cannot be written anywhere.
    """
    moved = []
    for path in paths:
        save = _saver(run, kind_of(path), curves, file or RunFile(()), drawn or Drawn())
        place = write(path, save)
        if place != path:
            moved.append((path, place))
    return moved


def _saver(
    run: Run, kind: str | None, curves: Curves | None, file: RunFile, drawn: Drawn
) -> Callable[[Path], None]:
    """A function that writes one file of a run."""
    if kind == "run":
        return run.save
    if kind == "file":
        known = _joined(file.curves, {} if curves is None else curves.columns)
        return replaced(file, runs=RunFile.of(run).runs, curves=known).save
    if kind in ("picture", "film"):
        return partial(drawn.picture if kind == "picture" else drawn.film, run)
    if kind == "data":
        content = export.data(run)
    elif kind in ("script", "notebook"):
        make = export.script if kind == "script" else export.notebook
        content = make(run.start[0], run.iteration, run.past).encode()
    elif kind == "page":
        content = export.page(run).encode()
    elif kind == "json":
        content = export.as_json(run.specs).encode()
    elif curves is None:
        raise ValueError("curves must be measured")
    elif kind == "parquet":
        content = export.parquet(curves.columns, export.as_json(run.specs))
    else:
        content = export.curves(curves.columns).encode()
    return partial(save_bytes, content)


def _joined(before: Columns, after: Columns) -> Columns:
    """Curves of a run that was continued; those of several runs together are left out."""
    if not after or "run" in after:
        return before
    if not before:
        return after
    kept = np.asarray(before["iteration"]) < after["iteration"][0]
    out = {}
    for name in dict.fromkeys((*before, *after)):
        old, new = (table.get(name, np.full(len(table["iteration"]), np.nan))
                    for table in (before, after))  # fmt: skip
        out[name] = np.concatenate([old[kept], new])
    return out


def replayed(run: Run, every: int) -> tuple[Run, Curves]:
    """The run again from its start, recorded and measured; the run itself if the other differs.

    It differs, by rounding, if it was compiled.
    """
    again = Run(run.start, events=run.past)
    Recording(again)
    curves = Curves(again)
    advance(again, run.iteration, curves, every)
    again.make(max(0, run.updates - again.updates))
    return (again if again.state.equals(run.state) else run), curves


def advance(run: Run, iterations: int, curves: Curves | None, every: int) -> None:
    """Train for `iterations`, and measure after each `every` iterations."""
    if curves is None:
        run.advance(iterations)
        return
    curves.measure()
    end = run.iteration + iterations
    while run.iteration < end and not run.stopped:
        run.advance(min(every - run.iteration % every, end - run.iteration))
        curves.measure()


def write(path: Path, save: Callable[[Path], None]) -> Path:
    """Let `save` write a file; if that fails, in a new temporary folder. Returns its place.

    Raises OSError if it cannot be written anywhere.
    """
    try:
        save(path)
        return path
    except OSError as error:
        try:
            other = Path(tempfile.mkdtemp(prefix="ganlab-")) / path.name
            save(other)
        except OSError:
            raise error from None
        return other


def save_bytes(content: bytes, path: Path) -> None:
    """Write a file atomically."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        draft.write_bytes(content)
        replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
