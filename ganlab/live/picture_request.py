"""A picture that is asked of another process, alone or together with the updates before it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ganlab.domains.picture import MEAN
from ganlab.live import messages


class PictureRequest(NamedTuple):
    """How to make a picture of runs `number`: see `messages.picture`.

    box: that of the axes, None for the target's own. label: the one whose D is shown.
    """

    number: int
    points: int
    detail: str
    box: np.ndarray | None
    arrows: dict[str, np.ndarray] | None
    label: int = MEAN

    def is_same(self, other: PictureRequest) -> bool:
        """Whether both ask for the same picture of a State."""
        same = self[:3] == other[:3] and self.label == other.label
        return same and self.box is other.box and self.arrows is other.arrows


class Painted(NamedTuple):
    """A picture that was made with updates, and its CPU seconds."""

    picture: messages.Picture
    seconds: float
