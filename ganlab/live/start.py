"""What a notebook can show: a Spec, a Run, an Experiment, a Preset, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence

from ganlab.comparison import Comparison, differing
from ganlab.engine import Run
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.presets import Preset
from ganlab.registry import SpecError
from ganlab.spec import Spec

What = Spec | Run | Experiment | Preset | Sequence[Spec | Run]
_ALLOWED = _("a Spec, a Run, an Experiment, a Preset, or a list of Specs or of Runs")


def start_of(what: What) -> tuple[Experiment, tuple[Run, ...], str]:
    """The experiment to show, Runs to continue (or none), and the name of the preset, if it is one.

    what: a Spec, a Run, an Experiment, a Preset, or a list of one to four Specs or Runs, which are
    shown side by side. Raises `SpecError` for anything else, for images, and for Runs on another
    device or with seeds that do not follow each other.
    """
    if isinstance(what, Preset):
        specs = what.specs
        one = len(specs) == 1
        return Experiment.of(specs[0]) if one else Comparison.among(specs), (), what.name
    if isinstance(what, Experiment):
        return what, (), ""
    items = [what] if isinstance(what, (Spec, Run)) else what
    known = isinstance(items, Sequence) and not isinstance(items, str)
    if not known or not items or not all(isinstance(one, (Spec, Run)) for one in items):
        raise SpecError("what", what, _ALLOWED)
    runs = tuple(one if isinstance(one, Run) else Run(one) for one in items)
    for run in runs:
        if run.device.type != "cpu":
            raise SpecError("device", run.device, _("cpu: a live view computes there"))
    experiment = _of_runs(runs)
    return experiment, (runs if any(isinstance(one, Run) for one in items) else ()), ""


def _of_runs(runs: Sequence[Run]) -> Experiment:
    """The experiment that these Runs are of."""
    first, events = runs[0].start[0], tuple(run.events for run in runs)
    if len(runs) == 1:
        made = Experiment.of(first, len(runs[0].start), events=events[0])
        if tuple(made.rows(0)) != runs[0].start:
            raise SpecError("specs", runs[0].start, _("seeds of one Spec that follow each other"))
        return made
    if any(len(run.start) > 1 for run in runs):
        raise SpecError("runs", len(runs), _("Runs of one seed each, if there are several"))
    starts, now = [run.start[0] for run in runs], [run.spec for run in runs]
    # Runs that were forked differ only since then.
    fields = dict.fromkeys((*differing(starts), *differing(now)))
    return Comparison(tuple(starts), tuple(fields), events=events)
