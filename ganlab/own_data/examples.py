"""Examples of data that our own code makes, and the data that a target's parameter names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ganlab.languages import _
from ganlab.own_data.data import Data
from ganlab.own_data.store import STORE
from ganlab.registry import Entry, Param, Registry, SpecError


class MissingOwnData(SpecError):
    """Data that a Spec names, but that this server or process does not have."""

    def __init__(self, name: str, value: object):
        allowed = _(
            "the hash of data that are here: upload the file again, or open the exported run"
        )
        super().__init__(name, value, allowed)


@dataclass(frozen=True, kw_only=True)
class Example(Entry):
    """Data that a function makes, the same on every machine up to rounding."""

    equation: str = ""
    doc: str = ""
    make: Callable[[], Data]

    @cached_property
    def data(self) -> Data:
        """The data."""
        return self.make()


class Examples(Registry[Example]):
    """The examples of one kind of data for a target of `dim` axes, by the names in a Spec.

    field: the name of the target's parameter.
    """

    def __init__(self, kind: str, dim: int = 1, field: str = "data"):
        super().__init__(field)
        self.kind, self.dim = kind, dim

    def find(self, value: str) -> Data:
        """The data of an example, or of a hash.

        Raises `SpecError`, in plain words, if they are not here or of another kind.
        """
        if value in self:
            return self[value].data
        data = STORE.get(value)
        if data is None:
            raise MissingOwnData(self.field, value)
        if data.kind != self.kind:
            raise SpecError(
                self.field,
                value,
                _("{kind}; these data are {kind2}", kind=self.kind, kind2=data.kind),
            )
        return data

    def words(self, value: str) -> str:
        """What pages call data: the title of an example, or the name of the user's file."""
        if value in self:
            return self[value].title
        data = STORE.get(value)
        title = "" if data is None else data.texts.get("title", "")
        return title or _("own data {value}", value=value[:6])


def names_in(params: Iterable[Param], values: Mapping[str, Any]) -> list[str]:
    """The hashes among the values of params of kind "data", each once."""
    given = (values[p.name] for p in params if p.kind == "data" and values[p.name] not in p.choices)
    return list(dict.fromkeys(given))
