"""Presets: reproducible phenomena, each with Specs and a claim that is tested over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ganlab.engine import Divergence, Game, Run, Snapshot, State
from ganlab.languages import _
from ganlab.metrics import HELD
from ganlab.presets.counts import Counts
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec

# The questions of the gallery, in the order shown.
COVERS, MOVES = _("Why does it collapse?"), _("Why does it not settle?")
CURES, RIGHT = _("What cures it?"), _("It works: is it right?")
PUBLISHED = _("Published settings (slow)")
POINTS = 4096  # the number of latents behind a check where p_g is estimated
SECONDS = 15.0  # the time that a page takes to show a phenomenon

Trace = dict[str, np.ndarray]  # one run's "iteration" and measures, (checks,) each


@dataclass(frozen=True)
class Preset(Entry):
    """One Spec, or two to four to be shown side by side, and a claim about them.

    name, title, cite: as for any entry. doc: two or three sentences, what happens and why.
    equation: the relation at work, or "". specs: they differ in few fields; labels: their short
    names. claim: up to three sentences, which `holds` decides for one seed from the Trace of each
    Spec with that seed. iterations: the length of the demonstration, in iterations of Algorithm 1;
    every: the iterations between two checks. measure(run): more measures, (R,) each.
    published: whether these are the settings of a paper, which take longer than a lesson has.
    pace: the (iteration, seconds) of the stretches in which a page plays it, on any machine; by
    default all iterations in `SECONDS`, or at full speed if published. cures: Spec fields that
    have a knob above the picture, with the values that make the phenomenon disappear.
    topic: the question that it answers: `COVERS`, `MOVES`, `CURES` or `RIGHT`. counts: on how many
    seeds the claim held, counted on seeds that were not used for tuning; None if not counted.
    """

    specs: tuple[Spec, ...] = ()
    labels: tuple[str, ...] = ()
    claim: str = ""
    iterations: int = 1000
    every: int = 100
    holds: Callable[..., bool] = lambda *traces: False
    measure: Callable[[Checked], dict[str, np.ndarray]] | None = None
    published: bool = False
    topic: str = COVERS
    pace: tuple[tuple[int, float], ...] = ()
    cures: tuple[tuple[str, Any], ...] = ()
    counts: Counts | None = None

    def __post_init__(self) -> None:
        if not self.pace and not self.published:
            object.__setattr__(self, "pace", ((self.iterations, SECONDS),))

    def cured(self) -> list[Spec]:
        """The preset's Specs after each of the cures."""
        return [spec.replace(**{name: v}) for name, v in self.cures for spec in self.specs]

    @property
    def group(self) -> str:
        """The group of the gallery that it belongs to."""
        return PUBLISHED if self.published else self.topic


PRESETS: Registry[Preset] = Registry("preset")


def watch(preset: Preset, seeds: Sequence[int]) -> list[tuple[Trace, ...]]:
    """For each seed the Traces of the preset's Specs, which the claim is about.

    A Trace has all metrics of a Snapshot and: shares (checks, modes); top1 and top2, the mass of
    the largest share and of the two largest; held, the number of modes with at least `HELD` of
    their fair share; diverged, 0 or 1.
    """
    by_spec = [_traces(preset, spec, seeds) for spec in preset.specs]
    return [tuple(traces[i] for traces in by_spec) for i in range(len(seeds))]


class Checked(Protocol):
    """The interface of a Run, or of its state at some moment, for `check`."""

    @property
    def spec(self) -> Spec: ...

    @property
    def specs(self) -> tuple[Spec, ...]: ...

    @property
    def game(self) -> Game: ...

    @property
    def state(self) -> State: ...

    @property
    def diverged(self) -> Sequence[Divergence | None]: ...

    def snapshot(self, /, **wanted: Any) -> Snapshot:
        """See `Run.snapshot`."""


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
    """One run's Trace, from the results of `check`."""
    return {name: np.array([row[name][run] for row in rows]) for name in rows[0]}


def check(preset: Preset, run: Checked) -> dict[str, Any]:
    """The entries of a Trace for the current state of a Run (or equivalent): arrays (R, ...)."""
    shot = run.snapshot(points=POINTS)
    out: dict[str, Any] = dict(shot.metrics)
    out["iteration"] = np.full(len(run.specs), shot.iteration)
    out["diverged"] = np.array([float(d is not None) for d in run.diverged])
    if "shares" in shot.picture:
        shares = np.asarray(shot.picture["shares"])
        ranked = -np.sort(-shares, 1)
        out |= {"shares": shares, "top1": ranked[:, 0], "top2": ranked[:, :2].sum(1)}
        modes = [probe.target.modes for probe in shot.probes]
        fair = np.stack([one.weights for one in modes if one is not None])
        out["held"] = (shares >= HELD * fair).sum(1)
    return out | (preset.measure(run) if preset.measure is not None else {})


def late(trace: Trace, name: str, share: float = 0.5) -> np.ndarray:
    """The checks of a measure in the last `share` of a run, (n,)."""
    return trace[name][int(len(trace[name]) * (1 - share)) :]


def successes(preset: Preset, seeds: Sequence[int]) -> list[bool]:
    """Whether the claim holds, for each seed."""
    return [bool(preset.holds(*traces)) for traces in watch(preset, seeds)]
