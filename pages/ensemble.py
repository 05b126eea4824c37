"""Many seeds of one Spec at once: what they have in common is no accident."""

from ganlab.ui import navigation

navigation.headline(navigation.MANY)

from ganlab.ui.many import many  # noqa: E402  not before the headline stands: it takes long

many()
