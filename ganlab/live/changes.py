"""Differences between experiments, and events of runs, in words."""

from __future__ import annotations

from itertools import groupby

from ganlab.experiment import Experiment, params
from ganlab.languages import _, listed
from ganlab.live.history import History
from ganlab.live.run_group import AppliedEvent
from ganlab.params import LIVE, PARAMS
from ganlab.spec import Spec

LETTERS = "ABCD"  # of runs side by side


def in_words(name: str, before: Spec, after: Spec) -> tuple[str, str, str]:
    """A field's title, and its values before and after, in words."""
    words = PARAMS[name].words
    return PARAMS[name].title, words(getattr(before, name)), words(getattr(after, name))


def restarts(before: Experiment, after: Experiment) -> str | None:
    """Why the runs must restart to become `after`; None if they can continue."""
    if len(before.specs) != len(after.specs):
        return _("Restarted with {count} runs.", count=len(after.specs))
    if before.seeds != after.seeds:
        return _("Restarted with {seeds} seeds.", seeds=after.seeds)
    pairs = list(zip(before.specs, after.specs, strict=True))
    names = [
        name
        for name in (*PARAMS, "target_params")
        if name not in LIVE and any(getattr(a, name) != getattr(b, name) for a, b in pairs)
    ]
    if names:
        titles = dict.fromkeys(PARAMS[n].title if n in PARAMS else "p_data" for n in names)
        return _("Restarted: {titles} changed.", titles=listed(titles))
    if before.fields != after.fields:
        # Runs that were trained to compare one field cannot continue to compare another.
        known = params(after.base)
        return _(
            "Restarted: {titles} compared.", titles=listed(known[n].title for n in after.fields)
        )
    return None


def mark(history: History, events: list[AppliedEvent], runs: int) -> None:
    """Mark the events of `runs` runs; an event that all runs share is marked once."""
    for iteration, group in groupby(events, key=lambda one: one.iteration):
        changed: dict[tuple[str, str, str], list[int]] = {}
        for one in group:
            if one.event.player:
                _mark_changes(history, iteration, changed, runs)
                changed = {}
                history.mark_update(iteration, one.event.player, _who([one.run], runs))
            for name, _unused in one.event.fields:
                if getattr(one.before, name) != getattr(one.after, name):
                    words = in_words(name, one.before, one.after)
                    changed.setdefault(words, []).append(one.run)
        _mark_changes(history, iteration, changed, runs)


def _mark_changes(
    history: History, iteration: int, changed: dict[tuple[str, str, str], list[int]], runs: int
) -> None:
    for (title, before, after), who in changed.items():
        who = sorted(set(who))
        for one in [who] if len(who) == runs else [[run] for run in who]:
            history.mark(iteration, _who(one, runs) + title, before, after)


def _who(runs: list[int], of: int) -> str:
    """The letters of the runs that a mark is for; "" for all."""
    return "" if len(runs) == of else f"{LETTERS[runs[0]]}: "
