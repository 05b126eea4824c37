"""The claims of the presets of dynamics, on a few seeds, and orbits compared with closed forms."""

from functools import cache

import numpy as np
import pytest

from ganlab.presets import PRESETS
from ganlab.presets.preset import watch
from ganlab.presets.rotation import RATE, RULES

SEEDS = range(500, 504)
watched = cache(lambda name: watch(PRESETS[name], SEEDS))


@pytest.mark.parametrize(
    "name",
    ("r1", "negative-momentum", "rotation", "two-sided-smoothing", "jsd-flat", "saturation"),
)
def test_claim_holds_on_most_seeds(name):
    # 10 of 10 each on seeds that were not used for tuning: see `counts`.
    holds = PRESETS[name].holds
    assert sum(bool(holds(*traces)) for traces in watched(name)) >= 3


@pytest.mark.parametrize("name", ("r1", "negative-momentum", "two-sided-smoothing", "saturation"))
def test_claim_tells_the_specs_apart(name):
    # With the roles exchanged no claim holds for any seed: each Spec behaves as claimed of it
    # alone.
    holds = PRESETS[name].holds
    assert not any(holds(*traces[::-1]) for traces in watched(name))


def squared(rule: str, a: float) -> float:
    """|eigenvalue|^2 of one update of the bilinear game b v with step a."""
    return {
        "simultaneous": 1 + a**2,
        "alternating": 1.0,
        "extragradient": 1 - a**2 + a**4,
        "optimistic": (1 + np.sqrt(1 - 4 * a**2)) / 2,
    }[rule]


@pytest.mark.parametrize("rule", RULES)
def test_the_smallest_gan_is_the_bilinear_game(rule):
    # D ends up as v, G's mean as m; the radius of (m, v) goes as |eigenvalue|^t.
    for traces in watched("rotation"):
        trace = traces[RULES.index(rule)]
        m, t = trace["off"], trace["iteration"]
        # Peaks of |m|, half a turn apart, with a line in t fitted to them.
        peaks = np.flatnonzero(
            (np.abs(m[1:-1]) > np.abs(m[:-2])) & (np.abs(m[1:-1]) > np.abs(m[2:]))
        )
        slope = np.polyfit(t[peaks + 1], np.log(np.abs(m[peaks + 1])), 1)[0]
        assert len(peaks) >= 10
        assert slope == pytest.approx(np.log(squared(rule, RATE)) / 2, abs=4e-4)


def test_r1_damps_as_friction_does():
    # m' = -v, v' = m - g v and simultaneous steps: the linear recursion, from G's first place.
    gammas = [spec.r1 for spec in PRESETS["r1"].specs]
    for traces in watched("r1"):
        for gamma, trace in zip(gammas, traces, strict=True):
            slope0 = _first_slope(trace, gamma)
            m = _recursion(trace["off"][0], slope0, gamma, int(trace["iteration"][-1]))
            want = m[trace["iteration"]]
            assert np.abs(trace["off"] - want).max() <= 0.05 * np.abs(want).max()


def _recursion(m: float, v: float, gamma: float, steps: int) -> np.ndarray:
    out = [m]
    for _ in range(steps):
        m, v = m - RATE * v, v + RATE * (m - gamma * v)
        out.append(m)
    return np.array(out)


def _first_slope(trace, gamma: float) -> float:
    """The v that gives the m of its second check: it is not in the trace, and m is linear in v."""
    at = int(trace["iteration"][1])
    zero, one = (_recursion(trace["off"][0], v, gamma, at)[-1] for v in (0.0, 1.0))
    return (trace["off"][1] - zero) / (one - zero)
