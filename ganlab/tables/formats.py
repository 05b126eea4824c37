"""Tables in files that are not text: JSON, Parquet, NPY, NPZ and Excel."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib import format as npy

from ganlab.languages import _
from ganlab.tables.found import MOST_COLUMNS, MOST_ROWS, BadTable, Cell, Rows, Wish, named

_MOST_UNPACKED = 400_000_000  # bytes of a compressed file's members
_MOST_MEMBERS = 1_000
_MOST_NUMBERS = 50_000_000  # of one array


def _cell(value: Any) -> Cell:
    """A value of any type as a cell."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (int, float, np.integer, np.floating)):
        try:
            return float(value)
        except OverflowError:
            return _("a number that is too large")
    return str(value)[:100]


# -- JSON --------------------------------------------------------------------------------------


def read_json(content: bytes, name: str, wish: Wish) -> Rows:
    """A list of numbers, of lists or of objects, an object of lists, or an object on each line.

    Raises `BadTable`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTable(name, _("JSON in UTF-8")) from None
    try:
        items = json.loads(text)
    except RecursionError:
        raise BadTable(name, _("JSON that is less deeply nested")) from None
    except ValueError as error:
        items = _lines_of(text, name, error)
    return _of_json(items, name)


def _lines_of(text: str, name: str, error: ValueError) -> list[Any]:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        if len(lines) > 1:
            return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        pass
    raise BadTable(name, _("JSON: {error}", error=str(error)[:80])) from None


def _of_json(items: Any, name: str) -> Rows:
    if isinstance(items, Mapping):
        lists = {key: value for key, value in items.items() if isinstance(value, list)}
        one = len(lists) == 1 and next(iter(lists.values()))
        if one and isinstance(one[0], (list, Mapping)):
            return _of_json(one, name)  # {"data": [[1, 2], ...]}
        if not lists:
            raise BadTable(name, _("a list of rows, or an object with a list for each column"))
        columns = itertools.zip_longest(*lists.values())
        return Rows(named(list(lists)), _counted(columns))
    if not isinstance(items, list) or not items:
        raise BadTable(name, _("a list of at least two rows"))
    if isinstance(items[0], Mapping):
        names = list(
            dict.fromkeys(k for item in items[:100] if isinstance(item, Mapping) for k in item)
        )
        rows = ([item.get(n) for n in names] if isinstance(item, Mapping) else [] for item in items)
        return Rows(named(names), _counted(rows))
    if isinstance(items[0], list):
        width = max(len(item) for item in items[:100] if isinstance(item, list))
        rows = (item if isinstance(item, list) else [] for item in items)
        head = items[0]
        if len(items) > 1 and head and all(isinstance(cell, str) for cell in head):
            return Rows(named(head), _counted(rows, 1))
        return Rows(named([None] * width), _counted(rows), True)
    return Rows(named([None]), _counted([item] for item in items), True)


def _counted(rows: Any, skip: int = 0) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Rows with their numbers from 1, without the first `skip`."""
    for i, row in enumerate(rows, 1):
        if i > skip:
            yield i, [_cell(value) for value in itertools.islice(row, MOST_COLUMNS)]


# -- Parquet -----------------------------------------------------------------------------------


def read_parquet(content: bytes, name: str, wish: Wish) -> Rows:
    """The columns of a Parquet file. Raises `BadTable`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        rows, names = file.metadata.num_rows, file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadTable(name, _("a Parquet file ({error})", error=str(error)[:80])) from None
    if rows > MOST_ROWS:
        raise BadTable(
            name, _("at most {most_rows:,} rows: it has {rows:,}", most_rows=MOST_ROWS, rows=rows)
        )
    if len(names) > MOST_COLUMNS:
        raise BadTable(
            name,
            _(
                "at most {most_columns:,} columns: it has {count:,}",
                most_columns=MOST_COLUMNS,
                count=len(names),
            ),
        )

    def read() -> Iterator[tuple[int, Sequence[Cell]]]:
        at = 0
        try:
            for batch in file.iter_batches(batch_size=10_000):
                columns = [column.to_pylist() for column in batch.columns]
                for row in zip(*columns, strict=True):
                    at += 1
                    yield at, [_cell(value) for value in row]
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadTable(name, _("a Parquet file ({error})", error=str(error)[:80])) from None

    return Rows(named(names), read())


# -- NumPy -------------------------------------------------------------------------------------


def read_npy(content: bytes, name: str, wish: Wish) -> Rows:
    """An array of numbers: (n,), (n, columns), or with named fields. Raises `BadTable`."""
    return _of_arrays({"": _array(io.BytesIO(content), len(content), name)}, name)


def read_npz(content: bytes, name: str, wish: Wish) -> Rows:
    """The arrays of a .npz file with the most common number of rows. Raises `BadTable`."""
    arrays = {}
    with _opened(content, name) as archive:
        for member in archive.infolist()[:64]:
            with archive.open(member) as file:
                key = member.filename.removesuffix(".npy")
                arrays[key] = _array(file, member.file_size, name)
    if not arrays:
        raise BadTable(name, _("arrays of numbers: it has none"))
    return _of_arrays(arrays, name)


def _array(file: Any, size: int, name: str) -> np.ndarray:
    """An array of numbers, whose size is checked before it is read."""
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, fortran, dtype = read(file, max_header_size=10_000)
    except Exception as error:  # NumPy passes on errors of Python's tokenizer
        raise BadTable(
            name, _("an array as NumPy writes it ({error})", error=str(error)[:80])
        ) from None
    count = 1
    for n in shape:
        count *= n
    kinds = [dtype[i].kind for i in range(len(dtype.names))] if dtype.names else [dtype.kind]
    if set(kinds) - set("fiubU") or not 1 <= len(shape) <= 2 or count > _MOST_NUMBERS:
        raise BadTable(name, _("arrays of numbers, (n,) or (n, columns), without objects"))
    if count * dtype.itemsize > size:
        raise BadTable(name, _("a complete array: it is cut off"))
    content = file.read(count * dtype.itemsize)
    if len(content) != count * dtype.itemsize:
        raise BadTable(name, _("a complete array: it is cut off"))
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def _of_arrays(arrays: Mapping[str, np.ndarray], name: str) -> Rows:
    lengths = [len(array) for array in arrays.values()]
    rows = max(set(lengths), key=lambda n: (lengths.count(n), n))
    columns: dict[str, np.ndarray] = {}
    for key, array in arrays.items():
        if len(array) != rows:
            continue
        if array.dtype.names:
            columns |= {n: array[n].ravel()[:rows] for n in array.dtype.names}
        elif array.ndim == 1:
            columns[key] = array
        else:
            many = array.shape[1] > 1
            made = (f"{key}[{i}]" if key else "" for i in range(array.shape[1]))
            for i, column in enumerate(made):
                columns[column or f"column {i + 1}" if many else key] = array[:, i]
    if rows > MOST_ROWS:
        raise BadTable(
            name, _("at most {most_rows:,} rows: it has {rows:,}", most_rows=MOST_ROWS, rows=rows)
        )
    if len(columns) > MOST_COLUMNS:
        raise BadTable(
            name,
            _(
                "at most {most_columns:,} columns: it has {count:,}",
                most_columns=MOST_COLUMNS,
                count=len(columns),
            ),
        )
    left = len(arrays) - sum(n == rows for n in lengths)
    arrays_left = "1 array" if left == 1 else f"{left} arrays"
    notes = (
        (_("{arrays_left} of another length left out", arrays_left=arrays_left),) if left else ()
    )
    return Rows(named(list(columns)), _counted(zip(*columns.values(), strict=True)), notes=notes)


# -- Excel -------------------------------------------------------------------------------------


def read_excel(content: bytes, name: str, wish: Wish) -> Rows:
    """A sheet of an Excel or OpenDocument file. Raises `BadTable`."""
    import python_calamine as calamine

    if content.startswith(b"PK"):
        with _opened(content, name):
            pass
    try:
        book = calamine.load_workbook(io.BytesIO(content))
        sheets = tuple(book.sheet_names)
        sheet = book.get_sheet_by_index(min(wish.sheet, len(sheets) - 1))
        width, height = sheet.total_width, sheet.total_height
    except (
        calamine.CalamineError,
        calamine.PasswordError,
        OSError,
        ValueError,
        IndexError,
    ) as error:
        raise BadTable(
            name, _("an Excel file without a password ({error})", error=str(error)[:80])
        ) from None
    if height > MOST_ROWS + 1 or width > MOST_COLUMNS:
        allowed = _(
            "at most {most_rows:,} rows and {most_columns:,} columns",
            most_rows=MOST_ROWS,
            most_columns=MOST_COLUMNS,
        )
        raise BadTable(
            name,
            _(
                "{allowed}: its sheet has {height:,} and {width:,}",
                allowed=allowed,
                height=height,
                width=width,
            ),
        )
    rows = _counted(sheet.to_python(skip_empty_area=False))
    full = ((at, [c if c != "" else None for c in row]) for at, row in rows)
    full = (pair for pair in full if any(cell is not None for cell in pair[1]))
    early = list(itertools.islice(full, 100))
    if not early:
        raise BadTable(
            name, _("at least two rows: the sheet {sheets} is empty", sheets=sheets[wish.sheet])
        )
    header = any(isinstance(c, str) for c in early[0][1])
    names = early[0][1] if header else [None] * len(early[0][1])
    rest = itertools.chain(early[1:] if header else early, full)
    note = (f"sheet {sheet.name}",) if len(sheets) > 1 else ()
    return Rows(named(names), rest, not header, notes=note, sheets=sheets)


def _opened(content: bytes, name: str) -> zipfile.ZipFile:
    """A zip archive whose members are not too large. Raises `BadTable`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise BadTable(name, _("a complete file ({error})", error=str(error)[:80])) from None
    if len(members) > _MOST_MEMBERS or sum(m.file_size for m in members) > _MOST_UNPACKED:
        raise BadTable(
            name,
            _(
                "at most {most_unpacked} MB when it is unpacked",
                most_unpacked=_MOST_UNPACKED // 10**6,
            ),
        )
    return archive
