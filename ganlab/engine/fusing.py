"""Operations of a trace that become one, equal to them within rounding.

An MLP of ReLUs at many points, once a compiled program has provided layers.c, takes a third of the
time. Any other layer of many points, with its tanh, is computed by oneDNN, which on processors with
AVX-512 takes half of the time of MKL.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import torch

log = logging.getLogger(__name__)

aten = torch.ops.aten
Tensors = tuple[torch.Tensor, ...]
Function = Callable[..., Tensors]

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
    before = fuses()
    _here.fuses = False
    try:
        yield
    finally:
        _here.fuses = before


def fuses() -> bool:
    """Whether operations are fused in this thread: see `unfused`."""
    return getattr(_here, "fuses", True)


def as_one(activation: str) -> bool:
    """Whether an MLP with this activation becomes one operation, whose activations stay in the
    first-level cache for any number of points."""
    return bool(layers) and fuses() and activation in _WITH_SLOPES


def fuse(graph: torch.fx.Graph) -> None:
    """Replace operations of a graph, whose nodes know their shapes and types (`meta["is"]`)."""
    for node in list(graph.nodes) if fuses() else ():
        if node.users and node.target is aten.baddbmm.default:  # else it was fused
            if not _fuse_net(graph, node):
                _fuse_layer(graph, node)


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


def _fuse_layer(graph: torch.fx.Graph, layer: torch.fx.Node) -> None:
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


def _shaped(node: object) -> torch.fx.Node:
    """An argument of an operation that is a tensor."""
    assert isinstance(node, torch.fx.Node)
    return node
