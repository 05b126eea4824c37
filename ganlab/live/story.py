"""Stories: a preset as a page shows it, with its pace, its claim and the result of its check."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ganlab.languages import _
from ganlab.live.moment import Moment
from ganlab.presets import DEFAULTS, OPENING, PRESETS, Preset
from ganlab.presets.preset import check, trace
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS

log = logging.getLogger(__name__)

# The presets offered on pages without one, with the label of the offer.
_OFFERS = (("collapse", _("See it collapse")),)
_OF_SYMBOLS = (("symbols-annealed", _("See softness betray G")),)
AFTER = 0.25  # of its speed, at which a run continues after the demonstration
BEHIND = 1.0  # seconds of delay that a slow machine catches up on


def offers(spec: Spec) -> tuple[tuple[str, str], ...]:
    """The presets, and their labels, that a page of `spec` offers if it shows none."""
    return _OF_SYMBOLS if spec.domain.enumerated else _OFFERS


class Story:
    """A preset, or a page's default, as one session shows it.

    A session calls `begin` at each new run, `rate` and `left` before it advances, then `passed`.
    The claim is decided by the preset's own `holds` from the States of the shown run, at the
    iterations at which seeds were counted; it is not checked if anything was changed.
    """

    def __init__(self, preset: Preset | None, pace: tuple[tuple[int, float], ...]):
        self.preset, self.pace = preset, pace
        self.released = False  # whether the visitor chose full speed for this run
        self._run = 0  # the number of the shown run
        self._pure = False  # whether it equals the preset, except for the seed
        self._seen = ""  # the verdict
        self._rows: list[list[dict[str, Any]]] = []  # by Spec
        self._waiting: deque[tuple[Moment, ...]] = deque()
        self._due: int | None = None  # the iteration of the next check
        self._checking = False

    @property
    def name(self) -> str:
        """The name of the preset; "" if there is none."""
        return "" if self.preset is None else self.preset.name

    @property
    def iterations(self) -> int:
        """The length of the demonstration in iterations; 0 without a pace."""
        return self.pace[-1][0] if self.pace else 0

    def rate(self, iteration: int) -> float:
        """Iterations per second from `iteration` on; 0: full speed."""
        if self.released or not self.pace:
            return 0.0
        start = 0
        for end, seconds in self.pace:
            if iteration < end:
                return (end - start) / seconds
            start = end
        return AFTER * self.iterations / sum(seconds for _, seconds in self.pace)

    # -- the claim ---------------------------------------------------------------------------

    def begin(self, number: int, specs: Sequence[Spec]) -> None:
        """Start a new run with these Specs."""
        self.released, self._run, self._seen = False, number, ""
        self._rows, self._waiting = [[] for _ in specs], deque()
        self._pure = self.preset is not None and self._alike(specs)
        self._due = 0 if self._pure else None

    def touched(self) -> None:
        """Tell that the run was changed or updated by hand: its claim is no longer checked."""
        self._pure, self._due = False, None

    def _alike(self, specs: Sequence[Spec]) -> bool:
        assert self.preset is not None
        seed = specs[0].seed
        return tuple(specs) == tuple(s.replace(seed=seed) for s in self.preset.specs)

    def left(self, iteration: int) -> int | None:
        """Iterations until the run must be checked; None for no limit."""
        return None if self._due is None else max(0, self._due - iteration)

    def passed(self, session: Any) -> None:
        """Tell that the run has advanced, and check it if it is time."""
        run = session.group
        if self._due is None or (run.iteration < self._due and not run.stopped):
            return
        assert self.preset is not None  # else nothing is due
        self._waiting.append(session.moments())
        last = run.iteration >= self.preset.iterations or run.stopped
        self._due = None if last else self._due + self.preset.every
        if not self._checking:
            self._checking = True
            session.feed.paint(session, "curves", lambda: self._check(session))

    def _check(self, session: Any) -> None:
        """On a render thread: check one waiting moment."""
        moments = self._waiting.popleft() if self._waiting else None
        if moments is not None and moments[0].number == self._run and self._pure:
            try:
                self._look(moments)
            except Exception:
                # An error in a claim must not stop the run.
                log.exception("the claim of %s could not be checked", self.name)
                self.touched()
        if self._waiting:
            session.feed.paint(session, "curves", lambda: self._check(session))
            return
        self._checking = False
        if self._waiting and not self._checking:  # a moment was added just now
            self._checking = True
            session.feed.paint(session, "curves", lambda: self._check(session))
        session.feed.status_wanted = True
        session.wake()

    def _look(self, moments: tuple[Moment, ...]) -> None:
        preset = self.preset
        assert preset is not None
        for rows, moment in zip(self._rows, moments, strict=True):
            # A diverged run keeps its last State, as it does where seeds are counted.
            if not rows or rows[-1]["iteration"][0] < moment.iteration:
                rows.append(check(preset, moment))
        stopped = all(m.diverged[0] is not None for m in moments)
        if stopped or max(m.iteration for m in moments) >= preset.iterations:
            held = bool(preset.holds(*(trace(rows) for rows in self._rows)))
            self._seen = "seen" if held else "not on this seed"

    # -- words -------------------------------------------------------------------------------

    def words(self) -> dict[str, Any]:
        """The constant texts, for the scene."""
        if self.preset is None:
            return {}
        preset = self.preset
        names = list(PRESETS)
        at = names.index(preset.name)
        return {
            "name": preset.name,
            "title": preset.title,
            "doc": preset.doc,
            "claim": preset.claim,
            "held": preset.counts.words if preset.counts else "",
            "every": preset.every,
            "before": names[at - 1],
            "after": names[(at + 1) % len(names)],
            "cures": [
                {"field": n, "value": v, "title": title_of(n), "words": dict(PARAMS[n].menu)[v]}
                for n, v in preset.cures
            ],
        }

    def status(self, specs: Sequence[Spec]) -> dict[str, Any]:
        """The progress, for the status."""
        out: dict[str, Any] = {"iterations": self.iterations, "released": self.released}
        if self.preset is not None:
            state = self._seen or ("not yet" if self._pure else "not checked")
            out |= {"state": state, "changed": self.changed(specs)}
        return out

    def changed(self, specs: Sequence[Spec]) -> list[str]:
        """Titles of the fields in which `specs` differ from the preset's, except the seed."""
        assert self.preset is not None
        own = self.preset.specs
        if len(own) != len(specs):
            return [_("the number of runs")]
        names: dict[str, None] = {}
        for spec, other in zip(specs, own, strict=True):
            names |= dict.fromkeys(_names(spec, other))
        return list(names)


def title_of(name: str) -> str:
    """A field's title above the picture."""
    from ganlab.stabilisers import STABILISERS

    return STABILISERS[name].title if name in STABILISERS else PARAMS[name].title


def _names(spec: Spec, other: Spec) -> list[str]:
    """Titles of the fields in which two Specs differ, except the seed."""
    out = [
        PARAMS[name].title
        for name in PARAMS
        if name != "seed" and getattr(spec, name) != getattr(other, name)
    ]
    if spec.target == other.target:
        own = spec.target_params
        out += [
            p.title
            for p in TARGETS[spec.target].params
            if own[p.name] != other.target_params[p.name]
        ]
    return out


@lru_cache(maxsize=256)
def differences(spec: Spec, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The fields in which a Spec differs from its lab's default, as "title = value"."""
    default = DEFAULTS[spec.axes]
    out = []
    for name, param in PARAMS.items():
        value = getattr(spec, name)
        if name not in without and value != getattr(default, name):
            out.append(_("{title} = {value}", title=param.title, value=param.words(value)))
    standard = default.target_params if spec.target == default.target else {}
    for param in TARGETS[spec.target].params:
        value = spec.target_params[param.name]
        if f"t.{param.name}" not in without and value != standard.get(param.name, param.default):
            out.append(_("{title} = {value}", title=param.title, value=param.words(value)))
    return tuple(out)


def story_of(name: str, specs: Sequence[Spec]) -> Story | None:
    """The story of a preset; without one, that of a page's default if `specs` equal it, or None."""
    if name in PRESETS:
        return Story(PRESETS[name], PRESETS[name].pace)
    return opening(specs[0].axes) if specs[0] == DEFAULTS[specs[0].axes] else None


def opening(dim: int) -> Story:
    """The pace of a page's default, without a claim."""
    return Story(None, OPENING[dim])
