"""A run as one .npz file of plain arrays (no pickle), written atomically.

`ganlab.record.run_file` writes and reads the larger files, which contain a recording too.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from ganlab.engine import arguments
from ganlab.engine.arguments import MOST_RUNS
from ganlab.engine.divergence import Divergence
from ganlab.engine.rules import Rules
from ganlab.engine.state import State
from ganlab.engine.structure import Structure
from ganlab.engine.timeline import Timeline
from ganlab.events import Event, all_after, check
from ganlab.languages import _
from ganlab.own_data import members
from ganlab.paths import replace
from ganlab.reading import Arrays, parse_json
from ganlab.registry import SpecError
from ganlab.spec import Spec

_FORMAT = 2
_FORMATS = (1, 2)  # 1 has neither events nor the Specs of the start
_WRITTEN = _("a run written by Run.save")
MOST_UPDATES = 10**12
_MOST_WORDS = 1000  # the longest explanation, in characters
COUNTS = ("d_updates", "g_updates", "phase", "iterations", "g_phase")  # as in State
_DIVERGENCE = {"iteration": int, "player": str, "quantity": str, "cause": str}


def save(
    path: Path,
    start: tuple[Spec, ...],
    specs: tuple[Spec, ...],
    events: str,
    state: State,
    diverged: Sequence[Divergence | None],
) -> None:
    """Write a run to `path`: its Specs at the start and now, events, state and divergences.

    Raises OSError, which names `path`, if it cannot be written.
    """
    header = {
        "ganlab": _FORMAT,
        "start": [s.to_dict() for s in start],
        "events": events,
        "specs": [s.to_dict() for s in specs],
        "diverged": [dataclasses.asdict(d) if d else None for d in diverged],
        **{name: getattr(state, name) for name in COUNTS},
    }
    arrays: dict[str, Any] = {
        "header": np.array(json.dumps(header)),
        "g": state.g,
        "d": state.d,
        **members.arrays(start[0].own_data),
    }
    for player in "gd":
        for i, slot in enumerate(getattr(state, f"{player}_slots")):
            arrays[f"{player}_slot_{i}"] = slot
    arrays = {n: a.cpu().numpy() if torch.is_tensor(a) else a for n, a in arrays.items()}
    write(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


def write(path: Path, save: Callable[[BinaryIO], None]) -> None:
    """Let `save` write a file, which replaces that at `path` once it is complete.

    Raises OSError, which names `path`, if it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())
        replace(partial, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


class BadFile(SpecError):
    """A file that is no run, and why."""

    def __init__(self, name: str, why: str):
        super().__init__("file", name, f"{_WRITTEN}: {why}")
        self.why = why


@contextmanager
def reading(
    source: Path | BinaryIO, name: str, most: int | None = None, texts: Collection[str] = ()
) -> Iterator[Arrays]:
    """The file called `name`, opened as `Arrays`. Raises `BadFile` where that raises ValueError."""
    try:
        with Arrays(source, most, texts) as file:
            yield file
    except SpecError:
        raise
    except (ValueError, KeyError) as error:
        raise BadFile(name, str(error)) from None


def read(
    file: Arrays, name: str
) -> tuple[list[Spec], list[Spec], tuple[Event, ...], dict[str, int], list[Any]]:
    """Specs at the start and now, events, counts and divergences of the file called `name`.

    Raises `SpecError` if it is not a run, or if its Specs do not follow from its start and events.
    The arrays are read by `read_arrays`, after their shapes were checked against the Specs.
    """
    dtype, shape = file.heads.get("header", (None, None))
    if dtype is None or dtype.kind != "U" or shape:  # its length depends on the number of events
        raise SpecError("file", name, _WRITTEN)
    text = str(file.read("header"))
    header = parse_json(text, "file", f"{_WRITTEN} ({name})", len(text))
    if isinstance(header, dict) and "g_updates" in header:
        # Files older than g_steps: each iteration had one G update.
        header = {"iterations": header["g_updates"], "g_phase": 0} | header
    if not isinstance(header, dict) or not {"specs", "diverged", *COUNTS} <= set(header):
        raise SpecError("file", name, _WRITTEN)
    if header.get("ganlab") not in _FORMATS:
        allowed = _("{formats} (of {name})", formats=" or ".join(map(str, _FORMATS)), name=name)
        raise SpecError("file format", header.get("ganlab"), allowed)
    specs, diverged = header["specs"], header["diverged"]
    counts = {count: header[count] for count in COUNTS}
    if not isinstance(specs, list) or not specs:
        raise SpecError("specs", specs, _("a list of at least one Spec (in {name})", name=name))
    if len(specs) > MOST_RUNS:
        raise SpecError(
            "specs",
            f"{len(specs):,} of them",
            _("at most {most} together", most=f"{MOST_RUNS:,}"),
        )
    check_counts(counts, name)
    if not isinstance(diverged, list) or len(diverged) != len(specs):
        raise SpecError("diverged", diverged, _("one entry for each Spec (in {name})", name=name))
    for entry in diverged:
        if entry is not None:
            check_divergence(entry, counts["g_updates"], name)
    members.receive(file, name)
    found = [Spec.from_dict(s) for s in specs]
    if counts["g_phase"] >= found[0].g_steps:
        raise SpecError("g_phase", counts["g_phase"], _("less than g_steps (in {name})", name=name))
    begun, text = header.get("start", specs), header.get("events", "")
    if not isinstance(begun, list) or len(begun) != len(specs) or not isinstance(text, str):
        raise SpecError("start", begun, _("as many Specs as there are runs (in {name})", name=name))
    start = found if begun == specs else [Spec.from_dict(s) for s in begun]
    events = check(text, start)
    made = counts["d_updates"] + counts["g_updates"]
    past = [e for e in events if e.fields and e.at <= made]
    if list(all_after(start, past)) != found:
        raise SpecError(
            "specs", specs, _("the Specs of its start after its events (in {name})", name=name)
        )
    return start, found, events, counts, diverged


def read_run(
    file: Arrays, name: str
) -> tuple[tuple[Spec, ...], tuple[Spec, ...], Timeline, State, list[Divergence | None]]:
    """All of the file called `name`: see `Run.restored`. Raises `SpecError` as `read` does."""
    start, specs, events, counts, diverged = read(file, name)
    rules = Rules(Structure.of(arguments.specs(specs)[0]))
    arrays = read_arrays(file, name, rules, len(specs), specs[0].own_data)
    lost = [Divergence(**entry) if entry else None for entry in diverged]
    timeline = Timeline.divided(events, counts["d_updates"] + counts["g_updates"])
    return tuple(start), tuple(specs), timeline, state(arrays, counts), lost


def check_counts(counts: dict[str, Any], name: str) -> None:
    """Raise `SpecError` unless these are the counts of a State, in the file called `name`."""
    for count, value in counts.items():
        if type(value) is not int or not 0 <= value <= MOST_UPDATES:
            allowed = _(
                "an integer from 0 to {most} (in {name})",
                most=f"{MOST_UPDATES:,}",
                name=name,
            )
            raise SpecError(count, value, allowed)
    if counts["phase"] > counts["d_updates"] + counts["g_updates"]:
        raise SpecError(
            "phase", counts["phase"], _("at most the updates made (in {name})", name=name)
        )
    if counts["iterations"] > counts["g_updates"]:
        raise SpecError(
            "iterations", counts["iterations"], _("at most g_updates (in {name})", name=name)
        )


def check_divergence(entry: object, g_updates: int, name: str) -> None:
    """Raise `SpecError` unless this is a Divergence of a run with so many updates of G."""
    good = (
        isinstance(entry, dict)
        and {n: type(v) for n, v in entry.items()} == _DIVERGENCE
        and entry["player"] in ("D", "G")
        and 0 <= entry["iteration"] <= g_updates + 1
        and max(len(entry["quantity"]), len(entry["cause"])) <= _MOST_WORDS
    )
    if not good:
        raise SpecError("diverged", entry, _("null or a divergence (in {name})", name=name))


def read_arrays(
    file: Arrays, name: str, rules: Rules, runs: int, own: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """The arrays of a file, whose shapes must be those that `rules` give `runs` runs.

    own: the names of the own data that its Specs use, which the file holds as well.

    Raises `SpecError`, before reading any, if they are not.
    """
    sizes = {"g": rules.G.size, "d": rules.D.size}
    wanted = {p: (runs, size) for p, size in sizes.items()}
    for p, size in sizes.items():
        slots = range(len(rules.slots(p.upper())))
        wanted |= {f"{p}_slot_{i}": (runs, size) for i in slots}
    for one, shape in wanted.items():
        check_head(file, one, np.float32, shape, name)
    kept = {members.PREFIX + data for data in own}
    if more := sorted(set(file.heads) - {"header", *kept, *wanted}):
        raise SpecError("file", more[0], _("only the arrays of a run (in {name})", name=name))
    return {one: finite(file, one, name) for one in wanted}


def check_head(
    file: Arrays, array: str, dtype: type[np.generic], shape: tuple[int, ...], name: str
) -> None:
    """Raise `SpecError` unless an array of the file called `name` has this dtype and shape."""
    found, got = file.heads.get(array, (None, None))
    if found != dtype or got != shape:
        there = None if found is None else f"{found} of shape {got}"
        allowed = _(
            "{kind} of shape {shape} (in {name})",
            kind=str(np.dtype(dtype)),
            shape=shape,
            name=name,
        )
        raise SpecError(array, there, allowed)


def finite(file: Arrays, array: str, name: str) -> np.ndarray:
    """An array of any shape. Raises `SpecError` if a number in it is not finite."""
    found = file.read(array)
    if not np.isfinite(found).all():
        raise SpecError(array, "NaN or inf", _("finite numbers (in {name})", name=name))
    return found


def state(arrays: dict[str, np.ndarray], counts: dict[str, int]) -> State:
    """The State with the arrays of a file, whose shapes `read_arrays` has checked."""
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    g_slots, d_slots = (
        tuple(t for name, t in tensors.items() if name.startswith(f"{p}_slot")) for p in "gd"
    )
    return State(tensors["g"], tensors["d"], g_slots, d_slots, *(counts[n] for n in COUNTS))
