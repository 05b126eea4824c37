"""A figure of the page of theory as Python lines and as CSV."""

from __future__ import annotations

import csv
import hashlib
import io

import numpy as np

from ganlab.demonstrations.picture import Heat, Shown
from ganlab.demonstrations.setup import Setup

SETTLED = "all"  # in the column of frames: does not change


def file_name(setup: Setup, ending: str) -> str:
    """A file name: the figure, and a hash of the address."""
    digest = hashlib.sha256(setup.query().encode()).hexdigest()
    return f"theory-{setup.figure}-{digest[:8]}.{ending}"


def python(setup: Setup) -> str:
    """A script that computes the same numbers."""
    default = {p.name: p.default for p in setup.entry.params}
    values = [f"{n}={v!r}" for n, v in setup.values.items() if v != default[n]]
    return "\n".join(
        [
            "from ganlab.demonstrations import DEMONSTRATIONS",
            "",
            f"shown = DEMONSTRATIONS[{setup.figure!r}].at({', '.join(values)})",
            "for number in shown.numbers:",
            "    print(number.label, number.value, number.unit, number.by)",
            "    if number.other is not None:",
            '        print("    in another way:", number.other, number.how)',
            "print(shown.says)",
            "",
        ]
    )


def table(shown: Shown) -> str:
    """All curves, points and numbers as CSV: panel, series, frame, column, index, value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["panel", "series", "frame", "array", "index", "value"])
    for panel in shown.panels:
        for number, series in enumerate(panel.series):
            name = series.title or f"{type(series).__name__.lower()} {number + 1}"
            plain = 2 if isinstance(series, Heat) else 1
            for array, numbers in series.arrays().items():
                _write(writer, [panel.name, name], array, numbers, numbers.ndim > plain)
    for one in shown.numbers:
        for array, value in (("value", one.value), ("other", one.other)):
            if value is not None:
                numbers = np.asarray(value, np.float64)
                _write(writer, ["numbers", one.label], array, numbers[..., None], numbers.ndim > 0)
    return out.getvalue()


def _write(writer, before: list[str], array: str, numbers: np.ndarray, frames: bool) -> None:  # type: ignore[no-untyped-def]  # csv's writer has no public type
    every = enumerate(numbers) if frames else [(SETTLED, numbers)]
    for frame, one in every:
        for index, value in enumerate(one.reshape(-1).tolist()):
            writer.writerow([*before, frame, array, index, repr(value)])
