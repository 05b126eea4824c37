"""Pay-off tables of textbooks."""

from __future__ import annotations

from dataclasses import dataclass

from ganlab.games.tables.entry import Table, table
from ganlab.languages import _

# The names of strategies, which `table` takes apart.
_NAMES = (
    _("heads"),
    _("tails"),
    _("rock"),
    _("paper"),
    _("scissors"),
    _("confess"),
    _("deny"),
    _("defect"),
    _("cooperate"),
    _("press"),
    _("wait"),
    _("opera"),
    _("football"),
    _("stag"),
    _("hare"),
)


@dataclass(frozen=True)
class Preset:
    """A known game: its name in addresses, its title, what to watch for, and its source."""

    name: str
    title: str
    table: Table
    watch: str
    cite: str = ""


_PRISONERS = "confess, deny"
PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "coins",
            _("Matching coins"),
            table([[3, -2], [-2, 1]], rows="heads, tails", columns="heads, tails"),
            _(
                "It looks fair, but the row player loses 1/8 a round to a player who shows "
                "heads three times of eight."
            ),
            _("von Neumann 1928"),
        ),
        Preset(
            "prisoners",
            _("Prisoner's dilemma"),
            table([[-8, 0], [-10, -1]], [[-8, -10], [0, -1]], _PRISONERS, _PRISONERS),
            _("To confess is better whatever the other does, and yet both would rather deny."),
            "Tucker 1950",
        ),
        Preset(
            "cooperation",
            _("Prisoner's dilemma, with gains"),
            table([[1, 5], [0, 3]], [[1, 0], [5, 3]], "defect, cooperate", "defect, cooperate"),
            _("The same dilemma with the pay-offs of Axelrod's tournament."),
            "Axelrod 1984",
        ),
        Preset(
            "pigs",
            _("Boxed pigs"),
            table([[5, 4], [9, 0]], [[1, 4], [-1, 0]], "press, wait", "press, wait"),
            _("The small pig waits whatever happens; so the big one has to press."),
            _("Baldwin & Meese 1979; pay-offs as in Rasmusen 1989"),
        ),
        Preset(
            "rock-paper-scissors",
            _("Rock, paper, scissors"),
            table(
                [[0, -1, 1], [1, 0, -1], [-1, 1, 0]],
                rows="rock, paper, scissors",
                columns="rock, paper, scissors",
            ),
            _("No pure equilibrium: the strategies chase one another around the centre."),
        ),
        Preset(
            "sexes",
            _("Battle of the sexes"),
            table([[2, 0], [0, 1]], [[1, 0], [0, 2]], "opera, football", "opera, football"),
            _(
                "Two equilibria that each player ranks differently, and a mixed one that is "
                "worse for both."
            ),
            "Luce & Raiffa 1957",
        ),
        Preset(
            "stag",
            _("Stag hunt"),
            table([[4, 1], [3, 3]], [[4, 3], [1, 3]], "stag, hare", "stag, hare"),
            _("The better equilibrium needs trust: where a path ends depends on where it begins."),
            "Rousseau 1755",
        ),
    )
}
