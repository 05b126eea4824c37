"""Images: no lab draws p_g; `ganlab.mnist` shows and measures samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from ganlab.domains.base import Detail, Domain, Players
from ganlab.registry import SpecError
from ganlab.targets import Target


class Image(Domain):
    """The space of images, as vectors of pixels."""

    name, drawn, widest = "image", False, 2048

    def probe(self, target: Target, latent: str, latent_dim: int, points: int) -> NoReturn:
        """Raises `SpecError`."""
        self._refuse()

    def picture(
        self, players: Players, views: Sequence[Any], detail: Detail, arrows: bool
    ) -> NoReturn:
        """Raises `SpecError`."""
        self._refuse()

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> NoReturn:
        """Raises `SpecError`."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise SpecError("target", "images", "1-D or 2-D")


IMAGE = Image()
