"""An axis of a sweep: one field of a Spec and the values that it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ganlab.experiment import params
from ganlab.languages import _
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec

MOST_VALUES = 200
Scale = Literal["linear", "log"]
_RANGE = {"from", "to", "steps", "scale"}


@dataclass(frozen=True)
class Axis:
    """One field, by its name in an address (t.name for a target's parameter), and its values.

    Several fields that take the same values are joined by a plus sign: g_lr+d_lr. The values differ
    from each other and are allowed for the field; whether they are allowed together with other
    values is decided for each cell.
    """

    field: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, base: Spec, field: str, values: object) -> Axis:
        """The axis of a field of `base`.

        values: a sequence of values, a range as `range_` writes it ({"from", "to", "steps",
        "scale"}), or a text as `parse` reads it. Raises `SpecError`.
        """
        if isinstance(values, str):
            return parse(base, f"{field}={values}")
        param = _param(base, field)
        if isinstance(values, Mapping):
            return range_(base, field, **_range_of(field, values))
        if not isinstance(values, Sequence):
            raise SpecError(
                field, values, _("a list of values, or a range with from, to and steps")
            )
        return cls(field, _distinct(field, [param.check(v) for v in values]))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that take the values."""
        return tuple(self.field.split("+"))

    def texts(self, base: Spec) -> tuple[str, ...]:
        """The values as addresses write them."""
        param = _param(base, self.field)
        return tuple(param.format(v) for v in self.values)

    def words(self, base: Spec) -> tuple[str, ...]:
        """The values as pages show them."""
        param = _param(base, self.field)
        return tuple(param.words(v) for v in self.values)

    def title(self, base: Spec) -> str:
        """The labels of the fields."""
        known = params(base)
        return " and ".join(known[field].title for field in self.fields)


def parse(base: Spec, text: str) -> Axis:
    """An axis from `field=value,value,...` or `field=low..high:steps` or `...:steps:log`.

    Values that contain commas, such as widths, are separated by semicolons. Raises `SpecError`.
    """
    field, equals, rest = text.partition("=")
    field, rest = field.strip(), rest.strip()
    if not equals:
        raise SpecError("axis", text, _("field=value,value,... or field=low..high:steps[:log]"))
    param = _param(base, field)
    low, dots, more = rest.partition("..")
    if dots and param.kind in ("int", "float"):
        high, _colon, count = more.partition(":")
        steps, _colon, scale = count.partition(":")
        if not steps.isdigit():
            raise SpecError(field, rest, _("low..high:steps, such as 0.0001..0.01:9:log"))
        first, last = _number(field, low), _number(field, high)
        return range_(base, field, first, last, int(steps), scale or "linear")
    separator = ";" if ";" in rest or param.kind in ("ints", "floats") else ","
    return Axis(field, _distinct(field, [param.parse(t.strip()) for t in rest.split(separator)]))


def range_(
    base: Spec, field: str, low: float, high: float, steps: int, scale: str = "linear"
) -> Axis:
    """An axis of `steps` values from `low` to `high`; of whole numbers, those that differ.

    scale: "linear" or "log". Floats are rounded to six digits, so that they are short in addresses.
    Raises `SpecError`.
    """
    param = _param(base, field)
    if param.kind not in ("int", "float"):
        raise SpecError(
            field, f"{low:g}..{high:g}", _("a list of values: it is not a single number")
        )
    if scale not in ("linear", "log"):
        raise SpecError("scale", scale, _("linear or log"))
    if type(steps) is not int or not 2 <= steps <= MOST_VALUES:
        raise SpecError(
            "steps", steps, _("an integer from 2 to {most_values}", most_values=MOST_VALUES)
        )
    if not low < high:
        raise SpecError(field, f"{low:g}..{high:g}", _("a range that rises"))
    if scale == "log" and low <= 0:
        raise SpecError(field, f"{low:g}..{high:g}", _("a range above 0, for a logarithmic scale"))
    if scale == "log":
        spaced = np.geomspace(low, high, steps)
    else:
        spaced = np.linspace(low, high, steps)
        # A range through 0 has a 0, not the rounding error of one.
        spaced[np.abs(spaced) < 1e-9 * (high - low)] = 0.0
    if param.kind == "int":
        numbers: list[Any] = list(dict.fromkeys(int(v) for v in np.rint(spaced)))
    else:
        numbers = [float(f"{v:.6g}") for v in spaced]
    return Axis(field, _distinct(field, [param.check(v) for v in numbers]))


def _param(base: Spec, field: str) -> Param:
    known, names = params(base), field.split("+")
    for name in names:
        if name not in known:
            raise SpecError("axis", name, _("a field of a Spec: ") + ", ".join(known))
        if known[name].kind != known[names[0]].kind:
            raise SpecError("axis", field, _("fields of one kind, to take the same values"))
    return known[names[0]]


def _range_of(field: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if not {"from", "to", "steps"} <= given.keys() <= _RANGE:
        raise SpecError(field, dict(given), _("a range with from, to, steps and perhaps scale"))
    ends = [_number(field, given[end]) for end in ("from", "to")]
    more = {"scale": given["scale"]} if "scale" in given else {}
    return {"low": ends[0], "high": ends[1], "steps": given["steps"], **more}


def _number(field: str, value: object) -> float:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)  # type: ignore[arg-type]  # other types raise TypeError
        if not np.isfinite(number):
            raise ValueError
        return number
    except (TypeError, ValueError):
        raise SpecError(field, value, _("a number at each end of the range")) from None


def _distinct(field: str, values: list[Any]) -> tuple[Any, ...]:
    if not 1 <= len(values) <= MOST_VALUES:
        raise SpecError(
            field,
            _("{count} values", count=len(values)),
            _("1 to {most_values} values", most_values=MOST_VALUES),
        )
    if len(set(values)) < len(values):
        twice = next(v for v in values if values.count(v) > 1)
        raise SpecError(field, twice, _("each value once"))
    return tuple(values)
