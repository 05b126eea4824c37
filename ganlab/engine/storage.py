"""A run as one .npz file of plain arrays (no pickle), written atomically."""

from __future__ import annotations

import dataclasses
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab.engine.code import State
from ganlab.paths import replace
from ganlab.registry import SpecError
from ganlab.spec import Spec

_FORMAT = 1
_COUNTS = ("d_updates", "g_updates", "phase")
_DIVERGENCE = {"iteration": int, "player": str, "quantity": str, "cause": str}


def save(path: Path, specs: tuple[Spec, ...], state: State, diverged: list) -> None:
    """Write Specs, state and divergences to `path`."""
    header = {
        "ganlab": _FORMAT,
        "specs": [s.to_dict() for s in specs],
        "diverged": [dataclasses.asdict(d) if d else None for d in diverged],
        **{name: getattr(state, name) for name in _COUNTS},
    }
    arrays = {"header": np.array(json.dumps(header)), "g": state.g, "d": state.d}
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
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> tuple[list[Spec], dict[str, np.ndarray], dict[str, int], list]:
    """Specs, arrays, counts and divergences of a file; raises `SpecError` if it is not a run."""
    raw = io.BytesIO(path.read_bytes())
    try:
        with np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
        specs, diverged = header["specs"], header["diverged"]
        counts = {name: header[name] for name in _COUNTS}
    except Exception:  # zipfile, zlib, NumPy and json each have several for a damaged file
        raise SpecError("file", path.name, "a run written by Run.save") from None
    if header.get("ganlab") != _FORMAT:
        raise SpecError("file format", header.get("ganlab"), f"{_FORMAT} (of {path.name})")
    for name, count in counts.items():
        if type(count) is not int or not 0 <= count < 2**62:
            raise SpecError(name, count, f"a whole number from 0 up (in {path.name})")
    if not isinstance(specs, list) or not specs:
        raise SpecError("specs", specs, f"a list of at least one Spec (in {path.name})")
    if not isinstance(diverged, list) or len(diverged) != len(specs):
        raise SpecError("diverged", diverged, f"one entry for each Spec (in {path.name})")
    for entry in diverged:
        good = entry is None or (
            isinstance(entry, dict)
            and {n: type(v) for n, v in entry.items()} == _DIVERGENCE
            and entry["player"] in ("D", "G")
        )
        if not good:
            raise SpecError("diverged", entry, f"null or a divergence (in {path.name})")
    return [Spec.from_dict(s) for s in specs], arrays, counts, diverged


def restore(
    path: Path, fresh: State, arrays: dict[str, np.ndarray], counts: dict[str, int]
) -> State:
    """`fresh` with the arrays of a file in it; raises `SpecError` where they do not fit."""
    arrays = dict(arrays)

    def tensor(name: str, like: torch.Tensor) -> torch.Tensor:
        array: Any = arrays.pop(name, None)
        wanted = f"float32 of shape {tuple(like.shape)} (in {path.name})"
        if array is None or array.dtype != np.float32 or array.shape != tuple(like.shape):
            got = None if array is None else f"{array.dtype} of shape {array.shape}"
            raise SpecError(name, got, wanted)
        if not np.isfinite(array).all():
            raise SpecError(name, "NaN or inf", f"finite {wanted}")
        return torch.from_numpy(array).to(like.device)

    changes: dict[str, Any] = {p: tensor(p, getattr(fresh, p)) for p in "gd"}
    for p in "gd":
        slots = getattr(fresh, f"{p}_slots")
        changes[f"{p}_slots"] = tuple(tensor(f"{p}_slot_{i}", s) for i, s in enumerate(slots))
    if arrays:
        raise SpecError("file", sorted(arrays)[0], f"only the arrays of a run (in {path.name})")
    return dataclasses.replace(fresh, **changes, **counts)
