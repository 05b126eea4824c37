"""The answer to a page of games: trajectories, eigenvalues and verdicts of one address."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from latex2mathml.converter import convert

from ganlab import words
from ganlab.games import GAMES, METHOD, Play, closed, help, spectrum_of, verdict
from ganlab.games.field import Field
from ganlab.games.lab import lab_of
from ganlab.games.method import rule_entry, rules
from ganlab.games.presets import PRESETS
from ganlab.games.setup import UPDATES, Setup, label, menu
from ganlab.games.text import file_name, python, table
from ganlab.games.verdict import Complex, distances
from ganlab.languages import _
from ganlab.live.answers import Answered
from ganlab.live.knob import knob
from ganlab.live.remarks import remarks
from ganlab.live.wire import encode
from ganlab.registry import SpecError
from ganlab.theme import RUN_DASHES, RUN_ROLES

CELLS = 81  # points of the grid of gradients, along each axis
_SHOWN = ("step", "optimizer", "momentum", "consensus", "lookahead", "lookahead_share")
_STEPS = ("first_steps", "second_steps")
_MOMENTUM = ("momentum", "nesterov")


def answer(query: str) -> bytes:
    """The answer to the query string of a page."""
    ignored: list[SpecError] = []
    setup = Setup.from_query(query, ignored)
    header, arrays = _common(setup)
    said = remarks(ignored, lambda name: label(name, setup.entry))
    header["notes"] = [*said, *_reduced(setup)]
    header["runs"] = []
    for i, rule in enumerate(setup.rules):
        run, more = _run(setup, rule, i)
        header["runs"].append(run)
        arrays |= {f"{name}.{i}": array for name, array in more.items()}
    return encode(header, arrays)


def as_csv(query: str) -> str:
    """The trajectories of an address as CSV."""
    setup = Setup.from_query(query, [])
    plays = {rule: _play(setup, rule) for rule in setup.rules if setup.refused(rule) is None}
    return table(setup, plays)


def _play(setup: Setup, rule: str) -> Play:
    play = Play(setup.game, setup.methods()[rule], list(setup.points), **setup.values)
    play.advance(setup.made)
    return play


def _run(setup: Setup, rule: str, number: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the page is told about one rule, and its arrays."""
    entry = rule_entry(rule)
    told: dict[str, Any] = {
        "rule": rule,
        "title": entry.title,
        "doc": entry.doc,
        "role": RUN_ROLES[number],
        "dash": RUN_DASHES[number],
        "refused": "",
    }
    if (error := setup.refused(rule)) is not None:
        about = _("the rule") if error.name == "rule" else label(error.name, setup.entry)
        told["refused"] = _(
            "Not allowed here: {about} must be {allowed}.", about=about, allowed=error.allowed
        )
        return told, {}
    play = _play(setup, rule)
    found = spectrum_of(play)
    rest = play.game.equilibria(play.values)
    verdicts = [verdict(play, found, run) for run in range(len(setup.points))]
    told |= {
        "radius": found.radius,
        "of": found.updates,
        "predicted": verdicts[0].predicted,
        "verdicts": [{"word": v.word, "why": v.why, "measured": v.measured} for v in verdicts],
        "diverged": play.diverged.tolist(),
    }
    paths = play.path.transpose(1, 0, 2)
    arrays = {
        "path": paths,
        "distance": np.stack([distances(path, rest) for path in paths]),
        "closed": _plane(found.closed),
        "measured": _plane(found.measured),
    }
    return told, arrays


def _plane(values: Complex | None) -> np.ndarray:
    if values is None:
        return np.zeros((0, 2))
    return np.stack([values.real, values.imag], 1)


def _common(setup: Setup) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The game itself, its gradients on a grid, and the page's controls."""
    game = setup.entry
    reach = np.abs(np.array(setup.points) - game.centre).max()
    reach = max(game.box, math.ceil(10.5 * reach) / 10 if reach > 0.95 * game.box else 0.0)
    box = [[c - reach, c + reach] for c in game.centre]
    x, y = (np.linspace(low, high, CELLS) for low, high in box)
    points = np.stack(np.meshgrid(x, y), 2).reshape(-1, 2)
    field = Field(game, setup.values, setup.method["consensus"]).gradients(points)
    header = {
        "type": "game",
        "query": setup.query(),
        "game": setup.game,
        "title": game.title,
        "doc": game.doc,
        "watch": game.watch,
        "cite": game.cite,
        "equation": convert(game.equation),
        "variables": game.variables,
        "box": box,
        "rest": [[one.x, one.y] for one in game.equilibria(setup.values)],
        "starts": [list(point) for point in setup.points],
        "rules": list(setup.rules),
        "updates": setup.made,
        "games": menu(GAMES),
        "choices": menu(rules()),
        "presets": [[p.name, p.title, p.says, p.setup.query()] for p in PRESETS],
        "knobs": _knobs(setup),
        "values": {"game": setup.game, "updates": setup.updates, **setup.values, **setup.method},
        "help": {name: words.unfold([word]) for name, word in help.GAMES.items()},
        "parts": _parts(setup),
        "lab": _lab(setup),
        "python": python(setup),
        "file": file_name(setup, "json"),
    }
    return header, {"field": -field.reshape(CELLS, CELLS, 2)}


def _parts(setup: Setup) -> list[float] | None:
    """‖S‖ and ‖A‖ at the main equilibrium; None where the gradients have no Jacobian."""
    rest = setup.entry.equilibria(setup.values)
    if not rest or rest[0].jacobian is None:
        return None
    return list(closed.parts(closed.with_consensus(rest[0].jacobian, setup.method["consensus"])))


def _lab(setup: Setup) -> dict[str, Any] | None:
    lab = lab_of(setup)
    if lab is None:
        return None
    same = _("The lab makes the same steps: G's point, D's slope, the same rule and step size.")
    lines = [[_("Open this in the lab"), text, ""] for text in lab.differs or (same,)]
    return {"query": lab.spec.to_query(), "help": lines}


def _knobs(setup: Setup) -> list[dict[str, Any]]:
    """The controls of the game's parameters, and of those of the method that have an effect."""
    off = set()
    if setup.method["optimizer"] not in _MOMENTUM:
        off.add("momentum")
    if not setup.method["lookahead"]:
        off.add("lookahead_share")
    shown = [p for p in setup.entry.params if p.name != "gp_target" or setup.values["gp"]]
    shown += [METHOD[name] for name in _SHOWN if name not in off]
    if "alternating" in setup.rules or setup.made < setup.updates:
        named = zip(_STEPS, setup.entry.variables, strict=True)
        shown += [replace(METHOD[name], title=_("updates of {x}", x=x)) for name, x in named]
    return [knob(param) for param in (*shown, UPDATES)]


def _reduced(setup: Setup) -> list[str]:
    if setup.made == setup.updates:
        return []
    return [
        _(
            "{made} updates instead of {updates}: more take too long with these rules.",
            made=setup.made,
            updates=setup.updates,
        )
    ]


ANSWERED = Answered(answer, as_csv)
