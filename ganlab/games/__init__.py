"""Two-player games small enough for closed forms, played by the engine's own update rules."""

from __future__ import annotations

from ganlab.games import dirac, toys
from ganlab.games.entry import GAMES, Equilibrium, GameEntry
from ganlab.games.method import METHOD, Method
from ganlab.games.play import Play

__all__ = ["GAMES", "METHOD", "Equilibrium", "GameEntry", "Method", "Play"]

for _entry in (toys.ENTRIES[0], dirac.ENTRY, *toys.ENTRIES[1:]):
    GAMES.add(_entry)
