"""A process that computes for the server, in which `main` is executed with the argument FD.

It answers the requests of `ganlab.live.process_pool` one by one, on one thread. A request names a
function of `FUNCTIONS`, the runs, their State and further arguments. The State after updates stays
here; its number is enough for later requests. The process ends with the connection, whose file
descriptor is FD.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import math
import socket
import sys
import time
from collections.abc import Callable, Generator
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from ganlab import kernels
from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager, suited
from ganlab.engine.native import cache
from ganlab.engine.native.play import Compiled
from ganlab.engine.native.program import Program
from ganlab.engine.native.provide import provide
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import take
from ganlab.live import estimators, messages, system, thumbnails
from ganlab.live.held_state import Held, held
from ganlab.live.parts import parts
from ganlab.live.picture_request import Painted, PictureRequest
from ganlab.live.spectra import Message, Price, of_moment
from ganlab.live.transfer import Failed, Recent, receive, send
from ganlab.spec import Spec

MOST_RUNS = 128  # how many runs a process keeps the Games of
PLAY = "play"  # the function that makes updates
FETCH = "fetch"  # a request for a State that is kept
_MOST_KEPT = 2**20  # bytes of a State whose tensors the server has as well
_CHECK_SECONDS = 5.0  # between two searches for kernels
_OOM_SCORE = 500  # of 1000: if memory runs out, Linux kills this process before the server
_CPU = torch.device("cpu")

Arrays = dict[str, np.ndarray]
T = TypeVar("T")


class Runs:
    """R runs of one structure."""

    _checked = -math.inf  # when `find_kernels` last searched for some

    def __init__(self, specs: tuple[Spec, ...]):
        self.specs = specs
        self.game = Game.of(specs, _CPU)
        self.draws = Draws(specs, self.game.rules, _CPU)

    @cached_property
    def compiled(self) -> Compiled:
        """Their program, which the server has compiled and verified.

        Raises LookupError if it is no longer on disk.
        """
        structure = self.game.rules.structure
        folder = cache.find(structure)
        if folder is None:
            raise LookupError("the program is no longer on disk")
        return Compiled(Program(structure, folder))

    def find_kernels(self) -> None:
        """Use the kernels in C that the program of these runs contains, if it has been compiled."""
        now, structure = time.monotonic(), self.game.rules.structure
        if kernels.kernels() is not None or now - Runs._checked < _CHECK_SECONDS:
            return
        Runs._checked = now
        if cache.there(structure) and (folder := cache.find(structure)) is not None:
            with contextlib.suppress(OSError, AttributeError):
                provide(folder)


def _play(
    runs: Runs,
    state: State,
    alive: list[bool],
    players: bytes,
    compiled: bool,
    request: PictureRequest | None,
) -> tuple[State, list[int], Painted | None, float]:
    """Updates, and then a picture if one is requested; and the CPU seconds of the updates."""
    executor = suited(runs.compiled if compiled else Eager(), runs.game)
    started = time.process_time()
    after, made = executor.play(runs.game, state, runs.draws, alive, players)
    ended = time.process_time()
    seconds = executor.seconds if isinstance(executor, Compiled) else ended - started
    if request is None or not max(made):
        return after, made, None, seconds
    picture = _picture(runs, after, request, players[max(made) - 1 : max(made)].decode())
    return after, made, Painted(picture, time.process_time() - ended), seconds


def _see(
    runs: Runs, state: State, box: np.ndarray | None, points: int, wanted: dict[str, Any]
) -> tuple[Arrays, Arrays]:
    """Metrics and picture of a Snapshot; see `Moment.see`."""
    view = None if box is None else (probe_for(runs.specs[0], points).over(box),)
    shot = take(runs.game, state, runs.specs, [], points=points, view=view, **wanted)
    return shot.metrics, shot.picture


def _picture(runs: Runs, state: State, request: PictureRequest, last: str) -> messages.Picture:
    number, points, detail, box, arrows, label = request
    view = None if box is None else probe_for(runs.specs[0], points).over(box)
    return messages.picture(
        runs.game, state, runs.specs, number, last, points, detail, view, arrows, label
    )


def _parts(
    runs: Runs, state: State, number: int, points: int, box: np.ndarray | None, compiled: bool
) -> messages.Picture:
    probe = probe_for(runs.specs[0], points)
    view = probe if box is None else probe.over(box)
    executor = suited(runs.compiled if compiled else Eager(), runs.game)
    return parts(runs.game, state, runs.specs, number, view, executor)


def _spectrum(runs: Runs, state: State, paid: Price, r1: float | None) -> Message:
    return of_moment(state, runs.specs[0], paid, r1)


def _estimates(runs: Runs, state: State) -> Message:
    return estimators.of_moment(state, runs.specs[0])


def _tiles(runs: Runs, state: State) -> Arrays:
    return thumbnails.pictures(runs.game, state, runs.specs[0])


def _measure_tiles(runs: Runs, state: State) -> Arrays:
    return to_end(thumbnails.measure(runs.game, state, runs.specs[0]))


def to_end(work: Generator[None, None, T]) -> T:
    """What `work` returns, all of it done at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result


class Kept:
    """The States that this process keeps for the server, by number."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._states: dict[int, State] = {}

    def __getitem__(self, number: int) -> State:
        return self._states[number]

    def keep(self, state: State, sent: bool) -> Held:
        """Keep `state`; sent: send its tensors. A large one that is sent is not kept."""
        if sent and state.nbytes > _MOST_KEPT:
            return held(None, state, sent)
        number = next(self._numbers)
        self._states[number] = state
        return held(number, state, sent)

    def release(self, numbers: list[int]) -> None:
        """Forget these States."""
        for number in numbers:
            self._states.pop(number, None)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    PLAY: _play,
    "see": _see,
    "picture": _picture,
    "parts": _parts,
    "spectrum": _spectrum,
    "estimates": _estimates,
    "tiles": _tiles,
    "measure_tiles": _measure_tiles,
}


def main() -> None:
    """Answer requests until the connection ends."""
    torch.set_num_threads(1)
    system.yield_to_others()
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    connection = socket.socket(fileno=int(sys.argv[1]))
    known: Recent[int, Runs] = Recent(MOST_RUNS)
    kept = Kept()
    gc.freeze()
    with contextlib.suppress(EOFError, OSError):
        send(connection, True)  # all is imported
        while True:
            (name, key, specs, state, arguments, tensors), released = receive(connection)
            started, apart, updates = time.process_time(), 0.0, 0.0
            kept.release(released)
            try:
                if not isinstance(state, State):
                    state = kept[state]
                if name == FETCH:
                    answer: Any = state
                else:
                    if specs:
                        known[key] = Runs(specs)
                    runs = known[key]
                    runs.find_kernels()
                    answer = FUNCTIONS[name](runs, state, *arguments)
                if name == PLAY:
                    after, made, painted, updates = answer
                    # Runs that stop are explained by their tensors.
                    stops = min(made) < max(made) or max(made) < len(arguments[1])
                    answer = kept.keep(after, tensors or stops), made, painted
                    apart = 0.0 if painted is None else painted.seconds
            except Exception as error:
                answer = Failed(type(error).__name__, str(error))
            send(connection, (time.process_time() - started - apart, updates, answer))
