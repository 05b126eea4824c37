"""The records in every job's folder: its status, and the requests to it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

# States with a worker, and states without one.
AT_WORK = ("starting", "training", "paused", "measuring")
LEFT = ("done", "stopped", "diverged", "failed")
QUEUED = "queued"  # until fewer workers are at work

MOST_WORDS = 4000  # the longest text in a record, in characters
MOST_NUMBERS = 100  # the longest list

R = TypeVar("R")


def record(kind: type[R], items: Any) -> R:
    """A record of `kind` from plain items, as in JSON.

    Raises ValueError unless each is a field of it with the field's type, numbers are finite, and
    integers are >= 0; missing fields take their defaults.
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
    except TypeError as error:  # a field without a default is missing
        raise ValueError(str(error)) from None


def _nested(value: Any, kind: Any) -> Any:
    """The value, converted to a record if `kind` is one."""
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
    """The status of a job.

    state: one of `AT_WORK` or `LEFT`, or `QUEUED`; message: for the user (why it failed, what is
    being done); seconds: of work so far; seconds_left: None while unknown; checkpoint: the
    iteration from which it resumes after a crash; time: when this was written, in seconds since
    1970.
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
            raise ValueError(f"no such state: {self.state}")


@dataclass(frozen=True)
class Wanted:
    """The user's request: to train, pause or stop."""

    state: str = "training"

    def __post_init__(self) -> None:
        if self.state not in ("training", "paused", "stopped"):
            raise ValueError(f"no such request: {self.state}")
