"""What the page of games shows: a game, the rules that play it, where they start, and for how long.

Its address is `game=dirac&r1=0.3&rule=simultaneous,alternating&step=0.2&start=1,1,-2,0.5`: the
parameters of the game and of `METHOD` by name; what has its default is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from ganlab.games.entry import GAMES, GameEntry
from ganlab.games.method import METHOD, Method, rule_entry, rules
from ganlab.games.schemes import SCHEMES
from ganlab.languages import _
from ganlab.query import changed, one_by_one, refusing, texts_of, values_of
from ganlab.registry import Entry, Param, Registry, SpecError

MOST_RULES = 4
MOST_STARTS = 8
BUDGET = 10_000  # plain updates, of about 0.1 ms each
_SCHEME_WORK = {"continuous": 10.0, "implicit": 6.0}
_MOST_WORK = 20.0

GAME = Param(
    "game", _("game"), "bilinear", kind="choice", choices=GAMES, doc=_("Who plays for what.")
)
START = Param(
    "start",
    _("starting points"),
    (),
    -1000.0,
    1000.0,
    "floats",
    longest=2 * MOST_STARTS,
    doc=_("x and y of 1 to {most_starts} points, one after the other.", most_starts=MOST_STARTS),
)
UPDATES = Param("updates", _("updates"), 300, 10, 2000, "int", doc=_("How many each rule makes."))


class _Rules:
    """The Param of several rules: their names, separated by commas."""

    name, title, default = "rule", "rules", ("simultaneous", "alternating", "extragradient")

    def parse(self, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(text.split(",")))
        if not 1 <= len(names) <= MOST_RULES or any(name not in rules() for name in names):
            allowed = _(
                "1 to {most_rules} of {listed}, separated by commas",
                most_rules=MOST_RULES,
                listed=", ".join(rules()),
            )
            raise SpecError(self.name, text, allowed)
        return names


RULES_PARAM = _Rules()


def work(rule: str) -> float:
    """The cost of an update, relative to a plain one (about)."""
    if rule in SCHEMES:
        return _SCHEME_WORK.get(rule, _MOST_WORK)
    return min(float(getattr(rule_entry(rule), "work", 1)), _MOST_WORK)


@dataclass(frozen=True)
class Setup:
    """A game with its values, the rules, the numbers that they share, and the starting points.

    starts: () for the game's own. Raises `SpecError` for what is not allowed; a rule that does not
    go with the rest is allowed here, and `method` says why it cannot play.
    """

    game: str = "bilinear"
    values: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = RULES_PARAM.default
    method: Mapping[str, Any] = field(default_factory=dict)
    starts: tuple[tuple[float, float], ...] = ()
    updates: int = UPDATES.default

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "values", self.entry.read(self.values))
        put(self, "rules", RULES_PARAM.parse(",".join(self.rules)))
        put(self, "method", {n: p.check(self.method.get(n, p.default)) for n, p in METHOD.items()})
        if len(self.starts) > MOST_STARTS:
            raise SpecError(
                "start", self.starts, _("at most {most_starts} points", most_starts=MOST_STARTS)
            )
        put(self, "updates", UPDATES.check(self.updates))
        self.methods()

    @property
    def entry(self) -> GameEntry:
        """The entry of its game. Raises `SpecError` if there is none."""
        return GAMES[self.game]

    @property
    def made(self) -> int:
        """How many updates each rule makes: fewer than `updates` if the rules are expensive."""
        both = (self.method["first_steps"] + self.method["second_steps"]) / 2
        return min(self.updates, int(BUDGET / (both * sum(work(rule) for rule in self.rules))))

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Where trajectories start."""
        return self.starts or (self.entry.start,)

    def methods(self) -> dict[str, Method]:
        """The method of each rule. Raises `SpecError` for numbers that are not allowed."""
        return {rule: Method(rule, **self.method) for rule in self.rules}

    def refused(self, rule: str) -> SpecError | None:
        """Why a rule cannot play this game with these numbers; None if it can."""
        try:
            self.methods()[rule].check(self.entry, self.values)
        except SpecError as error:
            return error
        return None

    def query(self) -> str:
        """The query string, from which `from_query` makes an equal setup."""
        pairs = {"game": self.game} | changed(self.entry.params, self.values)
        pairs["rule"] = ",".join(self.rules)
        pairs |= changed(METHOD.values(), self.method)
        if self.starts:
            pairs["start"] = START.format([x for point in self.starts for x in point])
        if self.updates != UPDATES.default:
            pairs["updates"] = UPDATES.format(self.updates)
        return urlencode(pairs, safe=",")

    @classmethod
    def from_query(cls, query: object, ignored: list[SpecError] | None = None) -> Setup:
        """The setup of a query string or of pairs.

        Raises `SpecError` for what cannot be used; with a list, each error is appended to it, and
        the default is used instead.
        """
        refuse = refusing(ignored)
        texts = texts_of(query, refuse)
        game = values_of({"game": GAME}, {n: t for n, t in texts.items() if n == "game"}, refuse)
        name = game.get("game", GAME.default)
        own = {p.name: p for p in GAMES[name].params}
        known: dict[str, Any] = {"game": GAME, "rule": RULES_PARAM, **own, **METHOD}
        known |= {"start": START, "updates": UPDATES}
        rest = {n: t for n, t in texts.items() if n != "game"}
        read = values_of(known, rest, refuse)
        flat = read.get("start", ())
        if len(flat) % 2:
            refuse(SpecError("start", START.format(flat), _("an even number of numbers")))
            flat = ()
        plain = replace(
            cls(name),
            rules=read.get("rule", RULES_PARAM.default),
            starts=tuple(zip(flat[::2], flat[1::2], strict=True)),
            updates=read.get("updates", UPDATES.default),
        )

        def make(values: dict[str, Any]) -> Setup:
            values_of_game = {n: v for n, v in values.items() if n in own}
            method = {n: v for n, v in values.items() if n in METHOD}
            return replace(plain, values=values_of_game, method=method)

        return one_by_one(make, {n: v for n, v in read.items() if n in own or n in METHOD}, refuse)


def label(name: str, game: GameEntry) -> str:
    """The title of a field of an address."""
    every: tuple[Param, ...] = (GAME, START, UPDATES, *METHOD.values(), *game.params)
    return next((p.title for p in every if p.name == name), name)


def menu(registry_or_rules: Registry[Any] | tuple[str, ...]) -> list[tuple[str, str]]:
    """Names and titles of entries, for a menu."""
    if isinstance(registry_or_rules, Registry):
        entries: list[Entry] = list(registry_or_rules.entries.values())
    else:
        entries = [rule_entry(name) for name in registry_or_rules]
    return [(entry.name, entry.title) for entry in entries]
