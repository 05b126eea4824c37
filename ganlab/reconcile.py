"""The largest subset of wanted values that is allowed together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any, TypeVar

from ganlab.registry import SpecError

_TRIES = 400  # of all subsets, largest first; beyond it fields are added one by one
_SECONDS = 1.0  # of trying; who wants so much that it takes longer gets what was found by then

T = TypeVar("T")


def reconcile(
    now: T,
    wanted: Mapping[str, Any],
    change: Callable[[T, Mapping[str, Any]], T],
    accept: Callable[[T], object] = lambda made: None,
) -> tuple[T, dict[str, SpecError]]:
    """`now` with as many of the wanted values as are allowed together; why not, of each other one.

    change(now, values) makes what has some of the values, and accept(made) takes it, the last time
    what is returned; both raise `SpecError` for what is not allowed, and then leave all as it was.
    Of two values that exclude each other the one that the error names is left out, else the later.
    """
    failed: dict[frozenset[str], SpecError] = {}
    end = time.monotonic() + _SECONDS

    def attempt(names: frozenset[str]) -> T | None:
        if failed and time.monotonic() > end:
            return None
        try:
            made = change(now, {n: v for n, v in wanted.items() if n in names})
            accept(made)
        except SpecError as error:
            failed[names] = error
            return None
        return made

    if not wanted:
        return now, {}
    every = frozenset(wanted)
    made = attempt(every)
    if made is not None:
        return made, {}
    chosen, made = _largest(every, list(wanted)[::-1], failed, attempt)
    if chosen is None:
        chosen, made = _one_by_one(list(wanted), attempt)
    refused = {n: failed.get(chosen | {n}, failed[every]) for n in wanted if n not in chosen}
    return (now if made is None else made), refused


def _largest(
    every: frozenset[str],
    order: list[str],
    failed: Mapping[frozenset[str], SpecError],
    attempt: Callable[[frozenset[str]], Any],
) -> tuple[frozenset[str] | None, Any]:
    """The largest set that is allowed, and what it makes; (None, None) if that takes too long."""
    blamed = failed[every].name
    order.sort(key=lambda name: name != blamed)
    tries = 0
    for count in range(1, len(order)):
        for out in combinations(order, count):
            if (tries := tries + 1) > _TRIES:
                return None, None
            made = attempt(every - set(out))
            if made is not None:
                return every - set(out), made
    return frozenset(), None


def _one_by_one(
    names: list[str], attempt: Callable[[frozenset[str]], Any]
) -> tuple[frozenset[str], Any]:
    """A set that is allowed and to which no further field, and no further pair, can be added."""
    chosen: frozenset[str] = frozenset()
    last, grown = None, True
    while grown:
        grown = False
        for count in (1, 2):
            for added in combinations([n for n in names if n not in chosen], count):
                if chosen.isdisjoint(added):
                    made = attempt(chosen | set(added))
                    if made is not None:
                        chosen, last, grown = chosen | set(added), made, True
            if grown:
                break
    return chosen, last
