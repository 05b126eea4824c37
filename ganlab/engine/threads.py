"""Threads: how many torch uses for a run's updates, and one for each core, for several runs.

For nets as small as the labs', synchronising threads takes longer than the computation, and many
times longer on a busy machine. torch's number of threads belongs to the calling thread (if torch is
built with OpenMP, as all published builds are), so it can be set for a call and restored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch

from ganlab.domains import Domain
from ganlab.machine import whole_cores


class _Threaded(Protocol):
    @property
    def one_thread(self) -> bool: ...


R = TypeVar("R", bound=_Threaded)
P = ParamSpec("P")
T = TypeVar("T")
_here = threading.local()
_LARGE = 3e8  # multiplications per update above which more threads are faster


def large(parameters: int, rows: int, domain: Domain) -> bool:
    """Whether an update is faster on torch's threads: for images, or for many multiplications.

    parameters: of both nets of a run; rows: samples in the minibatches of all runs.
    """
    return not domain.drawn or parameters * rows >= _LARGE


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread for torch in the calling thread; restore the number afterwards."""
    before = torch.get_num_threads()
    if before == 1 or not torch.backends.openmp.is_available():
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def on_its_threads(method: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """A method of a Run, computed on one thread if the run wants that (`run.one_thread`)."""

    @wraps(method)
    def call(run: R, /, *args: P.args, **named: P.kwargs) -> T:
        if not run.one_thread:
            return method(run, *args, **named)
        with one_thread():
            return method(run, *args, **named)

    return call


@contextmanager
def on_one_core() -> Iterator[None]:
    """The calling thread uses no other one: another process computes on each of the other cores."""
    before = getattr(_here, "alone", False)
    _here.alone = True
    try:
        with one_thread():
            yield
    finally:
        _here.alone = before


@cache
def cores() -> int:
    """The threads that compute several runs: one for each core that this process may use."""
    return whole_cores()  # which reads files


@cache
def _others() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        cores(), "ganlab-play", initializer=torch.set_num_threads, initargs=(1,)
    )


def on_all_cores(work: Callable[[int], T], count: int) -> list[T]:
    """[work(0), ..., work(count - 1)], computed by the calling thread and one for each other core.

    Worth it if `work` mostly computes without the interpreter lock. It does not wait for a thread
    that is busy elsewhere and has not begun, so calls may be nested. Raises what `work` raises.
    """
    if count == 1:
        return [work(0)]
    numbers = iter(range(count))
    results: dict[int, T] = {}

    def some() -> None:
        for number in numbers:
            results[number] = work(number)

    helpers = 0 if getattr(_here, "alone", False) else min(cores(), count) - 1
    others = [_others().submit(some) for _ in range(helpers)]
    try:
        some()
    finally:
        begun = [other for other in others if not other.cancel()]
        errors = [error for other in begun if (error := other.exception()) is not None]
    if errors:
        raise errors[0]
    return [results[number] for number in range(count)]
