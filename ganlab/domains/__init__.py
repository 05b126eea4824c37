"""The spaces of x: the line, the plane, and images."""

from ganlab.domains.base import Domain, Probe
from ganlab.domains.image import IMAGE
from ganlab.domains.line import LINE
from ganlab.domains.picture import Detail, Layer
from ganlab.domains.plane import PLANE

__all__ = ["IMAGE", "LINE", "PLANE", "Detail", "Domain", "Layer", "Probe", "domain_of"]

_BY_DIM = {1: LINE, 2: PLANE}


def domain_of(dim: int) -> Domain:
    """The domain of x with `dim` dimensions."""
    return _BY_DIM.get(dim, IMAGE)
