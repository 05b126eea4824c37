"""The spaces of x: the line, the plane, symbols, and images."""

from ganlab.domains.base import Domain, Probe
from ganlab.domains.image import IMAGE
from ganlab.domains.line import LINE
from ganlab.domains.picture import Detail, Layer
from ganlab.domains.plane import PLANE
from ganlab.domains.symbols import SYMBOLS

__all__ = ["IMAGE", "LINE", "PLANE", "SYMBOLS", "Detail", "Domain", "Layer", "Probe", "domain_of"]

_BY_DIM = {0: SYMBOLS, 1: LINE, 2: PLANE}


def domain_of(dim: int) -> Domain:
    """The domain of a target whose entry has `dim` dimensions; 0: symbols."""
    return _BY_DIM.get(dim, IMAGE)
