"""The engine: a training run is a value that moves forward in time."""

from ganlab.engine.divergence import Divergence
from ganlab.engine.eigenvalues import Spectrum, spectrum
from ganlab.engine.game import Game
from ganlab.engine.keyframe import Keyframe
from ganlab.engine.run import Run
from ganlab.engine.snapshot import Snapshot
from ganlab.engine.state import State

__all__ = ["Divergence", "Game", "Keyframe", "Run", "Snapshot", "Spectrum", "State", "spectrum"]
