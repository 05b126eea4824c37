"""The page of lessons: a card for each, with its question."""

from __future__ import annotations

import streamlit as st

from ganlab.lessons import Lesson, lessons
from ganlab.ui.gallery import rows
from ganlab.ui.story import teach


def lesson_cards() -> None:
    """Draw the cards."""
    rows(list(lessons().entries.values()), _card)


def _card(lesson: Lesson) -> None:
    number = list(lessons()).index(lesson.name) + 1
    with st.container(border=True, key=f"card-lesson-{lesson.name}", height="stretch"):
        st.markdown(f"**{number}. {lesson.title}**  \n{lesson.doc}")
        asked = sum(bool(step.ask) for step in lesson.steps)
        st.caption(f"About {lesson.minutes} minutes: {len(lesson.steps)} steps, {asked} questions.")
        st.space("stretch")
        if st.button("Begin", key=f"open-lesson-{lesson.name}", icon=":material/play_arrow:"):
            teach(lesson)
