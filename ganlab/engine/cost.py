"""What an update costs, computed from the Spec before anything of it is allocated.

The update itself is traced on tensors that have shapes but no memory (torch's meta device), so
whatever a Spec switches on is counted, without a formula of its own.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from ganlab.engine.code import Code, State
from ganlab.engine.rules import Rules
from ganlab.engine.step import Game
from ganlab.engine.threads import one_thread
from ganlab.optim import Hyper
from ganlab.spec import Spec

_HYPER = Hyper(0.1, 0.5, 0.5, 0.5)
_TRACED = 3  # unrolled steps: each more of them costs the same
_DEAR = ("exp", "log", "sigmoid", "tanh", "softplus", "pow", "elu", "sqrt")
_SECOND_ORDER = ("r1", "r2", "gradient_penalty")


@dataclass(frozen=True)
class Work:
    """What one update makes torch do, eagerly.

    flops: floating-point operations of matrix products; elements: numbers that other operations
    read or wrote, and `dear` those of exp, log and the like; operations: how many were dispatched;
    peak: bytes of tensors at the most, the draws included, the parameters and slots not.
    """

    flops: int
    elements: int
    dear: int
    operations: int
    peak: int

    @property
    def seconds(self) -> float:
        """An estimate for one thread of this machine."""
        speed = machine()
        return (
            self.operations * speed.operation
            + self.flops * speed.flop
            + self.elements * speed.element
            + self.dear * speed.dear
        )


@dataclass(frozen=True)
class Speed:
    """Seconds that this machine takes for one of each."""

    operation: float
    flop: float
    element: float
    dear: float


class _Ledger(TorchDispatchMode):
    """Counts what is computed below it."""

    def __init__(self) -> None:
        super().__init__()
        self.flops = self.elements = self.dear = self.operations = self.peak = 0
        self._now = 0
        self._seen: weakref.WeakSet = weakref.WeakSet()

    def work(self) -> Work:
        """What was counted."""
        return Work(**{f.name: getattr(self, f.name) for f in fields(Work)})

    def _new(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor's memory was not there before; its bytes count until it is freed."""
        storage = tensor.untyped_storage()
        if storage in self._seen:
            return False
        self._seen.add(storage)
        self._now += storage.nbytes()
        weakref.finalize(storage, self._free, storage.nbytes())
        return True

    def _free(self, size: int) -> None:
        self._now -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        made = [x for x in tree_leaves(out) if isinstance(x, torch.Tensor)]
        written = sum(x.numel() for x in made if self._new(x))
        self.peak = max(self.peak, self._now)
        self.operations += 1
        packet = func._overloadpacket
        if packet in flop_registry:
            self.flops += flop_registry[packet](*args, **(kwargs or {}), out_val=out)
        elif any(name in func.__name__ for name in _DEAR):
            self.dear += written
        elif not func.is_view:  # a reduction writes little and reads much
            read = [x.numel() for x in tree_leaves(args) if isinstance(x, torch.Tensor)]
            self.elements += max([written, *read])
        return out


@lru_cache(maxsize=1024)
def work(code: Code, player: str, runs: int = 1) -> Work:
    """The Work of one update of `player` ("D" or "G") of `runs` runs at once."""
    if code.unroll > _TRACED:
        few, more = (work(replace(code, unroll=_TRACED - i), player, runs) for i in (1, 0))
        steps = code.unroll - _TRACED
        each = {f.name: getattr(more, f.name) - getattr(few, f.name) for f in fields(Work)}
        return Work(**{n: getattr(more, n) + steps * step for n, step in each.items()})
    rules = Rules(code)

    def some(*shape: int) -> torch.Tensor:
        return torch.empty(runs, *shape, device="meta")

    g, d = some(rules.G.size), some(rules.D.size)
    slots = [tuple(torch.empty_like(x) for _ in rules.slots(p)) for p, x in (("G", g), ("D", d))]
    strengths = dict.fromkeys((*code.strengths, "noise_fall"), 0.1)
    numbers = rules.numbers(player, 1, 1, 1, _HYPER, _HYPER, strengths)
    with _Ledger() as ledger:
        drawn = {name: some(*shape) for name, shape in rules.draws(player).items()}
        fixed = some(*rules.reference) if rules.reference else None
        made = rules.update(player, g, d, *slots, numbers, drawn, fixed)
        del made
    return ledger.work()


@dataclass(frozen=True)
class Cost:
    """seconds: of the dearest update, estimated; bytes: of memory at the peak, state included."""

    seconds: float
    bytes: int


@lru_cache(maxsize=1024)
def cost(spec: Spec, runs: int = 1) -> Cost:
    """What an update of `runs` runs of `spec` costs, the dearer player's (G's with k = 0)."""
    code = Code.of(spec)
    rules = Rules(code)
    state = sum(
        4 * net.size * (1 + len(rules.slots(player)))
        for player, net in (("G", rules.G), ("D", rules.D))
    )
    each = [work(code, player, runs) for player in ("DG" if spec.k else "G")]
    return Cost(max(w.seconds for w in each), runs * state + max(w.peak for w in each))


def surely_below(spec: Spec, runs: int, seconds: float, size: float) -> bool:
    """Whether an update certainly costs less than that, without tracing it.

    The first trace of a process takes a second, for what torch imports.
    """
    code = Code.of(spec)
    rules = Rules(code)
    passes = 1 + 3 * spec.unroll
    passes *= 3 if any(name in code.strengths for name in _SECOND_ORDER) else 1
    passes *= 4 if "consensus" in code.strengths or code.rule == "extragradient" else 1
    rows = runs * spec.batch * passes
    wide = sum(code.g_sizes) + 2 * sum(code.d_sizes)
    pairs = 2 * spec.batch * code.kernels * (code.kernel_dims + 1)
    flops, elements = 14 * rows * (rules.G.size + rules.D.size), rows * (12 * wide + 8 * pairs)
    roughly = 2e-3 * passes + flops / 3e9 + elements / 3e8
    return roughly < seconds and 4 * elements < size


@cache
def machine() -> Speed:
    """How fast this machine is, measured once."""
    with one_thread():
        tiny = Spec(g_hidden=(2,), d_hidden=(2,), batch=2)
        operation = _fastest(_update(tiny)) / work(Code.of(tiny), "D").operations
        a, b = torch.rand(1, 512, 256), torch.rand(1, 256, 256)
        flop = _fastest(lambda: torch.bmm(a, b)) / (2 * 512 * 256 * 256)
        x = torch.rand(1, 2**19)
        element = _fastest(lambda: x * x) / x.numel()
        dear = _fastest(lambda: torch.exp(-x)) / x.numel()
    return Speed(operation, flop, element, max(0.0, dear - element) + element)


def _update(spec: Spec) -> Callable[[], Any]:
    """One update of D, to be measured."""
    rules = Rules(Code.of(spec))
    game = Game((spec,), torch.device("cpu"))
    g, d = torch.zeros(1, rules.G.size), torch.zeros(1, rules.D.size)
    state = State(g, d, rules.first_slots("G", g), rules.first_slots("D", d))
    drawn = {name: torch.zeros(1, *shape) for name, shape in rules.draws("D").items()}
    return lambda: game.after("D", state, lambda player, name, number: drawn[name])


def _fastest(call: Callable[[], Any], tries: int = 15) -> float:
    """Seconds of the quickest of some calls: the others were disturbed."""
    best = float("inf")
    for _ in range(tries):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best
