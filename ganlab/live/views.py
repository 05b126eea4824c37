"""The choice of the view for each kind of experiment."""

from __future__ import annotations

from ganlab.experiment import Experiment
from ganlab.live.comparison_view import ComparisonView
from ganlab.live.lab_view import LabView
from ganlab.live.seeds_view import SeedsView
from ganlab.live.view import View


def view_of(experiment: Experiment) -> type[View]:
    """The view of an experiment."""
    if len(experiment.specs) > 1:
        return ComparisonView
    return SeedsView if experiment.seeds > 1 else LabView
