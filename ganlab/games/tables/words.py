"""What a pay-off table's numbers say, in words, and numbers as a person writes them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ganlab.games.tables.dynamics import Path
from ganlab.games.tables.entry import Array, Table
from ganlab.games.tables.solve import CLOSE, Dropped, Equilibrium, Security
from ganlab.languages import _, joined

_STILL = 0.01  # change of a probability in the last fifth of a path at rest
_LARGEST = 99  # denominator of a number that is written as a fraction


def number(value: float) -> str:
    """A number as a short fraction if it is one, else with four digits; with a true minus sign."""
    near = Fraction(value).limit_denominator(_LARGEST)
    if abs(float(near) - value) <= 1e-9 * max(1.0, abs(value)):
        text = str(near)
    else:
        text = f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")


def mixture(p: Array, names: tuple[str, ...]) -> str:
    """Probabilities p (n,) of strategies in words, those of 0 left out."""
    played = [(float(v), name) for v, name in zip(p, names, strict=True) if v > CLOSE]
    if len(played) == 1:
        return played[0][1]
    return joined(" + ", (_("{share} {name}", share=number(v), name=name) for v, name in played))


def dropped(game: Table, step: Dropped) -> str:
    """Why a strategy is struck out."""
    names = (game.rows, game.columns)[step.player]
    word, whatever = ((_("Row"), _("column")), (_("Column"), _("row")))[step.player]
    by = mixture(step.by, names)
    if step.strict:
        how = _("pays less than {by}, whatever {whatever} is played", by=by, whatever=whatever)
    else:
        how = _("never pays more than {by}, and sometimes less", by=by)
    name = names[step.strategy]
    if name.startswith(word):
        return _("{name}: {how}.", name=name, how=how)
    return _("{word} {name}: {how}.", word=word, name=name, how=how)


def security(own: Security, player: int, zero_sum: bool) -> str:
    """What a player is sure of, in pure and in mixed strategies, and why they differ.

    In a game that is not zero-sum the other player need not want to hold it down.
    """
    who, other = ((_("row"), _("column")), (_("column"), _("row")))[player]
    low, high, value = (number(v) for v in (own.pure_max_min, own.pure_min_max, own.value))
    meet = own.pure_min_max - own.pure_max_min <= CLOSE
    if not zero_sum:
        sure = _(
            "The {who} player is sure of {value}, whatever the {other} player does",
            who=who,
            value=value,
            other=other,
        )
        if meet:
            return _("{sure}, and needs no mixing for it.", sure=sure)
        return _("{sure}, if it mixes; of {low} in pure strategies.", sure=sure, low=low)
    if meet:
        return _(
            "In pure strategies max-min and min-max meet at {value}: a saddle point. "
            "Neither player gains by mixing.",
            value=value,
        )
    return _(
        "In pure strategies the {who} player is sure of {low} (max-min), and the "
        "{other} player can hold it to {high} (min-max). In mixed strategies they "
        "meet: both are {value}.",
        who=who,
        low=low,
        other=other,
        high=high,
        value=value,
    )


def path(found: Path, spread: float) -> str:
    """Whether the play has come to rest, and the regrets of the play and of its average.

    spread: the difference of the pay-offs, of which less than a hundredth is little regret.
    """
    last = np.concatenate([found.x, found.y], 1)[-(len(found.x) // 5 + 1) :]
    rests = bool((np.ptp(last, 0) < _STILL).all())
    play, mean = float(found.regret[-1]), float(found.mean_regret[-1])
    little = max(0.01 * spread, 1e-9)
    if rests:
        where = _("at an equilibrium") if play < little else _("where a player could still gain")
        how = _(
            "The play comes to rest {where}: its regret is {play:.3f} at the end",
            where=where,
            play=play,
        )
    else:
        how = _("The play keeps moving: its regret is {play:.3f} at the end", play=play)
    if rests and play < little:
        return _("{how}, that of its average {mean:.3f}.", how=how, mean=mean)
    come = _("is near an equilibrium") if mean < 5 * little else _("is not there, either")
    return _("{how}. Its average {come}: {mean:.3f}.", how=how, come=come, mean=mean)


def degenerate(game: Table, found: list[Equilibrium]) -> bool:
    """Whether an equilibrium has more best responses than strategies that they respond to."""
    a, b = game.payoffs
    for one in found:
        rows, columns = a @ one.y, one.x @ b
        for gain, other, spread in ((rows, one.y, np.ptp(a)), (columns, one.x, np.ptp(b))):
            best = (gain >= gain.max() - CLOSE * max(1.0, spread)).sum()
            if best > (other > CLOSE).sum():
                return True
    return False
