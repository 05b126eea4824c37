"""Targets: the distributions p_data that a generator learns, in 1-D, 2-D and of images."""

from ganlab.targets import one_d, raster, two_d  # noqa: F401  (importing them fills TARGETS)
from ganlab.targets.base import TARGETS, Modes, Target, Target1D, TargetEntry, make_target

__all__ = ["TARGETS", "Modes", "Target", "Target1D", "TargetEntry", "make_target"]
