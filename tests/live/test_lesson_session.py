"""A lesson beside a session: it waits for answers and perform, ticks itself, is in the address."""

from urllib.parse import parse_qsl

import pytest
from live_helpers import Browser, last, of_type, settle

from ganlab.address import with_lesson, without_lesson
from ganlab.comparison import Comparison
from ganlab.lessons import lessons, read
from ganlab.live.lesson import Teaching
from ganlab.live.session import Session

TEXT = """
title = "Lesson"
question = "Which?"

[[step]]
title = "Predict"
text = "Say."
start = "g_hidden=8&d_hidden=8&batch=16&seed=1"
ask = "Will V be below 9?"
choices = ["yes", "no"]
when = ["value < 9", "value >= 9"]
until = "passed >= 4"
within = 40

[[step]]
title = "Do"
text = "Turn k."
until = "changed(k) and k >= 5 and hidden(d)"

[[step]]
title = "By hand"
text = "Press D."
until = "pressed(d) >= 3 and d_updates >= 3"

[[step]]
title = "Elsewhere"
text = "Two runs."
start = "g_hidden=8&d_hidden=8&batch=16&seed=1&k=1&b.k=2"
ask = "?"
choices = ["a", "b"]
answer = 2
"""


@pytest.fixture
def taught():
    """taught(step) -> a session beside the lesson, its browser, and what this has received."""
    lesson, browsers = read(TEXT, "x.toml"), []

    def open_(step: int = 0):
        teaching = Teaching(lesson, step)
        session = Session("t", teaching.now.begins, lambda _: None)
        session.begin(None, lesson=teaching)
        browsers.append(Browser(session))
        return session, browsers[-1]

    yield open_
    for browser in browsers:
        browser.leave()


def now(session, browser, *commands) -> dict:
    """The newest progress after these commands."""
    session.trainer.playing = session.trainer.playing and not commands
    for name, value in commands:
        session.command(name, value)
    return last(settle(session, browser)[0], "status")[0]["lesson"]


def test_a_question_holds_the_run_until_it_is_answered(taught):
    session, browser = taught()
    got = settle(session, browser)[0]
    words = last(got, "scene")[0]["lesson"]
    assert [step["part"] for step in words["steps"]] == [0, 0, 0, 3]
    assert session.state == "paused" and session.group.iteration == 0
    status = last(got, "status")[0]
    assert status["lesson"] == {
        **{"step": 0, "done": False, "answer": -1, "right": -1, "late": False, "ticked": []}
    }
    assert status["query"].endswith("&lesson=x&step=1") and not last(got, "scene")[0]["offers"]
    session.command("answer", 1)
    while not of_type(browser.take(), "status") or session.group.iteration < 8:
        session.work(0.01)
    session.command("pause")
    told = now(session, browser)
    assert (told["done"], told["answer"], told["right"]) == (True, 1, 0)
    assert now(session, browser, ("answer", 0))["answer"] == 1, "a prediction is kept"


def test_a_step_waits_for_the_learners_own_deed(taught):
    session, browser = taught(1)
    session.command("pause")
    settle(session, browser)
    session.set("k", 7)
    assert not now(session, browser, ("step", None))["done"], "the layer is still shown"
    assert now(session, browser, ("layers", ("d",)))["done"]
    told = now(session, browser, ("to_step", 2))
    assert (told["step"], told["done"], told["ticked"]) == (2, False, [1])
    told = now(session, browser, ("d", None), ("d", None))
    assert not told["done"]
    assert now(session, browser, ("d", None))["done"]
    assert session.query.endswith("&lesson=x&step=3")


def test_steps_with_runs_of_their_own_and_false_answers_are_refused(taught):
    session, browser = taught(1)
    session.command("pause")
    settle(session, browser)
    for command in (("to_step", 3), ("to_step", 17), ("answer", 0)):
        session.command(*command)
        settle(session, browser)
        assert "not allowed" in session.note and session.lesson.step == 1
    session.tell(None)  # it is closed; the run continues
    got = settle(session, browser)[0]
    assert last(got, "scene")[0]["lesson"] == {} == last(got, "status")[0]["lesson"]
    assert session.group.iteration == 0 and "lesson" not in session.query


def test_runs_side_by_side_and_answers_that_the_next_session_keeps(taught):
    session, browser = taught(3)
    assert isinstance(session.experiment, Comparison)
    settle(session, browser)
    told = now(session, browser, ("answer", 0))
    assert (told["done"], told["right"]) == (True, 1)
    assert session.state == "paused", "nothing is to be seen in the runs"
    after = Teaching(session.lesson.lesson, 0, session.lesson)
    assert after.done == {3} and after.answers == {3: 0}


def test_the_address_names_the_lesson_and_its_step():
    query = with_lesson("k=2", "k", 3)
    pairs = parse_qsl(query)
    assert without_lesson(pairs, lessons()) == ([("k", "2")], "k", 3)
    for text, step in (("0", 0), ("x", 0), ("999999", 9998), ("²", 0)):
        assert without_lesson([("lesson", "k"), ("step", text)], lessons()) == ([], "k", step)
    assert without_lesson([("lesson", "none"), ("step", "2")], lessons())[1:] == ("", 0)
    assert Teaching(lessons()["k"], 9998).step == len(lessons()["k"].steps) - 1
