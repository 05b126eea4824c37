"""A run as one .npz file of plain arrays (no pickle), written atomically."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab.engine.arguments import MOST_RUNS
from ganlab.engine.divergence import Divergence
from ganlab.engine.rules import Rules
from ganlab.engine.state import State
from ganlab.events import Event, all_after, check
from ganlab.paths import replace
from ganlab.reading import Arrays, parse_json
from ganlab.registry import SpecError
from ganlab.spec import Spec

_FORMAT = 2
_FORMATS = (1, 2)  # 1 has neither events nor the Specs of the start
_WRITTEN = "a run written by Run.save"
_MOST_UPDATES = 10**12
_MOST_WORDS = 1000  # the longest explanation, in characters
_COUNTS = ("d_updates", "g_updates", "phase", "iterations", "g_phase")
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
        **{name: getattr(state, name) for name in _COUNTS},
    }
    arrays: dict[str, Any] = {
        "header": np.array(json.dumps(header)),
        "g": state.g,
        "d": state.d,
    }
    for player in "gd":
        for i, slot in enumerate(getattr(state, f"{player}_slots")):
            arrays[f"{player}_slot_{i}"] = slot
    arrays = {n: a.cpu().numpy() if torch.is_tensor(a) else a for n, a in arrays.items()}
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        replace(partial, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> tuple[list[Spec], list[Spec], tuple[Event, ...], dict[str, int], list[Any]]:
    """Specs at the start and now, events, counts and divergences of a file.

    Raises `SpecError` if it is not a run, or if its Specs do not follow from its start and events.
    The arrays are read by `restore`, after their shapes were checked against the Specs.
    """
    try:
        with Arrays(path) as file:
            dtype, shape = file.heads["header"]
            if dtype.kind != "U" or shape:  # its length depends on the number of events
                raise ValueError("no header")
            text = str(file.read("header"))
    except SpecError:
        raise
    except (ValueError, KeyError):
        raise SpecError("file", path.name, _WRITTEN) from None
    header = parse_json(text, "file", f"{_WRITTEN} ({path.name})", len(text))
    if isinstance(header, dict) and "g_updates" in header:
        # Files older than g_steps: each iteration had one G update.
        header = {"iterations": header["g_updates"], "g_phase": 0} | header
    if not isinstance(header, dict) or not {"specs", "diverged", *_COUNTS} <= set(header):
        raise SpecError("file", path.name, _WRITTEN)
    if header.get("ganlab") not in _FORMATS:
        allowed = f"{' or '.join(map(str, _FORMATS))} (of {path.name})"
        raise SpecError("file format", header.get("ganlab"), allowed)
    specs, diverged = header["specs"], header["diverged"]
    counts = {name: header[name] for name in _COUNTS}
    for name, count in counts.items():
        if type(count) is not int or not 0 <= count <= _MOST_UPDATES:
            allowed = f"an integer from 0 to {_MOST_UPDATES:,} (in {path.name})"
            raise SpecError(name, count, allowed)
    if counts["phase"] > counts["d_updates"] + counts["g_updates"]:
        allowed = f"at most the updates made (in {path.name})"
        raise SpecError("phase", counts["phase"], allowed)
    if counts["iterations"] > counts["g_updates"]:
        raise SpecError("iterations", counts["iterations"], f"at most g_updates (in {path.name})")
    if not isinstance(specs, list) or not specs:
        raise SpecError("specs", specs, f"a list of at least one Spec (in {path.name})")
    if len(specs) > MOST_RUNS:
        raise SpecError("specs", f"{len(specs):,} of them", f"at most {MOST_RUNS:,} together")
    if not isinstance(diverged, list) or len(diverged) != len(specs):
        raise SpecError("diverged", diverged, f"one entry for each Spec (in {path.name})")
    for entry in diverged:
        good = entry is None or (
            isinstance(entry, dict)
            and {n: type(v) for n, v in entry.items()} == _DIVERGENCE
            and entry["player"] in ("D", "G")
            and 0 <= entry["iteration"] <= counts["g_updates"] + 1
            and max(len(entry["quantity"]), len(entry["cause"])) <= _MOST_WORDS
        )
        if not good:
            raise SpecError("diverged", entry, f"null or a divergence (in {path.name})")
    found = [Spec.from_dict(s) for s in specs]
    if counts["g_phase"] >= found[0].g_steps:
        raise SpecError("g_phase", counts["g_phase"], f"less than g_steps (in {path.name})")
    begun, text = header.get("start", specs), header.get("events", "")
    if not isinstance(begun, list) or len(begun) != len(specs) or not isinstance(text, str):
        raise SpecError("start", begun, f"as many Specs as there are runs (in {path.name})")
    start = found if begun == specs else [Spec.from_dict(s) for s in begun]
    events = check(text, start)
    made = counts["d_updates"] + counts["g_updates"]
    past = [e for e in events if e.fields and e.at <= made]
    if list(all_after(start, past)) != found:
        raise SpecError("specs", specs, f"the Specs of its start after its events (in {path.name})")
    return start, found, events, counts, diverged


def read_arrays(path: Path, rules: Rules, runs: int) -> dict[str, np.ndarray]:
    """The arrays of a file, whose shapes must be those that `rules` give `runs` runs.

    Raises `SpecError`, before reading any, if they are not.
    """
    sizes = {"g": rules.G.size, "d": rules.D.size}
    wanted = {p: (runs, size) for p, size in sizes.items()}
    for p, size in sizes.items():
        slots = range(len(rules.slots(p.upper())))
        wanted |= {f"{p}_slot_{i}": (runs, size) for i in slots}
    try:
        with Arrays(path) as file:
            for name, shape in wanted.items():
                allowed = f"float32 of shape {shape} (in {path.name})"
                dtype, got = file.heads.get(name, (None, None))
                if dtype != np.float32 or got != shape:
                    found = None if dtype is None else f"{dtype} of shape {got}"
                    raise SpecError(name, found, allowed)
            if more := sorted(set(file.heads) - {"header", *wanted}):
                raise SpecError("file", more[0], f"only the arrays of a run (in {path.name})")
            arrays = {name: file.read(name) for name in wanted}
    except SpecError:
        raise
    except ValueError:
        raise SpecError("file", path.name, _WRITTEN) from None
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise SpecError(name, "NaN or inf", f"finite numbers (in {path.name})")
    return arrays


def restore(fresh: State, arrays: dict[str, np.ndarray], counts: dict[str, int]) -> State:
    """`fresh` with the arrays of a file in it, whose shapes `read_arrays` has checked."""

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(arrays[name]).to(fresh.g.device)

    changes: dict[str, Any] = {**counts, **{p: tensor(p) for p in "gd"}}
    for p in "gd":
        slots = range(len(getattr(fresh, f"{p}_slots")))
        changes[f"{p}_slots"] = tuple(tensor(f"{p}_slot_{i}") for i in slots)
    return dataclasses.replace(fresh, **changes)
