"""Files of lessons: each error names the file, the step, the field, the value and what is allowed;
and what the lessons of the package claim happens."""

import math
from pathlib import Path

import pytest

import ganlab
from ganlab.lessons import LessonError, lessons, read
from ganlab.lessons.rehearsal import rehearse
from ganlab.lessons.text import paragraphs, plain

GOOD = """
title = "A lesson"
question = "What happens?"
minutes = 5

[[step]]
title = "One"
text = "Do *this*."
start = "k=2&seed=3"
pace = [100, 10]
light = ["knob k", "layer d", "curve jsd", "button play"]
ask = "Which?"
choices = ["this", "that"]
when = ["jsd < 1", "jsd >= 1"]
until = "k == 5 and iteration >= 10"
within = 40
does = ["k = 5"]
hint = "Wait."
reveal = "So it is."

[[step]]
title = "Two"
text = "Read."
offer = [{ text = "R1 on", set = { r1 = 0.5 } }]
link = { page = "mnist", text = "Look" }
"""


def test_a_file_is_read():
    lesson = read(GOOD, "one.toml")
    assert (lesson.name, lesson.title, lesson.doc, lesson.minutes) == (
        "one",
        "A lesson",
        "What happens?",
        5,
    )
    first, second = lesson.steps
    assert first.begins.base.k == 2 and first.begins.base.seed == 3
    assert first.light == ("knob-k", "layer-d", "curve-jsd", "play")
    assert first.waits and first.plays and not second.waits
    assert second.begins is first.begins and second.offers[0].values == {"r1": 0.5}
    assert [lesson.part(i) for i in (0, 1)] == [0, 0]


@pytest.mark.parametrize(
    ("old", "new", "where", "allowed"),
    [
        ('title = "A lesson"', "", "title", "1 to 80"),
        ("minutes = 5", "minutes = 5.5", "minutes", "integer from 1 to 60"),
        ("minutes = 5", "minutes = 5\ncode = 1", "code", "title, question"),
        ("[[step]]", "[step", "the file", "TOML"),
        ('start = "k=2&seed=3"', "", "step 1, start", "1 to 2000"),
        ("k=2&", "k=-2&", "step 1, start", "k = -2"),
        ("k=2&", "runs=16&", "step 1, start", "side by side"),
        ("k=2&", "preset=collapse&kk=2&", "step 1, start", "one of"),
        ("k=2&", "preset=collapse&k=2&t.std=-1&", "step 1, start", "std"),
        ("pace = [100, 10]", "pace = [100]", "step 1, pace", "iterations"),
        ('"layer d"', '"layer dd"', "step 1, light", "layer and one of p_data"),
        ('"layer d"', '"colour d"', "step 1, light", "one of knob"),
        ('ask = "Which?"', "", "step 1, choices", "together with ask"),
        ('["this", "that"]', '["this"]', "step 1, choices", "2 to 5"),
        ('when = ["jsd < 1", "jsd >= 1"]', "", "step 1, answer", "right choice"),
        ('when = ["jsd < 1", ', "when = [", "step 1, when", "2 to 5"),
        ('"jsd >= 1"', '"jsd >= "', "step 1, when 2", "complete condition"),
        ("and iteration", "and iterations", "step 1, until", "without “iterations”"),
        ("within = 40", "within = -1", "step 1, within", "0 to 1000000"),
        ('"k = 5"', '"k = 5000000"', "step 1, does", "integer"),
        ('"k = 5"', '"jump"', "step 1, does", "a button"),
        ('"k = 5"', '"batch = 5"', "step 1, field", "one of"),
        ("within = 40\n", "", "step 1, hint", "within"),
        ("r1 = 0.5", "r1 = -3", "step 2, offer r1", "number"),
        ('page = "mnist"', 'page = "http://evil"', "step 2, link", "mnist"),
        ('text = "Read."', 'text = "Read."\npaused = true', "step 2, paused", "start"),
        ('text = "Read."', 'text = "Read."\nhtml = "<b>"', "step 2, html", "one of the fields"),
    ],
)
def test_an_error_names_its_place(old, new, where, allowed):
    assert old in GOOD
    with pytest.raises(LessonError) as refused:
        read(GOOD.replace(old, new), "one.toml")
    assert str(refused.value).startswith(f"one.toml, {where}")
    assert allowed in refused.value.allowed or allowed in refused.value.shown


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(LessonError, match="bytes"):
        read(GOOD + "#" * 70_000, "one.toml")


def test_words_have_four_marks():
    text = r"A *b* **c** `d` and D\*(x), 2*3." + "\n\nNext <b>line</b>."
    first, second = paragraphs(text)
    assert first == [
        *[("", "A "), ("em", "b"), ("", " "), ("b", "c"), ("", " "), ("code", "d")],
        *[("", " and D"), ("", "*"), ("", "(x), 2*3.")],
    ]
    assert second == [("", "Next <b>line</b>.")]
    assert plain(text) == "A b c d and D*(x), 2*3. Next <b>line</b>."


@pytest.mark.parametrize("name", list(lessons()))
def test_what_a_lesson_claims_happens(name):
    """Each step is done within its iterations, and its question has the answer that is told."""
    for number, found in enumerate(rehearse(lessons()[name]), 1):
        assert found.as_told, f"{name}, step {number}: {found.step.title} ({found})"


def test_the_numbers_that_are_told():
    """Intervals by the formula of Wilson, factors by theirs, scores as docs/mnist.md prints."""
    seeds = " ".join(step.text + step.reveal + "".join(c.text for c in step.choices)
                     for step in lessons()["seeds"].steps)  # fmt: skip
    for held, of, said in (
        (1, 4, "5 % to 70 %"),
        (1, 50, "0 % to 10 %"),
        (9, 10, "60 % to 98 %"),
        (7, 10, "40 % to 89 %"),
    ):
        z, p = 1.96, held / of
        middle = (p + z * z / (2 * of)) / (1 + z * z / of)
        half = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of)) / (1 + z * z / of)
        assert said == f"{100 * (middle - half):.0f} % to {100 * (middle + half):.0f} %"
        assert said in seeds
    assert math.isclose(math.sqrt(1 + 0.1**2) ** 100, math.exp(0.5), rel_tol=3e-3)  # rotation
    assert (1 - 0.01) / 0.01 == pytest.approx(99)  # saturation
    told = "".join(step.text + step.reveal for step in lessons()["mnist"].steps)
    docs = (Path(ganlab.__file__).parents[1] / "docs" / "mnist.md").read_text()
    for here, there in (("241 ± 2", "241.2 ± 2.1"), ("250", "centroids | 250"), ("225", "225 ± 2")):
        assert here in told and there in docs
    assert "9, 10, 9, 8 and 10" in docs


@pytest.mark.parametrize("name", list(lessons()))
def test_a_lesson_asks_before_it_tells(name):
    lesson = lessons()[name]
    asked = [step for step in lesson.steps if step.ask]
    assert 5 <= lesson.minutes <= 10 and len(asked) >= 2
    for step in lesson.steps:
        assert step.reveal or step is lesson.steps[-1]
        # What comes true is never left to chance alone: the learner is told what to do.
        assert step.until is None or step.hint or not step.within or step.within <= 300
