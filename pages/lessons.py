"""Lessons: steps beside a live view that wait for a condition, or for the learner."""

from ganlab.ui import navigation

navigation.headline(navigation.LESSONS)

from ganlab.ui.lessons import lesson_cards  # noqa: E402  slow: the headline is drawn first

lesson_cards()
