"""Games: two-player games with closed forms, beside their simulation."""

from ganlab.ui import navigation
from ganlab.ui.games import games

navigation.headline(navigation.GAMES)
games()
