"""A phenomenon on cue: Specs, what is claimed of them, and how a claim is held against seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ganlab.engine import Run
from ganlab.presets.counts import Counts
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec

COVERS, MOVES = "What G covers", "How the players move"
PUBLISHED = "As published, which takes longer"
POINTS = 4096  # latents behind a check, where p_g is estimated
SECONDS = 15.0  # that it takes to show a phenomenon
HELD = 0.25  # of its fair share: what a mode must have to count as held

Trace = dict[str, np.ndarray]  # of one run: "iteration" and each measure, (checks,)


@dataclass(frozen=True)
class Preset(Entry):
    """One Spec, or two to four to be seen side by side, and a claim about them.

    name, title, cite: as any entry's; doc: two sentences, what is seen and why. equation: none.
    specs differ in few fields; labels: what each is called. claim: one sentence that `holds`
    decides for one seed, given the Trace of each Spec with that seed. iterations: within how many
    of Algorithm 1 it shows; every: between two checks. look(run): more measures, (R,) each.
    published: the settings of the paper, which take longer than a lesson has.
    pace: (iteration, seconds) of the stretches in which a page shows it, however fast the machine;
    by default all iterations in `SECONDS`, and at full speed where it is as published. cures: Spec
    fields above the picture, with the values at which it is seen no more.
    topic: `COVERS` or `MOVES`. counts: on how many seeds the claim held, of those that nothing was
    tuned on; None: nobody has counted.
    """

    specs: tuple[Spec, ...] = ()
    labels: tuple[str, ...] = ()
    claim: str = ""
    iterations: int = 1000
    every: int = 100
    holds: Callable[..., bool] = lambda *traces: False
    look: Callable[[Run], dict[str, np.ndarray]] | None = None
    published: bool = False
    topic: str = COVERS
    pace: tuple[tuple[int, float], ...] = ()
    cures: tuple[tuple[str, Any], ...] = ()
    counts: Counts | None = None

    def __post_init__(self) -> None:
        if not self.pace and not self.published:
            object.__setattr__(self, "pace", ((self.iterations, SECONDS),))

    def cured(self) -> list[Spec]:
        """Its Specs after each of the cures."""
        return [spec.replace(**{name: v}) for name, v in self.cures for spec in self.specs]

    @property
    def group(self) -> str:
        """Where the gallery shows it."""
        return PUBLISHED if self.published else self.topic


PRESETS: Registry[Preset] = Registry("preset")


def watch(preset: Preset, seeds: Sequence[int]) -> list[tuple[Trace, ...]]:
    """For each seed the Traces of the preset's Specs, which the claim is about.

    All of a Snapshot's metrics, and: shares (checks, modes); top1, top2: the mass of the one and
    of the two largest shares; held: modes with at least `HELD` of their fair share; diverged: 0, 1.
    """
    by_spec = [_traces(preset, spec, seeds) for spec in preset.specs]
    return [tuple(traces[i] for traces in by_spec) for i in range(len(seeds))]


def _traces(preset: Preset, spec: Spec, seeds: Sequence[int]) -> list[Trace]:
    run = Run([spec.replace(seed=seed) for seed in seeds])
    rows: list[dict[str, Any]] = []
    while True:
        rows.append(check(preset, run))
        if run.iteration >= preset.iterations or run.stopped:
            break
        run.advance(min(preset.every, preset.iterations - run.iteration))
    return [trace(rows, i) for i in range(len(seeds))]


def trace(rows: Sequence[dict[str, Any]], run: int = 0) -> Trace:
    """One run's Trace, from what each `check` has found."""
    return {name: np.array([row[name][run] for row in rows]) for name in rows[0]}


def check(preset: Preset, run: Any) -> dict[str, Any]:
    """What a Trace holds of this moment of a Run, or of what has its State: arrays (R, ...)."""
    shot = run.snapshot(points=POINTS)
    out: dict[str, Any] = dict(shot.metrics)
    out["iteration"] = np.full(len(run.specs), shot.iteration)
    out["diverged"] = np.array([float(d is not None) for d in run.diverged])
    if "shares" in shot.picture:
        shares = np.asarray(shot.picture["shares"])
        ranked = -np.sort(-shares, 1)
        out |= {"shares": shares, "top1": ranked[:, 0], "top2": ranked[:, :2].sum(1)}
        fair = np.stack([probe.target.modes.weights for probe in shot.probes])
        out["held"] = (shares >= HELD * fair).sum(1)
    return out | (preset.look(run) if preset.look is not None else {})


def late(trace: Trace, name: str, share: float = 0.5) -> np.ndarray:
    """The checks of a measure in the last `share` of a run."""
    return trace[name][int(len(trace[name]) * (1 - share)) :]


def successes(preset: Preset, seeds: Sequence[int]) -> list[bool]:
    """For each seed, whether the claim holds."""
    return [bool(preset.holds(*traces)) for traces in watch(preset, seeds)]
