"""Conditions of lessons, read by a small grammar: nothing in them is ever executed as Python.

    condition = Condition("modes <= 2 and lowest(b.jsd) < a.jsd / 2")
    condition.holds(facts)

Names are numbers of the run (`iteration`, `passed`), its newest measures (`jsd`; `b.jsd` is that
of run B), fields of its Spec (`k`, `rule == "alternating"`), and `diverged` or `paused`. Functions
look back over the step: `lowest`, `highest`, `mean` and `first` of a measure, and `peak`, the
highest of the last third; `pressed(d)`, how often a button was pressed; `changed(k)`, whether a
field was; `hidden(d)` and `shown(d)` of a layer. Comparisons, `and`, `or`, `not`, and + - * / join
them. A measure without a value makes a comparison false.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ganlab.languages import _
from ganlab.layer_words import LAYERS
from ganlab.record.series import COMPARED, SERIES
from ganlab.registry import SpecError
from ganlab.spec import PARAMS, Spec

LONGEST = 300  # characters
_MOST_PARTS = 80
_DEEPEST = 20
RUNS = "abcd"
NUMBERS = ("iteration", "passed", "d_updates", "g_updates")
STATES = ("diverged", "paused")
BUTTONS = (
    "layers",
    "play",
    "pause",
    "d",
    "g",
    "step",
    "restart",
    "seed",
    "scrub",
    "explain",
    "spectrum",
)
_OF_MEASURES: dict[str, Callable[[np.ndarray], float]] = {
    "lowest": lambda values: float(values.min()),
    "highest": lambda values: float(values.max()),
    "mean": lambda values: float(values.mean()),
    "first": lambda values: float(values[0]),
    "peak": lambda values: float(values[-max(1, len(values) // 3) :].max()),
}
_OF_NAMES: dict[str, Collection[str]] = {
    "pressed": BUTTONS,
    "changed": PARAMS,
    "hidden": LAYERS,
    "shown": LAYERS,
}
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_REACHED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
GRAMMAR = _(
    "comparisons joined by and, or, not; of numbers, measures of the run, its "
    "fields, {listed}, {listed2}",
    listed=", ".join((*NUMBERS, *STATES)),
    listed2=", ".join((*_OF_MEASURES, *_OF_NAMES)),
)

Tree = tuple[Any, ...]


@dataclass
class Facts:
    """What a condition is about: the runs since a step began, and what the learner did in it.

    specs: the current Spec of each run; begun: those at its beginning. columns: the measures since
    then, (n,) each, by name, with ".1" after that of run B. iteration: completed ones; passed:
    those since the step began.
    """

    specs: tuple[Spec, ...]
    begun: tuple[Spec, ...]
    columns: Mapping[str, np.ndarray]
    iteration: int = 0
    passed: int = 0
    d_updates: int = 0
    g_updates: int = 0
    diverged: bool = False
    paused: bool = False
    pressed: Counter[str] = field(default_factory=Counter)
    hidden: Collection[str] = ()

    def measured(self, name: str, run: int) -> np.ndarray:
        """The values of a measure of a run, (n,), without gaps."""
        key = name if len(self.specs) == 1 else f"{name}.{run}"
        values: np.ndarray = np.asarray(self.columns.get(key, np.empty(0)))
        return np.array(values[np.isfinite(values)])


class Condition:
    """A condition on a run and on what a learner did.

    runs: how many runs there are. Raises `SpecError` for the field `name`, in plain words, for
    whatever else the text holds.
    """

    def __init__(self, text: str, runs: int = 1, name: str = "condition"):
        self.text, self._name, self._runs, self._parts = text, name, runs, 0
        self._measures = SERIES if runs == 1 else COMPARED
        self._tree = self._read(self._parsed(), 0)
        if self._tree[0] not in ("and", "or", "not", "compare", "state", "call"):
            raise self._refused(_("a condition, such as iteration >= 500"))

    def __repr__(self) -> str:
        return f"Condition({self.text!r})"

    def holds(self, facts: Facts) -> bool:
        """Whether it is true now."""
        return bool(_value(self._tree, facts))

    def _refused(self, allowed: str) -> SpecError:
        return SpecError(self._name, self.text, allowed)

    def _parsed(self) -> ast.expr:
        if len(self.text) > LONGEST or not self.text.strip() or "#" in self.text:
            raise self._refused(_("a condition of at most {longest} characters", longest=LONGEST))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(" ".join(self.text.split()), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._refused(_("a complete condition: {grammar}", grammar=GRAMMAR)) from None

    def _read(self, node: ast.AST, depth: int) -> Tree:
        self._parts += 1
        if self._parts > _MOST_PARTS or depth > _DEEPEST:
            raise self._refused(
                _(
                    "a condition of at most {most_parts} parts, {deepest} deep",
                    most_parts=_MOST_PARTS,
                    deepest=_DEEPEST,
                )
            )

        def inner(one: ast.AST) -> Tree:
            return self._read(one, depth + 1)

        match node:
            case ast.BoolOp(op=op, values=values):
                return ("and" if isinstance(op, ast.And) else "or", *map(inner, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ("not", inner(operand))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return ("constant", -float(value))
            case ast.Compare(left=left, ops=ops, comparators=others) if set(map(type, ops)) <= set(
                _COMPARED
            ):
                return (
                    "compare",
                    [_COMPARED[type(op)] for op in ops],
                    *map(inner, [left, *others]),
                )
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _REACHED:
                return ("operation", _REACHED[type(op)], inner(left), inner(right))
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as value) if abs(value) < 1e100:
                return ("constant", float(value))
            case ast.Constant(value=str() as text):
                return ("constant", text)
            case ast.Call(func=ast.Name(id=name), args=[arg], keywords=[]):
                return self._call(name, arg)
            case ast.Name() | ast.Attribute():
                return self._name_of(node)
        raise self._refused(GRAMMAR)

    def _call(self, name: str, arg: ast.expr) -> Tree:
        if name in _OF_MEASURES:
            tree = self._name_of(arg)
            if tree[0] == "measure":
                return ("over", _OF_MEASURES[name], *tree[1:])
            raise self._refused(
                _("{name}(...) of one of {listed}", name=name, listed=", ".join(self._measures))
            )
        if name in _OF_NAMES:
            known = _OF_NAMES[name]
            if isinstance(arg, ast.Name) and arg.id in known:
                return ("number" if name == "pressed" else "call", name, arg.id)
            raise self._refused(
                _("{name}(...) of one of {listed}", name=name, listed=", ".join(known))
            )
        raise self._refused(
            _("one of the functions {listed}", listed=", ".join((*_OF_MEASURES, *_OF_NAMES)))
        )

    def _name_of(self, node: ast.AST) -> Tree:
        run, name = 0, ""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            letters = RUNS[: self._runs]
            if node.value.id not in letters or self._runs == 1:
                raise self._refused(
                    _("measures of a run that exists: {listed}", listed=", ".join(letters))
                )
            run, name = letters.index(node.value.id), node.attr
        elif isinstance(node, ast.Name):
            name = node.id
        if name in self._measures:
            return ("measure", name, run)
        if name in PARAMS:
            return ("field", name, run)
        if isinstance(node, ast.Name) and name in NUMBERS:
            return ("fact", name)
        if isinstance(node, ast.Name) and name in STATES:
            return ("state", name)
        raise self._refused(
            _(
                "a condition without “{name}”: there are the measures {listed}; {listed2}; "
                "and the fields of a run",
                name=name or ast.unparse(node),
                listed=", ".join(self._measures),
                listed2=", ".join((*NUMBERS, *STATES)),
            )
        )


def _value(tree: Tree, facts: Facts) -> Any:
    kind, *parts = tree
    match kind:
        case "constant":
            return parts[0]
        case "and":
            return all(_value(part, facts) for part in parts)
        case "or":
            return any(_value(part, facts) for part in parts)
        case "not":
            return not _value(parts[0], facts)
        case "compare":
            values = [_value(part, facts) for part in parts[1:]]
            pairs = zip(parts[0], values, values[1:], strict=False)
            return all(_compared(apply, left, right) for apply, left, right in pairs)
        case "operation":
            left, right = (_value(part, facts) for part in parts[1:])
            try:
                return parts[0](left, right)
            except (TypeError, ArithmeticError):
                return math.nan
        case "fact" | "state":
            return getattr(facts, parts[0])
        case "field":
            return getattr(facts.specs[parts[1]], parts[0])
        case "measure":
            rows = facts.measured(*parts)
            return float(rows[-1]) if len(rows) else math.nan
        case "over":
            rows = facts.measured(*parts[1:])
            return parts[0](rows) if len(rows) else math.nan
        case "number":
            return facts.pressed[parts[1]]
    return _named(parts[0], parts[1], facts)


def _named(function: str, name: str, facts: Facts) -> bool:
    if function == "changed":
        pairs = zip(facts.specs, facts.begun, strict=False)
        return any(getattr(now, name) != getattr(then, name) for now, then in pairs)
    return (name in facts.hidden) == (function == "hidden")


def _compared(apply: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    text = isinstance(left, str), isinstance(right, str)
    if text[0] != text[1]:
        return False
    if not any(text) and (math.isnan(left) or math.isnan(right)):
        return False
    return bool(apply(left, right))
