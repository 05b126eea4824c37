"""Phenomena: mode collapse, stalling, rotation, and their remedies, each reproducible on demand."""

from ganlab.ui import navigation

navigation.headline(navigation.GALLERY)

from ganlab.ui.gallery import gallery  # noqa: E402  slow: the headline is drawn first

gallery()
