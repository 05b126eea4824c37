"""The page of lessons: a card for each, with its question and how far this browser has come."""

from __future__ import annotations

import re

import streamlit as st

from ganlab.languages import tr
from ganlab.lessons import KNOWN, ORDER, Lesson, lessons
from ganlab.ui.gallery import rows
from ganlab.ui.plain import say
from ganlab.ui.story import OWN_LESSONS, teach

# `assets/live/lesson.js` keeps the number of steps that are done, and of all, by lesson.
_JS = """
export default function ({ data: [names, words] }) {
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
      const part = () => words[1].replace('{done}', done).replace('{of}', of);
      if (place && done) place.textContent = done >= of ? words[0] : part();
      else if (!place && tries) return void setTimeout(show, 100, tries - 1);
    }
  };
  show(30);
}
// The hidden input of the page's drop zone, which a click may open.
document.addEventListener('click', ({ target }) => {
  if (!target.closest?.('.st-key-lesson_file button')) return;
  document.querySelector('.gl-drop-zone [data-testid="open-file"]')?.click();
});
"""
_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|$:~-])")


def lesson_cards() -> None:
    """Draw the cards: of the package, of the server, and of the files that the visitor opened."""
    opened = [KNOWN[name] for name in st.session_state.get(OWN_LESSONS, ()) if name in KNOWN]
    shown = [*lessons().entries.values(), *opened]
    rows(list(enumerate(shown, 1)), _card)
    with st.container(horizontal=True, vertical_alignment="center", key="own_lesson"):
        st.button(tr("Open a lesson's file"), key="lesson_file", icon=":material/upload_file:")
        say(
            tr(
                "A lesson of your own is a file of TOML: drop it on this page, or open it. "
                "docs/lessons.md says how to write one; errors name the step and the field."
            )
        )
    view = st.components.v2.component("ganlab_lessons", js=_JS)
    words = [tr("✓ done"), tr("{done} of {of} steps done")]
    view(key="progress_of_lessons", data=[[lesson.name for lesson in shown], words])


def _card(numbered: tuple[int, Lesson]) -> None:
    number, lesson = numbered
    title, doc = (_MARKS.sub(r"\\\1", tr(text)) for text in (lesson.title, lesson.doc))
    with st.container(border=True, key=f"card-lesson-{lesson.name}", height="stretch"):
        st.markdown(f"**{number}. {title}**  \n{doc}")
        asked = sum(bool(step.ask) for step in lesson.steps)
        st.caption(
            tr(
                "About {minutes} minutes: {count} steps, {asked} questions.",
                minutes=lesson.minutes,
                count=len(lesson.steps),
                asked=asked,
            )
        )
        if lesson.name not in ORDER:
            say(tr("Your teacher's own lesson") if lesson.name in lessons() else tr("From a file"))
        st.html(f"<p class='ganlab-line'><b class='ganlab-done-{lesson.name}'></b></p>")
        st.space("stretch")
        st.button(
            tr("Begin"),
            key=f"open-lesson-{lesson.name}",
            icon=":material/play_arrow:",
            on_click=teach,
            args=(lesson,),
        )
