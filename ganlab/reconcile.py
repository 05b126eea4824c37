"""The largest subset of wanted values that is allowed together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any, TypeVar

from ganlab.registry import SpecError

_TRIES = 400  # subsets tried, the largest first; after that, fields are added one by one
_SECONDS = 1.0  # after which the largest subset found so far is used

T = TypeVar("T")


def reconcile(
    now: T,
    wanted: Mapping[str, Any],
    change: Callable[[T, Mapping[str, Any]], T],
    accept: Callable[[T], object] = lambda made: None,
) -> tuple[T, dict[str, SpecError]]:
    """`now` with the largest allowed subset of the wanted values, and an error for each other one.

    change(now, values) returns `now` with some of the values, and accept(made) applies it; the last
    call of `accept` is with the returned result. Both raise `SpecError` for what is not allowed,
    and then change nothing. If two values exclude each other, the one that the error names is left
    out, else the later one.
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
    """The largest allowed set, and its result; (None, None) if the search takes too long."""
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
    """An allowed set to which no further field, and no further pair, can be added."""
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
