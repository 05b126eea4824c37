"""Cells as numbers: decimal points and commas, thousands separators, missing values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ganlab.tables.found import Cell

_MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing")
)
_POINT = re.compile(r"[+-]?[\d,]*\.\d+(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?[\d.]*,\d+(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")  # 1,234.5
_GROUPED_BY_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?")  # 1.234,5
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BLANKS = re.compile(r"(?<=\d)[   ' ](?=\d{3})")  # between thousands
_LONGEST = 60


def is_missing(cell: Cell) -> bool:
    """Whether a cell stands for no value, as an empty one or "NaN"."""
    if isinstance(cell, str):
        return cell.strip().lower() in _MISSING
    return cell is None or cell != cell


def number(cell: Cell, comma: bool) -> float | None:
    """A cell's number; None if it is none. comma: whether decimals follow a comma."""
    if not isinstance(cell, str):
        return None if cell is None or not abs(cell) <= 1e300 else float(cell)
    text = cell.strip()
    if len(text) > _LONGEST:
        return None
    if not _PLAIN.fullmatch(text) or (comma and "." in text):
        text = _BLANKS.sub("", text.replace("−", "-"))
        if comma:
            if _GROUPED_BY_POINTS.fullmatch(text):
                text = text.replace(".", "")
            text = text.replace(",", ".") if text.count(",") == 1 else text
        elif _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if not _PLAIN.fullmatch(text):
            return None
    value = float(text)
    return value if abs(value) <= 1e300 else None


def decimal_comma(cells: Iterable[Cell], separator: str) -> bool:
    """Whether decimals of these cells follow a comma."""
    points, commas, grouped = 0, 0, 0
    for cell in cells:
        if not isinstance(cell, str):
            continue
        text = cell.strip()
        if "," not in text and "." not in text or len(text) > _LONGEST:
            continue
        points += _POINT.fullmatch(text) is not None
        if _COMMA.fullmatch(text):
            commas += 1
            grouped += _GROUPED.fullmatch(text) is not None
    if separator == "," and commas == grouped:
        return False  # "1,234" in quotes, between commas: thousands
    return commas > points
