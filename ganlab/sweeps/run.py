"""Running a sweep: blocks go to an executor, and their results come back as they are finished."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ganlab.engine.cost import cost
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
from ganlab.sweeps.order import Order
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.results import Folder
from ganlab.sweeps.work import Task, train

TRIES = 3  # for a block whose process dies
WORTH_COMPILING = 100_000  # updates of blocks of one structure: eagerly about two minutes
_COMPILER_SECONDS = 30.0
_MEASURE_SECONDS = 0.004  # of a run's metrics besides its nets: 1 to 6 ms, by target
_FASTER = 4.0  # how much faster compiled updates of blocks are than eager ones, at least
_AHEAD = 2  # blocks that wait in the executor for each worker


@dataclass(frozen=True)
class Finished:
    """A finished block: its number, its table, and how many of all blocks are finished now."""

    block: int
    table: pa.Table
    done: int
    of: int


class Failed(RuntimeError):
    """A block that could not be computed; the other blocks' results are kept."""


def processes(workers: int | None = None) -> ProcessPoolExecutor:
    """The default executor: one process per core, each with one thread."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=context)


def structures(plan: Plan) -> dict[Structure, list[int]]:
    """The numbers of the blocks of each structure, which share a compiled program."""
    found: dict[Structure, list[int]] = {}
    for block in plan.blocks:
        cell, number = block.runs[0]
        found.setdefault(Structure.of(plan.spec(cell, number)), []).append(block.number)
    return found


def to_compile(plan: Plan) -> set[Structure]:
    """The structures that are worth compiling: those with at least `WORTH_COMPILING` updates."""
    worth = set()
    for structure, numbers in structures(plan).items():
        cells = [plan.blocks[n].runs[0] for n in numbers]
        specs = [plan.spec(*run) for run in cells]
        updates = sum(plan.iterations * (s.k + s.g_steps) for s in specs)
        if updates >= WORTH_COMPILING and not any(s.d_to_optimum for s in specs):
            worth.add(structure)
    return worth


def minutes(plan: Plan) -> float:
    """About how many minutes of one core a plan takes: updates, metrics and compilers."""
    native = to_compile(plan)
    seconds, known = _COMPILER_SECONDS * len(native), dict[object, float]()
    for block in plan.blocks:
        spec = plan.spec(*block.runs[0])
        key = (spec.batch_key(), spec.k, len(block.runs))
        if key not in known:
            counted = cost(spec, len(block.runs))
            updates = counted.iteration.seconds * plan.iterations
            faster = _FASTER if Structure.of(spec) in native else 1.0
            measured = counted.measure.seconds + _MEASURE_SECONDS * len(block.runs)
            known[key] = updates / faster + measured * len(plan.at)
        seconds += known[key]
    return seconds / 60


def run(
    plan: Plan,
    executor: Executor | None = None,
    folder: Folder | None = None,
    compiled: bool | None = None,
    ahead: int | None = None,
) -> Generator[Finished, None, None]:
    """Train what is missing, and yield each block when it is finished.

    executor: any of `concurrent.futures`; None for `processes()`, which starts again if a process
    dies. folder: where results are stored; blocks that are there are not trained again (and not
    yielded). compiled: whether updates are compiled first; None: where it is worth it, and there is
    a compiler. ahead: blocks that wait in the executor at once.
    The table depends on the sweep alone, not on the executor or on the order; it is the same to the
    last bit on one machine, if the same blocks are compiled.
    Raises `Failed` if a block cannot be computed, and `SpecError` if another process fills the
    folder.
    """
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(folder.locked())
        order = Order(plan, folder)
        missing = order.missing
        native = _compile(plan, missing, compiled)
        pool = _Pool(executor)
        stack.enter_context(pool)
        room = ahead or _AHEAD * pool.workers
        done, total = len(plan.blocks) - len(missing), len(plan.blocks)
        flying: dict[Future[pa.Table], int] = {}
        tries = dict.fromkeys(missing, 0)
        waiting = iter(order)
        again: list[int] = []
        while True:
            while len(flying) < room:
                number = again.pop() if again else next(waiting, None)
                if number is None:
                    break
                tries[number] += 1
                task = Task.of(plan, plan.blocks[number], number in native)
                flying[pool.submit(task)] = number
            if not flying:
                break
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                number = flying.pop(future)
                try:
                    table = future.result()
                except BrokenProcessPool:
                    # All blocks in flight are lost, and none of them need be the cause.
                    again += [number, *flying.values()]
                    flying.clear()
                    if max(tries[n] for n in again) >= TRIES * pool.workers:
                        raise Failed(f"a process died again and again in block {number}") from None
                    pool.renew()
                    break
                except Exception as error:
                    raise Failed(f"block {number} failed: {error}") from error
                if folder is not None:
                    folder.add(number, table)
                order.add(table)
                done += 1
                yield Finished(number, table, done, total)


class _Pool:
    """The given executor, or a process pool of its own that can be replaced."""

    def __init__(self, given: Executor | None):
        self._given = given
        self._own: ProcessPoolExecutor | None = None
        # Executors do not say how many workers they have; those that do call it so.
        known = getattr(given, "_max_workers", None)
        self.workers = known if isinstance(known, int) else os.cpu_count() or 1

    def __enter__(self) -> _Pool:
        if self._given is None:
            self.renew()
        return self

    def renew(self) -> None:
        """Start the processes again. Raises BrokenProcessPool if they are not this pool's own."""
        if self._given is not None:
            raise BrokenProcessPool("a process of the executor died")
        if self._own is not None:
            self._own.shutdown(wait=False, cancel_futures=True)
        self._own = processes()

    def submit(self, task: Task) -> Future[pa.Table]:
        """Begin a task."""
        executor = self._given or self._own
        assert executor is not None
        return executor.submit(train, task)

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            # A generator that is closed early must not wait for the blocks in flight.
            for process in list((getattr(self._own, "_processes", None) or {}).values()):
                process.terminate()
            self._own.shutdown(wait=False, cancel_futures=True)


def _compile(plan: Plan, missing: set[int], compiled: bool | None) -> set[int]:
    """Compile the programs of missing blocks; the numbers of the blocks that use them."""
    if compiled is False:
        return set()
    by_structure = structures(plan)
    wanted = set(by_structure) if compiled else to_compile(plan)
    native: set[int] = set()
    queue = CompileQueue()
    for structure, numbers in by_structure.items():
        if structure not in wanted or not missing.intersection(numbers):
            continue
        request = queue.ask(structure, nice=0)
        if request.wait() is not None:
            native.update(numbers)
        elif compiled:
            raise Failed(f"not compiled: {request.reason}")
        queue.leave(request)
    return native


@contextmanager
def dask_executor(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster, by its scheduler's address: tcp://host:8786.

    Raises RuntimeError without the package `distributed` (the extra "cluster"), OSError if there
    is no scheduler.
    """
    try:
        from distributed import Client
    except ImportError:
        raise RuntimeError('a cluster needs: pip install "ganlab[cluster]"') from None
    with Client(address, timeout="10s") as client:
        yield client.get_executor(pure=False)


def executor_of(address: str | None) -> Any:
    """A context with the executor of a Dask cluster, or with None."""
    return nullcontext(None) if address is None else dask_executor(address)
