"""Runs in float64, for oracles in float64."""

from ganlab import Run
from ganlab.engine import State


class Doubled:
    """A run's draws in float64."""

    def __init__(self, draws):
        self.draws = draws

    def get(self, player, name, number):
        return self.draws.get(player, name, number).double()


def in_double(run: Run) -> Run:
    """The run itself, converted so that it continues in float64."""
    s = run.state
    slots = [tuple(v.double() for v in slot) for slot in (s.g_slots, s.d_slots)]
    run.state = State(s.g.double(), s.d.double(), *slots)
    _double(run)
    prepare = run._prepare

    def again():
        """A change of the run makes new draws, which are doubled as well."""
        prepare()
        _double(run)

    run._prepare = again
    return run


def _double(run: Run) -> None:
    run.draws = Doubled(run.draws)
    if run.game.fixed is not None:
        run.game.fixed = run.game.fixed.double()
