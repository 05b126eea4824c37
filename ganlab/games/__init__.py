"""Two-player games small enough for closed forms, played by the engine's own update rules."""

from __future__ import annotations

from ganlab.games import dirac, toys
from ganlab.games.entry import GAMES, Equilibrium, GameEntry
from ganlab.games.method import METHOD, Method
from ganlab.games.play import Play
from ganlab.games.verdict import Spectrum, Verdict, spectrum_of, verdict

__all__ = [
    "GAMES",
    "METHOD",
    "Equilibrium",
    "GameEntry",
    "Method",
    "Play",
    "Spectrum",
    "Verdict",
    "spectrum_of",
    "verdict",
]

for _entry in (toys.ENTRIES[0], dirac.ENTRY, *toys.ENTRIES[1:]):
    GAMES.add(_entry)
