"""A recording: a run with keyframes, from which the run at any earlier moment is replayed."""

from __future__ import annotations

import copy
import math
import time
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ganlab.engine import Keyframe, Run
from ganlab.engine.native.program import Program
from ganlab.engine.structure import Structure
from ganlab.record.keyframes import Keyframes, apart
from ganlab.registry import SpecError

Unit = Literal["updates", "iterations"]
MEGABYTES = 6.0  # of keyframes
_ALL = 1e18  # bytes
_WAY = 1 / 8  # of those bytes, for keyframes near the last moment replayed
# Of updates between two checks of the time; more if nobody waits for the moment. A process of low
# priority on a busy machine answers late, however small the piece is.
_PIECE_SECONDS, _ONWARD_SECONDS = 0.02, 0.3
_MOST_AT_ONCE = 4096  # updates


@dataclass(frozen=True)
class Missing:
    """What made some updates but is missing: a program, or another machine (structure: None)."""

    structure: Structure | None = None


Maker = Program | Missing | None  # of updates; None: they were made eagerly


class Past(NamedTuple):
    """What a recording has kept of a run.

    first: the number of updates at which it began. made: what made the updates from each of these
    numbers of updates on.
    """

    frames: tuple[Keyframe, ...]
    first: int
    made: tuple[tuple[int, Maker], ...]


class Recording:
    """A Run and keyframes of it, which thin out as it grows; any earlier moment is replayed.

    `Recording(run)` records the run from now on, whoever advances it: `recording.at(n)` or
    `run.at(n)` is the run when it had made n updates, `run.fork(at=n, k=5)` another run from
    there. Each update is replayed by what computed it, a compiled program or eagerly, and therefore
    bit for bit; only what was made before the recording began, and updates of CUDA graphs, are
    replayed eagerly and equal up to rounding (see `exact`).
    megabytes: the most that the keyframes of the run take. Raises `SpecError` unless it is a
    positive number. frames: where they are kept, if that is not its own. past: what another
    recording has kept of the run, up to now.
    """

    def __init__(
        self,
        run: Run,
        megabytes: float = MEGABYTES,
        frames: Keyframes[Keyframe] | None = None,
        past: Past | None = None,
    ):
        number = isinstance(megabytes, (int, float)) and not isinstance(megabytes, bool)
        if not number or not 0 < megabytes < math.inf:
            raise SpecError("megabytes", megabytes, "a number above 0")
        self.run = run
        self.first = run.updates if past is None else past.first  # when it began
        own = Keyframes[Keyframe](megabytes * 1e6 * (1 - _WAY))
        self.frames = own if frames is None else frames
        self.rate = 300.0  # updates per second of the last replay
        self._way: list[Keyframe] = []
        self._way_bytes = megabytes * 1e6 * _WAY
        # What made the updates from each of these numbers of updates on.
        self._from = [] if past is None else [at for at, _ in past.made]
        self._by: list[Maker] = [] if past is None else [maker for _, maker in past.made]
        if past is not None and frames is None:
            self.frames.extend(past.frames)
        self.captured = run.captured is not None
        run.recorder = self
        self.passes(run)

    @property
    def nbytes(self) -> int:
        """The bytes that its keyframes take."""
        return self.frames.nbytes + sum(one.state.nbytes for one in self._way)

    @property
    def past(self) -> Past:
        """What it has kept, for another recording of the same run."""
        made = tuple(zip(self._from, self._by, strict=True))
        if self.captured:
            made = ((self.first, Missing()),)
        return Past(tuple(self.frames), self.first, made)

    def passes(self, run: Run) -> None:
        """Keep a keyframe of the run, which is about to make updates, if one is due."""
        self.captured = self.captured or run.captured is not None
        program = run.program
        if not self._by or self._by[-1] is not program:
            if self._from and self._from[-1] == run.updates:
                self._by[-1] = program
            else:
                self._from.append(run.updates)
                self._by.append(program)
        if self.frames.due(run.updates):
            self.frames.add(run.keyframe())

    def copied(self) -> Recording:
        """A copy of the recording, of a copy of its run that may be advanced: see `Run.copied`."""
        other = copy.copy(self)
        other.frames, other.run = self.frames.copied(), self.run.copied()
        other._way, other._from, other._by = [*self._way], [*self._from], [*self._by]
        other.run.recorder = other
        return other

    def flag(self, updates: tuple[int, ...]) -> None:
        """Keep keyframes denser near these numbers of updates from now on."""
        self.frames.flags = updates

    def exact(self, updates: int) -> bool:
        """Whether the moment after `updates` is replayed bit for bit, not up to rounding."""
        at = [frame.updates for frame in self.frames if frame.updates <= updates]
        known = updates >= self.first and (self.first == 0 or len(self.frames) > 0)
        if not known or self.captured:
            return False
        since, ends = max(at, default=0), [*self._from[1:], math.inf]
        parts = zip(self._from, ends, self._by, strict=False)
        return not any(
            start < updates and end > since < updates and isinstance(self._maker(by), Missing)
            for start, end, by in parts
        )

    # -- earlier moments ---------------------------------------------------------------------------

    def at(self, updates: int) -> Run:
        """The run when it had made `updates`; see `Run.at`, which checks the number."""
        replay = self.replay(updates)
        replay.go()
        return replay.run

    def replay(self, target: int, unit: Unit = "updates", onward: Run | None = None) -> Replay:
        """A replay to the moment after `target` updates, or after so many whole iterations.

        onward: an earlier moment of it, from which the replay continues if no keyframe is nearer.
        Then no keyframes are kept for the moments near the target.
        """
        return Replay(self, target, unit, onward)

    def still(self) -> Recording:
        """A copy for another thread, with the present keyframes, while this one goes on."""
        frames = Keyframes[Keyframe](_ALL)
        frames.extend(self.frames)
        other = copy.copy(self)
        other.run, other.frames, other._way = self.run.still(), frames, list(self._way)
        other._from, other._by = list(self._from), list(self._by)
        other.run.recorder = other
        return other

    def nearest(self, target: int, unit: Unit = "updates") -> Keyframe | None:
        """The keyframe that is nearest to a moment; None if there is none."""
        found = [*self.frames, *self._way]
        return min(found, key=lambda one: abs(_place(one, unit) - target), default=None)

    def base(self, target: int, unit: Unit = "updates") -> Keyframe | None:
        """The last keyframe from which a moment can be replayed; None: from the run's start."""
        found = [one for one in (*self.frames, *self._way) if _place(one, unit) <= target]
        return max(found, key=lambda one: one.updates, default=None)

    def restore(self, frame: Keyframe | None) -> Run:
        """The run at a keyframe, or at its start, with what came after it still to come."""
        if frame is not None:
            return self.run.back_at(frame)
        other = Run(self.run.start, self.run.device, events=self.run.events)
        other.elsewhere = self.run.elsewhere
        return other

    def program(self, updates: int) -> tuple[Program | None, float]:
        """What made the update after `updates`, and up to which number of updates it made them."""
        at = bisect_right(self._from, updates) - 1
        until = self._from[at + 1] if at + 1 < len(self._from) else math.inf
        maker = self._maker(self._by[at]) if at >= 0 else None
        return (None if isinstance(maker, Missing) else maker), until

    def _maker(self, maker: Maker) -> Maker:
        """The program of the run, if that is what was missing."""
        program = self.run.program
        if program is None or not isinstance(maker, Missing):
            return maker
        return program if program.structure == maker.structure else maker

    def keep_way(self, target: int, frames: list[Keyframe]) -> None:
        """Keep these keyframes for the moments near `target`, which may be requested next."""
        self._way = apart([*self._way, *frames], target, self._way_bytes)

    def cut(self, run: Run) -> None:
        """Record `run` instead, an earlier moment of the run, and forget what came after it."""
        self.frames.cut(run.updates)
        self._way = []
        count = bisect_right(self._from, run.updates)
        del self._from[count:], self._by[count:]
        self.run.recorder = None
        self.run, run.recorder = run, self


class Replay:
    """An earlier moment that is being recomputed, in as many pieces as its caller likes.

    run: the Run while it is replayed; it is at that moment once `done`.
    """

    def __init__(self, recording: Recording, target: int, unit: Unit, onward: Run | None = None):
        self.recording, self.target, self.unit = recording, target, unit
        base = recording.base(target, unit)
        passed = onward is not None and (base is None or base.updates <= onward.updates)
        self.run = onward if onward is not None and passed else recording.restore(base)
        # Halfway to the moment, and halfway again: from there the moments before it are near.
        halves = range(max(0, self.left - 1).bit_length() - 1, -1, -1)
        self._keeps = onward is None
        self._seconds = _PIECE_SECONDS if self._keeps else _ONWARD_SECONDS
        self._halts = [2**i for i in halves] if self._keeps else []
        self._way: list[Keyframe] = []

    @property
    def left(self) -> int:
        """Updates, or iterations, that are still to be made."""
        return self.target - (self.run.updates if self.unit == "updates" else self.run.iteration)

    @property
    def seconds(self) -> float:
        """About how long the rest takes."""
        each = 1 if self.unit == "updates" else self.run.turns.each
        return max(0, self.left) * each / self.recording.rate

    @property
    def done(self) -> bool:
        """Whether `run` is the moment that was asked for."""
        return self.left <= 0 or self.run.stopped

    def go(self, seconds: float = math.inf) -> bool:
        """Make updates for about that many seconds; returns whether it is done."""
        end = time.perf_counter() + seconds
        while not self.done:
            self._piece()
            if time.perf_counter() >= end:
                break
        if self.done and self._way:
            self.recording.keep_way(self.run.updates, self._way)
            self._way = []
        return self.done

    def _piece(self) -> None:
        """Make some updates by what made them, not beyond the next of its halts."""
        run = self.run
        program, until = self.recording.program(run.updates)
        if program is not None and program.structure != run.game.rules.structure:
            program = None  # a file may say so
        if run.program is not program:
            run.use(program)
        while self._halts and self._halts[0] >= self.left:
            self._halts.pop(0)
        halt = self._halts[0] if self._halts else 0
        wanted = self.left - halt
        if self.unit == "iterations":
            turns = run.turns
            wanted = len(turns.left(run.state)) + (wanted - 1) * turns.each
            wanted = run.timeline.until_next(run.updates, wanted) or 1
        piece = max(1, self.recording.rate * self._seconds)
        most = min(wanted, until - run.updates, _MOST_AT_ONCE, piece)
        started = time.perf_counter()
        made = run.make(int(most))
        self.recording.rate = made / max(1e-6, time.perf_counter() - started)
        if self.left == halt and self._keeps:
            self._way.append(run.keyframe())


def _place(frame: Keyframe, unit: Unit) -> float:
    return frame.updates if unit == "updates" else frame.iterations
