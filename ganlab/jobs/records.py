"""What every job's folder says: where the job stands, and what is asked of it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

# The states in which a worker is at work, and those in which it has left.
AT_WORK = ("starting", "training", "paused", "measuring")
LEFT = ("done", "stopped", "diverged", "failed")
QUEUED = "queued"  # until fewer workers are at work

MOST_WORDS = 4000  # characters of a text in a record
MOST_NUMBERS = 100  # in a list

R = TypeVar("R")


def record(kind: type[R], items: Any) -> R:
    """A record of `kind` from plain items, such as JSON gives.

    Raises ValueError unless each is a field of it, of the field's type, and finite, whole numbers
    from 0 up; absent fields take their defaults.
    """
    types = get_type_hints(kind)
    if not isinstance(items, dict) or not items.keys() <= types.keys():
        raise ValueError("not the fields of a record")
    items = {name: _nested(value, types[name]) for name, value in items.items()}
    for name, value in items.items():
        if not _fits(value, types[name]):
            raise ValueError(f"{name}: no {types[name]}")
    try:
        return kind(**items)
    except TypeError as error:  # a field without a default is absent
        raise ValueError(str(error)) from None


def _nested(value: Any, kind: Any) -> Any:
    """A record within a record, as such."""
    inner: Any = next(filter(dataclasses.is_dataclass, get_args(kind)), None)
    return record(inner, value) if inner and isinstance(value, dict) else value


def _fits(value: Any, kind: Any) -> bool:
    if dataclasses.is_dataclass(value):
        return isinstance(value, get_args(kind))
    if get_origin(kind) is tuple:
        few = isinstance(value, (list, tuple)) and len(value) <= MOST_NUMBERS
        return few and all(_fits(v, get_args(kind)[0]) for v in value)
    if kind in (int, bool):
        return type(value) is kind and 0 <= value < 2**62
    if kind is str:
        return isinstance(value, str) and len(value) <= MOST_WORDS
    if value is None:
        return kind is not float
    if any(map(dataclasses.is_dataclass, get_args(kind))):
        return False
    return type(value) in (int, float) and math.isfinite(value)


@dataclass(frozen=True)
class Status:
    """Where a job stands.

    state: one of `AT_WORK` or `LEFT`, or `QUEUED`; message: what a person should know (why it
    failed, what is being done); seconds: worked so far; seconds_left: None while unknown;
    checkpoint: the iteration that a crash would go back to; time: when this was said, in seconds
    since 1970.
    """

    state: str = "starting"
    message: str = ""
    seconds: float = 0.0
    seconds_left: float | None = None
    checkpoint: int = 0
    pid: int = 0
    time: float = 0.0

    def __post_init__(self) -> None:
        if self.state not in (*AT_WORK, *LEFT, QUEUED):
            raise ValueError(f"no state: {self.state}")


@dataclass(frozen=True)
class Wanted:
    """What a person asks of a job: to train, pause or stop."""

    state: str = "training"

    def __post_init__(self) -> None:
        if self.state not in ("training", "paused", "stopped"):
            raise ValueError(f"nothing to ask for: {self.state}")
