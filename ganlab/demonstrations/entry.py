"""A demonstration: a proposition or a remark of the sources as an interactive figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ganlab.demonstrations.picture import Shown
from ganlab.languages import _
from ganlab.query import complete
from ganlab.registry import Entry, Param, Registry, SpecError
from ganlab.spec import Spec

FIGURE = "figure"  # the field of an address that names the demonstration

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Demonstration(Entry):
    """One figure of the page of theory; `doc` says what it is about, in one or two sentences.

    params: fields of its address. A parameter that no handle, drawing or cursor sets is a control;
    `Param.needs` decides whether it is shown.
    watch: what to watch for, in one sentence.
    show(values): the picture; it must take less than 0.3 s or so, and depend on the values alone.
    lab(values): the Spec of the same situation for "Open this in the lab", or None. It raises
    `SpecError` for a situation that the lab cannot have; the page then says why.
    refuse(values): a SpecError's arguments if the values do not go together, or None.
    """

    show: Callable[[Values], Shown] = field(kw_only=True)
    watch: str = field(kw_only=True)
    lab: Callable[[Values], Spec | None] = lambda values: None
    refuse: Callable[[Values], tuple[str, Any, str] | None] = lambda values: None

    def read(self, values: Values | None = None) -> dict[str, Any]:
        """All parameters: those in `values`, and the defaults of the others.

        Raises `SpecError` for an unknown name, a value that is not allowed, or values that do not
        go together.
        """
        out = complete(self.params, values or {}, "figure")
        why = self.refuse(out)
        if why is not None:
            raise SpecError(*why)
        return out

    def at(self, **values: Any) -> Shown:
        """What it shows for these values; the others have their defaults. Raises `SpecError`."""
        return self.show(self.read(values))


def _refused(entry: Demonstration) -> str | None:
    names = [param.name for param in entry.params]
    if FIGURE in names or len(set(names)) < len(names):
        return _("its parameters need different names, other than {figure!r}", figure=FIGURE)
    if not (entry.watch and entry.doc and entry.equation and entry.cite):
        return _("it needs a sentence to watch for, a doc, an equation and a citation")
    bare = [param.name for param in entry.params if not (param.title and param.doc)]
    if bare:
        return _("its parameter {bare!r} has no title or no doc", bare=bare[0])
    try:
        entry.read()
    except SpecError as error:
        return _("its defaults are not allowed: {error}", error=error)
    return None


DEMONSTRATIONS: Registry[Demonstration] = Registry(FIGURE, guards=[_refused])


def control(param: Param, shown: Shown) -> bool:
    """Whether a parameter is a control: no handle, drawing or cursor of the picture sets it."""
    by_hand: set[str | None] = set()
    for panel in shown.panels:
        by_hand |= {panel.cursor, *(draw.param for draw in panel.draws)}
        by_hand |= {name for handle in panel.handles for name in (handle.x, handle.y)}
    return param.kind not in ("ints", "floats") and param.name not in by_hand
