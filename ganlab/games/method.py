"""How a game is played: update rule, step size, optimiser, and what changes the gradients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

from ganlab.games.entry import GameEntry, Values
from ganlab.games.schemes import SCHEMES
from ganlab.languages import _
from ganlab.optim import OPTIMIZERS, Hyper
from ganlab.registry import Entry, Param, SpecError
from ganlab.stabilisers import STABILISERS
from ganlab.update_rules import RULES

LONGEST_CYCLE = 20  # of lookahead, in iterations


def rule_entry(name: object) -> Entry:
    """The entry of a rule: one of the engine's, or one that only games have. Raises `SpecError`."""
    if isinstance(name, str) and name in SCHEMES:
        return SCHEMES[name]
    if isinstance(name, str) and name in RULES:
        return RULES[name]
    raise SpecError("rule", name, _("one of {listed}", listed=", ".join(rules())))


def rules() -> tuple[str, ...]:
    """The names of all rules, the engine's first."""
    return (*RULES, *SCHEMES)


def _own(name: str) -> Param:
    """A parameter that an optimiser or a stabiliser declares."""
    entries: tuple[Entry, ...] = (*OPTIMIZERS.entries.values(), *STABILISERS.entries.values())
    return next(p for entry in entries for p in entry.params if p.name == name)


METHOD: Mapping[str, Param] = {
    "step": Param(
        "step",
        _("step size h"),
        0.2,
        0.001,
        5.0,
        doc=_("The learning rate of both players."),
        log=True,
    ),
    "optimizer": Param(
        "optimizer",
        _("optimiser"),
        "sgd",
        kind="choice",
        choices=OPTIMIZERS,
        doc=_("As in the labs; it gets the gradient that the rule finds."),
    ),
    "momentum": _own("momentum"),
    "betas": _own("betas"),
    "consensus": _own("consensus"),
    "lookahead": Param(
        "lookahead",
        _("lookahead, n"),
        0,
        0,
        LONGEST_CYCLE,
        "int",
        unit=_("iterations"),
        typical=5,
        doc=_("Every n iterations both players go part of the way back. 0: off."),
    ),
    "lookahead_share": _own("lookahead_share"),
    "first_steps": Param(
        "first_steps",
        _("updates of the first player"),
        1,
        1,
        10,
        "int",
        doc=_("How many it makes in an iteration, before the second player's."),
    ),
    "second_steps": Param(
        "second_steps",
        _("updates of the second player"),
        1,
        1,
        10,
        "int",
        doc=_("How many it makes in an iteration."),
    ),
}


@dataclass(frozen=True)
class Method:
    """A rule and its numbers; each field is described by `METHOD`.

    Raises `SpecError` for values that are not allowed.
    """

    rule: str = "simultaneous"
    step: float = 0.2
    optimizer: str = "sgd"
    momentum: float = 0.5
    betas: tuple[float, float] = (0.0, 0.99)
    consensus: float = 0.0
    lookahead: int = 0
    lookahead_share: float = 0.5
    first_steps: int = 1
    second_steps: int = 1

    def __post_init__(self) -> None:
        rule_entry(self.rule)
        for field in fields(self):
            if field.name in METHOD:
                value = METHOD[field.name].check(getattr(self, field.name))
                object.__setattr__(self, field.name, value)
        if len(self.betas) != 2:
            raise SpecError("betas", self.betas, _("two numbers, separated by a comma"))

    @property
    def exact(self) -> bool:
        """Whether it moves the game itself, not an optimiser: see `ganlab.games.schemes`."""
        return self.rule in SCHEMES

    @property
    def hyper(self) -> Hyper:
        """The numbers of the optimiser, for both players."""
        entry = OPTIMIZERS[self.optimizer]
        own = {p.name: p.default for p in entry.params if p.name in entry.own}
        return Hyper(self.step, *self.betas, self.momentum, own=own)

    def check(self, game: GameEntry, values: Values) -> None:
        """Raise `SpecError` if this method does not go with the game or with its own numbers."""
        title = rule_entry(self.rule).title
        if self.exact:
            if self.optimizer != "sgd":
                other = OPTIMIZERS[self.optimizer].title
                raise SpecError(
                    "rule",
                    self.rule,
                    _("another one with {other}: it has no optimiser", other=other),
                )
            if self.lookahead:
                raise SpecError(
                    "lookahead", self.lookahead, _("0 with the rule {title}", title=title)
                )
            for name in ("first_steps", "second_steps"):
                if getattr(self, name) > 1:
                    raise SpecError(
                        name, getattr(self, name), _("1 with the rule {title}", title=title)
                    )
            if game.bound(values) < float("inf"):
                raise SpecError(
                    "clip", game.bound(values), _("0 with the rule {title}", title=title)
                )
            return
        if self.rule == "cgd" and not game.zero_sum(values):
            raise SpecError("rule", self.rule, _("another one: this game is not zero-sum"))
        # The rule reads what it needs of a Spec; games have none of the stabilisers of nets.
        spec = _Off(optimizer=self.optimizer, consensus=self.consensus, loss="wasserstein")
        why = RULES[self.rule].refuse(spec)
        if why is not None:
            raise SpecError("rule", self.rule, why)


class _Off(SimpleNamespace):
    """A Spec in which all other fields are off."""

    def __getattr__(self, name: str) -> Any:
        return 0
