"""Results as files: how a process that fits families returns them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from ganlab import paths
from ganlab.baselines.compare import Result, measured, task_of
from ganlab.baselines.entry import FAMILIES
from ganlab.registry import SpecError
from ganlab.spec import Spec

_ARRAYS = ("shown", "p")


def save(result: Result, folder: Path) -> Path:
    """Write a Result to a file in the folder that has the family's name."""
    plain = {n: v for n, v in vars(result).items() if n not in _ARRAYS}
    about = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    place, draft = folder / f"{result.family}.npz", folder / f".{result.family}.npz"
    np.savez(draft, about=about, shown=result.shown, p=result.p)
    paths.replace(draft, place)
    return place


def load(place: Path) -> Result:
    """The Result in a file of `save`."""
    with np.load(place, allow_pickle=False) as file:
        plain = json.loads(file["about"].tobytes())
        return Result(**plain, shown=file["shown"], p=file["p"])


def main() -> None:
    """Fit the families after the first two arguments, a folder and a Spec as JSON."""
    folder, text, *names = sys.argv[1:]
    spec = Spec.from_json(text)
    for name in names or FAMILIES:
        try:
            result = measured(name, task_of(spec))
        except (SpecError, ArithmeticError, RuntimeError, ValueError) as error:
            result = Result(name, refused=str(error)[:300])
        save(replace(result, shown=result.shown.astype(np.float32)), Path(folder))
