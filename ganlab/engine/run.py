"""Run: R training runs of one structure, advanced together by Algorithm 1."""

from __future__ import annotations

import copy
import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from ganlab.engine import arguments, modules, storage
from ganlab.engine.captured import Captured, Step, on_cuda
from ganlab.engine.changes import applied
from ganlab.engine.divergence import Divergence, repeated
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager, Elsewhere, Executor, suited
from ganlab.engine.game import Game
from ganlab.engine.initial import initial_state
from ganlab.engine.keyframe import Keyframe
from ganlab.engine.native.compile_queue import COMPILE_QUEUE
from ganlab.engine.native.play import Compiled
from ganlab.engine.native.program import Program
from ganlab.engine.snapshot import Snapshot, take
from ganlab.engine.state import State
from ganlab.engine.threads import large, on_its_threads
from ganlab.engine.timeline import Timeline
from ganlab.engine.turns import Player, Turns
from ganlab.events import Event, check, write
from ganlab.params import LIVE, not_live
from ganlab.reading import Arrays
from ganlab.registry import SpecError
from ganlab.spec import Spec

_EAGER = Eager()


class Format(Protocol):
    """Files of runs with another suffix than .npz."""

    def save(self, run: Run, path: Path) -> None:
        """See `Run.save`."""

    def load(self, path: Path, device: str | torch.device) -> Run:
        """See `Run.load`."""


FORMATS: dict[str, Format] = {}  # by suffix; `ganlab.record` adds .ganlab


class Recorder(Protocol):
    """Keeps what it needs of a Run to return to earlier moments: see `ganlab.record`."""

    def passes(self, run: Run) -> None:
        """`run` is about to make updates."""

    def at(self, updates: int) -> Run:
        """The Run when it had made this many updates."""


def _player(letter: int) -> Player:
    return "G" if letter == ord("G") else "D"


class Run:
    """R = len(specs) runs that share `Spec.batch_key()` and k at the start.

    `Run(spec)` is the ordinary case, R = 1. The same Specs and events give the same trajectory, bit
    for bit on one machine, however the updates are divided among calls. Small nets on a CPU are
    computed on one thread; torch's number of threads is restored after each call.
    events: the events to replay, as `events` of another run or as text (see `ganlab.events`).
    Raises `SpecError` if the Specs cannot be advanced together, an event is not allowed, or the
    device is not available.
    """

    def __init__(
        self,
        specs: Spec | Sequence[Spec],
        device: str | torch.device = "cpu",
        events: Sequence[Event] | str = (),
    ):
        self.specs = self.start = arguments.specs(specs)
        self.timeline = Timeline(check(events, self.start))
        self.device = arguments.device(device)
        self._prepare()
        self.alive = torch.ones(len(self.specs), dtype=torch.bool, device=self.device)
        self.diverged: list[Divergence | None] = [None] * len(self.specs)
        self.last: Player | None = None
        self.program: Program | None = None
        self.captured: Captured | None = None
        self.elsewhere: Elsewhere | None = None  # computes updates instead of this thread
        self.recorder: Recorder | None = None
        self.state = initial_state(self.specs, self.game, self.device)
        self._changes()

    def _prepare(self) -> None:
        self.game = Game.of(self.specs, self.device)
        self.draws = Draws(self.specs, self.game.rules, self.device)

    @property
    def one_thread(self) -> bool:
        """Whether its methods use one thread: for small nets on a CPU."""
        parameters, rows = self.game.G.size + self.game.D.size, len(self.specs) * self.spec.batch
        return self.device.type == "cpu" and not large(parameters, rows, self.spec.domain)

    @property
    def spec(self) -> Spec:
        """The Spec of the first run."""
        return self.specs[0]

    @property
    def events(self) -> tuple[Event, ...]:
        """Changes and updates out of turn so far, then those that are still to come.

        `Run(run.start, events=run.events)` replays the run.
        """
        return self.timeline.all

    @property
    def past(self) -> tuple[Event, ...]:
        """The events that have happened."""
        return self.timeline.past

    @property
    def updates(self) -> int:
        """Updates made so far, of both players."""
        return self.state.d_updates + self.state.g_updates

    @property
    def iteration(self) -> int:
        """Iterations of Algorithm 1 made so far; each ends with the last of its G updates."""
        return self.state.iterations

    @property
    def turns(self) -> Turns:
        """How many updates each player makes in an iteration, and in which order."""
        return self.game.turns

    @property
    def next_player(self) -> Player:
        """The player of Algorithm 1's next update: D until it has made k, then G, g_steps times."""
        return self.turns.next(self.state)

    @property
    def stopped(self) -> bool:
        """Whether every run has diverged."""
        return None not in self.diverged

    def advance(self, iterations: int = 1) -> int:
        """Make `iterations` of Algorithm 1 (k updates of D, then g_steps of G); return the count.

        An iteration begun by hand is completed first. Fewer are made only if every run diverges.
        Raises `SpecError` unless `iterations` is an integer >= 0.
        """
        iterations = arguments.count("iterations", iterations)
        start = self.iteration
        while (left := start + iterations - self.iteration) > 0 and not self.stopped:
            turns = self.turns
            # Events may change the number of updates in an iteration.
            self.make(self._until(len(turns.left(self.state)) + (left - 1) * turns.each) or 1)
        return self.iteration - start

    @on_its_threads
    def make(self, updates: int) -> int:
        """Make the next `updates` of Algorithm 1, of either player; return the count.

        A compiled program makes them in few calls. Fewer are made only if every run diverges.
        Raises `SpecError` unless `updates` is an integer >= 0.
        """
        updates = arguments.count("updates", updates)
        made = 0
        while made < updates and not self.stopped:
            before, room = self.updates, self._until(updates - made)
            if room < 1:
                self.update()
            else:
                self._record()
                self._play(self.turns.players(self.state, min(room, self._executor.most)))
            made += self.updates - before
            self._changes()
        return made

    def _until(self, updates: int) -> int:
        """At most `updates`, and not beyond the next event."""
        return self.timeline.until_next(self.updates, updates)

    def _record(self) -> None:
        if self.recorder is not None:
            self.recorder.passes(self)

    def _changes(self) -> None:
        """Make all changes that are due, together."""
        due = self.timeline.take_changes(self.updates)
        if due and not self.stopped:
            self.timeline.record(*due)
            self._change([dict(event.fields) for event in due])

    @on_its_threads
    def update(self, player: Player | None = None) -> Player:
        """Make one update, of `player` or of the one whose turn it is. Does nothing once stopped.

        An update out of turn is recorded as an event. With None, an event that is due decides the
        player. Raises `SpecError` unless `player` is "D", "G" or None.
        """
        player = arguments.player(player)
        if self.stopped:
            return player or self.next_player
        self._record()
        if (due := self.timeline.take_update(self.updates)) is not None:
            player = player or arguments.player(due.player or None)
        player = player or self.next_player
        if player != self.next_player:
            self.timeline.record(Event(self.updates, player=player))
        self._play(player.encode())
        self._changes()
        return player

    def compile(self) -> None:
        """Compile the updates, or load them from disk, and use them from here on.

        The first time this takes half a minute. Trajectories equal the eager ones up to rounding.
        Raises RuntimeError with the reason if it fails; the run then stays eager, as it does while
        D is trained to its optimum (`Spec.d_to_optimum`).
        """
        # Nothing else is done meanwhile: the compiler has this process's own priority.
        request = COMPILE_QUEUE.ask(self.game.rules.structure, nice=0)
        self.use(request.wait())
        COMPILE_QUEUE.leave(request)
        if self.program is None:
            raise RuntimeError(f"not compiled: {request.reason}")

    def use(self, program: Program | None) -> None:
        """Make all further updates with a compiled program, or eagerly with None.

        It equals the eager updates up to rounding. Raises `SpecError` if the program is not for
        these runs or not for this device.
        """
        if program is not None:
            structure = self.game.rules.structure
            if not isinstance(program, Program):
                raise SpecError("program", program, "a compiled Program, or None")
            if program.structure != structure:
                raise SpecError("program", program.structure, f"one for {structure}")
            if self.device.type != "cpu":
                raise SpecError("device", self.device, "cpu, where compiled programs run")
        self.program = program

    def capture(self, record: Callable[[Step], Step] = on_cuda) -> None:
        """Make all further updates by CUDA graphs, which have hardly any launch overhead.

        They equal the eager ones up to rounding. record: captures an update. Raises `SpecError` if
        the run is on another device.
        """
        if record is on_cuda and self.device.type != "cuda":
            raise SpecError("device", self.device.type, "cuda for CUDA graphs")
        self.captured = Captured(self.game, self.state, self.draws, record)
        self._capturing = record

    @property
    def compiled(self) -> bool:
        """Whether a compiled program makes the updates: not while D is trained to its optimum."""
        return self.program is not None and not self.game.to_optimum

    @property
    def _executor(self) -> Executor:
        if self.captured is not None:
            return suited(self.captured, self.game)
        here = suited(_EAGER if self.program is None else Compiled(self.program), self.game)
        return here if self.elsewhere is None else self.elsewhere.instead_of(here)

    def _play(self, players: bytes) -> None:
        alive, state = self.alive.tolist(), self.state
        self.state, made = self._executor.play(self.game, state, self.draws, alive, players)
        if max(made):
            self.last = _player(players[max(made) - 1])
        for run, count in enumerate(made):
            if alive[run] and count < len(players):
                at = self.turns.after(state, players[:count])
                self._explain(run, _player(players[count]), at)

    def _explain(self, run: int, player: Player, at: State) -> None:
        """Record what diverged in the update of `player` after `at`."""
        now = dataclasses.replace(
            self.state.row(run),
            d_updates=at.d_updates,
            g_updates=at.g_updates,
            iterations=at.iterations,
        )

        def drawn(who: str, name: str, number: int) -> torch.Tensor:
            return self.draws.slab(run, who, name, number, 1).to(self.device)

        self.diverged[run] = repeated(player, now, self.specs[run], drawn)
        self.alive = self.alive.clone()  # keyframes share it
        self.alive[run] = False

    def change(self, **fields: Any) -> None:
        """Change fields that may change during a run (k, loss, strengths ...), in all R runs.

        Does nothing once all of them have diverged.
        Raises `SpecError` for a bad value, or for a field that needs a new run.
        """
        for name, value in fields.items():
            if name not in LIVE:
                raise not_live(name, value)
        if not fields or self.stopped:
            return
        event = Event(self.updates, tuple(fields.items()))
        check([event, *self.timeline.coming], self.specs)
        self.timeline.record(event)
        self._change([fields])

    def _change(self, changes: Sequence[dict[str, Any]]) -> None:
        """Make these changes in order, each on the State that the previous one left."""
        before = self.game.rules
        self.specs, self.state, rules = applied(changes, self.specs, self.state, before)
        self._prepare()
        if rules.structure != before.structure:
            self.program = None
            if self.captured is not None:
                self.capture(self._capturing)

    @on_its_threads
    def d_slope(self) -> np.ndarray:
        """The largest entry of D's gradient in each run, (R,), if D is trained to its optimum.

        It is that of D's cost on the samples of `Spec.d_to_optimum`, which is its tolerance, at the
        present D and G; right after an update of D it is no larger, unless the limit of
        evaluations was reached. nan if the field is 0.
        """
        if not self.game.to_optimum:
            return np.full(len(self.specs), np.nan)
        slopes = self.game.optimal_d(self.state, self.draws.get).slope()
        return slopes.cpu().numpy()

    @on_its_threads
    def snapshot(self, /, **wanted: Any) -> Snapshot:
        """A snapshot in NumPy: see `ganlab.engine.snapshot.take` for its arguments.

        Raises `SpecError` for images (see `ganlab.mnist` for those), for unknown arguments, and for
        values that are not allowed.
        """
        self.spec.in_a_lab()
        wanted = arguments.wanted(wanted)
        return take(self.game, self.state, self.specs, self.diverged, **wanted)

    @on_its_threads
    def sample(
        self,
        n: int,
        seed: int = 0,
        run: int = 0,
        labels: modules.Labels = None,
        tensor: bool = False,
    ) -> np.ndarray | torch.Tensor:
        """n samples of p_g, (n, dim) float32: NumPy, or a tensor on the CPU with `tensor=True`.

        A function of the run's parameters, n, `seed` and `labels`, independent of the draws of
        training.
        run: which of the R runs. labels: (n,) integers for nets with labels; None for the shares
        p(label), so 0, 1, 2, ... in turn if all are equally likely. Raises `SpecError` for
        arguments that are not allowed.
        """
        run = arguments.run(run, len(self.specs))
        x = modules.sample(self.game, self.state, self.specs[run], run, n, seed, labels)
        return x if tensor else x.numpy()

    def generator(self, run: int = 0, average: bool = False) -> modules.GeneratorModule:
        """A copy of one run's current G, a `torch.nn.Module`: z (n, latent_dim) -> x (n, dim).

        average: with the running average of its weights instead (`Spec.g_average`). docs/files.md
        describes its state_dict. Raises `SpecError` if there is no such run, or no average is kept.
        """
        run = arguments.run(run, len(self.specs))
        return modules.generator(self.game, self.state, run, average)

    def discriminator(self, run: int = 0) -> modules.DiscriminatorModule:
        """A copy of one run's current D, a `torch.nn.Module`: x (n, dim) -> logits (n,).

        docs/files.md describes its state_dict. Raises `SpecError` if there is no such run.
        """
        run = arguments.run(run, len(self.specs))
        return modules.discriminator(self.game, self.state, self.specs[run], run)

    def encoder(self, run: int = 0) -> modules.EncoderModule:
        """A copy of one run's current E, a `torch.nn.Module`: x (n, dim) -> z (n, latent_dim).

        Raises `SpecError` if there is no such run, or it infers no latents (`Spec.inference`).
        """
        run = arguments.run(run, len(self.specs))
        return modules.encoder(self.game, self.state, run)

    def at(self, updates: int) -> Run:
        """The run when it had made `updates`, as another Run with the same events.

        A recorded run (see `ganlab.record.Recording`) is replayed from its nearest keyframe, with
        the program it was made with, bit for bit; another one from its start, all of it with the
        current program. Raises `SpecError` unless `updates` is an integer from 0 to those made.
        """
        updates = arguments.count("updates", updates)
        if updates > self.updates:
            raise SpecError("updates", updates, f"at most {self.updates:,}, those made so far")
        if self.recorder is not None:
            return self.recorder.at(updates)
        run = type(self)(self.start, self.device, events=self.events)
        run.elsewhere = self.elsewhere
        if self.program is not None and run.game.rules.structure == self.program.structure:
            run.use(self.program)
        run.make(updates)
        return run

    def fork(self, at: int | None = None, **changes: Any) -> Run:
        """Another Run with the same past up to `at` updates (None: now), then these changes.

        Events after that are left out, so `Run(fork.start, events=fork.events)` replays the fork.
        Raises `SpecError` as `at` and `change` do.
        """
        fork = self.copied() if at is None else self.at(at)
        fork.timeline = Timeline((), fork.past)
        fork.change(**changes)
        return fork

    def keyframe(self) -> Keyframe:
        """The current moment, for `back_at`."""
        happened, diverged = self.timeline.happened, tuple(self.diverged)
        return Keyframe(self.state, self.specs, happened, self.alive, diverged, self.last)

    def back_at(self, frame: Keyframe) -> Run:
        """Another Run, eager, at an earlier moment of this one; what happened then is to come."""
        other, events = copy.copy(self), self.timeline.all
        other.program = other.captured = other.recorder = None
        other.state, other.specs, other.last = frame.state, frame.specs, frame.last
        other.alive, other.diverged = frame.alive, list(frame.diverged)
        other.timeline = Timeline(events[frame.happened :], events[: frame.happened])
        if other.specs == self.specs:
            other.draws = Draws(self.specs, self.game.rules, self.device)
        else:
            other._prepare()
        other._changes()  # those that were made at that moment, after the keyframe
        return other

    def copied(self) -> Run:
        """A copy of the run, not recorded, that may be advanced while this one continues."""
        other = self.still()
        other._prepare()  # its draws are not those of this run
        if other.captured is not None:
            other.capture(other._capturing)
        return other

    def still(self) -> Run:
        """A copy of the run's current state, to be saved while this one continues."""
        other = copy.copy(self)
        other.recorder = None
        other.timeline = self.timeline.copy()
        other.diverged = list(self.diverged)
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything needed to continue to one file, atomically, without pickle.

        .npz holds the current moment, .ganlab also what a `Recording` of the run has kept. Raises
        `SpecError` unless its name ends in one of these, and OSError if it cannot be written.
        """
        file = arguments.place(path, FORMATS)
        if file.suffix.lower() == ".npz":
            events = write(self.events)
            storage.save(file, self.start, self.specs, events, self.state, self.diverged)
        else:
            FORMATS[file.suffix.lower()].save(self, file)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str | torch.device = "cpu") -> Run:
        """The run that `save` wrote; it continues bit for bit as if it had not been stopped.

        Raises `SpecError`, which says what is wrong, for a file that `save` did not write.
        """
        place = Path(path)
        if place.suffix.lower() in FORMATS:
            return FORMATS[place.suffix.lower()].load(place, device)
        with storage.reading(place, place.name) as file:
            return cls.read(file, place.name, device)

    @classmethod
    def read(cls, file: Arrays, name: str, device: str | torch.device = "cpu") -> Run:
        """The run in an opened .npz file called `name`. Raises `SpecError` as `load` does."""
        return cls.restored(*storage.read_run(file, name), device)

    @classmethod
    def restored(
        cls,
        start: Sequence[Spec],
        specs: Sequence[Spec],
        timeline: Timeline,
        state: State,
        diverged: Sequence[Divergence | None],
        device: str | torch.device = "cpu",
    ) -> Run:
        """The run of `specs` in `state`, from `start` by the past events of `timeline`.

        Raises `SpecError` if the Specs cannot be advanced together.
        """
        run = cls(specs, device)
        run.state = state.to(run.device)
        run.diverged = list(diverged)
        run.alive = torch.tensor([d is None for d in run.diverged], device=run.device)
        run.start, run.timeline = arguments.specs(start), timeline
        return run

    def can_resume_from(self, other: Run) -> bool:
        """Whether `other` has these Specs and events.

        Without events, its Specs may instead equal the current Specs of `other`.
        """
        mine = (self.start, self.events)
        return mine in ((other.start, other.events), (other.specs, ()))

    def resume_from(self, other: Run) -> bool:
        """Take over the state of `other`; return False and do nothing unless `can_resume_from`."""
        if not self.can_resume_from(other):
            return False
        self.start = other.start
        if other.specs != self.specs:
            self.specs = other.specs
            self._prepare()
            self.program = self.captured = None
        self.state, self.diverged, self.alive = other.state, other.diverged, other.alive
        self.timeline = other.timeline.copy()
        return True
