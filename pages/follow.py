"""Following a class: the picture of a teacher who presents."""

from ganlab.ui import navigation

navigation.headline(navigation.FOLLOW)

from ganlab.ui.follow import follow  # noqa: E402  slow: the headline is drawn first

follow()
