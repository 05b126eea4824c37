"""Phenomena on cue: mode collapse, stalling, rotation, and what cures them."""

from ganlab.ui import navigation

navigation.headline(navigation.GALLERY)

from ganlab.ui.gallery import gallery  # noqa: E402  not before the headline stands: it takes long

gallery()
