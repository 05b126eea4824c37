"""The theory as interactive figures: one entry of `DEMONSTRATIONS` in one file each."""

from __future__ import annotations

from ganlab.demonstrations import (
    costs,
    disjoint,
    f_gan,
    finite_data,
    fit,
    label_smoothing,
    max_min,
    minimum,
    noise_gradient,
    optimal_d,
    proposition_2,
)
from ganlab.demonstrations.entry import DEMONSTRATIONS, Demonstration
from ganlab.demonstrations.picture import (
    Area,
    Arrows,
    Axis,
    Bars,
    Dots,
    Draw,
    Handle,
    Heat,
    Line,
    Number,
    Panel,
    Shown,
    Table,
)

__all__ = [
    "DEMONSTRATIONS",
    "Area",
    "Arrows",
    "Axis",
    "Bars",
    "Demonstration",
    "Dots",
    "Draw",
    "Handle",
    "Heat",
    "Line",
    "Number",
    "Panel",
    "Shown",
    "Table",
]

for _entry in (
    optimal_d.ENTRY,
    minimum.ENTRY,
    proposition_2.ENTRY,
    disjoint.ENTRY,
    fit.ENTRY,
    f_gan.ENTRY,
    costs.ENTRY,
    label_smoothing.ENTRY,
    max_min.ENTRY,
    finite_data.ENTRY,
    noise_gradient.ENTRY,
):
    DEMONSTRATIONS.add(_entry)
