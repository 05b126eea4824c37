"""Validation of the arguments of Run's methods; each function raises `SpecError`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from ganlab.domains.picture import DETAILS
from ganlab.engine.turns import PLAYERS, Player, Turns
from ganlab.registry import Param, SpecError
from ganlab.spec import Spec

MOST_RUNS = 1024  # the most runs of one structure that are advanced together
FEWEST_POINTS = 2048  # latents: a 2-D picture shows 1,500 samples, expectations use 2,048
_COUNT = Param("count", "count", 0, 0, 10**15, "int")
_CHECKED = {
    "points": Param("points", "points", 2**15, FEWEST_POINTS, 2**22, "int"),
    "detail": Param("detail", "detail", "full", kind="choice", choices=tuple(DETAILS)),
}
_SWITCHES = ("measure", "picture", "arrows")


def devices() -> list[str]:
    """The names of this machine's kinds of devices, the fastest first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def device(name: str | torch.device) -> torch.device:
    """The device with that name ("cpu", "cuda", "cuda:1", "mps"), or `name` if it is a device.

    Raises `SpecError` if this machine, or this build of torch, does not have it.
    """
    there = devices()
    allowed = f"one of {', '.join(there)} on this machine"
    try:
        found = torch.device(name)
    except (RuntimeError, TypeError, ValueError, AssertionError):
        raise SpecError("device", name, allowed) from None
    if found.type not in there:
        unknown = found.type == "cuda" and torch.version.cuda is None
        why = " (this build of torch has no CUDA)" if unknown else ""
        raise SpecError("device", str(name), allowed + why)
    count = torch.cuda.device_count() if found.type == "cuda" else 1
    if (found.index or 0) >= count:
        last = f" to {found.type}:{count - 1}" if count > 1 else ""
        raise SpecError("device", str(name), f"{found.type}:0{last} on this machine")
    return found


def specs(given: object) -> tuple[Spec, ...]:
    """One Spec or several as a tuple. Raises `SpecError` if they cannot be advanced together."""
    allowed = "a Spec, or a sequence of at least one Spec"
    if isinstance(given, Spec):
        return (given,)
    try:
        found = tuple(islice(given, MOST_RUNS + 1))  # type: ignore[call-overload]  # caught here
    except TypeError:
        raise SpecError("specs", given, allowed) from None
    if len(found) > MOST_RUNS:
        raise SpecError("specs", "more", f"at most {MOST_RUNS:,} together")
    if not found or not all(isinstance(spec, Spec) for spec in found):
        raise SpecError("specs", given, allowed)
    for spec in found[1:]:
        if (spec.batch_key(), Turns.of(spec)) != (found[0].batch_key(), Turns.of(found[0])):
            raise SpecError("specs", spec, "Specs of one structure, with one k and one g_steps")
    return found


def count(name: str, value: object) -> int:
    """A number of iterations or updates. Raises `SpecError` unless it is an integer >= 0."""
    try:
        found: int = _COUNT.check(value)
    except SpecError:
        raise SpecError(name, value, "an integer >= 0") from None
    return found


def player(name: object) -> Player | None:
    """ "D", "G", or None for the player whose turn it is. Raises `SpecError` for anything else."""
    if name is None:
        return None
    for one in PLAYERS:
        if isinstance(name, str) and name == one:
            return one
    raise SpecError("player", name, "D, G, or None for the player whose turn it is")


def run(number: object, runs: int) -> int:
    """The number of one of the runs. Raises `SpecError` unless it is from 0 to `runs` - 1."""
    found: int = Param("run", "run", 0, 0, runs - 1, "int").check(number)
    return found


def place(path: str | os.PathLike[str], more: Iterable[str] = ()) -> Path:
    """The path of a run's file. Raises `SpecError` unless it ends in .npz or one of `more`."""
    found, known = Path(path), (".npz", *more)
    if found.suffix.lower() not in known:
        raise SpecError("path", str(path), f"a file name that ends in {' or '.join(known)}")
    return found


def wanted(given: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments of `snapshot.take`. Raises `SpecError` for an unknown or bad one."""
    out: dict[str, Any] = {}
    for name, value in given.items():
        if name in _CHECKED:
            out[name] = _CHECKED[name].check(value)
        elif name not in _SWITCHES:
            allowed = ", ".join((*_SWITCHES, *_CHECKED))
            raise SpecError("snapshot argument", name, f"one of {allowed}")
        elif not isinstance(value, bool):
            raise SpecError(name, value, "True or False")
        else:
            out[name] = value
    return out
