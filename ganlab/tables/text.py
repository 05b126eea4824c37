"""Tables as text: encodings, separators and headers."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

from ganlab.languages import _
from ganlab.tables.found import MOST_COLUMNS, SEPARATORS, BadTable, Rows, Wish, named
from ganlab.tables.numbers import is_missing, number

_LINES = 100  # read to find the encoding's separator and width
_AGREE = 0.8  # of them must have the same number of cells
_LONGEST_LINE = 1_000_000
_WORDS = {v: k for k, v in SEPARATORS.items() if v}
csv.field_size_limit(_LONGEST_LINE)


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text of a file, and a note on its encoding. Raises `BadTable` for what is no text."""
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"))
    for mark, encoding in (*marks, (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            try:
                text = content[len(mark) if encoding == "utf-8" else 0 :].decode(encoding)
            except UnicodeDecodeError:
                raise BadTable(
                    name, _("text in {encoding}: it is damaged", encoding=encoding.upper())
                ) from None
            return text, "" if encoding == "utf-8" else f"encoding {encoding.upper()}"
    if content.startswith(b"%PDF"):
        raise BadTable(name, _("a table as text: this file is a PDF"))
    if b"\x00" in content[:4096]:
        raise BadTable(name, _("a table as text: this file is none"))
    try:
        return content.decode(), ""
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), _("encoding Windows-1252")


def read_text(content: bytes, name: str, wish: Wish) -> Rows:
    """The rows of a table as text. Raises `BadTable`."""
    text, note = decoded(content, name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    notes = [note] if note else []
    separator = SEPARATORS[wish.separator]
    start, skipped = 0, 0
    first = text[: text.find("\n")].strip() if "\n" in text else text.strip()
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's own
        separator = separator or first[4]
        start, skipped = text.find("\n") + 1, 1
    sample = list(itertools.islice(_lines(text, start), _LINES))
    if not sample:
        raise BadTable(name, _("at least two rows: this file is empty"))
    separator = separator or sniffed(sample)
    rows = _rows(text, start, skipped, separator, name)
    early = list(itertools.islice(rows, _LINES))
    if not early:
        raise BadTable(name, _("at least two rows: this file has none"))
    width = Counter(len(cells) for _, cells in early).most_common(1)[0][0]
    if width > MOST_COLUMNS:
        raise BadTable(
            name,
            _(
                "at most {most_columns:,} columns: it has {width:,}",
                most_columns=MOST_COLUMNS,
                width=width,
            ),
        )
    above = list(itertools.takewhile(lambda row: _is_title(row[1], width), early))
    one_name = len(above) == 1 and separator == "," and width == 2  # above 1,5: see below
    if 0 < len(above) < len(early) and not one_name:
        early = early[len(above) :]
        lines = "1 line" if len(above) == 1 else f"{len(above)} lines"
        notes.append(
            _(
                "{lines} above the table left out: “{above}”",
                lines=lines,
                above=above[0][1][0].strip()[:40],
            )
        )
    header = has_header([cells for _, cells in early])
    names = early[0][1] if header else []
    if header:
        early = early[1:]
    width = max(width, len(names))
    if separator == "," and len(names) == 1 and width == 2:
        # One name above numbers such as 1,5: the comma is in the numbers.
        again = Wish(wish.count, wish.columns, "semicolon", wish.decimal)
        return read_text(content, name, again)
    if width > 1:
        notes.append(_("cells separated by a {words}", words=_WORDS.get(separator, separator)))
    return Rows(
        named([*names, *[None] * (width - len(names))]),
        itertools.chain(early, rows),
        not header,
        separator,
        tuple(notes),
    )


def _is_title(cells: Sequence[str], width: int) -> bool:
    """Whether a row is narrower than the table and holds words only."""
    return len(cells) < width and all(number(cell, False) is None for cell in cells)


def _lines(text: str, start: int) -> Iterator[str]:
    """Lines with something in them, without comments, up to a length."""
    at = start
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at : min(end, at + 10_000)]
        if line.strip() and not line.startswith("#"):
            yield line
        at = end + 1


def sniffed(lines: Sequence[str]) -> str:
    """The separator between the cells of these lines."""
    best, agreed = ",", 0.0
    for separator in (";", "\t", ",", "|"):
        try:
            counts = Counter(len(cells) for cells in csv.reader(lines, delimiter=separator))
        except csv.Error:
            continue
        counts.pop(1, None)
        share = max(counts.values(), default=0) / len(lines)
        if share > agreed + 0.05:
            best, agreed = separator, share
    if agreed >= _AGREE:
        return best
    words = Counter(len(line.split()) for line in lines)
    cells = [cell for line in lines[1:] for cell in line.split()]
    numeric = sum(number(c, False) is not None or is_missing(c) for c in cells)
    width, most = words.most_common(1)[0]
    if width > 1 and most >= _AGREE * len(lines) and numeric >= _AGREE * len(cells):
        return " "
    return best


def _rows(
    text: str, start: int, skipped: int, separator: str, name: str
) -> Iterator[tuple[int, Sequence[str]]]:
    """Each row's line in the file, and its cells. Raises `BadTable`."""
    file = io.StringIO(text, newline="")
    file.seek(start)
    if separator == " ":
        for number_, line in enumerate(file, skipped + 1):
            if line.strip() and not line.startswith("#"):
                yield number_, line.split()
        return
    reader = csv.reader(file, delimiter=separator)
    before = skipped
    try:
        for cells in reader:
            at, before = before + 1, skipped + reader.line_num
            if any(cell.strip() for cell in cells) and not cells[0].startswith("#"):
                yield at, cells
            elif len(cells) > 1:
                yield at, cells  # a row of empty cells, which is missing
    except csv.Error as error:
        raise BadTable(
            name,
            _("a table: line {before:,} cannot be read ({error})", before=before + 1, error=error),
        ) from None


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of these rows holds names: words above numbers, or only words."""
    first, rest = rows[0], rows[1:]

    def numeric(cell: str) -> bool:
        return number(cell, False) is not None or number(cell, True) is not None

    words = [i for i, cell in enumerate(first) if not numeric(cell) and not is_missing(cell)]
    if words:
        columns = [[row[i] for row in rest if i < len(row)] for i in words]
        below = any(any(map(numeric, column)) for column in columns)
        return below or len(words) == len(first)
    # The names that pandas gives: nothing above its index, then 0, 1, ...
    counted = [str(i) for i in range(len(first) - 1)]
    if len(first) > 1 and not first[0].strip() and [c.strip() for c in first[1:]] == counted:
        return bool(rest) and all(row[:1] != [""] for row in rest)
    return False
