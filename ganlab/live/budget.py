"""The budget of a server: a Spec that exceeds its limits is refused before memory is allocated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ganlab.engine.cost import Cost, cost, surely_below
from ganlab.engine.structure import Structure
from ganlab.events import Event, write
from ganlab.experiment import SEEDS, Experiment
from ganlab.languages import _, joined
from ganlab.limits import limit
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

_SHARE = 0.9  # the share of the limits that a reduced Spec uses at most
_SLOW_MEASURES = 10.0  # the allowed time of metrics, in updates: they are computed more rarely
_GB = 1e9
_MOST_CODES = 12  # kinds of updates in one run's events: each is traced once to count its cost


class TooDear(SpecError):
    """A Spec that exceeds the server's limits, and the reason.

    changes: fields and values that would be allowed, if any were found.
    """

    def __init__(self, name: str, value: Any, why: str, advice: str, changes: dict[str, Any]):
        super().__init__(name, value, _("smaller: {why}. {advice}", why=why, advice=advice))
        self.why, self.changes = why, changes


class Demand(NamedTuple):
    """The demand of a session: seconds of its slowest update, of a picture and of metrics, and its
    peak memory in bytes."""

    update: float
    picture: float
    measure: float
    peak: float

    @property
    def slow(self) -> bool:
        """Whether it is trained in the pool for slow runs."""
        return self.update > limit("slow_seconds") or self.slow_to_show

    @property
    def slow_to_show(self) -> bool:
        """Whether it would be in that pool because of its pictures and metrics alone."""
        return max(self.picture, self.measure / _SLOW_MEASURES) > limit("slow_seconds")

    @property
    def excess(self) -> float:
        """Its demand as a multiple of the server's limits; it is allowed up to 1."""
        memory = self.peak / (limit("memory_gb") * _GB)
        return max(self.update / limit("update_seconds"), memory)


def demand(specs: Sequence[Spec], runs: int = 1) -> Demand:
    """The demand of these Specs side by side, with `runs` seeds each."""
    costs: list[Cost] = [cost(spec, runs) for spec in specs]
    return Demand(
        sum(c.update_seconds for c in costs),
        sum(c.picture.seconds for c in costs),
        sum(c.measure.seconds for c in costs),
        sum(c.peak for c in costs),
    )


def afford(specs: Sequence[Spec], runs: int = 1) -> Demand | None:
    """Their demand; None if it is too small to be worth counting.

    Raises `SpecError`, which says what to lower and to which value, if it exceeds the limits.
    """
    seconds = min(limit("update_seconds"), limit("slow_seconds")) / len(specs)
    size = limit("memory_gb") * _GB / len(specs)
    if all(surely_below(spec, runs, seconds, size) for spec in specs):
        return None
    asked = demand(specs, runs)
    if asked.excess <= 1:
        return asked
    dearest = max(specs, key=lambda spec: demand([spec], runs).excess)
    share = _SHARE * demand([dearest], runs).excess / asked.excess
    changes = _lowered(dearest, runs, share)
    name = next(iter(changes), "batch")
    value = runs if name == "runs" else getattr(dearest, name)
    why = _why(asked, len(specs) * runs)
    raise TooDear(name, value, why, _advice(dearest, changes), changes)


def afford_experiment(
    experiment: Experiment, coming: Sequence[Sequence[Event]] | None = None
) -> Demand | None:
    """The demand of an experiment as `afford` computes it, and of the Specs after its events.

    coming: events instead of its own. Raises `SpecError` as `afford` does; the error names the
    events if the demand is too large only because of them, or if they are not allowed.
    """
    specs, seeds = experiment.specs, experiment.seeds
    asked = [afford(specs, seeds)]
    events = experiment.events if coming is None else coming
    for spec, happens in zip(specs, events, strict=False):
        asked.append(afford_events(spec, happens, seeds, len(specs)))
    counted = [one for one in asked if one is not None]
    return max(counted, key=lambda one: one.update, default=None)


def afford_events(
    spec: Spec, events: Iterable[Event], runs: int = 1, beside: int = 1
) -> Demand | None:
    """The largest demand of the Specs that the affordable `spec` becomes by its events.

    beside: how many such runs are trained side by side. Raises `SpecError` if the demand is too
    large, or if the events have so many kinds of updates that counting would take too long.
    """
    specs, structures = [], {Structure.of(spec)}
    for event in events:
        spec = event.of(spec)
        if Structure.of(spec) not in structures:
            structures.add(Structure.of(spec))
            specs.append((spec, event))
    if len(structures) > _MOST_CODES:
        raise SpecError(
            "events",
            _("{count} kinds of update", count=len(structures)),
            _("at most {most_codes} in one", most_codes=_MOST_CODES),
        )
    demands = []
    for spec, event in specs:
        try:
            demands.append(afford([spec] * beside, runs))
        except TooDear as error:
            # Lowering a field at the start would not help: the event sets it.
            allowed = _("within the limits of this server: {why}", why=error.why)
            raise SpecError("events", write([event]), allowed) from None
    return max((d for d in demands if d is not None), key=lambda d: d.update, default=None)


def _why(asked: Demand, runs: int) -> str:
    what = _("one update") if runs == 1 else _("one update of all {runs} runs", runs=runs)
    seconds, most = limit("update_seconds"), limit("memory_gb")
    if asked.update > seconds:
        return _(
            "{what} would take about {time}, and this server allows {time2}",
            what=what,
            time=_time(asked.update),
            time2=_time(seconds),
        )
    size = f"{asked.peak / _GB:.2g}" if asked.peak < 10 * _GB else f"{asked.peak / _GB:,.0f}"
    return _(
        "{what} would need about {size} GB of memory, and this server allows {most:g} GB",
        what=what,
        size=size,
        most=most,
    )


def _time(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:,.0f} s"


def _advice(spec: Spec, changes: dict[str, Any]) -> str:
    if not changes:
        return _("Choose smaller nets or a smaller batch")
    parts = []
    for name, new in changes.items():
        if name == "runs":
            parts.append(_("the number of seeds to {new}", new=new))
        else:
            old, new = (PARAMS[name].words(v) for v in (getattr(spec, name), new))
            title = PARAMS[name].title
            parts.append(_("“{title}” from {old} to {new}", title=title, old=old, new=new))
    return _("Lower {parts}", parts=joined(_(" and "), parts))


@lru_cache(maxsize=256)
def _lowered(spec: Spec, runs: int, share: float) -> dict[str, Any]:
    """Fields and values that bring `spec` within `share` of the limits; empty if none are found."""
    changes: dict[str, Any] = {}
    for _unused in range(8):
        now = spec.replace(**{n: v for n, v in changes.items() if n != "runs"})
        excess = demand([now], changes.get("runs", runs)).excess / share
        if excess <= 1:
            return changes
        step = _step(now, changes.get("runs", runs), excess)
        if step is None:
            return {}
        changes |= step
    return changes


def _step(spec: Spec, runs: int, excess: float) -> dict[str, Any] | None:
    """Lower one field by a factor of about `excess`: the first field for which that is possible."""
    fewer = [n for n in SEEDS if n < runs]
    if fewer:
        return {"runs": max((n for n in fewer if n <= runs / excess), default=fewer[0])}
    if spec.d_to_optimum:
        return {"d_to_optimum": 0.0}
    if spec.unroll > 1:
        return {"unroll": max(1, int(spec.unroll / excess))}
    kernels = spec.minibatch_discrimination
    if kernels > 4:
        return {"minibatch_discrimination": max(4, int(kernels / excess))}
    if spec.batch > 64 and spec.batch % 2 == 0:
        batch = spec.batch
        while batch > 64 and batch % 2 == 0 and batch > spec.batch / excess:
            batch //= 2
        if batch % spec.packing == 0:
            return {"batch": batch}
    wide = {n: getattr(spec, n) for n in ("d_hidden", "g_hidden")}
    name = max(wide, key=lambda n: sum(wide[n]))
    if max(wide[name], default=0) > 64:
        least = max(64, int(max(wide[name]) / max(excess, 2) ** 0.5))
        return {name: tuple(min(w, least) for w in wide[name])}
    return None
