"""Verdicts on series with a known course, and on games whose outcome has a closed form."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ganlab import Spec
from ganlab.sweeps import VERDICTS, Sweep
from ganlab.sweeps.verdict import verdict

N = 24
T = np.linspace(0, 1, N)


def series(jsd, held=4, leader=0, lead=0.25, w1=None):
    jsd = np.broadcast_to(jsd, N).astype(float)
    rest = {"held": held, "leader": leader, "lead": lead, "w1": jsd if w1 is None else w1}
    return {"jsd": jsd} | {n: np.broadcast_to(v, N).astype(float) for n, v in rest.items()}


@pytest.mark.parametrize(
    ("found", "wanted", "modes"),
    [
        (series(0.6 * np.exp(-8 * T) + 0.01), "converged", 4),
        (series(0.6 * np.exp(-8 * T) + 0.01, held=3), "collapsed", 4),
        (series(0.5, held=1, leader=2, lead=0.99), "collapsed", 4),
        (series(0.5, held=1, leader=np.arange(N) // 3, lead=0.9), "hops", 4),
        (series(0.3, held=2, leader=np.arange(N) % 2, lead=0.3), "collapsed", 4),
        (series(0.69, held=0), "stalled", 4),  # p_g is nowhere near p_data
        (series(0.4 + 0.2 * np.sin(30 * T)), "orbits", 0),
        (series(0.4 + 0.2 * np.exp(3 * (T - 1)) * np.sin(30 * T)), "orbits", 4),
        (series(0.4 + 0.3 * np.exp(-9 * T) * np.sin(30 * T)), "stalled", 0),
        (series(0.69), "stalled", 4),
        (series(0.6 - 0.4 * T), "unfinished", 4),
        (series(np.inf, w1=np.full(N, 0.7)), "stalled", 0),
    ],
)
def test_a_course_has_its_name(found, wanted, modes):
    assert verdict(found, modes).name == wanted in VERDICTS
    assert verdict(found, modes, diverged=True).name == "diverged"
    # Units of W1 do not matter.
    scaled = found | {"w1": 1000 * found["w1"]}
    assert verdict(scaled, modes) == verdict(found, modes)


def test_a_collapse_says_how_many_modes_are_left():
    assert str(verdict(series(0.5, held=2), 4)) == "collapsed (2 modes)"
    assert str(verdict(series(0.01), 4)) == "converged"


def test_points_converge_by_distance_because_they_have_no_density():
    near = series(0.693, w1=np.exp(-9 * T))
    assert verdict(near, density=False).name == "converged"
    assert verdict(near).name != "converged"
    grows = series(0.693, w1=np.exp(80 * T))
    assert verdict(grows, density=False).name != "converged"
    symbols = series(0.6 * np.exp(-8 * T), w1=np.full(N, np.nan))  # they have no distance
    assert verdict(symbols, density=False).name == "converged"


def test_a_short_run_is_not_said_to_move():
    few = {n: v[:5] for n, v in series(0.4 + 0.2 * np.sin(30 * T)).items()}
    assert verdict(few).name == "unfinished"
    with pytest.raises(ValueError, match="at least one check"):
        verdict({"jsd": [], "w1": []})


def test_the_dirac_gan_falls_on_its_side_of_the_closed_form():
    # Mescheder et al. 2018: simultaneous steps h with R1 multiply by sqrt(1 - h γ + h² / 4).
    h = 0.2
    base = Spec(
        target="points",
        target_params={"points": (0.0,)},
        latent="constant",
        g_hidden=(),
        d_hidden=(),
        g_bias="no",
        d_bias="no",
        loss="minimax",
        optimizer="sgd",
        rule="simultaneous",
        batch=1,
        g_start=(0.3,),
        d_start=(0.2,),
        g_lr=h,
        d_lr=h,
    )
    strengths = (0.0, 0.02, 0.035, 0.15, 0.3)
    sweep = Sweep.of(base, {"r1": strengths}, seeds=1, iterations=400, checks=100)
    with ThreadPoolExecutor(1) as pool:
        tables = [f.table for f in sweep.run(pool, compiled=False)]
    names = {row["cell"]: row["verdict"] for t in tables for row in t.to_pylist()}
    shrinks = [1 - h * gamma + h * h / 4 < 1 for gamma in strengths]
    assert [names[i] == "converged" for i in range(5)] == shrinks
    assert {names[i] for i in range(3)} == {"orbits"}
