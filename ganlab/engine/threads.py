"""How many threads torch computes a run's updates on.

Nets as small as the labs' take less time than it takes threads to meet, and many times as long on a
machine that does other work, too. torch's number is the calling thread's own (where it is built
with OpenMP, as all published builds are), so it can be set for a call and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch

from ganlab.domains import Domain


class _Threaded(Protocol):
    @property
    def one_thread(self) -> bool: ...


R = TypeVar("R", bound=_Threaded)
P = ParamSpec("P")
T = TypeVar("T")
_LARGE = 3e8  # multiplications an update from which threads save more than they cost


def large(parameters: int, rows: int, domain: Domain) -> bool:
    """Whether an update is worth torch's threads: with images, or with so many multiplications.

    parameters: of both nets of a run; rows: samples of all runs' minibatches.
    """
    return not domain.drawn or parameters * rows >= _LARGE


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for this thread's torch; afterwards as many as before."""
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
    """A method of a Run, computed on one thread where the run asks for it (`run.one_thread`)."""

    @wraps(method)
    def call(run: R, /, *args: P.args, **named: P.kwargs) -> T:
        if not run.one_thread:
            return method(run, *args, **named)
        with one_thread():
            return method(run, *args, **named)

    return call
