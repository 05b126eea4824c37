"""Messages about the parts of an address that a page cannot use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ganlab.languages import _
from ganlab.query import UnknownField
from ganlab.registry import SpecError

_MOST = 4


def remarks(ignored: Sequence[SpecError], label: Callable[[str], str]) -> list[str]:
    """One sentence about each part of an address that was ignored; label(name): its title."""
    out = []
    for error in ignored:
        if isinstance(error, UnknownField):
            out.append(_("Ignored in this address: {field}.", field=error.field[:40]))
        else:
            out.append(
                _(
                    "In this address {label} = {shown} is not allowed; it must be {allowed}. The "
                    "default is used.",
                    label=label(error.name),
                    shown=error.shown,
                    allowed=error.allowed[:300],
                )
            )
    return out[:_MOST]
