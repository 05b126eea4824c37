"""Functions of tensors as traces: one call, without Python between the operations.

For nets as small as the labs', a function of fifty operations takes most of its time to dispatch
them from Python, and it acquires the interpreter lock again after each. A trace executes the same
operations with the same numbers in C++, without the lock. A gradient is traced as the operations
that compute it.

Tracing takes a tenth of a second, so a function is executed eagerly until it has been called a few
times with the same shapes.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable

import torch

log = logging.getLogger(__name__)

Tensors = tuple[torch.Tensor, ...]
Function = Callable[..., Tensors]

_EAGERLY = 8  # calls before a function is traced
_MOST = 256  # functions known
_CLOSE = 1e-4  # the largest relative difference allowed between a trace and its function


class _Known:
    """A function. trace: None until it has been traced; failed: whether it cannot be."""

    def __init__(self) -> None:
        self.calls = 0
        self.failed = False
        self.trace: Function | None = None


class Traces:
    """Traces by key. after: how often a function is called before it is traced."""

    def __init__(self, after: int = _EAGERLY):
        self.after = after
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._tracing = threading.Lock()

    def call(self, key: Hashable, function: Function, *tensors: torch.Tensor) -> Tensors:
        """function(*tensors), without gradients.

        key: identifies the function. With the shapes of its arguments, it must determine all
        operations: numbers that may differ between calls must be tensors. On devices other than the
        CPU nothing is traced.
        """
        with torch.no_grad():
            if tensors[0].device.type != "cpu":
                return function(*tensors)
            known = self._find((key, *(t.shape for t in tensors)))
            if known.trace is not None:
                return known.trace(*tensors)
            made = function(*tensors)
            if known.calls > self.after and not known.failed and self._tracing.acquire(False):
                try:
                    known.trace = _traced(function, tensors, made)
                except Exception as error:  # a variant may do what cannot be traced
                    log.info("a function stays eager: %s", error)
                known.failed = known.trace is None
                self._tracing.release()
            return made

    def _find(self, key: Hashable) -> _Known:
        with self._lock:
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = _Known()
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(key)
            known.calls += 1
            return known


def _traced(function: Function, tensors: Tensors, made: Tensors) -> Function | None:
    """The trace of a function; None if its results on `tensors` are not `made`."""
    from torch.fx.experimental.proxy_tensor import make_fx  # imported late: it takes a second

    graph = make_fx(function)(*tensors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TorchScript's future, and of constants
        trace: Function = torch.jit.freeze(
            torch.jit.trace(graph.eval(), tensors, check_trace=False)
        )
    again = trace(*tensors)
    same = all(
        torch.allclose(a, b, _CLOSE, _CLOSE, equal_nan=True)
        for a, b in zip(again, made, strict=True)
    )
    return trace if same else None


TRACES = Traces()
