"""A process that computes for the server: `python -m ganlab.live.computing FD`.

It answers the requests of `ganlab.live.process_pool` one by one, on one thread. A request names a
function of `FUNCTIONS`, the runs, their State and further arguments. The process ends with the
connection, whose file descriptor is FD.
"""

from __future__ import annotations

import contextlib
import gc
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import take
from ganlab.live import messages, thumbnails
from ganlab.live.transfer import Failed, Recent, receive, send
from ganlab.spec import Spec

MOST_RUNS = 128  # how many runs a process keeps the Games of
_OOM_SCORE = 500  # of 1000: if memory runs out, Linux kills this process before the server
_CPU = torch.device("cpu")

Arrays = dict[str, np.ndarray]


class Runs:
    """R runs of one structure, without their State."""

    def __init__(self, specs: tuple[Spec, ...]):
        self.specs = specs
        self.game = Game.of(specs, _CPU)
        self.draws = Draws(specs, self.game.rules, _CPU)


def _play(runs: Runs, state: State, alive: list[bool], players: bytes) -> tuple[State, list[int]]:
    return Eager().play(runs.game, state, runs.draws, alive, players)


def _see(
    runs: Runs, state: State, box: np.ndarray | None, points: int, wanted: dict[str, Any]
) -> tuple[Arrays, Arrays]:
    """Metrics and picture of a Snapshot; see `Moment.see`."""
    view = None if box is None else (probe_for(runs.specs[0], points).over(box),)
    shot = take(runs.game, state, runs.specs, [], points=points, view=view, **wanted)
    return shot.metrics, shot.picture


def _picture(
    runs: Runs,
    state: State,
    number: int,
    last: str,
    points: int,
    detail: str,
    box: np.ndarray | None,
    arrows: Arrays | None,
) -> messages.Picture:
    view = None if box is None else probe_for(runs.specs[0], points).over(box)
    return messages.picture(
        runs.game, state, runs.specs, number, last, points, detail, view, arrows
    )


def _tiles(runs: Runs, state: State) -> Arrays:
    return thumbnails.pictures(runs.game, state, runs.specs[0])


def _measure_tiles(runs: Runs, state: State, first: int, count: int) -> Arrays:
    probe = thumbnails.probe_of(runs.specs[0])
    return thumbnails.measure(runs.game, state, probe, slice(first, first + count))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "play": _play,
    "see": _see,
    "picture": _picture,
    "tiles": _tiles,
    "measure_tiles": _measure_tiles,
}


def main() -> None:
    """Answer requests until the connection ends."""
    torch.set_num_threads(1)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    connection = socket.socket(fileno=int(sys.argv[1]))
    known: Recent[int, Runs] = Recent(MOST_RUNS)
    gc.freeze()
    with contextlib.suppress(EOFError, OSError):
        send(connection, True)  # all is imported
        while True:
            name, key, specs, arguments = receive(connection)
            started = time.process_time()
            try:
                if specs is not None:
                    known[key] = Runs(specs)
                answer = FUNCTIONS[name](known[key], *arguments)
            except Exception as error:
                answer = Failed(type(error).__name__, str(error))
            send(connection, (time.process_time() - started, answer))


if __name__ == "__main__":
    main()
