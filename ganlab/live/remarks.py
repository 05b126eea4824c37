"""Messages about the parts of an address that a page cannot use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ganlab.query import UnknownField
from ganlab.registry import SpecError

_MOST = 4


def remarks(ignored: Sequence[SpecError], label: Callable[[str], str]) -> list[str]:
    """One sentence about each part of an address that was ignored; label(name): its title."""
    out = []
    for error in ignored:
        if isinstance(error, UnknownField):
            out.append(f"Ignored in this address: {error.field[:40]}.")
        else:
            out.append(
                f"In this address {label(error.name)} = {error.shown} is not allowed; it must be "
                f"{error.allowed[:300]}. The default is used."
            )
    return out[:_MOST]
