"""What a trajectory does, and why: the predicted rate against the measured one, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganlab.games import closed, spectrum
from ganlab.games.entry import Array, Equilibrium
from ganlab.games.method import Method
from ganlab.games.play import Play
from ganlab.languages import _, capital, joined
from ganlab.optim import OPTIMIZERS

_ON = 1e-6  # how far from the unit circle an eigenvalue still counts as on it
_CLEAR = 0.1  # a change of the log-distance in the second half that counts as one
_FLOOR = 1e-12  # a distance below which rounding decides
_FEWEST = 8  # points of a fit

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues of one update at the main equilibrium, (n,) each; None where there are none.

    closed: in closed form. measured: from the update itself. updates: how many updates they are
    of, which is more than one for lookahead.
    """

    closed: Complex | None
    measured: Complex | None
    updates: int = 1

    @property
    def values(self) -> Complex | None:
        """The measured ones (n,), or else the closed form."""
        return self.closed if self.measured is None else self.measured

    @property
    def radius(self) -> float | None:
        """The spectral radius of one update."""
        return (
            None if self.values is None else float(np.abs(self.values).max()) ** (1 / self.updates)
        )


@dataclass(frozen=True)
class Verdict:
    """word: "converges", "orbits" or "diverges"; why: in sentences.

    predicted, measured: the change of the log-distance per update, by the eigenvalues and in the
    second half of the trajectory; None if unknown.
    """

    word: str
    why: str
    predicted: float | None
    measured: float | None


def spectrum_of(play: Play) -> Spectrum:
    """The eigenvalues of one update of `play` at its game's main equilibrium."""
    rest = play.game.equilibria(play.values)
    if not rest or rest[0].jacobian is None:
        return Spectrum(None, None)
    known = closed.of_update(rest[0].jacobian, play.method)
    found = spectrum.measured(play.game, play.values, play.method, rest[0])
    return Spectrum(known, found, play.method.lookahead or 1)


def distances(path: Array, rest: tuple[Equilibrium, ...]) -> Array:
    """The distance (n,) of a path (n, 2) to the nearest rest point; to 0 if there is none."""
    points = [(one.x, one.y) for one in rest] or [(0.0, 0.0)]
    return np.asarray(np.min([np.hypot(*(path - point).T) for point in points], axis=0))


def rate(distance: Array) -> float | None:
    """The slope of the log-distance (n,) per update in its second half; None if it is too short."""
    above = ~(distance > _FLOOR)
    end = int(above.argmax()) if above.any() else len(distance)
    tail = np.log(distance[end // 2 : end])
    if len(tail) < _FEWEST:
        return None
    return float(np.polyfit(np.arange(len(tail)), tail, 1)[0])


def verdict(play: Play, found: Spectrum, run: int = 0) -> Verdict:
    """What trajectory `run` of a play does, given the eigenvalues of its update."""
    rest = play.game.equilibria(play.values)
    distance = distances(play.path[:, run], rest)
    radius = found.radius
    predicted = None if radius is None else math.log(radius) if radius > 0 else -math.inf
    measured = rate(distance)
    word = _word(play, distance, radius, measured, int(play.diverged[run]))
    why = [_eigenvalues(found, play.method) if radius is not None else _none(play)]
    if radius is not None and not play.game.linear:
        why.append(_beyond(word, radius, distance))
    if play.game.linear and predicted is not None and 0 < abs(predicted) * play.updates < 0.02:
        why.append(_("In {updates} updates that is too little to be seen.", updates=play.updates))
    plain = play.method.rule == "continuous" and not play.method.consensus
    if plain and play.game.flow(play.values):
        text = play.game.flow(play.values)
        why.append(_("{text}.", text=capital(text)))
    if play.diverged[run]:
        far = _("it is more than a million away")
        if play.method.exact:
            far += _(", or changes too fast to be followed")
        why.append(_("From update {diverged} on {far}.", diverged=play.diverged[run], far=far))
    return Verdict(word, joined(" ", filter(None, why)), predicted, measured)


def _word(
    play: Play, distance: Array, radius: float | None, measured: float | None, diverged: int
) -> str:
    if diverged:
        return "diverges"
    away = 0 if radius is None or abs(radius - 1) < _ON else 1 if radius > 1 else -1
    if play.game.linear and radius is not None:
        return ("orbits", "diverges", "converges")[away]
    if distance[-1] <= 1e-6 or measured is None:
        small = distance[-1] < 1e-3 * max(distance[0], 1e-9)
        return "converges" if small else ("orbits", "diverges", "converges")[away]
    change = measured * len(distance) / 2
    as_predicted = radius is not None and 0.5 < measured / (math.log(radius) or math.inf) < 2
    if abs(change) > _CLEAR or (away and as_predicted):
        return "diverges" if measured > 0 else "converges"
    return "orbits"


def _eigenvalues(found: Spectrum, method: Method) -> str:
    values, radius = found.values, found.radius
    assert values is not None and radius is not None
    largest = values[np.abs(values).argmax()]
    many = _("{count} updates", count=found.updates) if found.updates > 1 else _("one update")
    size = abs(largest)
    if abs(size - 1) < _ON:
        where = _("is on the unit circle: to first order the distance stays")
    else:
        side, what = (_("inside"), _("shrinks")) if size < 1 else (_("outside"), _("grows"))
        where = _(
            "is {side} the unit circle: near the equilibrium the distance {what}",
            side=side,
            what=what,
        )
    turn = abs(math.degrees(math.atan2(largest.imag, largest.real)))
    if abs(largest.imag) < 1e-9:
        way = "" if largest.real >= 0 else _(", and each update jumps to the other side")
    else:
        way = _(", and the point turns by {turn:.3g}°", turn=turn)
    return _(
        "The largest eigenvalue of {many}, |μ| = {size:.5f}, {where}{way}.",
        many=many,
        size=size,
        where=where,
        way=way,
    )


def _beyond(word: str, radius: float, distance: Array) -> str:
    """What the costs' curvature adds to the eigenvalues."""
    tail = distance[len(distance) // 2 :]
    seen = _("between {low:.3g} and {high:.3g}", low=np.nanmin(tail), high=np.nanmax(tail))
    if abs(radius - 1) < _ON:
        if word == "converges":
            return _(
                "There the curvature of the costs decides: it pulls in, but slower than any ρᵗ."
            )
        if word == "diverges":
            return _("There the curvature of the costs decides: it pushes out.")
        return _(
            "There the curvature of the costs decides: this trajectory stays {seen}.", seen=seen
        )
    if radius > 1 and word == "orbits":
        return _("Further out it is held: this trajectory circles at distances {seen}.", seen=seen)
    if radius > 1 and word == "converges":
        return _(
            "This trajectory starts further out, and still comes closer: it is {seen}.", seen=seen
        )
    if radius < 1 and word != "converges":
        return _("This trajectory starts too far away to be drawn in.")
    return ""


def _none(play: Play) -> str:
    rest = play.game.equilibria(play.values)
    if not rest or rest[0].jacobian is None:
        return _(
            "The gradients jump at the equilibrium, so that no eigenvalue describes an update."
        )
    title = OPTIMIZERS[play.method.optimizer].title
    return _(
        "{title} divides by the size of gradients, which vanish at the equilibrium: "
        "its update has no derivative there, and no eigenvalues.",
        title=title,
    )
