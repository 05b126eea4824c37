"""The engine: a training run is a value that moves forward in time."""

from ganlab.engine.code import State
from ganlab.engine.divergence import Divergence
from ganlab.engine.run import Run
from ganlab.engine.snapshot import Snapshot
from ganlab.engine.step import Game

__all__ = ["Divergence", "Game", "Run", "Snapshot", "State"]
