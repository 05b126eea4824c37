"""An explanation, with its unit, of what the pages of games and a lab's spectrum show."""

from __future__ import annotations

from ganlab.languages import _
from ganlab.words import Word

# The spectrum of a lab's game.
SPECTRUM = {
    "radius": Word(
        _("largest |μ|"),
        _(
            "Of the eigenvalues μ of one iteration, linearised at the present "
            "parameters, that of the direction that grows fastest: above 1 the "
            "parameters leave this point along it, below 1 they would be drawn here from "
            "every direction."
        ),
        _("factor per iteration"),
    ),
    "growing": Word(
        _("grow at small steps"),
        _(
            "Eigenvalues of the game with a negative real part: along these the "
            "parameters leave this point however small the step is. At a stable "
            "equilibrium there are none."
        ),
        _("eigenvalues"),
    ),
    "step": Word(
        _("others stable up to"),
        _(
            "All directions but those that grow at small steps have |μ| ≤ 1 up to this "
            "factor of both learning rates. “no step”: some rotate without damping, and "
            "grow at every step."
        ),
        _("times the present learning rates"),
    ),
    "rotation": Word(
        _("strongest rotation"),
        _(
            "The largest |Im λ| / |λ| of all the game's eigenvalues λ, those below a "
            "hundredth of the largest left out: 0 % is pure descent, 100 % pure "
            "rotation. The direction that grows fastest may be another one."
        ),
        _("share"),
    ),
    "turn": Word(
        _("fastest turn"),
        _(
            "2π / |Im λ|: the iterations in which the players would circle once along "
            "the eigenvector that turns fastest, in the limit of small steps."
        ),
        _("iterations"),
    ),
    "share": Word(
        _("share of J that rotates"),
        _(
            "The Jacobian J of both gradients is S + A: S symmetric, as of one cost that "
            "both descend, A antisymmetric, which only rotates. The share is ‖A‖² / "
            "‖J‖²; it needs all of J."
        ),
        _("share; Frobenius norms"),
    ),
}

# The page of games.
GAMES = {
    "plane": Word(
        _("phase portrait"),
        _("Arrows point along both players' descent; a nullcline is where one player's "
"gradient is 0, solid for the first player and dotted for the second. A "
"cross is an equilibrium."),
        _("both numbers"),
    ),
    "eigenvalues": Word(
        _("eigenvalues of one update"),
        _("Of the linearised update at the equilibrium: rings in closed form, dots "
"measured from the update itself. Inside the unit circle distances shrink, "
"outside they grow."),
        _("complex numbers"),
    ),
    "distance": Word(
        _("distance to the equilibrium"),
        _("On a logarithmic axis, over the updates. The thin line has the slope that "
"the largest eigenvalue predicts, log |μ|."),
        _("units of both numbers"),
    ),
    "parts": Word(
        _("potential and rotation"),
        _("The Jacobian J of both gradients at the equilibrium is S + A: S symmetric, "
"as of one cost that both descend, A antisymmetric, which only rotates. The "
"share is ‖A‖² / ‖J‖²."),
        _("Frobenius norms"),
    ),
    "rates": Word(
        _("log-distance per update"),
        _("The slope of the logarithm of the distance: predicted as log |μ| of the "
"largest eigenvalue, and measured in the second half of the trajectory."),
        _("1/update"),
    ),
}  # fmt: skip


# The page of matrix games.
MATRIX = {
    "table": Word(
        _("pay-off table"),
        _("Both players choose at the same time, a row and a column; in a cell the row "
"player's pay-off stands first. A line under a pay-off marks a best "
"response, and a cell with two is an equilibrium."),
        "",
    ),
    "equilibria": Word(
        _("Nash equilibria"),
        _("Pairs of strategies of which neither player gains by another one. All "
"extreme ones are listed, with what each player gets."),
        _("pay-off"),
    ),
    "security": Word(
        _("max-min and min-max"),
        _("Max-min is the most that a player can be sure of; min-max the least to "
"which the other one can hold it. In mixed strategies both are equal (von "
"Neumann 1928): the value of a zero-sum game, else what the player is sure "
"of, whatever the other one does."),
        _("pay-off"),
    ),
    "square": Word(
        _("strategies"),
        _("Each point is a mixed strategy of both players, or of one; a cross is an "
"equilibrium. The solid line is the play, the dotted one its average so far, "
"and a ring, which can be dragged, is where both start."),
        _("probability"),
    ),
    "regret": Word(
        _("regret"),
        _("What the row player could gain by a best response to the other one's "
"strategy, and what the column player could, added: of the play, and of its "
"average. It is 0 at an equilibrium."),
        _("pay-off"),
    ),
    "pairs": Word(
        _("pay-off of each against each"),
        _("The exact expected pay-off per round of the player on the left. A frame "
"marks a pair that is an equilibrium: no strategy, however clever, gains "
"against it."),
        _("pay-off per round"),
    ),
    "match": Word(
        _("a match"),
        _("Round by round: what both do, and the mean of what they got so far; dotted, "
"the exact expected mean."),
        _("pay-off per round"),
    ),
    "discount": Word(
        _("pay-off against δ"),
        _("The mean pay-off per round of simple replies to the second player, at each "
"probability of another round: (1 − δ) Σ δᵗ uₜ."),
        _("pay-off per round"),
    ),
    "staircase": Word(
        _("unravelling"),
        _("The best round to begin to defect in, if the other one defects from a given "
"round on and punishes for ever: always one round earlier."),
        _("round"),
    ),
    "tree": Word(
        _("backward induction"),
        _("Each player chooses what is best for it, given what follows; of equal "
"choices the first is played. Thick lines are the best choices; the played "
"path is coloured to its end."),
        "",
    ),
}  # fmt: skip
