"""Reads a table: its format, its columns, and the numbers of the chosen ones."""

from __future__ import annotations

import itertools
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from ganlab.languages import _
from ganlab.tables import formats
from ganlab.tables.found import MOST_ROWS, BadTable, Cell, Column, Found, Rows, TooFewColumns, Wish
from ganlab.tables.numbers import decimal_comma, is_missing, number
from ganlab.tables.text import read_text

Reader = Callable[[bytes, str, Wish], Rows]
SUFFIXES: dict[str, Reader] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".dat", ".tab"), read_text),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), formats.read_json),
    **dict.fromkeys((".parquet", ".pq"), formats.read_parquet),
    ".npy": formats.read_npy,
    ".npz": formats.read_npz,
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), formats.read_excel),
}
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OverflowError)
_SAMPLE = 500  # rows by which columns are chosen
_SHOWN = 6  # rows of the preview
_WIDE = 12  # columns of the preview
_NAMED = 3  # cells that are named in a note
_MOSTLY = 0.5


def read(content: bytes, name: str, wish: Wish) -> Found:
    """The table in a file called `name`, whose ending says its format.

    Raises `BadTable`, which says in plain words what is wrong.
    """
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending not in SUFFIXES:
        raise BadTable(name, _("a table: a name that ends in {listed}", listed=", ".join(SUFFIXES)))
    try:
        return _found(SUFFIXES[ending](content, name, wish), name, wish)
    except BadTable:
        raise
    except (*_DAMAGED, OSError, ValueError, RuntimeError) as error:
        raise BadTable(name, _("a complete file ({error})", error=str(error)[:80])) from None
    except MemoryError:
        raise BadTable(name, _("a smaller table: there is not enough memory for it")) from None


def _found(table: Rows, name: str, wish: Wish) -> Found:
    early = list(itertools.islice(table.rows, _SAMPLE))
    width = len(table.names)
    columns = [[row[i] if i < len(row) else None for _, row in early] for i in range(width)]
    comma = wish.decimal == "comma"
    if wish.decimal == "auto":
        comma = decimal_comma(itertools.chain.from_iterable(columns), table.separator)
    kinds = [_numeric(column, comma) for column in columns]
    known = tuple(Column(n, k) for n, k in zip(table.names, kinds, strict=True))
    chosen = wish.columns or _first(known, columns, comma, wish.count)
    if not chosen:
        there = sum(kinds)
        word = "a column" if wish.count == 1 else _("two columns")
        seen = _no_number(early, kinds, comma)
        raise TooFewColumns(
            name,
            _(
                "{word} of numbers: it has {there} among {width}{seen}",
                word=word,
                there=there or "none",
                width=width,
                seen=seen,
            ),
        )
    if max(chosen) >= width:
        raise BadTable(
            name,
            _("a table with column {chosen}: it has {width}", chosen=max(chosen) + 1, width=width),
        )
    x, rows, bad = _numbers(itertools.chain(early, table.rows), chosen, comma, name)
    if len(rows) == 0 or len(x) < 2:
        left_out = f"; {bad.words(known)}" if bad.count else ""
        raise BadTable(
            name,
            _(
                "at least two rows of numbers: it has {count}{left_out}",
                count=len(x),
                left_out=left_out,
            ),
        )
    notes = list(table.notes)
    if comma:
        notes.append(_("decimal commas"))
    elif table.separator == "," and width == 2 and table.made and _whole(columns):
        notes.append(_("two columns; if 1,5 means one and a half here, choose decimal commas"))
    if bad.count:
        notes.append(bad.words(known))
    preview = tuple(tuple(map(_shown, row[:_WIDE])) for _, row in early[:_SHOWN])
    return Found(known, tuple(chosen), x, len(rows), preview, tuple(notes), table.sheets)


def _no_number(
    rows: Sequence[tuple[int, Sequence[Cell]]], kinds: Sequence[bool], comma: bool
) -> str:
    """A cell that keeps its column from being one of numbers, in words."""
    for at, cells in rows:
        for kind, cell in zip(kinds, cells, strict=False):
            if not kind and not is_missing(cell) and number(cell, comma) is None:
                return _("; “{shown}” in row {at:,} is no number", shown=_shown(cell), at=at)
    return ""


def _numeric(column: Sequence[Cell], comma: bool) -> bool:
    given = [cell for cell in column if not is_missing(cell)]
    numbers = sum(number(cell, comma) is not None for cell in given)
    return bool(given) and numbers >= _MOSTLY * len(given)


def _first(
    known: Sequence[Column], columns: Sequence[Sequence[Cell]], comma: bool, count: int
) -> tuple[int, ...]:
    """The first columns of numbers, the number of the row only if there are no others."""
    numeric = [i for i, column in enumerate(known) if column.numbers]
    others = [i for i in numeric if i or not _counts(known[0].name, columns[0], comma)]
    best = others if len(others) >= count else numeric
    return tuple(best[:count]) if len(best) >= count else ()


def _counts(name: str, column: Sequence[Cell], comma: bool) -> bool:
    """Whether a column only counts the rows."""
    if name.lower() not in ("column 1", "unnamed: 0", "index", "id", "row", "nr", "no"):
        return False
    values = [number(cell, comma) for cell in column]
    return len(values) > 2 and all(
        a is not None and b == a + 1 for a, b in itertools.pairwise(values)
    )


def _whole(columns: Sequence[Sequence[Cell]]) -> bool:
    return all(
        isinstance(c, str) and c.strip().lstrip("+-").isdigit() for col in columns for c in col
    )


def _shown(cell: Cell) -> str:
    text = "" if cell is None else f"{cell:g}" if isinstance(cell, float) else cell
    return text if len(text) <= 24 else text[:23] + "…"


class _Bad:
    """The cells that are no numbers: how many rows they cost, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.cells: list[tuple[int, int, Cell]] = []

    def words(self, known: Sequence[Column]) -> str:
        """What was left out, and where."""
        if not self.count:
            return ""
        named = []
        for row, column, cell in self.cells:
            what = _("no value") if is_missing(cell) else f"“{_shown(cell)}”"
            named.append(f"row {row:,} ({known[column].name}: {what})")
        more = f" and {self.count - len(named):,} more" if self.count > len(named) else ""
        rows = "1 row" if self.count == 1 else f"{self.count:,} rows"
        return _(
            "{rows} left out, without a number: {listed}{more}",
            rows=rows,
            listed=", ".join(named),
            more=more,
        )


def _numbers(
    rows: itertools.chain[tuple[int, Sequence[Cell]]],
    chosen: Sequence[int],
    comma: bool,
    name: str,
) -> tuple[np.ndarray, range, _Bad]:
    """The numbers of the chosen columns (n, chosen), all rows, and what was left out."""
    out: list[float] = []
    bad, total = _Bad(), 0
    for at, cells in rows:
        total += 1
        if total > MOST_ROWS:
            raise BadTable(name, _("at most {most_rows:,} rows", most_rows=MOST_ROWS))
        values = []
        for column in chosen:
            cell = cells[column] if column < len(cells) else None
            value = number(cell, comma)
            if value is None:
                bad.count += 1
                if len(bad.cells) < _NAMED:
                    bad.cells.append((at, column, cell))
                break
            values.append(value)
        else:
            out += values
    return np.array(out).reshape(-1, len(chosen)), range(total), bad
