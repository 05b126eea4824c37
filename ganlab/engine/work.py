"""The work of tensor operations: their number, FLOPs and bytes, counted as they are dispatched.

On meta tensors, which have shapes but no memory, nothing is computed and nothing is allocated.
Seconds follow from the measured speed of this machine.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ganlab.engine import meta
from ganlab.networks import blocks

_HOLD_SECONDS, _REST_SECONDS = 1e-3, 5e-4  # counting yields to other threads in this rhythm


@dataclass(frozen=True)
class Work:
    """flops (multiplications and additions of matrix products), bytes read and written by all
    operations, the number of operations, and the most bytes that are held at once."""

    flops: float = 0.0
    traffic: float = 0.0
    operations: float = 0.0
    peak: float = 0.0

    def __add__(self, other: Work) -> Work:
        """The work of one after the other."""
        return Work(
            self.flops + other.flops,
            self.traffic + other.traffic,
            self.operations + other.operations,
            max(self.peak, other.peak),
        )

    def times(self, count: float) -> Work:
        """The work of `count` repetitions, one after the other."""
        return Work(self.flops * count, self.traffic * count, self.operations * count, self.peak)

    def together(self, runs: int) -> Work:
        """The work of `runs` runs in the same operations."""
        return Work(self.flops * runs, self.traffic * runs, self.operations, self.peak * runs)

    def beyond(self, other: Work, steps: float) -> Work:
        """The extrapolation from `other` through this, by `steps` times their difference."""
        pairs = zip(_numbers(self), _numbers(other), strict=True)
        return Work(*(a + steps * (a - b) for a, b in pairs))

    @property
    def seconds(self) -> float:
        """The estimated seconds on one thread of this machine, eagerly."""
        return speed().seconds(self)


def _numbers(work: Work) -> tuple[float, ...]:
    return work.flops, work.traffic, work.operations, work.peak


@dataclass(frozen=True)
class Speed:
    """The speed of one thread: FLOPs and bytes per second, seconds per operation."""

    flops: float
    bytes: float
    operation: float

    def seconds(self, work: Work) -> float:
        """The estimated seconds of some work."""
        computed = work.flops / self.flops + work.traffic / self.bytes
        return computed + work.operations * self.operation


@lru_cache(maxsize=1)
def speed() -> Speed:
    """This machine's speed, measured once in CPU time, so that other load does not matter.

    It is measured with torch's current number of threads, which servers set to one.
    """

    def best(repeats: int, job: Callable[[], object]) -> float:
        times = []
        for _ in range(5):
            started = time.thread_time()
            for _ in range(repeats):
                job()
            times.append((time.thread_time() - started) / repeats)
        return max(min(times), 1e-9)

    a, b = torch.ones(256, 256), torch.ones(256, 256)
    pairs, small = torch.ones(2**18, 4), torch.ones(8, requires_grad=True)
    with torch.no_grad():
        product = best(4, lambda: a @ b)
        # Maxout's pieces step along a short last axis; pairs of a minibatch take half of the time.
        moved = best(2, lambda: torch.exp(-pairs.abs().sum(-1)))
    dispatched = best(50, lambda: small * small)
    return Speed(2 * 256**3 / product, 17 * 2**20 / moved, 3 * dispatched)


class Meter(TorchDispatchMode):
    """Counts the operations within its context: see `Work`."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own has no types
        self._flops = self._traffic = self._operations = 0.0
        self._live = self._peak = 0
        self._held: dict[int, int] = {}
        self._since = time.perf_counter()

    @property
    def work(self) -> Work:
        """The work counted so far."""
        return Work(self._flops, self._traffic, self._operations, self._peak)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # so that torch need not import its compiler

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if time.perf_counter() - self._since > _HOLD_SECONDS:
            time.sleep(_REST_SECONDS)
            self._since = time.perf_counter()
        if func.is_view:
            return func(*args, **kwargs)
        out = meta.result(func, args, kwargs)
        out = func(*args, **kwargs) if out is None else out
        weight = blocks.weight()
        self._operations += weight
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self._flops += weight * count(*args, **kwargs, out_val=out)
        traffic = 0
        for x in args:
            if isinstance(x, torch.Tensor):
                traffic += _bytes(x)
            elif isinstance(x, (tuple, list)):
                traffic += sum(_bytes(y) for y in x if isinstance(y, torch.Tensor))
        for x in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(x, torch.Tensor):
                traffic += _bytes(x)
                self._hold(x)
        self._traffic += weight * traffic
        return out

    def _hold(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        name = storage._cdata
        if name in self._held:
            return
        self._held[name] = storage.nbytes()
        self._live += storage.nbytes()
        self._peak = max(self._peak, self._live)
        weakref.finalize(storage, self._release, name).atexit = False

    def _release(self, name: int) -> None:
        self._live -= self._held.pop(name)


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def metered(job: Callable[[], object]) -> Work:
    """The work of `job`."""
    meter = Meter()
    with meter:
        job()
    return meter.work
