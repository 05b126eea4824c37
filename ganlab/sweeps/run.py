"""Running a sweep: blocks go to an executor, and their results come back as they are finished."""

from __future__ import annotations

import errno
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass

import pyarrow as pa

from ganlab.engine.cost import cost
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.structure import Structure
from ganlab.sweeps.executors import Pool
from ganlab.sweeps.order import Order
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.results import Folder
from ganlab.sweeps.work import Task

log = logging.getLogger(__name__)

TRIES = 3  # for a block whose process dies
DISK_SECONDS = 30.0  # for which a block that finds no space on the disk is kept in memory
WORTH_COMPILING = 100_000  # updates of blocks of one structure: eagerly about two minutes
_COMPILER_SECONDS = 30.0
_MEASURE_SECONDS = 0.004  # of a run's metrics besides its nets: 1 to 6 ms, by target
_FASTER = 4.0  # how much faster compiled updates of blocks are than eager ones, at least
_AHEAD = 2  # blocks that wait in the executor for each worker
_LOOK_SECONDS = 2.0  # between two looks at the number of workers, while nothing is finished
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # errors of a full disk


@dataclass(frozen=True)
class Finished:
    """A finished block: its number, its table, and how many of all blocks are finished now."""

    block: int
    table: pa.Table
    done: int
    of: int


class Failed(RuntimeError):
    """A block that could not be computed; the other blocks' results are kept."""


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
    tell: Callable[[str], object] = log.warning,
) -> Generator[Finished, None, None]:
    """Train what is missing, and yield each block when it is finished.

    executor: any of `concurrent.futures`; None for `processes()`, which starts again if a process
    dies. folder: where results are stored; blocks that are there are not trained again (and not
    yielded). compiled: whether updates are compiled first; None: where it is worth it, and there is
    a compiler. ahead: how many blocks are in the executor at a time; by default two for each of its
    workers. tell(words) is called when something went wrong that does not end the sweep: a process
    died, a disk is full, a cluster has no workers. Raises `Failed` at the end if some blocks could
    not be computed, and at once if nothing can; `SpecError` if another process fills the folder.
    """
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(folder.locked())
        order = Order(plan, folder)
        missing = order.missing
        native = _compile(plan, missing, compiled)
        pool = stack.enter_context(Pool(executor))
        before = done = len(plan.blocks) - len(missing)
        total = len(plan.blocks)
        flying: dict[Future[pa.Table], int] = {}
        line, failed, idle = _Line(order), dict[int, str](), False
        while True:
            workers = pool.workers
            room = ahead or _AHEAD * max(1, workers)
            while len(flying) < room and (number := line.next(flying.values())) is not None:
                task = Task.of(plan, plan.blocks[number], number in native)
                flying[pool.submit(task)] = number
            if not flying:
                break
            if not workers and not idle:
                tell("no worker is connected to the scheduler: waiting for one")
            idle = not workers
            ready, _ = wait(flying, _LOOK_SECONDS, FIRST_COMPLETED)
            if any(_died(future) for future in ready):
                ready, _ = wait(flying)  # those that are finished are not lost
            lost, finished = list[int](), list[Finished]()
            for future in ready:
                number = flying.pop(future)
                try:
                    table = future.result()
                except BrokenProcessPool:
                    lost.append(number)
                except CancelledError:
                    raise Failed(_GONE) from None
                except Exception as error:
                    failed[number] = str(error) or type(error).__name__
                    tell(f"block {number} failed: {failed[number]}")
                    if len(failed) >= TRIES and done == before:
                        raise _failed(failed) from error
                else:
                    if folder is not None:
                        _store(folder, number, table, tell)
                    order.add(table)
                    done += 1
                    finished.append(Finished(number, table, done, total))
            yield from finished  # all of them are stored by now
            if lost:
                # None of the blocks in flight need be the cause.
                for number in line.again(lost):
                    failed[number] = "its process died again and again"
                words = ", ".join(str(n) for n in sorted(lost))
                tell(f"a process died; blocks that were in training start again: {words}")
                if not pool.renew():
                    raise Failed(_GONE)
        if failed:
            raise _failed(failed)


_GONE = "the executor has ended: its process, or a cluster's scheduler. Finished blocks are kept"


class _Line:
    """Blocks that wait. One whose process died twice is trained alone, as it may be the cause."""

    def __init__(self, numbers: Iterable[int]):
        self._waiting, self._again = iter(numbers), list[int]()
        self._starts = Counter[int]()

    def next(self, flying: Collection[int]) -> int | None:
        """The next block to train beside those in flight; None: none now."""
        if any(self._starts[number] >= TRIES for number in flying):
            return None
        if not self._again:
            number = next(self._waiting, None)
        elif flying and self._starts[self._again[-1]] >= TRIES - 1:
            return None
        else:
            number = self._again.pop()
        if number is not None:
            self._starts[number] += 1
        return number

    def again(self, numbers: Iterable[int]) -> list[int]:
        """These blocks are to be trained again; returns those that have been tried enough."""
        enough = [n for n in numbers if self._starts[n] >= TRIES]
        self._again += [n for n in numbers if n not in enough]
        self._again.sort(key=lambda n: -self._starts[n])  # the last ones, which are next, may share
        return enough


def _died(future: Future[pa.Table]) -> bool:
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)


def _failed(failed: dict[int, str]) -> Failed:
    number, why = next(iter(failed.items()))
    words = f"block {number} failed: {why}"
    if len(failed) > 1:
        words = f"{len(failed)} blocks failed. The first: {words}"
    return Failed(words)


def _store(folder: Folder, number: int, table: pa.Table, tell: Callable[[str], object]) -> None:
    """Store a block; wait a while for space on the disk. Raises `Failed`."""
    until, told = time.monotonic() + DISK_SECONDS, False
    while True:
        try:
            return folder.add(number, table)
        except OSError as error:
            if error.errno not in _FULL or time.monotonic() > until:
                why = f"{folder.path}: {error.strerror or error}"
                words = f"block {number} cannot be stored ({why}). Finished blocks are kept"
                raise Failed(words) from error
        if not told:
            tell(f"no space left on the disk of {folder.path}: trying for {DISK_SECONDS:.0f} s")
        told = True
        time.sleep(min(1.0, DISK_SECONDS / 10))


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
