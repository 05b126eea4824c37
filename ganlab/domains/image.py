"""Images: no lab draws p_g; `ganlab.mnist` shows and measures samples."""

from __future__ import annotations

from ganlab.domains.base import Domain


class Image(Domain):
    """The space of images, as vectors of pixels."""

    name, drawn, widest = "images", False, 2048


IMAGE = Image()
