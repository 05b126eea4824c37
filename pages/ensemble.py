"""Many seeds: the same Spec trained with many seeds at once."""

from ganlab.ui import navigation

navigation.headline(navigation.MANY)

from ganlab.ui.many import many  # noqa: E402  slow: the headline is drawn first

many()
