"""Functions of tensors as traces: one call, without Python between the operations.

For nets as small as the labs', a function of fifty operations takes most of its time to dispatch
them from Python, and it acquires the interpreter lock again after each. A trace executes the same
operations with the same numbers in C++, without the lock. A gradient is traced as the operations
that compute it. Two things become one operation, equal to them within rounding: an MLP of ReLUs at
many points, once a compiled program has provided layers.c, which takes a third of the time; and
any other layer of many points, with its tanh, by oneDNN, which on processors with AVX-512 takes
half of the time of MKL.

Tracing takes a tenth of a second, so a function is executed eagerly until it has been called a few
times with the same shapes.
"""

from __future__ import annotations

import logging
import operator
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

log = logging.getLogger(__name__)

aten = torch.ops.aten
Tensors = tuple[torch.Tensor, ...]
Function = Callable[..., Tensors]

_EAGERLY = 8  # calls before a function is traced
_MOST = 256  # functions known
_TRIES = 3  # to trace a function
_CLOSE = 1e-4  # the largest relative difference allowed between a trace and its function
# Or this many times what a relative change of the inputs in the size of a rounding error changes,
# but at most this share of a run's results.
_TIMES, _ROUNDING, _MOST_APART = 10, 1e-6, 0.01
# The slope below 0 of activations in layers.c, unless it is an argument.
_SLOPES = {aten.relu.default: 0.0, aten.leaky_relu.default: 0.01}
_WITH_SLOPES = ("relu", "leaky_relu")  # their names in `ACTIVATIONS`
_FUSED = {aten.tanh.default: "tanh"}  # oneDNN's names; its relu would turn NaN into 0
# Inputs of all points from which oneDNN is faster, and outputs of all points whose tanh it is.
_INPUTS, _OUTPUTS = 50_000, 16_384
_POINTS = 32  # of all runs, from which `layers` is faster

layers: dict[int, Function] = {}  # layers.c for an MLP, by its number of layers
_here = threading.local()


@contextmanager
def unfused() -> Iterator[None]:
    """Keep to a function's own operations in this thread, so that a trace equals it bit for bit.

    Otherwise the last bits of a result depend on how often it has been computed before.
    """
    before = _fuses()
    _here.fuses = False
    try:
        yield
    finally:
        _here.fuses = before


def _fuses() -> bool:
    return getattr(_here, "fuses", True)


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
            known = self._find((key, _fuses(), *(t.shape for t in tensors)))
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
        for node in list(self.graph.nodes) if _fuses() else ():
            if node.users and node.target is aten.baddbmm.default:  # else it was fused
                if not _fuse_net(self.graph, node):
                    _fuse(self.graph, node)
        return torch.fx.GraphModule(self.constants, self.graph)


@cache
def _layer(activation: str) -> Function | None:
    """A layer with its activation as one operation; None if this torch has none.

    x (n, in), weight (out, in), bias (out,) -> (n, out).
    """
    # Only TorchScript's own text can name the empty list of numbers that the operation takes.
    text = f"""
        graph(%x : Tensor, %weight : Tensor, %bias : Tensor):
          %activation : str = prim::Constant[value="{activation}"]()
          %kind : str = prim::Constant[value=""]()
          %numbers : Scalar?[] = prim::ListConstruct()
          %made : Tensor = mkldnn::_linear_pointwise(
            %x, %weight, %bias, %activation, %numbers, %kind)
          return (%made)"""
    try:
        made = torch._C._create_function_from_graph(activation, torch._C.parse_ir(text))
    except (AttributeError, RuntimeError) as error:
        log.info("oneDNN is not used: %s", error)
        return None

    def layer(*tensors: torch.Tensor) -> Tensors:
        out: Tensors = made(*tensors)
        return out

    layer.__name__ = f"{activation}_layer"  # the graph's code calls it by name
    return layer


def _fuse_net(graph: torch.fx.Graph, first: torch.fx.Node) -> bool:
    """Replace the layers of an MLP by one of `layers`; whether that is possible.

    Not of a part of a net, which would be rounded otherwise than the same part elsewhere: where D
    compares samples, each would no longer be at distance 0 from itself.
    """
    nodes, slope = [first], None  # a layer, its activation, the next layer, ...
    while (next_one := _next(nodes[-1])) is not None and slope in (None, next_one[2]):
        *pair, slope = next_one
        nodes += pair
    net = nodes[::2]
    x = _shaped(first.args[1])
    (runs, points, _), kind = x.meta["is"]
    known = layers.get(len(net)) if len(net) > 1 else None
    part = any(after.target in _SLOPES for after in nodes[-1].users)
    if known is None or part or kind != torch.float32 or runs * points < _POINTS:
        return False
    parts = [part for layer in net for part in (layer.args[2], layer.args[0])]
    with graph.inserting_before(nodes[-1]):
        made = graph.call_function(known, (x, *parts, slope))
    made.meta["is"] = nodes[-1].meta["is"]
    nodes[-1].replace_all_uses_with(made)
    for node in reversed(nodes):
        graph.erase_node(node)
    return True


def as_one(activation: str) -> bool:
    """Whether an MLP with this activation becomes one operation, whose activations stay in the
    first-level cache for any number of points."""
    return bool(layers) and _fuses() and activation in _WITH_SLOPES


def _next(layer: torch.fx.Node) -> tuple[torch.fx.Node, torch.fx.Node, float] | None:
    """The activation that alone uses a layer, the layer that alone uses that, and its slope.

    None unless it is ReLU, whose slope is 0, or leaky ReLU.
    """
    if len(layer.users) != 1 or len(layer.args) != 3 or layer.kwargs:
        return None
    (activation,) = layer.users
    if activation.target not in _SLOPES or len(activation.users) != 1 or activation.kwargs:
        return None
    (after,) = activation.users
    plain = len(after.args) == 3 and not after.kwargs
    if after.target is not aten.baddbmm.default or not plain or after.args[1] is not activation:
        return None
    slope = activation.args[1] if len(activation.args) > 1 else _SLOPES[activation.target]
    return (activation, after, float(slope)) if isinstance(slope, int | float) else None


def _fuse(graph: torch.fx.Graph, layer: torch.fx.Node) -> None:
    """Replace a layer of one run and its activation by oneDNN's operation, if that is faster."""
    if len(layer.args) != 3 or layer.kwargs:
        return
    bias, x, weight = (_shaped(one) for one in layer.args)
    (runs, points, inputs), kind = x.meta["is"]
    outputs = weight.meta["is"][0][2]
    last, name = layer, "none"
    if len(layer.users) == 1 and (after := next(iter(layer.users))).target in _FUSED:
        last, name = after, _FUSED[after.target]
    faster = outputs > 1 and points * inputs >= _INPUTS
    faster |= name == "tanh" and points * outputs >= _OUTPUTS
    if runs != 1 or kind != torch.float32 or not faster or (fused := _layer(name)) is None:
        return
    with graph.inserting_before(last):
        parts = [graph.call_function(aten.squeeze.dim, (one, 0)) for one in (x, weight, bias)]
        parts[1] = graph.call_function(aten.t.default, (parts[1],))
        parts[2] = graph.call_function(aten.squeeze.dim, (parts[2], 0))
        made = graph.call_function(fused, tuple(parts))
        made = graph.call_function(aten.unsqueeze.default, (made, 0))
    made.meta["is"] = last.meta["is"]
    last.replace_all_uses_with(made)
    for node in (last, layer) if last is not layer else (layer,):
        graph.erase_node(node)


def _shaped(node: object) -> torch.fx.Node:
    """An argument of an operation that is a tensor."""
    assert isinstance(node, torch.fx.Node)
    return node


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
    layers.update(operations)
    TRACES.forget()


TRACES = Traces()
