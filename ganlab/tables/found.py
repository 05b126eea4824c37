"""How to read a table, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganlab.languages import _
from ganlab.registry import SpecError

MOST_ROWS = 1_000_000
MOST_COLUMNS = 1_000
SEPARATORS = {"auto": "", "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "space": " "}
DECIMALS = ("auto", "point", "comma")
LONGEST_NAME = 60

Cell = str | float | None  # None: missing


class BadTable(SpecError):
    """A table that cannot be read, and why, in plain words."""

    def __init__(self, name: str, why: str):
        super().__init__("file", name, why)
        self.why = why


class TooFewColumns(BadTable):
    """A table with fewer columns of numbers than were asked for."""


@dataclass(frozen=True)
class Wish:
    """How to read a table.

    count: the number of columns to take, 1 or 2. columns: their places from 0; empty: the first
    ones with numbers. separator: one of `SEPARATORS`; decimal: one of `DECIMALS`. sheet: of Excel.
    Raises `SpecError` for other values.
    """

    count: int = 1
    columns: tuple[int, ...] = ()
    separator: str = "auto"
    decimal: str = "auto"
    sheet: int = 0

    def __post_init__(self) -> None:
        if self.separator not in SEPARATORS:
            raise SpecError(
                "separator", self.separator, _("one of {listed}", listed=", ".join(SEPARATORS))
            )
        if self.decimal not in DECIMALS:
            raise SpecError(
                "decimal", self.decimal, _("one of {listed}", listed=", ".join(DECIMALS))
            )
        if self.count not in (1, 2) or len(self.columns) not in (0, self.count):
            raise SpecError("columns", self.columns, _("{count} columns", count=self.count))
        if self.columns and (min(self.columns) < 0 or len(set(self.columns)) < self.count):
            raise SpecError("columns", self.columns, _("different columns of the table"))


@dataclass(frozen=True)
class Rows:
    """A table as a format's reader gives it.

    names: of its columns; made: whether these names were made up. rows: each row's number in the
    file, from 1, and its cells, of which there may be more or fewer than names. separator: between
    cells, "" if the format has none. notes: what was decided. sheets: names of an Excel file's
    sheets.
    """

    names: Sequence[str]
    rows: Iterator[tuple[int, Sequence[Cell]]]
    made: bool = False
    separator: str = ""
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers: whether most of its first cells are numbers."""

    name: str
    numbers: bool


@dataclass(frozen=True)
class Found:
    """A table's columns, and the numbers of the chosen ones.

    chosen: places of the chosen columns. x: (rows, chosen) float64, rows without a number in each
    of them left out. total: rows of the table. preview: cells of the first rows, as text. notes:
    what was decided, and which cells are no numbers.
    """

    columns: tuple[Column, ...]
    chosen: tuple[int, ...]
    x: np.ndarray
    total: int
    preview: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """How many points there are, of which columns, and the notes."""
        said = _("{count:,} points of {listed}", count=len(self.x), listed=", ".join(self.names))
        return f"{said}: {'; '.join(self.notes)}." if self.notes else f"{said}."

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the chosen columns."""
        return tuple(self.columns[at].name for at in self.chosen)


def named(names: Sequence[object]) -> list[str]:
    """Short, different names of columns; those without one are called by their number."""
    out: list[str] = []
    for i, name in enumerate(names):
        text = "" if name is None else " ".join(str(name)[:400].split())
        text = "".join(c for c in text if c.isprintable())[:LONGEST_NAME] or f"column {i + 1}"
        same, wanted = 1, text
        while text in out:
            same += 1
            text = f"{wanted} ({same})"
        out.append(text)
    return out
