"""A session's recording, and the earlier moment that it shows while its runs stand still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ganlab.engine import Keyframe, Run
from ganlab.engine.timeline import Timeline
from ganlab.languages import _
from ganlab.live.commands import Bookmark, Scrub
from ganlab.live.history import History
from ganlab.live.run_group import RunGroup
from ganlab.record import Recording, Replay
from ganlab.record.keyframes import Keyframes
from ganlab.record.recording import Past, Unit
from ganlab.registry import SpecError

if TYPE_CHECKING:
    from ganlab.live.trainer import TrainedSession, Trainer

# A State that a process keeps takes its bytes there, and here those of the State from which it can
# be computed again: together at most 8 MB.
_MEGABYTES = 4.0
_SOON = 0.04  # seconds of replay that that a drag waits for; else it shows the nearest keyframe
_TELL_SECONDS = 0.25  # between two searches of the history for flags
_FLAGS = 60  # the most moments near which keyframes are denser


Pasts = tuple[Past | None, ...]  # of each run


class _Together(NamedTuple):
    """Keyframes of several runs at the same iteration."""

    updates: int  # the iteration: `Keyframes` only needs a place that grows
    each: tuple[Keyframe, ...]

    @property
    def nbytes(self) -> int:
        """The size of their States in bytes."""
        return sum(one.nbytes for one in self.each)


class _Lane(Keyframes[Keyframe]):
    """One run's keyframes among those of several runs, which are kept at the same iterations."""

    def __init__(self, frames: Keyframes[_Together], run: int):
        super().__init__(frames.most_bytes)
        self._frames, self._run = frames, run

    def __iter__(self) -> Iterator[Keyframe]:
        return (one.each[self._run] for one in self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def nbytes(self) -> int:
        """See `Keyframes.nbytes`."""
        return sum(one.nbytes for one in self)

    def due(self, updates: int) -> bool:
        """Never: they are kept for all runs at once."""
        return False

    def cut(self, updates: int) -> None:
        """Nothing: they are dropped for all runs at once."""


def _together(pasts: Pasts) -> list[_Together]:
    """The keyframes that several runs have at the same iterations."""
    known = [() if past is None else past.frames for past in pasts]
    whole = [{one.state.iterations: one for one in frames} for frames in known]
    places = sorted(set[int].intersection(*(set(frames) for frames in whole)))
    return [_Together(at, tuple(frames[at] for frames in whole)) for at in places]


class Rewind:
    """The recordings of a session's runs, and the moment that is shown instead of the present.

    Places on the timeline are updates of a single run, and iterations of several. Everything is
    called on the worker, except `runs`, `active` and `status`, which any thread may read.
    """

    def __init__(self, session: TrainedSession, trainer: Trainer):
        self.runs: tuple[Run, ...] | None = None  # at the shown moment; None: the present
        self.active = False  # whether a moment is shown, or about to be
        self.recordings: tuple[Recording, ...] = ()
        self._session, self._trainer = session, trainer
        self._frames: Keyframes[Any] = Keyframes(0)
        self._first = 0
        self._wanted: Scrub | None = None
        self._replays: list[Replay] = []
        self._distance = 1  # of the moment that is replayed from where that began
        self._played = False  # whether the runs played before
        self._told = 0.0

    @property
    def unit(self) -> Unit:
        """What the timeline counts."""
        return "updates" if len(self.recordings) == 1 else "iterations"

    def begin(self, group: RunGroup, history: History, pasts: Pasts = ()) -> None:
        """Record these new runs, if their view has a timeline. pasts: what is recorded of them."""
        self._forget()
        self.recordings = ()
        if len(group.rows) != len(group.runs):
            return
        pasts = pasts or (None,) * len(group.runs)
        if group.alone:
            self.recordings = (Recording(group.runs[0], _MEGABYTES, past=pasts[0]),)
            self._frames = self.recordings[0].frames
            self._first = self.recordings[0].first
        else:
            self._frames = Keyframes[_Together](_MEGABYTES * 1e6)
            self._frames.extend(_together(pasts))
            lanes = [_Lane(self._frames, i) for i in range(len(group.runs))]
            each = _MEGABYTES / len(lanes)
            runs = zip(group.runs, lanes, pasts, strict=True)
            self.recordings = tuple(Recording(run, each, lane, past) for run, lane, past in runs)
            self._keep_together(group)
            self._first = min([*self._frames.updates, self._last])
        history.places = self.places

    def _forget(self) -> None:
        self.active, self.runs, self._wanted, self._replays = False, None, None, []

    # -- recording -------------------------------------------------------------------------------

    def advanced(self, group: RunGroup, now: float) -> None:
        """The runs have made some updates."""
        if not self.recordings:
            return
        if not group.alone and self._frames.due(group.iteration):
            self._keep_together(group)
        if now - self._told > _TELL_SECONDS:
            self._told = now
            flags = [flag["at"] for flag in self._session.history.flags]
            self._frames.flags = tuple(flags[-_FLAGS:])

    def _keep_together(self, group: RunGroup) -> None:
        self._frames.add(_Together(group.iteration, tuple(run.keyframe() for run in group.runs)))

    @property
    def _last(self) -> int:
        """The place of the present."""
        runs = [recording.run for recording in self.recordings]
        return runs[0].updates if len(runs) == 1 else max(run.iteration for run in runs)

    def places(self, iterations: Sequence[int]) -> list[int]:
        """The places on the timeline of iterations; between keyframes they are interpolated."""
        if len(self.recordings) != 1 or not iterations:
            return list(iterations)
        run = self.recordings[0].run
        known = [(one.iterations, one.updates) for one in list(self._frames)]
        known.append((run.iteration, run.updates))
        at = np.interp(iterations, *np.array(sorted(known), float).T)
        return [round(place) for place in at.tolist()]

    # -- an earlier moment -----------------------------------------------------------------------

    def show(self, wanted: Scrub) -> None:
        """Show an earlier moment soon, instead of any that was asked for before.

        Raises `SpecError` for a view without a timeline.
        """
        if not self.recordings:
            raise SpecError(
                "cmd", "scrub", _("sent to a view with a timeline, whose runs have begun")
            )
        if wanted.at >= self._last and not (self.active and wanted.kept):
            self.leave()
            return
        if not self.active:
            self._played = self._trainer.playing
            self._trainer.playing = False
            self._trainer.by_hand.clear()
        at = min(max(wanted.at, self._first), self._last)
        self.active, self._wanted, self._replays = True, Scrub(at, wanted.kept), []

    def leave(self) -> None:
        """Show the present again, and play on if the runs played."""
        if not self.active:
            return
        self._forget()
        self._trainer.playing = self._played
        self._trainer.count_from_now()
        self._session.feed.count_from_now()
        self._session.feed.want_all()

    def bookmark(self, note: Bookmark) -> None:
        """Keep a note at a place on the timeline, or remove it.

        Raises `SpecError` for a view without a timeline, another place, and too many of them.
        """
        if not self.recordings or not self._first <= note.at <= self._last:
            raise SpecError(
                "at", note.at, _("a place on the timeline, at most {last:,}", last=self._last)
            )
        self._session.history.bookmark(note.at, self._iteration(note.at), note.text)
        self._session.feed.curves_wanted = True

    def _iteration(self, place: int) -> int:
        """The iteration at a place; between keyframes it is interpolated."""
        if len(self.recordings) != 1:
            return place
        run = self.recordings[0].run
        known = [(one.updates, one.iterations) for one in list(self._frames)]
        known.append((run.updates, run.iteration))
        return int(np.interp(place, *np.array(sorted(known), float).T))

    def take_over(self, group: RunGroup) -> int:
        """Make the shown moment the present of the runs; returns its iteration.

        Raises `SpecError` unless an earlier moment is shown, and not still computed.
        """
        runs = self.runs
        if runs is None or self._wanted is not None:
            raise SpecError("cmd", "continue", _("sent while an earlier moment is shown"))
        for i, (recording, run) in enumerate(zip(self.recordings, runs, strict=True)):
            run.timeline = Timeline((), run.past)
            recording.cut(run)
            group.runs[i] = run
        if not group.alone:
            self._frames.cut(group.iteration)
        self._forget()
        return group.iteration

    def go(self, seconds: float) -> float | None:
        """Work on the wanted moment for about `seconds`; returns when to come again (None: never).

        With 0 seconds it only takes what is at hand.
        """
        wanted = self._wanted
        if wanted is None:
            return None
        if not self._replays:
            self._replays = [one.replay(wanted.at, self.unit) for one in self.recordings]
            self._distance = max(1, *(replay.left for replay in self._replays), 1)
            if sum(replay.seconds for replay in self._replays) > _SOON:
                self._show_kept(wanted.at)
                if wanted.kept:
                    self._wanted, self._replays = None, []
                    return None
        for replay in self._replays:
            replay.run.elsewhere = self._session.places.updates  # and no picture with each piece
            if not replay.done and (seconds == 0 or not replay.go(seconds / len(self._replays))):
                self._session.feed.status_wanted = True
                return 0.0
        self._show([replay.run for replay in self._replays], measure=not wanted.kept)
        self._wanted, self._replays = None, []
        return None

    def _show_kept(self, at: int) -> None:
        """Show the nearest keyframe."""
        near = [one.nearest(at, self.unit) for one in self.recordings]
        pairs = zip(self.recordings, near, strict=True)
        self._show([one.restore(frame) for one, frame in pairs], measure=False)

    def _show(self, runs: Sequence[Run], measure: bool) -> None:
        self.runs = tuple(runs)
        feed = self._session.feed
        feed.measured = {}  # of another moment
        feed.frame_wanted = feed.status_wanted = True
        feed.curves_wanted = feed.curves_wanted or measure

    def status(self) -> dict[str, Any]:
        """The `timeline` of the status: see docs/protocol.md."""
        runs, recordings = self.runs, self.recordings
        if not recordings:
            return {}
        present = [recording.run for recording in recordings]
        now = present if runs is None else runs
        left = [replay.left for replay in list(self._replays)]
        one = self.unit == "updates"
        return {
            "unit": self.unit,
            "first": self._first,
            "last": self._last,
            "at": now[0].updates if one else max(run.iteration for run in now),
            "iteration": max(run.iteration for run in now),
            "past": self.active,
            "wanted": -1 if self._wanted is None else self._wanted.at,
            "done": 1 - max(left) / self._distance if left else 1,
            "exact": all(a.exact(b.updates) for a, b in zip(recordings, now, strict=True)),
        }
