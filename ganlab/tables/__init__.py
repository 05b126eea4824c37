"""Tables of users: CSV and similar text, JSON, Parquet, NPY, NPZ and Excel, read within bounds.

    found = read_apart(content, "heights.csv", Wish(count=2))    # in a process of its own
    found.x            # (rows, 2), the numbers of the chosen columns
    found.notes        # what was decided and left out, in plain words

`read` does the same in this process. No more than `MOST_ROWS` rows are taken.
"""

from ganlab.tables.apart import read_apart
from ganlab.tables.found import MOST_ROWS, BadTable, Column, Found, TooFewColumns, Wish
from ganlab.tables.read import SUFFIXES, read

__all__ = [
    "MOST_ROWS",
    "SUFFIXES",
    "BadTable",
    "Column",
    "Found",
    "TooFewColumns",
    "Wish",
    "read",
    "read_apart",
]
