"""Presets of maps: published questions as sweeps, each with a claim about what its map shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from ganlab.presets.counts import Counts
from ganlab.presets.preset import Trace
from ganlab.registry import Entry, Registry
from ganlab.spec import Spec
from ganlab.sweeps.border import agreement
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.summary import Summary
from ganlab.sweeps.sweep import Sweep

Traces = Mapping[tuple[int, ...], Trace]  # by cell: the positions of its values on the axes


@dataclass(frozen=True)
class MapPreset(Entry):
    """A sweep, what to watch for on its map, and a claim about it.

    name, title, cite: as for any entry. doc: two or three sentences, what to watch for and why.
    base: what does not vary. axes: fields and their values as texts, see `axis.parse`. claim: in
    words. shown: the measure that the map shows at first; "" for verdicts. Where the game has a
    closed form the claim is that verdicts agree with it within a cell.
    Otherwise `holds` decides the claim for one seed, from that seed's Traces on the map whose axes
    have only the values in `coarse`; each Trace has a row of `Sweep.table` for each check. counts:
    on how many seeds it held, counted on seeds that were not used for tuning.
    """

    base: Spec = Spec()
    axes: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 4
    iterations: int = 2000
    checks: int = 20
    shown: str = ""
    claim: str = ""
    coarse: Mapping[str, str] = field(default_factory=dict)
    holds: Callable[[Traces], bool] = lambda traces: False
    counts: Counts | None = None

    @property
    def sweep(self) -> Sweep:
        """The whole map."""
        return self._of(self.axes, self.seeds)

    def coarsely(self, seeds: int, first: int = 0) -> Sweep:
        """The map of the claim, with `seeds` seeds per cell from `first` on."""
        coarse = self._of({**self.axes, **self.coarse}, seeds)
        return coarse.replace(base=self.base.replace(seed=first))

    def _of(self, axes: Mapping[str, str], seeds: int) -> Sweep:
        return Sweep.of(
            self.base, axes, seeds=seeds, iterations=self.iterations, checks=self.checks
        )

    def made(self, plan: Plan) -> bool:
        """Whether a plan has this preset's base and axes, with any values, seeds and length."""
        own = self.sweep
        fields = [axis.field for axis in own.axes]
        if [axis.field for axis in plan.axes] != fields:
            return False
        return plan.base.replace(seed=own.base.seed) == own.base


MAP_PRESETS: Registry[MapPreset] = Registry("preset of a map")


def successes(preset: MapPreset, plan: Plan, table: pa.Table) -> list[bool]:
    """For each seed of a coarse map whether the claim holds; one entry if it has a closed form."""
    summary = Summary(plan)
    summary.add(table)
    found = agreement(plan, summary.majority())
    if found is not None:
        return [found.elsewhere == 0]
    by_seed: dict[int, dict[tuple[int, ...], Trace]] = {}
    for (cell, seed), rows in table.to_pandas().groupby(["cell", "seed"], sort=False):
        trace = {str(name): rows[name].to_numpy() for name in rows}
        by_seed.setdefault(int(seed), {})[plan.cells[int(cell)].at] = trace
    return [bool(preset.holds(by_seed[seed])) for seed in sorted(by_seed)]
