"""Games: two-player games with closed forms, beside their simulation."""

from ganlab.ui import navigation
from ganlab.ui.view import answered

navigation.headline(navigation.GAMES)
answered(navigation.GAMES, "games.js")
