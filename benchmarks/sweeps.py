"""Sweeps: their speed beside the engine's own, on a Dask cluster, their memory, and faults.

Rounds alternate between the engine's ensembles, the sweep in processes and the sweep on two
`dask worker` processes, so that a busy machine slows all of them; ratios are medians of the rounds'
ratios, and of CPU seconds, which other work on the machine hardly changes. The map is a part of
20 x 20 cells with 8 seeds (2x16 units, batch 128, ring); its time is extrapolated, or measured with
`--full`. benchmarks/sweeps_faults.py describes the faults.

    python -m benchmarks.sweeps
    python -m benchmarks.sweeps --quick
    python -m benchmarks.sweeps --only faults --kills 20
    python -m benchmarks.sweeps --only speed --full
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import Executor
from pathlib import Path

import pyarrow as pa

from benchmarks.limits import (
    CLUSTER_RATE,
    MAP_MINUTES,
    SWEEP_MEMORY,
    SWEEP_RATE,
    Table,
    machine,
    most,
    parse,
)
from benchmarks.sweeps_faults import faults
from benchmarks.sweeps_shell import Cluster, Shell, cpu_seconds, megabytes, workers
from ganlab import Run, Spec
from ganlab.engine.native import times
from ganlab.sweeps import Sweep, dask_executor, results
from ganlab.sweeps.executors import processes
from ganlab.sweeps.run import run

BASE = Spec(target="ring", latent_dim=2, g_hidden=(16, 16), d_hidden=(16, 16), batch=128)
RUNS, ITERATIONS, EVERY = 3200, 2000, 100  # of the whole map
CORES = os.cpu_count() or 1


def part(cells: int, iterations: int, name: str = "lr") -> Sweep:
    """A map of cells x cells, with the seeds and the checks per iteration of the whole one."""
    axis = f"1e-4..1e-2:{cells}:log"
    axes = {f"g_{name}": axis, f"d_{name}": axis}
    return Sweep.of(BASE, axes, seeds=8, iterations=iterations, checks=iterations // EVERY)


class Timed:
    """Seconds of one way to train the map: the rounds' wall clock, and CPU of some processes."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def each(self, runs: int, iterations: int) -> str:
        """In words: of an iteration of one run."""
        wall, cpu = (1e6 * statistics.median(s) / runs / iterations for s in (self.wall, self.cpu))
        return f"{wall:.1f} µs, {cpu:.1f} µs of CPU"


def engine(plan: Sweep, timed: Timed) -> None:
    """The runs of each block by `Run.advance`, on all cores, without any measurement."""
    ensembles = []
    for block in plan.blocks:
        ensembles.append(Run([plan.spec(*one) for one in block.runs]))
        ensembles[-1].compile()
        ensembles[-1].advance(1)
    wall, cpu = time.perf_counter(), time.process_time()
    for ensemble in ensembles:
        ensemble.advance(plan.iterations - 1)
    timed.wall.append(time.perf_counter() - wall)
    timed.cpu.append(time.process_time() - cpu)


def swept(plan: Sweep, executor: Executor, pids: list[int], timed: Timed) -> pa.Table:
    """The sweep by an executor whose processes have started."""
    wall, cpu = time.perf_counter(), sum(map(cpu_seconds, pids))
    tables = [finished.table for finished in run(plan, executor, compiled=True)]
    timed.wall.append(time.perf_counter() - wall)
    timed.cpu.append(sum(map(cpu_seconds, pids)) - cpu)
    return results.tidy(plan, tables)


def ratio(of: list[float], base: list[float]) -> float:
    """The median of the rounds' ratios, in %."""
    return 100 * statistics.median(b / t for t, b in zip(of, base, strict=True))


def speed(options: argparse.Namespace, table: Table) -> None:
    """The sweep's rate beside the engine's, the whole map's time, and the cluster's rate."""
    plan, first = part(4, options.iterations), part(4, EVERY * 2)
    began = time.monotonic()
    Run(BASE).compile()
    compiling = time.monotonic() - began
    if compiling < 2:  # it was on disk
        compiling = times.expected().work
    table.row("compiling, s", compiling, text="{:.0f} for the only structure")
    alone, pool_times, dask_times = Timed(), Timed(), Timed()
    cluster = None if options.no_dask else Cluster()
    try:
        with processes() as pool:
            list(
                run(first, pool, compiled=True)
            )  # starts the processes, and traces what they measure
            pids = list(pool._processes)
            if cluster is not None:
                cluster.ready()
            for number in range(options.rounds):
                engine(plan, alone)
                by_pool = swept(plan, pool, pids, pool_times)
                if cluster is None:
                    continue
                dask_pids = [worker.pid for worker in cluster.workers]
                with dask_executor(cluster.address) as executor:
                    if not number:
                        list(run(first, executor, compiled=True))
                    by_dask = swept(plan, executor, dask_pids, dask_times)
                same = by_dask.to_pandas().equals(by_pool.to_pandas())
                if not same or number == options.rounds - 1:
                    table.add("Dask: the table is the pool's", "", str(same), same)
    finally:
        if cluster is not None:
            cluster.close()
    size = 8 * plan.size, plan.iterations
    table.add("engine, an iteration of a run", "", alone.each(*size), None)
    table.add("sweep, the same with its measures", "", pool_times.each(*size), None)
    rate = ratio(pool_times.wall, alone.wall)
    table.row("sweep: rate, % of the engine's", rate, SWEEP_RATE, "{:.0f}")
    rate = ratio(pool_times.cpu, alone.cpu)
    table.row("  by CPU seconds, %", rate, None, "{:.0f}")
    if cluster is not None:
        table.add("Dask, two workers", "", dask_times.each(*size), None)
        rate = ratio(dask_times.wall, pool_times.wall)
        table.row("Dask: rate, % of the pool's", rate, CLUSTER_RATE, "{:.0f}")
        rate = ratio(dask_times.cpu, pool_times.cpu)
        table.row("  by CPU seconds, %", rate, None, "{:.0f}")
    each = statistics.median(pool_times.wall) / size[0] / size[1]
    training = each * RUNS * ITERATIONS
    took = (training + compiling) / 60
    table.row("the whole map, minutes (extrapolated)", took, MAP_MINUTES, "{:.1f}")
    share = 100 * compiling / (training + compiling)
    table.row("  compiling, % of it", share, None, "{:.0f}")
    if options.full:
        whole(table)


def whole(table: Table) -> None:
    """The whole map, from a shell."""
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "map.toml", Path(folder) / "map"
        began = time.monotonic()
        shell = Shell(toml(file, part(20, ITERATIONS)), out, "--quiet")
        done = shell.wait(3600) == 0
        took = (time.monotonic() - began) / 60
        table.row("the whole map, minutes", took if done else float("nan"), MAP_MINUTES, "{:.1f}")
        size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file()) / 1e6
        table.row("  its folder, MB", size, None, "{:.0f}")


def toml(file: Path, plan: Sweep) -> Path:
    """A file of this plan for `ganlab sweep`."""
    lines = ["[base]"]
    plain = plan.base.to_dict()
    default = Spec().to_dict()
    lines += [f"{n} = {_value(v)}" for n, v in plain.items() if v != default[n]]
    lines += ["[axes]", *(f"'{a.field}' = {_value(list(a.values))}" for a in plan.axes)]
    lines += ["[sweep]"]
    lines += [f"{n} = {getattr(plan, n)}" for n in ("seeds", "iterations", "checks")]
    file.write_text("\n".join(lines))
    return file


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{n} = {_value(v)}" for n, v in value.items()) + "}"
    return repr(list(value) if isinstance(value, tuple) else value)


def memory(options: argparse.Namespace, table: Table) -> None:
    """The largest memory of the processes for a number of runs, and for four times as many."""
    small = BASE.replace(target="two_gaussians", latent_dim=1, g_hidden=(4,), d_hidden=(4,))
    peaks: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for cells in (options.cells, 4 * options.cells):
            axes = {"d_lr": f"1e-4..1e-2:{cells}:log"}
            plan = Sweep.of(small, axes, seeds=32, iterations=8, checks=4)
            file = toml(Path(folder) / f"{cells}.toml", plan)
            shell, peak = Shell(file, Path(folder) / str(cells), "--eager"), [0.0, 0.0]
            while shell.process.poll() is None:
                peak[0] = max(peak[0], megabytes(shell.pid))
                peak[1] = max(peak[1], *map(megabytes, workers(shell.pid)), 0.0)
                time.sleep(0.05)
            table.row(f"{32 * cells} runs: exit status", shell.wait(), most(0))
            peaks.append(peak)
    for name, few, many in zip(("coordinator", "workers"), *peaks, strict=True):
        text = f"{{:.2f}} times, {few:.0f} and {many:.0f} MB"
        table.row(f"memory of four times the runs, {name}", many / few, SWEEP_MEMORY, text)


PARTS = {"speed": speed, "memory": memory, "faults": faults}


def main() -> None:
    """Print a table; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=5, help="of the speeds")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help="of each run there")
    parser.add_argument("--full", action="store_true", help="also train the whole map")
    parser.add_argument("--no-dask", action="store_true", help="without a cluster")
    parser.add_argument("--cells", type=int, default=20, help="of the memory's smaller map")
    parser.add_argument("--kills", type=int, default=20, help="of the coordinator by kill -9")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of kills")
    quick = {"rounds": 1, "iterations": 1000, "cells": 3, "kills": 1, "only": ["speed", "faults"]}
    options = parse(parser, quick)
    print(f"{machine()}\n")
    table = Table()
    for name in options.only:
        PARTS[name](options, table)
    table.finish(options.quick)


if __name__ == "__main__":
    main()
