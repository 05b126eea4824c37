"""The message about the eigenvalues of a run's game at one moment: see docs/protocol.md.

They are computed at the moment's parameters, without training: also those under other update rules,
and with another strength of R1.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ganlab.engine import Run, Spectrum, State, spectrum
from ganlab.engine.cost import cost
from ganlab.engine.eigenvalues import DENSE
from ganlab.engine.rules import Rules
from ganlab.engine.structure import Structure
from ganlab.engine.timeline import Timeline
from ganlab.games import help
from ganlab.games.lab import game_of
from ganlab.languages import _, listed
from ganlab.optim import OPTIMIZERS
from ganlab.params import in_words
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES
from ganlab.words import Word, unfold

SAMPLES = 512  # about this many represent the distributions
MOST_SECONDS = 15.0  # on one thread of this machine, for each spectrum
_DENSE_SECONDS = 4.0  # all eigenvalues are computed if that takes no longer
_PRODUCTS = 300  # with the Jacobian, for the leading ones (about)
_PRODUCT = 2.0  # the time of a product, relative to an update of each player (about)
_MOST = 400  # eigenvalues that are sent
_MEMORY = 0.6  # about the smallest |μ| that does not belong to the optimiser's memory
_ON = 1e-6  # |μ| this near to 1 is on the unit circle

Arrays = dict[str, np.ndarray]
Message = tuple[dict[str, Any], Arrays]


class Price(NamedTuple):
    """What a spectrum will cost: seconds (about), and how it is computed."""

    seconds: float
    samples: int
    dense: int


def price(spec: Spec) -> Price:
    """The cost of the spectrum of one run, which is not computed."""
    counted, batches = cost(spec), max(1, -(-SAMPLES // spec.batch))
    both = counted.d + counted.g

    def product_of(batches: int) -> float:
        return _PRODUCT * both.together(batches).seconds

    if _PRODUCTS * product_of(batches) > MOST_SECONDS:
        batches = 1
    product, samples = product_of(batches), batches * spec.batch
    rules = Rules(Structure.of(spec))
    size = rules.D.size + (rules.G.own if rules.structure.beside else rules.G.size)
    if size <= min(DENSE, _PRODUCTS) or (size <= DENSE and size * product <= _DENSE_SECONDS):
        return Price(size * product + 5e-10 * size**3, samples, DENSE)
    return Price(_PRODUCTS * product, samples, 1)


def refused(spec: Spec, paid: Price) -> str:
    """Why the spectrum of this run is not computed; "" if it is."""
    if paid.seconds > MOST_SECONDS:
        return _(
            "With this batch and these nets the eigenvalues take about {seconds:,.0f} s, "
            "more than the {most_seconds:.0f} s that this page spends on them. Narrower "
            "nets or a smaller batch would do; ganlab.spectrum(run) computes them in "
            "Python.",
            seconds=paid.seconds,
            most_seconds=MOST_SECONDS,
        )
    if not spec.k:
        return _("D does not learn (k = 0): the game has one player, and nothing rotates.")
    return ""


def of_moment(state: State, spec: Spec, paid: Price, r1: float | None = None) -> Message:
    """One spectrum: what it says in numbers, and its arrays; r1: with another strength of R1.

    If there is none, it has only the field refused, which says why.
    """
    run = Run.restored((spec,), (spec,), Timeline(()), state, [None])
    try:
        if r1 is not None:
            run.change(r1=r1)
        found = spectrum(run, samples=paid.samples, dense=paid.dense)
    except SpecError as error:
        return {"refused": f"{in_words(error)}."}, {}
    except (ValueError, RuntimeError, ArithmeticError, np.linalg.LinAlgError) as error:
        if "memory" in str(error).lower():
            raise
        return {"refused": _("The gradients are not finite here, or not differentiable.")}, {}
    if not len(found.values):
        return {"refused": _("The search for eigenvalues did not converge here.")}, {}
    maps = {}
    arrays: Arrays = {"": _plane(found.values)}
    for rule in found.rules:
        mu = found.of_update(rule)
        step = found.largest_step(rule)
        maps[rule] = {
            "radius": float(abs(mu).max()),
            "step": step if math.isfinite(step) else None,
            "why": _why(found, mu, step),
        }
        arrays[f".{rule}"] = _plane(mu, 1)
    told = {
        "r1": r1,
        "size": found.size,
        "count": len(found.values),
        "complete": found.complete,
        "per_update": found.per_update,
        "rotation": found.rotation,
        "turn": _turn(found),
        "growing": found.growing,
        "symmetric": found.symmetric,
        "rotating": found.rotating,
        "share": found.rotating_share,
        "rules": maps,
    }
    return told, arrays


def header(number: int, iteration: int, spec: Spec) -> dict[str, Any]:
    """A message without a spectrum, of run `number`."""
    return {
        "type": "spectrum",
        "run": number,
        "iteration": iteration,
        "refused": "",
        "notes": [],
        "seconds": 0.0,
        "rule": spec.rule,
        "r1": spec.r1,
        "asked": None,
        "titles": {name: entry.title for name, entry in RULES.entries.items()},
        "help": {name: unfold([word]) for name, word in help.SPECTRUM.items()},
        "game": None,
        "now": None,
        "other": None,
    }


def game(spec: Spec) -> dict[str, Any]:
    """The game that explains it: the query of its page, and what differs, as explanations."""
    setup, differs = game_of(spec)
    title = setup.entry.title
    return {"query": setup.query(), "help": unfold(Word(title, text) for text in differs)}


def notes(spec: Spec, told: dict[str, Any]) -> list[str]:
    """What these eigenvalues leave out."""
    out = []
    title = OPTIMIZERS[spec.optimizer].title
    if not told["per_update"]:
        measured = OPTIMIZERS[spec.optimizer].rate is not None
        why = (
            _("{title} has not measured the size of a gradient yet", title=title)
            if measured
            else _("a step of {title} is not linear in the gradient", title=title)
        )
        out.append(
            _("The eigenvalues are those of the game alone, without an optimiser: {why}.", why=why)
        )
    elif spec.rule not in told["rules"]:
        out.append(
            _(
                "What {title} does with {title2} does not follow from these eigenvalues; the "
                "rules above do.",
                title=RULES[spec.rule].title,
                title2=title,
            )
        )
    left = [
        STABILISERS[name].title
        for name in STABILISERS
        if getattr(spec, name, None) and _is_left_out(name)
    ]
    if left:
        out.append(
            _("Left out, as it is no smooth part of an update: {listed}.", listed=listed(left))
        )
    return out


def _turn(found: Spectrum) -> float | None:
    """The iterations in which the fastest eigenvalue turns once; None if none does."""
    fastest = float(abs(found.moving.imag).max(initial=0.0)) if found.per_update else 0.0
    return 2 * math.pi / fastest if fastest > 0 else None


def _is_left_out(name: str) -> bool:
    entry = STABILISERS[name]
    return entry.project is not None or name == "lookahead"


def _plane(values: np.ndarray, around: float = 0.0) -> np.ndarray:
    """Real and imaginary parts (m, 2) of those farthest from `around`, and of the largest one."""
    if len(values) > _MOST:
        order = np.argsort(-abs(values - around), kind="stable")[: _MOST - 1]
        values = values[np.union1d(order, abs(values).argmax())]
    return np.stack([values.real, values.imag], 1).astype(np.float32)


def _why(found: Spectrum, mu: np.ndarray, step: float) -> str:
    """What the μ (m,) of one iteration say, in words."""
    largest = mu[abs(mu).argmax()]
    size, turn = abs(largest), abs(math.degrees(math.atan2(largest.imag, largest.real)))
    turns = abs(largest.imag) > 1e-9 * size
    if abs(size - 1) < _ON:
        way = _(", while they turn by {turn:.3g}° an iteration", turn=turn) if turns else ""
        head = _(
            "The largest |μ| is 1: to first order the parameters neither leave this point nor "
        )
        head += _("approach it{way}.", way=way)
    elif size < 1:
        way = (
            _(", in the slowest direction turning by {turn:.3g}° an iteration", turn=turn)
            if turns
            else ""
        )
        head = _(
            "The largest |μ| is {size:.4f} < 1: the parameters approach this point{way}.",
            size=size,
            way=way,
        )
    elif not turns and largest.real < 0:
        head = _(
            "The largest |μ| is {size:.4f} > 1, and it is negative: the step is too "
            "large for a steep direction, in which the parameters jump to the other side "
            "in each iteration.",
            size=size,
        )
    elif turns:
        head = _(
            "The largest |μ| is {size:.4f} > 1: in the direction that grows fastest the "
            "parameters rotate outward, by {turn:.3g}° an iteration.",
            size=size,
            turn=turn,
        )
    else:
        head = _(
            "The largest |μ| is {size:.4f} > 1: in the direction that grows fastest the "
            "parameters move away from this point without rotating.",
            size=size,
        )
    head += _stable(found, size, step)
    fast = mu[abs(mu) > _MEMORY]
    fastest = fast[abs(fast.imag).argmax()] if len(fast) else largest
    # The row "fastest turn" is of the game's eigenvalues: without a turn there, none is named here.
    if _turn(found) and abs(fastest.imag) > 1e-6 and abs(abs(fastest) - size) > _ON:
        way = (
            _("inward")
            if abs(fastest) < 1 - _ON
            else _("outward")
            if abs(fastest) > 1 + _ON
            else ""
        )
        spirals = _("spirals {way}", way=way) if way else _("stays on the circle")
        head += _(
            " The fastest turn, |μ| = {fastest:.4f}, {spirals}.",
            fastest=abs(fastest),
            spirals=spirals,
        )
    return head


def _stable(found: Spectrum, size: float, step: float) -> str:
    """Which steps are stable, in words; size: the largest |μ| at the present one."""
    leaves, many = size > 1 + _ON, _("{step:.3g} × the present step", step=step)
    if not found.growing:
        if step == 0:
            small = "" if leaves else _(", here by less than a millionth an iteration")
            return _(" Rotation without damping: every step is too large{small}.", small=small)
        if step < 1 and not leaves:
            return _(
                " Beyond {many} it is not stable, but at the present one it is again.", many=many
            )
        if step >= 1 and leaves:  # of a projected map of updates in turns
            return _(" It is too slow to be counted among those that grow.")
        return ""
    which = "" if found.complete else "leading "
    grow = _(
        "{growing} of {count} {which}directions grow",
        growing=found.growing,
        count=len(found.values),
        which=which,
    )
    if not leaves:
        return _(" {grow} at small steps, but none does at the present one.", grow=grow)
    others = _("the others are stable at any")
    if step == 0:
        others = _("of the others some rotate without damping and grow as well")
    elif math.isfinite(step):
        others = _(
            "the others are stable {which}up to {many}",
            which="only " if step < 1 else "",
            many=many,
        )
    return _(" No small step is stable: {grow}; {others}.", grow=grow, others=others)
