"""The files that `ganlab train --out` writes: the run (.npz), or its curves (.csv)."""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ganlab.engine import Run
from ganlab.paths import replace
from ganlab.registry import SpecError

SUFFIXES = (".npz", ".csv")
ROWS = 200  # of the curves by default


def check_outs(paths: Sequence[str]) -> list[Path]:
    """The paths of the files to write, checked before training.

    Raises `SpecError` for another suffix, and if a file could not be created.
    """
    found = [Path(p).expanduser() for p in paths]
    for path in found:
        name = str(path)
        if path.suffix.lower() not in SUFFIXES:
            allowed = "a name that ends in .npz (the run) or in .csv (its curves)"
            raise SpecError("--out", name, allowed)
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

    def csv(self) -> str:
        """The rows, with `run` first if there are several; empty if a metric has no value."""
        out = io.StringIO()
        write = csv.writer(out, lineterminator="\n")
        several = len(self._run.specs) > 1
        write.writerow(("run", "iteration", *self.names)[not several :])
        for row in self.rows:
            write.writerow(["" if math.isnan(v) else v for v in row][not several :])
        return out.getvalue()


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


def save_text(text: str, path: Path) -> None:
    """Write a text to a file atomically."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
