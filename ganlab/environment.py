"""Checks a server's environment variables when it starts, before a visitor meets an error.

A name that is misspelt has no effect, so it is reported; see docs/operating.md for all of them.
"""

from __future__ import annotations

import difflib
import os

from ganlab import variants
from ganlab.headers import EMBED, POLICY, chosen_policy, embedders
from ganlab.limits import CLASS, COMPILE, LIMITS, check_limits, compiling, variable
from ganlab.rights import TOKEN

_PREFIX = "GANLAB_"
KNOWN = (
    *(variable(name) for name in LIMITS),
    CLASS,
    COMPILE,
    EMBED,
    POLICY,
    TOKEN,
    variants.VARIABLE,
    "GANLAB_LESSONS",
    "GANLAB_CACHE",
    "GANLAB_DATA",
)


def check_environment() -> None:
    """Raise `SpecError` if an environment variable of a server has a value that is not allowed."""
    check_limits()
    compiling()
    embedders()
    chosen_policy()


def unknown() -> list[str]:
    """A sentence for each variable that begins with GANLAB_ and that nothing reads."""
    names = sorted(n for n in os.environ if n.startswith(_PREFIX) and n not in KNOWN)
    return [f"{name} is not a variable of ganlab: it has no effect{_meant(name)}" for name in names]


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, KNOWN, 1, 0.8)
    return f" (is {close[0]} meant?)" if close else ""
