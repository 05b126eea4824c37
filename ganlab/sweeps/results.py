"""The results of a sweep on disk and as a table.

A folder holds sweep.json and one Parquet file for each finished block; a file is there whole or not
at all, so a sweep that is killed loses the blocks in flight and nothing else.
"""

from __future__ import annotations

import io
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv_of
import pyarrow.parquet as pq
import torch
from filelock import FileLock, Timeout

from ganlab import __version__
from ganlab.languages import _
from ganlab.output import save_bytes
from ganlab.paths import replace
from ganlab.registry import SpecError
from ganlab.sweeps.plan import Plan

if TYPE_CHECKING:
    import xarray

_KEY = b"ganlab.sweep"  # of the sweep in a Parquet file's metadata


class Folder:
    """A folder with the results of one plan. Raises `SpecError` if it holds those of another."""

    def __init__(self, path: str | Path, plan: Plan):
        self.path, self.plan = Path(path), plan
        stored, text = self.path / "sweep.json", plan.to_json()
        if not stored.is_file():
            # A page and a worker may open a new folder at the same moment.
            self.path.mkdir(parents=True, exist_ok=True)
            if any(not file.name.startswith(".") for file in self.path.iterdir()):
                raise SpecError("folder", str(path), _("an empty folder, or one of the same sweep"))
            save_bytes(text.encode(), stored)
        (self.path / "blocks").mkdir(exist_ok=True)
        there = stored.read_text("utf-8")
        # Another version may have written it with fewer fields.
        if there != text and Plan.from_json(there).to_json() != text:
            raise SpecError("folder", str(path), _("an empty folder, or one of the same sweep"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While this process adds results. Raises `SpecError` if another one does."""
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SpecError(
                "folder", str(self.path), _("one that no other process fills")
            ) from None
        try:
            for draft in (self.path / "blocks").glob(".*.partial"):  # of a process that was killed
                draft.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def _file(self, block: int) -> Path:
        return self.path / "blocks" / f"{block:06d}.parquet"

    def has(self, block: int) -> bool:
        """Whether a block is finished."""
        return self._file(block).is_file()

    def add(self, block: int, table: pa.Table) -> None:
        """Store the results of a block. Raises OSError, and then leaves nothing behind."""
        content = io.BytesIO()
        pq.write_table(table, content)
        save_bytes(content.getvalue(), self._file(block))

    def read(self, block: int, columns: list[str] | None = None) -> pa.Table:
        """The results of a finished block, or some columns of them."""
        return pq.read_table(self._file(block), columns=columns)

    def table(self) -> pa.Table:
        """The results so far, in the order of cells, seeds and iterations: see `tidy`."""
        return pa.concat_tables(self.pieces())

    def pieces(self, rows: int = 100_000) -> Iterator[pa.Table]:
        """The parts of `table` in order, each of whole cells and about this many rows.

        At least one. At a time only the blocks of a few cells are in memory.
        """
        plan = self.plan
        done = [block for block in plan.blocks if self.has(block.number)]
        where: dict[int, list[int]] = {}  # the blocks of a cell
        last: dict[int, int] = {}  # the last cell of a block
        for block in done:
            for cell in dict.fromkeys(cell for cell, _found in block.runs):
                where.setdefault(cell, []).append(block.number)
            last[block.number] = max(cell for cell, _found in block.runs)
        schemas = [pq.read_schema(self._file(block.number)) for block in done]
        whole = pa.unify_schemas(schemas).remove_metadata() if schemas else pa.schema([])
        open_: dict[int, pa.Table] = {}
        parts, count = [whole.empty_table()], 0
        for cell in sorted(where):
            for number in where[cell]:
                if number not in open_:
                    open_[number] = self.read(number)
                block_rows = open_[number]
                parts.append(block_rows.filter(pc.field("cell") == cell))
                count += parts[-1].num_rows
                if last[number] == cell:
                    del open_[number]
            if count >= rows:
                yield tidy(plan, parts)
                parts, count = [whole.empty_table()], 0
        if count or not done:
            yield tidy(plan, parts)

    def write(self, csv: bool = False) -> Counter[str]:
        """Write results.parquet, and results.csv if asked; returns how many runs have a verdict.

        Raises OSError, and then leaves the files as they were.
        """
        counts, drafts = Counter[str](), list[Path]()
        names = ["results.parquet", *(["results.csv"] if csv else [])]
        try:
            with ExitStack() as stack:
                writers: list[Any] = []
                for piece in self.pieces():
                    if not writers:
                        drafts = [self.path / f".{name}.{os.getpid()}.partial" for name in names]
                        kinds = (pq.ParquetWriter, csv_of.CSVWriter)
                        for kind, draft in zip(kinds, drafts, strict=False):
                            writers.append(stack.enter_context(kind(draft, piece.schema)))
                    for writer in writers:
                        writer.write_table(piece)
                    if piece.num_rows:
                        runs = piece.group_by(["cell", "seed"]).aggregate([("verdict", "min")])
                        counts.update(runs["verdict_min"].to_pylist())
            for draft, name in zip(drafts, names, strict=True):
                replace(draft, self.path / name)
        finally:
            for draft in drafts:
                draft.unlink(missing_ok=True)
        return counts


def tidy(plan: Plan, tables: Iterable[pa.Table]) -> pa.Table:
    """One table from those of blocks: a row for each run and check.

    Columns: the axes' fields (numbers, or texts as in an address), then those of `work.train`. The
    rows are sorted by cell, seed and iteration. The metadata hold the sweep and versions.
    """
    parts = list(tables)
    whole = pa.concat_tables(parts, promote_options="default") if parts else pa.table({})
    if whole.num_rows:
        whole = whole.sort_by([(n, "ascending") for n in ("cell", "seed", "iteration")])
        at = [plan.cells[cell].at for cell in whole["cell"].to_pylist()]
        for i, axis in reversed(list(enumerate(plan.axes))):
            values = axis.values
            if not all(isinstance(v, (int, float)) for v in values):
                values = axis.texts(plan.base)
            column = pa.array(values).take(pa.array([where[i] for where in at]))
            whole = whole.add_column(0, axis.field, column)
    about = {
        "sweep": plan.to_dict(),
        "ganlab": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "command": sys.argv,
    }
    return whole.replace_schema_metadata({_KEY: json.dumps(about).encode()})


def about(table: pa.Table) -> dict[str, Any]:
    """The sweep, versions and command in the metadata of a table that `tidy` made."""
    found: dict[str, Any] = json.loads((table.schema.metadata or {})[_KEY])
    return found


def to_xarray(plan: Plan, table: pa.Table) -> xarray.Dataset:
    """The table as an xarray Dataset over the axes, seed and check; NaN where there is no row.

    Raises RuntimeError if xarray is not installed.
    """
    try:
        import xarray
    except ImportError:
        raise RuntimeError("to_xarray needs the package xarray: pip install xarray") from None
    names = [axis.field for axis in plan.axes]
    dims = (*names, "seed", "iteration")
    shape = (*plan.shape, plan.seeds, len(plan.at))
    cell = table["cell"].to_numpy()
    at = np.array([c.at for c in plan.cells])[cell]
    seeds = [plan.seed(n) for n in range(plan.seeds)]
    number = {seed: i for i, seed in enumerate(seeds)}
    check = {iteration: i for i, iteration in enumerate(plan.at)}
    where = (
        *at.T,
        np.array([number[s] for s in table["seed"].to_pylist()]),
        np.array([check[i] for i in table["iteration"].to_pylist()]),
    )
    data = {}
    for name in table.column_names:
        if name in (*dims, "cell"):
            continue
        column = table[name].to_pandas().to_numpy()
        texts = column.dtype == object
        array = np.full(shape, "" if texts else np.nan, dtype=object if texts else float)
        array[where] = column
        data[name] = (dims, array)
    coordinates: dict[str, Any] = {"seed": seeds, "iteration": list(plan.at)}
    for axis in plan.axes:
        plain = all(isinstance(v, (int, float)) for v in axis.values)
        coordinates[axis.field] = list(axis.values if plain else axis.texts(plan.base))
    return xarray.Dataset(data, coordinates, {"sweep": plan.to_json()})
