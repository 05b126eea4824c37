"""Theory: the propositions of the sources as interactive figures."""

from ganlab.ui import navigation
from ganlab.ui.view import answered

navigation.headline(navigation.THEORY)
answered(navigation.THEORY, "theory.js")
