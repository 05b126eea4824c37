"""The message about the estimators of G's gradient at one moment: see docs/protocol.md.

They are computed at the moment's parameters, without training.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from ganlab.engine import Run, State
from ganlab.engine.cost import cost
from ganlab.engine.estimates import estimates, minibatches
from ganlab.engine.estimates import refused as without_exact
from ganlab.engine.timeline import Timeline
from ganlab.estimators import ESTIMATES, ESTIMATORS
from ganlab.languages import _
from ganlab.spec import Spec
from ganlab.words import unfold

MOST_SECONDS = 10.0  # on one thread of this machine
_GRADIENTS = 6  # of all minibatches: five estimators', and the exact one (about)

Message = tuple[dict[str, Any], dict[str, np.ndarray]]


def seconds(spec: Spec) -> float:
    """About how many seconds they will take; none of them is computed."""
    return _GRADIENTS * cost(spec).g.together(minibatches(spec)).seconds


def refused(spec: Spec) -> str:
    """Why the estimators of this run are not compared; "" if they are."""
    if why := without_exact(spec):
        return why
    if (wanted := seconds(spec)) > MOST_SECONDS:
        return _(
            "With this batch and these nets they take about {wanted:,.0f} s, more than "
            "the {most_seconds:.0f} s that this page spends on them. Narrower nets or a "
            "smaller batch would do.",
            wanted=wanted,
            most_seconds=MOST_SECONDS,
        )
    return ""


def header(number: int, iteration: int, spec: Spec) -> dict[str, Any]:
    """A message without estimates, of run `number`."""
    return {
        "type": "estimates",
        "run": number,
        "iteration": iteration,
        "refused": "",
        "seconds": 0.0,
        "asked": None,
        "exact": None,
        "rows": [],
        "help": {name: unfold([word]) for name, word in ESTIMATES.items()},
    }


def of_moment(state: State, spec: Spec) -> Message:
    """The estimates of one run, as fields of the message; there are no arrays."""
    run = Run.restored((spec,), (spec,), Timeline(()), state, [None])
    found = estimates(run)
    if not math.isfinite(found.exact):
        return {"refused": _("The gradient is not finite here.")}, {}
    rows = []
    for row in found.rows:
        entry = ESTIMATORS[row.estimator]
        title, own = entry.title, spec.estimator == row.estimator
        if row.baseline:
            title += _(", no baseline") if row.baseline == "none" else ", baseline"
            own = own and spec.baseline == row.baseline
        numbers = {n: v if math.isfinite(v) else None for n, v in _numbers(asdict(row)).items()}
        rows.append({"title": title, "own": own, **numbers})
    told = {
        "exact": found.exact,
        "minibatches": found.minibatches,
        "batch": found.batch,
        "temperature": found.temperature,
        "rows": rows,
    }
    return told, {}


def _numbers(row: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in row.items() if isinstance(value, float)}
