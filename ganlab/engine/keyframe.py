"""A keyframe: all that changes in a Run, at one moment of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from ganlab.engine.divergence import Divergence
from ganlab.engine.state import State
from ganlab.spec import Spec


@dataclass(frozen=True)
class Keyframe:
    """A moment of a Run, to which `Run.back_at` returns.

    happened: events that had happened by then. alive (R,): which runs had not diverged. last: the
    player of the last update.
    """

    state: State
    specs: tuple[Spec, ...]
    happened: int
    alive: torch.Tensor
    diverged: tuple[Divergence | None, ...]
    last: Literal["D", "G"] | None

    @property
    def updates(self) -> int:
        """Updates made, of both players."""
        return self.state.d_updates + self.state.g_updates

    @property
    def iterations(self) -> float:
        """Completed iterations, and a half for one that has begun."""
        begun = self.state.phase or self.state.g_phase
        return self.state.iterations + (0.5 if begun else 0.0)

    @property
    def nbytes(self) -> int:
        """The size of its State in bytes."""
        return self.state.nbytes
