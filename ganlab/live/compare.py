"""A session of two to four runs that differ in a few fields, in lockstep of iterations."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ganlab.engine import Run
from ganlab.engine.probe import Probe, probe_for
from ganlab.engine.snapshot import Snapshot, points_for, take
from ganlab.engine.structure import Structure
from ganlab.engine.turns import iterations_at
from ganlab.events import check, write
from ganlab.live import messages, overlay
from ganlab.live.budget import Demand, afford, afford_events
from ganlab.live.comparison import Comparison
from ganlab.live.conductor import LIVE, MOST_TEXT, Conductor
from ganlab.live.history import History
from ganlab.live.publisher import Moment, moment_of
from ganlab.live.run_group import Backends, RunGroup
from ganlab.live.scene import scene
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

_MOST = 1e6  # of any quantity measured: beyond it a run is as good as lost


class CompareSession(Conductor):
    """`spec` is run A's; giving it another one changes what all runs have in common."""

    last_picture: tuple[dict, dict] | None = None
    frame_seconds = 1 / 42  # two pictures take longer to make: so that hiccups leave thirty

    def __init__(self, token: str, spec: Spec, *scheduler: Any, comparison: Comparison):
        self.comparison = comparison.on(spec)
        super().__init__(token, spec, *scheduler)
        self._coming_of = comparison.events  # events of the runs that start next
        self._told_of: list[int] = []  # of each run's events, how many the curves know
        if comparison.events:
            pairs = zip(comparison.specs, comparison.events, strict=True)
            count = len(comparison.specs)
            asked = [afford_events(s, check(text, [s]), beside=count) for s, text in pairs]
            self._weigh(max(asked, key=lambda d: d.update if d is not None else 0.0))
        self.backend = Backends()
        self._lost = 0  # runs that have diverged

    @property
    def spec(self) -> Spec:
        """Run A's."""
        return self.comparison.base

    @spec.setter
    def spec(self, spec: Spec) -> None:
        self.comparison = self.comparison.on(spec)

    def afford(self, spec: Spec) -> Demand | None:
        """As a lab's, of all runs together."""
        return afford(self.comparison.on(spec).specs)

    def show(self, comparison: Comparison) -> None:
        """Compare these: in place if only what can change during a run does, else anew.

        Raises `SpecError` if they ask too much of the server.
        """
        demand = afford(comparison.specs)
        with self.lock:
            before, self.comparison = self.comparison, comparison
        if before == comparison:
            return
        self._weigh(demand)
        if len(before.specs) != len(comparison.specs):
            count = len(comparison.specs)
            self.command("restart", f"Restarted with {count} runs.")
            return
        pairs = list(zip(before.specs, comparison.specs, strict=True))
        names = [n for n in (*PARAMS, "target_params") if _differ(pairs, n)]
        if all(n in LIVE for n in names):
            if before.fields != comparison.fields:
                # Runs that were trained to compare one thing cannot go on to compare another.
                self.command("restart", f"Restarted: {', '.join(comparison.titles)} compared.")
                return
            self.command("change")
            self.command("look")
        else:
            titles = [PARAMS[n].title if n in PARAMS else "p_data" for n in names if n not in LIVE]
            self.command("restart", f"Restarted: {', '.join(titles)} changed.")

    def _as_begun(self) -> None:
        if self.run.specs == self.comparison.specs:
            begun = self.begun_comparison
            self._coming_of = begun.events
            with self.lock:
                self.comparison = replace(begun, events=())

    def _follow_run(self) -> None:
        runs = self.run.runs
        self._told_of = [len(run.past) for run in runs]
        self._structures = [run.game.rules.structure for run in runs]
        with self.lock:
            self.comparison = Comparison(self.run.specs, self.comparison.fields)
        self.replayed = [*self.replayed, *LIVE]

    def _own_query(self) -> str:
        return self.begun_comparison.to_query()

    @property
    def begun_comparison(self) -> Comparison:
        """What the runs began with, and their events: they replay from these.

        Where the events are too many for an address, what is compared now and none.
        """
        now, together, coming = self.comparison, self.run, self._coming_of
        if coming:
            return replace(now, events=coming)
        if together is None or self._restart or together.specs != now.specs:
            return now
        events = tuple(write(run.events) for run in together.runs)
        if not 0 < len("".join(events)) <= MOST_TEXT:
            return now
        try:
            return Comparison(tuple(r.start[0] for r in together.runs), now.fields, events)
        except SpecError:  # they began with other fields in which they differed
            return now

    @property
    def _runs(self) -> tuple[Run, ...]:
        return tuple(self.run.runs) if self.run is not None else ()

    def shown_specs(self) -> tuple[Spec, ...]:
        return self.comparison.specs

    def _differing(self) -> tuple[str, ...]:
        return self.comparison.fields

    @property
    def labels(self) -> tuple[str, ...]:
        """What each run is called: as the preset does while the runs differ as its own do."""
        comparison = self.comparison
        preset = None if self.story is None else self.story.preset
        if preset is None or len(preset.specs) != len(comparison.specs):
            return comparison.labels
        if Comparison.among(preset.specs).columns != comparison.columns:
            return comparison.labels
        return preset.labels

    @property
    def _unit(self) -> int:
        return 1

    def _updates(self, speed: float) -> float:
        return speed * (self.run.farthest.spec.k + 1)

    def _room(self) -> float:
        left = None if self.story is None else self.story.left(self.run.iteration)
        return math.inf if left is None else max(1, left) * (self.run.farthest.spec.k + 1)

    # -- on a worker -------------------------------------------------------------------------

    def _make(self, spec: Spec) -> tuple[dict, dict]:
        comparison = self.comparison
        coming, self._coming_of = self._coming_of, ()
        self.run, self._lost = RunGroup(comparison.specs, coming), 0
        self._told_of = [0] * len(comparison.specs)
        self._structures = [run.game.rules.structure for run in self.run.runs]
        self.history = History(overlay.series(len(comparison.specs)))
        number = self.run_number + 1
        parts = [scene(s, self._probe(i), number) for i, s in enumerate(comparison.specs)]
        return overlay.scene(comparison, parts, self._panels(comparison), number, self.labels)

    def _axes(self) -> Any:
        return super()._axes(), len(self.run.runs), self.comparison.fields

    def _probe(self, at: int) -> Probe:
        run = self.run.runs[at]
        return probe_for(run.spec, points_for(run.game))

    def _panels(self, comparison: Comparison) -> list[dict[str, Any]]:
        probes = [self._probe(i) for i in range(len(self.run.runs))]
        return overlay.panels(probes, self.labels)

    def _moment(self) -> tuple[Moment, ...]:
        return tuple(moment_of(self.run_number, run, self.history) for run in self.run.runs)

    def _measure(self, moments: tuple[Moment, ...]) -> Iterator[None]:
        first, values = moments[0], {}
        for i, moment in enumerate(moments):
            if i:
                yield None
            lost = moment.diverged[0] is not None
            found = {} if lost else _take(moment, picture=False).metrics
            for name in overlay.SERIES:
                value = found.get(name, np.array([np.nan]))
                # What a run says as it blows up would make the others' curves flat.
                values[overlay.key(name, i)] = np.where(np.abs(value) < _MOST, value, np.nan)
        newest = first.history.add(max(m.state.iterations for m in moments), values)
        if newest and first.number == self.run_number:
            self._measured = {name: float(v[0]) for name, v in values.items()}
            self._status_wanted = self._status_wanted or not self.playing

    def _frame(self, moments: tuple[Moment, ...]) -> Iterator[bytes | None]:
        header: dict[str, Any] = {}
        arrays: dict[str, np.ndarray] = {}
        said = []
        for i, moment in enumerate(moments):
            if i:
                yield None
            shot = _take(moment, measure=False)
            one, own = messages.frame(moment.number, shot, "")
            if not header or one["iteration"] > header["iteration"]:
                header = one
            said.append({name: one.pop(name) for name in ("beyond", "missing", "tails")})
            arrays |= {overlay.key(name, i): array for name, array in own.items()}
        header = header | {"runs": said}
        self.last_picture = (header, arrays)
        yield encode(header, arrays)

    def _more_status(self) -> dict[str, Any]:
        comparison, runs = self.comparison, []
        for i, (run, label) in enumerate(zip(self.run.runs, self.labels, strict=False)):
            lost = run.diverged[0]
            one = {"label": label, "iteration": run.iteration, "lost": str(lost) if lost else ""}
            runs.append(one | {"jsd": self._measured.get(overlay.key("jsd", i))})
        return {"fields": list(comparison.fields), "runs": runs}

    def _do_step(self, _: Any) -> None:
        self._by_hand("iteration")

    def _do_d(self, _: Any) -> None:
        raise SpecError("cmd", "d", "step: runs side by side move by whole iterations")

    def _do_g(self, _: Any) -> None:
        raise SpecError("cmd", "g", "step: runs side by side move by whole iterations")

    def _do_change(self, _: Any) -> None:
        """Give the runs all live fields in which they differ from what is compared."""
        specs = self.comparison.specs
        if self.run is None or self._restart or len(specs) != len(self.run.runs):
            return  # the runs that start now have it
        changes: dict[str, list[tuple[int, str, str]]] = {}
        for i, (run, spec) in enumerate(zip(self.run.runs, specs, strict=True)):
            if run.stopped:
                continue
            old, structure = run.spec, run.game.rules.structure
            names = [n for n in LIVE if getattr(old, n) != getattr(spec, n)]
            if not names:
                continue
            run.change(**{name: getattr(spec, name) for name in names})
            self._told_of[i] = len(run.past)
            self._touched()
            if run.game.rules.structure != structure:
                self.backend.each[i].begin(run)
                self._structures[i] = run.game.rules.structure
            for name in names:
                words = PARAMS[name].words
                what = i, words(getattr(old, name)), words(getattr(spec, name))
                changes.setdefault(name, []).append(what)
        self._mark(changes, self.run.iteration)

    def _mark(self, changes: dict[str, list[tuple[int, str, str]]], iteration: int) -> None:
        """Mark what has changed: by field, the runs, and their values before and after."""
        for name, rows in changes.items():
            alike = len(rows) == len(self._told_of) and len({row[1:] for row in rows}) == 1
            for i, before, after in rows[:1] if alike else rows:
                who = "" if alike else f"{overlay.LETTERS[i]}: "
                self.history.mark(iteration, who + PARAMS[name].title, before, after)
        if changes:
            self._measure_wanted = self._frame_wanted = True

    def _replay(self) -> None:
        """What the runs have changed by themselves is the page's, too."""
        changes: dict[int, dict[str, list[tuple[int, str, str]]]] = {}
        specs, structures = list(self.comparison.specs), self._structures
        last: dict[str, Any] = {}
        for i, run in enumerate(self.run.runs):
            spec, at = run.start[0], iterations_at(run.start[0], run.past)
            for n, event in enumerate(run.past):
                old, spec = spec, event.of(spec)
                if n < self._told_of[i]:
                    continue
                for name, _ in event.fields:
                    words = PARAMS[name].words
                    what = i, words(getattr(old, name)), words(getattr(spec, name))
                    changes.setdefault(at[n], {}).setdefault(name, []).append(what)
                last |= dict(event.fields)
                specs[i] = event.of(specs[i])
            self._told_of[i] = len(run.past)
        for iteration in sorted(changes):
            self._mark(changes[iteration], iteration)
        with self.lock:
            # What is in common is changed in all, though one that has diverged took no more.
            shared = {n: v for n, v in last.items() if n not in self.comparison.fields}
            made = tuple(spec.replace(**shared) for spec in specs)
            self.comparison = Comparison(made, self.comparison.fields)
            self.replayed = [*self.replayed, *last]
        self._tell_replayed(structures)

    def _tell_replayed(self, structures: list[Structure]) -> None:
        self._touched()
        for backend, run, structure in zip(
            self.backend.each, self.run.runs, structures, strict=True
        ):
            if run.game.rules.structure != structure:
                backend.begin(run)
        self._structures = [run.game.rules.structure for run in self.run.runs]
        self._measure_wanted = self._frame_wanted = self._status_wanted = True

    def _after_update(self) -> None:
        if any(len(r.past) > n for r, n in zip(self.run.runs, self._told_of, strict=True)):
            self._replay()
        lost = sum(d is not None for d in self.run.diverged)
        if lost != self._lost:
            self._lost = lost
            self._status_wanted = self._frame_wanted = self._measure_wanted = True
        super()._after_update()

    def _why_stopped(self, run: RunGroup) -> str:
        return f"All {len(run.runs)} runs have diverged."

    def figure(self, request: dict[str, Any]) -> bytes:
        """The still Plotly pictures of the last frame, and all curves in one.

        Waits for the first frame and metrics of runs that have just begun: never to be called on
        a worker. Raises `SpecError` where there is none.
        """
        end = time.monotonic() + 2
        while True:
            shown, last = self._scene, self.last_picture
            drawn = None if shown is None or last is None else (shown, last)
            if drawn and drawn[0][0]["run"] == drawn[1][0]["run"] and len(self.history.rows):
                break
            if not self.watched or time.monotonic() > end:
                raise SpecError("figure", request.get("request"), "only once a frame was shown")
            time.sleep(0.02)
        return overlay.figures(
            *drawn, self._panels(self.comparison), self.history, self.labels, request
        )


def _take(moment: Moment, **wanted: Any) -> Snapshot:
    return take(
        moment.game,
        moment.state,
        moment.specs,
        list(moment.diverged),
        points=points_for(moment.game),
        **wanted,
    )


def _differ(pairs: list[tuple[Spec, Spec]], name: str) -> bool:
    return any(getattr(a, name) != getattr(b, name) for a, b in pairs)
