"""Functions of tensors as traces: one call, without Python between the operations.

For nets as small as the labs', a function of fifty operations takes most of its time to dispatch
them from Python, and it acquires the interpreter lock again after each. A trace executes the same
operations with the same numbers in C++, without the lock. A gradient is traced as the operations
that compute it. Some operations become one, equal to them within rounding (see `fusing`).

Tracing takes a tenth of a second, so a function is executed eagerly until it has been called a few
times with the same shapes.
"""

from __future__ import annotations

import logging
import operator
import threading
import warnings
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from ganlab.engine import fusing
from ganlab.engine.fusing import Function, Tensors

log = logging.getLogger(__name__)

_EAGERLY = 8  # calls before a function is traced
_MOST = 256  # functions known
_TRIES = 3  # to trace a function
_CLOSE = 1e-4  # the largest relative difference allowed between a trace and its function
# Or this many times what a relative change of the inputs in the size of a rounding error changes,
# but at most this share of a run's results.
_TIMES, _ROUNDING, _MOST_APART = 10, 1e-6, 0.01


class _Known:
    """A function. trace: None until it has been traced; failures: of attempts to trace it."""

    def __init__(self) -> None:
        self.calls = self.failures = 0
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
            known = self._find((key, fusing.fuses(), *(t.shape for t in tensors)))
            if known.trace is not None:
                return known.trace(*tensors)
            made = function(*tensors)
            due = known.calls > self.after and known.failures < _TRIES
            if due and self._tracing.acquire(False):
                try:
                    known.trace = _traced(function, tensors, made)
                    known.failures += known.trace is None
                except Exception as error:  # a variant's code may not be traceable
                    known.failures = _TRIES
                    log.info("a function stays eager: %s", error)
                finally:
                    self._tracing.release()
            return made

    def forget(self) -> None:
        """Trace all functions again."""
        with self._lock:
            self._known.clear()

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


class _Recorder(TorchDispatchMode):
    """Records the operations within it that depend on some tensors as a graph.

    Everything else, such as points that a function makes, is a constant. torch's own `make_fx`
    does the same, but it imports torch's compiler: seconds of work and a hundred megabytes.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to skip it, torch would import its compiler

    def __init__(self, tensors: Tensors):
        super().__init__()  # type: ignore[no-untyped-call]
        self.graph = torch.fx.Graph()
        self.constants = torch.nn.Module()
        self._nodes: dict[int, torch.fx.Node] = {}
        self._kept: list[Any] = []  # keeps the keys of `_nodes` unique
        for number, tensor in enumerate(tensors):
            self._know(tensor, self.graph.placeholder(f"x{number}"))

    def _know(self, value: Any, node: torch.fx.Node) -> None:
        if isinstance(value, torch.Tensor):
            node.meta["is"] = value.shape, value.dtype
            self._nodes[id(value)] = node
            self._kept.append(value)
        elif isinstance(value, list | tuple):
            for number, one in enumerate(value):
                self._know(one, self.graph.call_function(operator.getitem, (node, number)))

    def _node(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if id(value) not in self._nodes:
            name = f"c{len(self._kept)}"
            self.constants.register_buffer(name, value.detach())
            self._know(value, self.graph.get_attr(name))
        return self._nodes[id(value)]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Execute one operation, and record it."""
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("Python depends on the value of a tensor")
        kwargs = kwargs or {}
        made = func(*args, **kwargs)
        leaves = tree_leaves((args, kwargs))
        if any(isinstance(x, torch.Tensor) and id(x) in self._nodes for x in leaves):
            nodes = tree_map(self._node, (args, kwargs))
            self._know(made, self.graph.call_function(func, *nodes))
        return made

    def module(self, out: Tensors) -> torch.fx.GraphModule:
        """The operations recorded, as a function whose results are `out`."""
        self.graph.output(tuple(self._node(one) for one in out))
        fusing.fuse(self.graph)
        return torch.fx.GraphModule(self.constants, self.graph)


def _traced(function: Function, tensors: Tensors, made: Tensors) -> Function | None:
    """The trace of a function whose results on `tensors` are `made`; None if it has others."""
    tensors = tuple(t.detach() for t in tensors)  # one that is passed twice becomes two
    with _Recorder(tensors) as recorder:
        out = function(*tensors)
    module = recorder.module(out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TorchScript's future, and of constants
        trace: Function = torch.jit.freeze(
            torch.jit.trace(module.eval(), tensors, check_trace=False)
        )
    again = trace(*tensors)
    if not all(map(_close, out, made)):
        return None  # not a function of these tensors alone
    if all(map(_close, again, made)):
        return trace
    # Where D has a kink, or after its updates, a rounding error changes a gradient by more.
    moved = function(*map(_moved, tensors))
    return trace if all(map(_as_close, again, made, moved)) else None


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return torch.allclose(a, b, _CLOSE, _CLOSE, equal_nan=True)


def _as_close(a: torch.Tensor, b: torch.Tensor, moved: torch.Tensor) -> bool:
    """Whether a is as close to b as `moved` is, in each run: (R, ...)."""
    if _close(a, b):
        return True
    if not b.is_floating_point():
        return False
    a, b, moved = (x.reshape(len(x), -1) for x in (a, b, moved))
    allowed = torch.minimum(_TIMES * (moved - b).norm(dim=1), _MOST_APART * b.norm(dim=1))
    return bool(((a - b).norm(dim=1) <= allowed).all())


def _moved(x: torch.Tensor) -> torch.Tensor:
    """x with each number multiplied by something between 1 - `_ROUNDING` and 1 + `_ROUNDING`."""
    if not x.is_floating_point():
        return x
    return x * torch.linspace(1 - _ROUNDING, 1 + _ROUNDING, x.numel(), dtype=x.dtype).view_as(x)


def use_layers(operations: dict[int, Function]) -> None:
    """Use these operations for MLPs, by their number of layers: x, weights and biases, slope."""
    fusing.layers.update(operations)
    TRACES.forget()


TRACES = Traces()
