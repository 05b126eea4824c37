"""Formulas in x and y, read by a small grammar: nothing in them is ever executed as Python.

    formula = Formula("exp(-x**2) * sin(3*x)**2", ("x",))
    formula(x=tensor)          # float64, by the operations of the tree
    formula.source()           # the same as the source of a script with torch

Python's parser makes the tree, of which only numbers, names, operators, comparisons and the
functions in `FUNCTIONS` are allowed.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ganlab.languages import _
from ganlab.registry import SpecError

LONGEST = 200  # characters
_MOST_PARTS = 120
_DEEPEST = 30
_LARGEST = 1e100  # of a number
CONSTANTS = {"pi": math.pi, "e": math.e}
_SIGNS = {"−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "π": "pi", "²": "**2", "³": "**3"}

_SIDE_BY_SIDE = re.compile(r"(?<![\w.])[\d.]+\s*[a-z(]|(?:\)|\b[xy])\s*[\d(a-z]")

# What a formula is while it is read: a number, or a tree whose leaves are numbers and names.
Tree = float | tuple[Any, ...]


def _normal(x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    return torch.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


# By name: the function, its number of arguments, and its source.
FUNCTIONS: dict[str, tuple[Callable[..., torch.Tensor], int, str]] = {
    **{
        name: (getattr(torch, name), 1, f"torch.{name}({{0}})")
        for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan")
    },
    **{
        name: (getattr(torch, name), 1, f"torch.{name}({{0}})")
        for name in ("asin", "acos", "abs", "sign", "floor")
    },
    "max": (torch.maximum, 2, "torch.maximum({0}, {1})"),
    "min": (torch.minimum, 2, "torch.minimum({0}, {1})"),
    "normal": (
        _normal,
        3,
        "(torch.exp(-0.5 * (({0} - {1}) / {2}) ** 2) / ({2} * math.sqrt(2 * math.pi)))",
    ),
}
_BINARY: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Pow: ("**", operator.pow),
}
_COMPARED: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_OPERATORS = {sign: apply for sign, apply in (*_BINARY.values(), *_COMPARED.values())}
GRAMMAR = _(
    "numbers, {{names}}, pi, e, + - * / **, comparisons such as x > 0 (which are "
    "1 or 0), and {listed}",
    listed=", ".join(FUNCTIONS),
)


class Formula:
    """A formula in the variables `names`.

    Raises `SpecError` for the field `name`, in plain words, for whatever else the text holds.
    """

    def __init__(self, text: str, names: Sequence[str], name: str = "formula"):
        self.text, self.names, self._name = text, tuple(names), name
        self._parts = 0
        self._tree = self._read(self._parsed(text), 0)

    def _refused(self, allowed: str) -> SpecError:
        return SpecError(self._name, self.text, allowed)

    def _parsed(self, text: str) -> ast.expr:
        if len(text) > LONGEST or not text.strip():
            raise self._refused(_("a formula of at most {longest} characters", longest=LONGEST))
        if "#" in text:  # Python would ignore the rest
            raise self._refused(_("a formula without “#”"))
        plain = text.strip().replace("^", "**")
        for sign, means in _SIGNS.items():
            plain = plain.replace(sign, means)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(plain, mode="eval").body
        except SyntaxError as error:
            near = plain[max(0, (error.offset or 1) - 1) :][:12]
            where = f", near “{near}”" if near.strip() else ""
            hint = "; write 2*x, not 2x" if _SIDE_BY_SIDE.search(plain) else ""
            raise self._refused(
                _("a complete formula{where}{hint}", where=where, hint=hint)
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise self._refused(_("a simpler formula")) from None

    def _read(self, node: ast.AST, depth: int) -> Tree:
        self._parts += 1
        if self._parts > _MOST_PARTS or depth > _DEEPEST:
            raise self._refused(
                _(
                    "a formula of at most {most_parts} parts, {deepest} deep",
                    most_parts=_MOST_PARTS,
                    deepest=_DEEPEST,
                )
            )
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(value)
            case ast.Name(id=name) if name in self.names:
                return ("name", name)
            case ast.Name(id=name) if name in CONSTANTS:
                return CONSTANTS[name]
            case ast.Name(id=name):
                also = _(": a function needs its argument in brackets") if name in FUNCTIONS else ""
                known = " and ".join(self.names)
                raise self._refused(
                    _(
                        "a formula in {known}, without “{name}”{also}",
                        known=known,
                        name=name,
                        also=also,
                    )
                )
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._made("*", operator.mul, -1.0, self._read(inner, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._read(inner, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                sides = (self._read(side, depth + 1) for side in (left, right))
                return self._made(*_BINARY[type(op)], *sides)
            case ast.Compare(ops=ops) if all(type(op) in _COMPARED for op in ops):
                return self._chain(node, depth)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
                count = FUNCTIONS[name][1]
                if len(args) != count or any(isinstance(a, ast.Starred) for a in args):
                    words = _("one argument") if count == 1 else f"{count} arguments"
                    raise self._refused(
                        _("a formula in which {name} has {words}", name=name, words=words)
                    )
                return self._called(name, [self._read(arg, depth + 1) for arg in args])
            case ast.Call(func=ast.Name(id=name)):
                known = ", ".join(FUNCTIONS)
                raise self._refused(
                    _(
                        "a formula without “{name}”, with the functions {known} only",
                        name=name,
                        known=known,
                    )
                )
        raise self._refused(
            _("a formula of {grammar}", grammar=GRAMMAR.format(names=", ".join(self.names)))
        )

    def _chain(self, node: ast.Compare, depth: int) -> Tree:
        sides = [self._read(side, depth + 1) for side in (node.left, *node.comparators)]
        out: Tree = 1.0
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            sign, apply = _COMPARED[type(op)]
            if isinstance(left, float) and isinstance(right, float):
                one: Tree = float(apply(left, right))
            else:
                one = ("compare", sign, left, right)
            out = self._made("*", operator.mul, out, one)
        return out

    def _number(self, value: Any) -> float:
        try:
            number = float(value)
        except (OverflowError, TypeError):
            number = math.nan
        if isinstance(value, complex) or not abs(number) <= _LARGEST:
            raise self._refused(_("a formula with numbers up to {largest:g}", largest=_LARGEST))
        return number

    def _made(self, sign: str, apply: Callable[[Any, Any], Any], left: Tree, right: Tree) -> Tree:
        """An operation; one on two numbers is evaluated at once."""
        if isinstance(left, float) and isinstance(right, float):
            try:
                return self._number(apply(left, right))
            except (ArithmeticError, ValueError):
                raise self._refused(
                    _("a formula with numbers up to {largest:g}", largest=_LARGEST)
                ) from None
        return ("operation", sign, left, right)

    def _called(self, name: str, args: list[Tree]) -> Tree:
        if all(isinstance(arg, float) for arg in args):
            tensors = (torch.tensor(arg, dtype=torch.float64) for arg in args)
            return self._number(float(FUNCTIONS[name][0](*tensors)))
        return ("call", name, *args)

    # -- its values ------------------------------------------------------------------------------

    def __call__(self, **variables: torch.Tensor) -> torch.Tensor:
        """Its values, (n,) float64, where the variables have these values, (n,) each."""
        found = _value(self._tree, variables)
        if not isinstance(found, torch.Tensor):
            return torch.full_like(next(iter(variables.values())), found)
        return found

    def source(self) -> str:
        """The formula as a torch expression of float64 tensors with its names."""
        if isinstance(self._tree, float):
            return f"torch.full_like({self.names[0]}, {self._tree!r})"
        return _source(self._tree)


def _value(tree: Tree, variables: Mapping[str, torch.Tensor]) -> Any:
    if isinstance(tree, float):
        return tree
    kind, name, *parts = tree
    if kind == "name":
        return variables[name]
    values = [_value(part, variables) for part in parts]
    if kind == "call":
        same = next(v for v in values if isinstance(v, torch.Tensor))
        tensors = (
            v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=same.dtype) for v in values
        )
        return FUNCTIONS[name][0](*tensors)
    result = _OPERATORS[name](*values)
    return result.double() if kind == "compare" else result


def _source(tree: Tree, called: bool = False) -> str:
    if isinstance(tree, float):
        return f"torch.tensor({tree!r}, dtype=torch.float64)" if called else repr(tree)
    kind, name, *parts = tree
    if kind == "name":
        return str(name)
    if kind == "call":
        return FUNCTIONS[name][2].format(*(_source(part, True) for part in parts))
    text = f"({_source(parts[0])} {name} {_source(parts[1])})"
    return f"{text}.double()" if kind == "compare" else text
