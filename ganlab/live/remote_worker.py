"""The process that computes slow runs: `python -m ganlab.live.remote_worker FD`.

It answers the requests of `ganlab.live.remote` one after the other, on one thread. A request holds
the name of a function in `FUNCTIONS`, Specs, a State and further arguments. The process ends when
the connection does.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Eager
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import take
from ganlab.live import thumbnails
from ganlab.live.transfer import Failed, receive, send
from ganlab.spec import Spec

_RUNS = 8  # the number of games whose draws are cached
_VICTIM = 500  # of 1000: the priority with which Linux kills this process when out of memory
_CPU = torch.device("cpu")

Specs = tuple[Spec, ...]


@lru_cache(maxsize=_RUNS)
def _game(specs: Specs) -> tuple[Game, Draws]:
    game = Game.of(specs, _CPU)
    return game, Draws(specs, game.rules, _CPU)


def _play(specs: Specs, state: State, alive: list[bool], players: bytes) -> tuple[State, list[int]]:
    game, draws = _game(specs)
    return Eager().play(game, state, draws, alive, players)


def _see(
    specs: Specs, state: State, box: np.ndarray | None, points: int, wanted: dict[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The metrics and the picture by `take`, on the axes of `box` if it is given."""
    view = None if box is None else (probe_for(specs[0], points).over(box),)
    shot = take(_game(specs)[0], state, specs, [], points=points, view=view, **wanted)
    return shot.metrics, shot.picture


def _tiles(specs: Specs, state: State) -> dict[str, np.ndarray]:
    return thumbnails.pictures(_game(specs)[0], state, specs[0])


def _measure_tiles(specs: Specs, state: State, first: int, count: int) -> dict[str, np.ndarray]:
    probe, rows = thumbnails.probe_of(specs[0]), slice(first, first + count)
    return thumbnails.measure(_game(specs)[0], state, probe, rows)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "play": _play,
    "see": _see,
    "tiles": _tiles,
    "measure_tiles": _measure_tiles,
}


def main() -> None:
    """Answer requests until the connection ends."""
    torch.set_num_threads(1)
    with contextlib.suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(str(_VICTIM))
    connection = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, OSError):
        send(connection, True)  # all imports are done
        while True:
            name, arguments = receive(connection)
            started = time.process_time()
            try:
                answer = FUNCTIONS[name](*arguments)
            except Exception as error:
                answer = Failed(type(error).__name__, str(error))
            send(connection, (time.process_time() - started, answer))


if __name__ == "__main__":
    main()
