"""What a page says about the parts of an iteration, and the objectives as MathML."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from latex2mathml.converter import convert

from ganlab.engine.explain import Explained
from ganlab.languages import _, joined, listed
from ganlab.losses import LOSSES
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES

# The terms of the equation by id: D's goal and terms, and G's.
MIN_D, REAL, FAKE, MIN_G, OF_G, WHOLE = "min_d", "real", "fake", "min_g", "g", "whole"
_OF_D = (MIN_D, REAL, FAKE)
_RULE = _("The rule of updates is not alternating, so this step is not along the arrows alone.")


@cache
def equation(loss: str) -> list[list[list[str]]]:
    """The objectives of a loss: rows of terms, each its id and its MathML."""
    entry = LOSSES[loss]
    if entry.terms is None:
        return [[[WHOLE, convert(entry.equation)]]]
    real, fake, g = entry.terms
    if fake and not fake.startswith("-"):
        fake = f"+ {fake}"
    parts_of_g = re.split(r" (?=- \\mathbb\{E\})", g)  # a browser cannot break a formula's line
    rows = [
        [(MIN_D, r"\min_D"), (REAL, real), (FAKE, fake)],
        [(MIN_G, r"\min_G"), *((OF_G, part) for part in parts_of_g)],
    ]
    return [[[name, convert(latex)] for name, latex in row if latex] for row in rows]


def beside(spec: Spec) -> str:
    """What else belongs to the objectives: the meaning of a(x), and the stabilisers that are on."""
    terms, out = LOSSES[spec.loss].terms, []
    if terms is not None and any("a(" in term for term in terms):
        out.append(_("a(x) is D's output; the picture maps it to D(x), from 0 to 1."))
    if spec.inference == "joint":
        out.append(_("D judges pairs: x stands for (x, E(x)), G(z) for (G(z), z)."))
        out.append(_("G and E minimise G's cost of the pairs of G, and the same of those of E."))
    elif spec.inference == "regression":
        out.append(_("E learns beside the game, and is no part of these costs."))
    on = [STABILISERS[name] for name in spec.stabilisers]
    if titles := [entry.title for entry in on if not entry.watches]:
        out.append(_("Also on: {listed}.", listed=listed(titles)))
    return joined(" ", out)


def note(spec: Spec) -> str:
    """What the update rule does, unless it alternates."""
    entry = RULES[spec.rule]
    return _("Update rule {title}: {doc}", title=entry.title, doc=entry.doc) if entry.before else ""


def of(spec: Spec, one: Explained, number: int, opening: bool) -> list[dict[str, Any]]:
    """The parts of update `number` of an explanation: kind, player, title, says, lit, set.

    opening: whether it is the first one of its player; later ones have a single part.
    """
    make = {
        ("D", True): _first_of_d,
        ("D", False): _next_of_d,
        ("G", True): _first_of_g,
        ("G", False): _next_of_g,
    }
    return [
        {
            "kind": kind,
            "player": one.player,
            "title": title,
            "says": says,
            "lit": _lit(spec.loss, terms),
            "set": number,
        }
        for kind, title, says, terms in make[one.player, opening](spec, one)
    ]


def _lit(loss: str, ids: list[str]) -> list[str]:
    """These terms of the equation, or those that contain them."""
    terms = LOSSES[loss].terms
    if terms is None:
        return [WHOLE]
    return list(dict.fromkeys(REAL if name == FAKE and not terms.fake else name for name in ids))


Row = tuple[str, str, str, list[str]]


def _costs(one: Explained) -> str:
    """ "from 1.39 to 1.35"."""
    before, after = (f"{v:.4g}".replace("-", "−") for v in (one.cost, one.cost_after))
    return _("from {before} to {after}", before=before, after=after)


def _slope(spec: Spec, one: Explained) -> str:
    """How near D is to its optimum."""
    return _(
        "The largest entry of its gradient is now {slope:.1g}; the tolerance is {d_to_optimum:g}.",
        slope=one.slope,
        d_to_optimum=spec.d_to_optimum,
    )


def _which(one: Explained, of: int) -> str:
    """ "step 2 of 3" or "steps 6 to 20 of 20"; "" if there is one step only."""
    if of == 1:
        return ""
    if one.first == one.last:
        return _("step {at} of {of}", at=one.first, of=max(of, one.last))
    return _(
        "steps {first} to {last} of {of}", first=one.first, last=one.last, of=max(of, one.last)
    )


def _first_of_d(spec: Spec, one: Explained) -> list[Row]:
    which = _which(one, spec.k)
    moves = _("D moves: {which}", which=which) if which else _("D moves")
    height = _(" and height") if spec.domain.density else ""
    judged = "D(x)" if LOSSES[spec.loss].value else _("D's output, drawn as D(x),")
    ruled = " " + _RULE if RULES[spec.rule].find else ""
    others = _("The next minibatch will be a different one.")
    step = _(
        "One step of D's optimiser takes its cost on them {costs}.{ruled}",
        costs=_costs(one),
        ruled=ruled,
    )
    if spec.d_to_optimum:
        others = _("They are some of those on which D is trained to its optimum, always the same.")
        step = _(
            "D trains to its optimum: its cost on these falls {costs}. {slope}",
            costs=_costs(one),
            slope=_slope(spec, one),
        )
    return [
        (
            "data",
            _("Draw a minibatch of data"),
            _(
                "{batch} samples x are drawn at random from p_data. {others}",
                batch=spec.batch,
                others=others,
            ),
            [REAL],
        ),
        (
            "make",
            _("Draw z and push it through G"),
            _(
                "{batch} latents z are drawn, and G maps each of them to a sample G(z). G "
                "does not change while D learns.",
                batch=spec.batch,
            ),
            [FAKE],
        ),
        (
            "judge",
            _("D judges both"),
            _(
                "{judged} is each sample's colour{height}: 1 if D takes it for real, 0 if "
                "for generated.",
                judged=judged,
                height=height,
            ),
            [REAL, FAKE],
        ),
        (
            "d",
            moves,
            _(
                "Arrows: D's gradient asks for a higher D(x) at real samples and a lower one "
                "at generated ones. {step}",
                step=step,
            ),
            [*_OF_D],
        ),
    ]


def _next_of_d(spec: Spec, one: Explained) -> list[Row]:
    several = one.last > one.first
    if spec.d_to_optimum:
        says = _("D is at its optimum already, or comes nearer. {slope}", slope=_slope(spec, one))
        return [("d_again", _("D moves: {which}", which=_which(one, spec.k)), says, [*_OF_D])]
    says = (
        _("Each step draws fresh data and fresh z; those of the first are shown.")
        if several
        else _(
            "D draws fresh data and fresh z, judges them, and moves again: its cost on "
            "them goes {costs}.",
            costs=_costs(one),
        )
    )
    return [("d_again", _("D moves: {which}", which=_which(one, spec.k)), says, [*_OF_D])]


def _first_of_g(spec: Spec, one: Explained) -> list[Row]:
    rule = RULES[spec.rule]
    old = _(" D is taken as it was before its last update, as the rule says.")
    before = old if rule.before and spec.k else ""
    which = _which(one, spec.g_steps)
    unrolled = _(", after its {unroll} unrolled steps", unroll=spec.unroll) if spec.unroll else ""
    ruled = " " + _RULE if rule.find else ""
    rows: list[Row] = [
        (
            "g_make",
            _("G's turn: draw new z"),
            _(
                "{batch} new latents z are drawn and mapped to G(z). From here on D does not "
                "change.",
                batch=spec.batch,
            ),
            [OF_G],
        ),
        (
            "slope",
            _("D's slope at the generated samples"),
            _(
                "Each arrow is where a sample should go to lower G's cost, as D sees "
                "it{unrolled}: long where D is steep, short where D is flat.{before}",
                unrolled=unrolled,
                before=before,
            ),
            [OF_G],
        ),
        (
            "g",
            _("G moves: {which}", which=which) if which else _("G moves"),
            _(
                "One step of G's optimiser moves all samples together, so they follow their "
                "arrows only roughly. G's cost on these z goes {costs}.{ruled}",
                costs=_costs(one),
                ruled=ruled,
            ),
            [MIN_G, OF_G],
        ),
    ]
    if spec.unroll:
        data = _("on fresh data and z") if spec.unroll_data == "fresh" else _("on these samples")
        steps = _("{count} step{s}", count=spec.unroll, s="s" if spec.unroll > 1 else "")
        rows.insert(
            1,
            (
                "ahead",
                _("D's answer: {steps} that it would take", steps=steps),
                _(
                    "D is unrolled: its next {steps} {data} are computed, but D does not make "
                    "them. G learns from the D after them, and so expects D's answer.",
                    steps=steps,
                    data=data,
                ),
                [*_OF_D],
            ),
        )
    return rows


def _next_of_g(spec: Spec, one: Explained) -> list[Row]:
    several = one.last > one.first
    says = (
        _("Each step draws new z; those of the first are shown.")
        if several
        else _("New z, new slopes, another step: G's cost on them goes {costs}.", costs=_costs(one))
    )
    return [
        ("g_again", _("G moves: {which}", which=_which(one, spec.g_steps)), says, [MIN_G, OF_G])
    ]
