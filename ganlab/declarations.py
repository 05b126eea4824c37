"""How a field of a Spec is declared: its `Param` in the metadata of a dataclass field."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import field, fields, replace
from itertools import chain
from typing import Any, TypeVar

from ganlab.optim import OPTIMIZERS
from ganlab.registry import Param
from ganlab.stabilisers import STABILISERS

T = TypeVar("T")

_PARAM = "param"  # the key of a field's Param in its metadata
_KINDS = {int: "int", float: "float", str: "choice"}

IN_ITS_ENTRY: Any = object()  # marks a field that a stabiliser or an optimiser declares


def declared(
    title: str,
    default: T,
    low: float = -math.inf,
    high: float = math.inf,
    kind: str = "",
    **more: Any,
) -> T:
    """A field of a Spec; the arguments are those of its `Param`, which takes the field's name."""
    kind = kind or _KINDS[type(default)]
    return field(
        default=default, metadata={_PARAM: Param("", title, default, low, high, kind, **more)}
    )


def choice(title: str, choices: Collection[str], default: str, doc: str, **more: Any) -> str:
    """A field whose values are `choices`, the names of a registry or words."""
    return declared(title, default, choices=choices, doc=doc, **more)


def from_entries(cls: type[T]) -> type[T]:
    """Give the fields that are declared in an entry their defaults. Raises `TypeError`."""
    params = entries_params()
    for name, value in list(vars(cls).items()):
        if value is IN_ITS_ENTRY:
            if name not in params:
                raise TypeError(
                    f"{cls.__name__}.{name}: no stabiliser or optimiser has this field in its "
                    f"params"
                )
            param = params[name]
            setattr(cls, name, field(default=param.default, metadata={_PARAM: param}))
    return cls


def entries_params() -> dict[str, Param]:
    """The Params of all stabilisers and optimisers, by name."""
    entries = chain(STABILISERS.entries.values(), OPTIMIZERS.entries.values())
    return {param.name: param for entry in entries for param in entry.params}


def declared_params(cls: type) -> dict[str, Param]:
    """The Params of a class whose fields are all declared, by name, in order."""
    return {f.name: _named(f.name, f.metadata[_PARAM]) for f in fields(cls)}


def _named(name: str, param: Param) -> Param:
    return param if param.name else replace(param, name=name)
