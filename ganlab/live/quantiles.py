"""Statistics of many seeds: quantiles of their metrics over time, and a summary."""

from __future__ import annotations

import numpy as np

from ganlab.languages import _, capital

METRICS = ("jsd", "modes", "w1")
_PARTS = {"": 50, "_q1": 25, "_q3": 75, "_min": 0, "_max": 100}
SERIES = (*(name + part for name in METRICS for part in _PARTS), "diverged")


def quantiles(values: dict[str, np.ndarray], diverged: int) -> dict[str, np.ndarray]:
    """Median, quartiles and extremes of each metric (R,) over the runs, (1,) each: `SERIES`.

    Diverged runs count with their last values; NaN if a metric is not measured.
    """
    out = {"diverged": np.array([float(diverged)])}
    for name in METRICS:
        row = values.get(name)
        for part, percent in _PARTS.items():
            value = np.nan if row is None else np.percentile(row, percent)
            out[name + part] = np.array([value])
    return out


def sentence(values: dict[str, np.ndarray], modes: int, diverged: int) -> str:
    """A summary in words: how many seeds hold how many of the target's `modes`, and the JSD.

    values: by name, one number for each seed, (R,).
    """
    jsd = values["jsd"]
    runs = len(jsd)
    middle, low, high = np.percentile(jsd, (50, 25, 75))
    about = _(
        "median JSD {middle:.2f}, the middle half {low:.2f} to {high:.2f} nats",
        middle=middle,
        low=low,
        high=high,
    )
    if modes > 1 and "modes" in values:
        text = _("{held}; {about}.", held=_held(values["modes"], modes), about=about)
    else:
        text = _(
            "{about}; the worst of {runs} seeds {max:.2f}.",
            about=capital(about),
            runs=runs,
            max=jsd.max(),
        )
    if diverged:
        text += _(" {diverged} of {runs} diverged.", diverged=diverged, runs=runs)
    return text


def _held(held: np.ndarray, modes: int) -> str:
    """The strongest statement about modes that is true for at least half of the runs."""
    runs = len(held)
    every = _("both modes") if modes == 2 else _("all {modes} modes", modes=modes)
    if (held == modes).all():
        return _("All {runs} seeds hold {every}", runs=runs, every=every)
    if (held == 0).all():
        return _("None of {runs} seeds holds a mode", runs=runs)
    full = int((held == modes).sum())
    if 2 * full >= runs:
        return _(
            "{full} of {runs} seeds hold {every}, the poorest {min}",
            full=full,
            runs=runs,
            every=every,
            min=int(held.min()),
        )
    most = int(np.sort(held)[(runs - 1) // 2])  # the smallest number that half do not exceed
    count = int((held <= most).sum())
    if most == 0:
        return _("{count} of {runs} seeds hold no mode", count=count, runs=runs)
    few = (
        _("{most} of {modes} modes or fewer", most=most, modes=modes)
        if most > 1
        else _("at most 1 of {modes} modes", modes=modes)
    )
    return _("{count} of {runs} seeds hold {few}", count=count, runs=runs, few=few)
