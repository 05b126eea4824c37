"""Targets: the distributions p_data that G learns, in 1-D, 2-D, of symbols and of images."""

# Importing them fills TARGETS, whose order is that of menus.
# isort: off
from ganlab.targets import one_d  # noqa: F401
from ganlab.targets import mixtures_2d  # noqa: F401
from ganlab.targets import mixtures_chosen  # noqa: F401
from ganlab.targets import gaussian_2d  # noqa: F401
from ganlab.targets import curves_2d  # noqa: F401
from ganlab.targets import points  # noqa: F401
from ganlab.targets import own_points  # noqa: F401
from ganlab.targets import function  # noqa: F401
from ganlab.targets import checkerboard  # noqa: F401
from ganlab.targets import drawn  # noqa: F401
from ganlab.targets import ink  # noqa: F401
from ganlab.targets import raster  # noqa: F401
from ganlab.targets import symbols  # noqa: F401

# isort: on
from ganlab.targets.base import TARGETS, Modes, Parts, Target, Target1D, TargetEntry, make_target

__all__ = ["TARGETS", "Modes", "Parts", "Target", "Target1D", "TargetEntry", "make_target"]
