"""A setup as Python lines, and its trajectories as CSV."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import fields

from ganlab.games.method import Method
from ganlab.games.play import Play
from ganlab.games.setup import Setup


def file_name(setup: Setup, ending: str) -> str:
    """A file name: the game, and a hash of the address."""
    digest = hashlib.sha256(setup.query().encode()).hexdigest()
    return f"game-{setup.game}-{digest[:8]}.{ending}"


def python(setup: Setup) -> str:
    """A script that makes the same trajectories."""
    known = {p.name: p.default for p in setup.entry.params}
    values = [f"{n}={v!r}" for n, v in setup.values.items() if v != known[n]]
    plain = Method()
    numbers = [
        f"{f.name}={setup.method[f.name]!r}"
        for f in fields(Method)
        if f.name in setup.method and setup.method[f.name] != getattr(plain, f.name)
    ]
    points = ", ".join(f"({x!r}, {y!r})" for x, y in setup.points)
    rules = tuple(rule for rule in setup.rules if setup.refused(rule) is None)
    method = ", ".join(["rule", *numbers])
    call = ", ".join([repr(setup.game), f"Method({method})", "starts", *values])
    return "\n".join(
        [
            "from ganlab.games import Method, Play, spectrum_of, verdict",
            "",
            f"starts = [{points}]",
            f"for rule in {rules!r}:",
            f"    play = Play({call})",
            f"    play.advance({setup.made})",
            "    told = verdict(play, spectrum_of(play))",
            "    print(rule, told.word, told.predicted, told.measured, play.path[-1])",
            "",
        ]
    )


def table(setup: Setup, plays: dict[str, Play]) -> str:
    """The trajectories of all rules as CSV, one row per point; the last digit is exact."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    first, second = setup.entry.variables
    writer.writerow(["rule", "start", "update", first, second])
    for rule, play in plays.items():
        for run in range(play.path.shape[1]):
            for update, (x, y) in enumerate(play.path[:, run].tolist()):
                if x == x:  # not beyond a divergence
                    writer.writerow([rule, run + 1, update, repr(x), repr(y)])
    return out.getvalue()
