"""The training of one block of a sweep, in any process: plain values in, a table out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from ganlab import __version__
from ganlab.engine import Run
from ganlab.engine.fusing import unfused
from ganlab.engine.threads import on_one_core
from ganlab.presets.preset import POINTS
from ganlab.spec import Spec
from ganlab.sweeps.plan import Block, Plan
from ganlab.sweeps.verdict import verdict
from ganlab.targets import make_target


@dataclass(frozen=True)
class Task:
    """What a worker is given, all of it plain values: Specs as JSON, and when to measure."""

    number: int
    cells: tuple[int, ...]
    seeds: tuple[int, ...]
    specs: tuple[str, ...]
    at: tuple[int, ...]
    stop_below: float
    compiled: bool
    version: str = __version__

    @classmethod
    def of(cls, plan: Plan, block: Block, compiled: bool = False) -> Task:
        """The task of one block."""
        specs = tuple(plan.spec(cell, n).to_json() for cell, n in block.runs)
        cells, numbers = zip(*block.runs, strict=True)
        seeds = tuple(plan.seed(n) for n in numbers)
        return cls(block.number, cells, seeds, specs, plan.at, float(plan.stop_below), compiled)


def train(task: Task) -> pa.Table:
    """Train a block; one row for each run and check.

    Columns: cell, seed, iteration, every metric of a Snapshot, verdict, modes_held (-1 unless the
    verdict is about modes), diverged_at (the iteration, or null). After a run has diverged or
    ended early it has no more rows. Raises RuntimeError if it cannot be compiled, or if this is not
    the version of ganlab that made the task.
    """
    if task.version != __version__:  # on another machine
        raise RuntimeError(f"a worker has ganlab {__version__}, and the sweep {task.version}")
    with on_one_core(), unfused():
        run, rows = _rows(task)
        return _table(task, run, rows)


def _rows(task: Task) -> tuple[Run, list[list[dict[str, float]]]]:
    """The trained runs, and the rows of each."""
    run = Run([Spec.from_json(text) for text in task.specs])
    if task.compiled:
        run.compile()
    count = len(task.specs)
    ended = np.zeros(count, bool)
    rows: list[list[dict[str, float]]] = [[] for _ in range(count)]
    for at in task.at:
        run.advance(at - run.iteration)
        measured = run.snapshot(picture=False, points=POINTS).metrics
        for i in range(count):
            lost = run.diverged[i]
            if ended[i] or (lost is not None and rows[i]):
                continue
            rows[i].append({"iteration": at, **{n: float(v[i]) for n, v in measured.items()}})
            ended[i] = lost is not None or rows[i][-1]["jsd"] < task.stop_below
        ended |= [lost is not None for lost in run.diverged]
        if ended.all():
            break
    return run, rows


def _table(task: Task, run: Run, rows: Sequence[Sequence[dict[str, float]]]) -> pa.Table:
    out: dict[str, list[Any]] = {name: [] for name in ("cell", "seed", *rows[0][0])}
    verdicts, held, lost_at = [], [], []
    for i, own in enumerate(rows):
        lost = run.diverged[i]
        target = make_target(run.specs[i].target, run.specs[i].target_params)
        modes = 0 if target.modes is None else len(target.modes.std)
        series = {name: np.array([row[name] for row in own]) for name in own[0]}
        found = verdict(series, modes, lost is not None, target.has_density)
        for row in own:
            out["cell"].append(task.cells[i])
            out["seed"].append(task.seeds[i])
            for name, value in row.items():
                out[name].append(value)
        verdicts += [found.name] * len(own)
        held += [found.modes] * len(own)
        lost_at += [None if lost is None else lost.iteration] * len(own)
    whole = {"cell": pa.int32(), "seed": pa.int64(), "iteration": pa.int64()}
    columns = {n: pa.array(v, whole.get(n, pa.float64())) for n, v in out.items()}
    columns["verdict"] = pa.array(verdicts)
    columns["modes_held"] = pa.array(held, pa.int32())
    columns["diverged_at"] = pa.array(lost_at, pa.int64())
    return pa.table(columns)
