"""Matrix games: pay-off tables, repeated dilemmas and trees, with what theory says of them."""

from ganlab.ui import navigation
from ganlab.ui.view import answered

navigation.headline(navigation.MATRIX)
answered(navigation.MATRIX, "matrix.js")
