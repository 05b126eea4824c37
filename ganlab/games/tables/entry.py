"""Games with pay-off tables: two players, each with a few strategies, and what both get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ganlab.languages import Message, _
from ganlab.registry import SpecError

Array = NDArray[np.float64]
LEAST, MOST = 2, 4  # strategies of a player
HIGHEST = 1000.0  # the largest absolute pay-off
_LONGEST = 24  # characters of a strategy's name
_LARGEST = 99  # denominator of a pay-off that is written as a fraction


@dataclass(frozen=True)
class Table:
    """A game of two players, who choose a row and a column at the same time.

    a, b (m, n): the pay-offs of the row player and of the column player, as tuples of rows; b =
    None for a zero-sum game, in which it is -a. rows, columns: the names of the strategies; () for
    Row 1, Row 2, ... and Column 1, ....

    Raises `SpecError` unless each player has 2 to 4 strategies, the shapes agree, and all
    pay-offs are numbers of at most 1,000.
    """

    a: tuple[tuple[float, ...], ...]
    b: tuple[tuple[float, ...], ...] | None = None
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        a = _payoffs(_("pay-offs of the row player"), self.a)
        object.__setattr__(self, "a", a)
        if self.b is not None:
            b = _payoffs(_("pay-offs of the column player"), self.b)
            if (len(b), len(b[0])) != (len(a), len(a[0])):
                shape = f"{len(b)} × {len(b[0])}"
                allowed = _(
                    "{count} × {count2}, as those of the row player", count=len(a), count2=len(a[0])
                )
                raise SpecError("pay-offs of the column player", shape, allowed)
            object.__setattr__(self, "b", b)
        for field, called, word, count in (
            ("rows", _("rows"), _("Row"), len(a)),
            ("columns", _("columns"), _("Column"), len(a[0])),
        ):
            names = tuple(getattr(self, field)) or tuple(
                _("{word} {number}", word=word, number=i + 1) for i in range(count)
            )
            object.__setattr__(
                self, field, _names(_("names of the {field}", field=called), names, count)
            )

    @property
    def payoffs(self) -> tuple[Array, Array]:
        """The pay-offs of the row player and of the column player, (m, n) each."""
        a = np.array(self.a)
        return a, -a if self.b is None else np.array(self.b)

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return len(self.a), len(self.a[0])

    @property
    def zero_sum(self) -> bool:
        """Whether one player gets what the other loses, in every cell."""
        a, b = self.payoffs
        return bool((a + b == 0).all())

    def with_payoff(self, player: int, row: int, column: int, value: float) -> Table:
        """The same game with another pay-off; player 0 chooses rows, player 1 columns.

        In a zero-sum game the other player's pay-off stays its opposite, if player is 0; for player
        1 the game is not zero-sum any more. Raises `SpecError`.
        """
        a, b = self.payoffs
        (a if player == 0 else b)[row, column] = value
        keep = self.b is None and player == 0
        return replace(self, a=_rows(a), b=None if keep else _rows(b))


def table(a: ArrayLike, b: ArrayLike | None = None, rows: str = "", columns: str = "") -> Table:
    """A `Table` from arrays (m, n) and names separated by commas. Raises `SpecError`."""
    given = [None if x is None else _rows(np.asarray(x, np.float64)) for x in (a, b)]
    names = [
        tuple(Message(part.strip()) for part in text.split(",")) if text else ()
        for text in (rows, columns)
    ]
    assert given[0] is not None
    return Table(given[0], given[1], *names)


def _rows(values: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in np.atleast_2d(values))


def _payoffs(field: str, values: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    try:
        out = tuple(tuple(float(v) for v in row) for row in values)
    except (TypeError, ValueError):
        raise SpecError(field, values, _("rows of numbers")) from None
    widths = {len(row) for row in out}
    if len(widths) != 1 or not all(LEAST <= n <= MOST for n in (len(out), *widths)):
        raise SpecError(
            field,
            values,
            _("{least} to {most} rows of {least} to {most} numbers", least=LEAST, most=MOST),
        )
    for i, row in enumerate(out, 1):
        for j, v in enumerate(row, 1):
            if not math.isfinite(v) or abs(v) > HIGHEST:
                allowed = f"from -{HIGHEST:g} to {HIGHEST:g} in row {i}, column {j}"
                raise SpecError(field, v, allowed)
    return out


def _names(field: str, names: tuple[str, ...], count: int) -> tuple[str, ...]:
    if len(names) != count or len(set(names)) != count:
        raise SpecError(field, names, _("{count} different names", count=count))
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or not name.isprintable():
            raise SpecError(field, name, _("1 to {longest} characters", longest=_LONGEST))
    return names


def read(text: str) -> tuple[tuple[float, ...], ...]:
    """Pay-offs from text: numbers separated by commas, rows by semicolons, as in 3,-2;-1/2,1.

    A number may be a fraction. Raises `SpecError` that names the row and the column.
    """
    if len(text) > 400:
        raise SpecError("pay-offs", text, _("at most 400 characters"))
    return tuple(
        tuple(_number(v.strip(), i, j) for j, v in enumerate(row.split(","), 1))
        for i, row in enumerate(text.split(";"), 1)
    )


def _number(text: str, row: int, column: int) -> float:
    """A pay-off from text such as -2, 0.5, 1e2 or 2/3."""
    over, slash, under = text.partition("/")
    try:
        if "_" in text:  # Python reads 1_5 as 15
            raise ValueError
        return float(over) / float(under) if slash else float(over)
    except (ValueError, ZeroDivisionError):
        allowed = _(
            "a number or a fraction such as 2/3 in row {row}, column {column}",
            row=row,
            column=column,
        )
        raise SpecError("pay-offs", text, allowed) from None


def write(payoffs: Sequence[Sequence[float]]) -> str:
    """The text that `read` reads."""
    return ";".join(",".join(short(v) for v in row) for row in payoffs)


def short(value: float) -> str:
    """The text of a pay-off: a fraction if that is shorter and is read as the same number."""
    decimal = exact(value + 0.0)  # 0, not -0
    near = Fraction(value).limit_denominator(_LARGEST)
    fraction = f"{near.numerator}/{near.denominator}"
    same = near.numerator / near.denominator == value
    return fraction if same and len(fraction) < len(decimal) else decimal


def exact(value: float) -> str:
    """The shortest text that is read as the same number; 3, not 3.0."""
    return repr(float(value)).removesuffix(".0")
