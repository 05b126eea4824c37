"""The page of lessons: a card for each, with its question and how far this browser has come."""

from __future__ import annotations

import streamlit as st

from ganlab.languages import tr
from ganlab.lessons import Lesson, lessons
from ganlab.ui.gallery import rows
from ganlab.ui.story import teach

# `assets/live/lesson.js` keeps the number of steps that are done, and of all, by lesson.
_JS = """
export default function ({ data: [names] }) {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem('ganlab.lessons') ?? '{}') ?? {};
  } catch {
    // The browser may refuse storage.
  }
  const show = (tries) => {
    for (const name of names) {
      const [done, of] = kept[name] ?? [0, 0];
      const place = document.querySelector('.ganlab-done-' + name);
      if (place && done) place.textContent = done >= of ? '✓ done' : `${done} of ${of} steps done`;
      else if (!place && tries) return void setTimeout(show, 100, tries - 1);
    }
  };
  show(30);
}
"""


def lesson_cards() -> None:
    """Draw the cards."""
    rows(list(lessons().entries.values()), _card)
    view = st.components.v2.component("ganlab_lessons", js=_JS)
    view(key="progress_of_lessons", data=[list(lessons())])


def _card(lesson: Lesson) -> None:
    number = list(lessons()).index(lesson.name) + 1
    with st.container(border=True, key=f"card-lesson-{lesson.name}", height="stretch"):
        st.markdown(f"**{number}. {lesson.title}**  \n{lesson.doc}")
        asked = sum(bool(step.ask) for step in lesson.steps)
        st.caption(
            tr(
                "About {minutes} minutes: {count} steps, {asked} questions.",
                minutes=lesson.minutes,
                count=len(lesson.steps),
                asked=asked,
            )
        )
        st.html(f"<p class='ganlab-line'><b class='ganlab-done-{lesson.name}'></b></p>")
        st.space("stretch")
        if st.button(tr("Begin"), key=f"open-lesson-{lesson.name}", icon=":material/play_arrow:"):
            teach(lesson)
