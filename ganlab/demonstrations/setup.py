"""What the page of theory shows: a demonstration and the values of its parameters.

Its address is `figure=optimal-d&p_mean=1.5`: what has its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ganlab.demonstrations.entry import DEMONSTRATIONS, FIGURE, Demonstration
from ganlab.demonstrations.picture import Shown
from ganlab.languages import _
from ganlab.query import changed, one_by_one, refusing, texts_of, values_of
from ganlab.registry import Param, SpecError

FIRST = "optimal-d"
CHOICE = Param(
    FIGURE,
    _("figure"),
    FIRST,
    kind="choice",
    choices=DEMONSTRATIONS,
    doc=_("What is demonstrated."),
)


@dataclass(frozen=True)
class Setup:
    """A demonstration with its values. Raises `SpecError` for what is not allowed."""

    figure: str = FIRST
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", self.entry.read(self.values))

    @property
    def entry(self) -> Demonstration:
        """The demonstration. Raises `SpecError` if there is none of this name."""
        return DEMONSTRATIONS[self.figure]

    def shown(self) -> Shown:
        """What it shows."""
        return self.entry.show(self.values)

    def query(self) -> str:
        """The query string, from which `from_query` makes an equal setup."""
        return urlencode({FIGURE: self.figure} | changed(self.entry.params, self.values), safe=",")

    @classmethod
    def from_query(cls, query: object, ignored: list[SpecError] | None = None) -> Setup:
        """The setup of a query string or of pairs.

        Raises `SpecError` for what cannot be used; with a list, each error is appended to it, and
        the default is used instead.
        """
        refuse = refusing(ignored)
        texts = texts_of(query, refuse)
        named = {name: text for name, text in texts.items() if name == FIGURE}
        figure = values_of({FIGURE: CHOICE}, named, refuse).get(FIGURE, FIRST)
        known = {FIGURE: CHOICE} | {p.name: p for p in DEMONSTRATIONS[figure].params}
        rest = {name: text for name, text in texts.items() if name != FIGURE}
        given = values_of(known, rest, refuse)
        return one_by_one(lambda values: cls(figure, values), given, refuse)
