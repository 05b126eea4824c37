"""Teachers' own lessons: from a folder of the server, and from files that visitors open."""

from __future__ import annotations

import pytest

from ganlab.address import without_lesson
from ganlab.lessons import FOLDER, KNOWN, LessonError, lessons
from ganlab.lessons.own import OPENED, OpenedLessons, of_folder, read_bytes
from ganlab.lessons.reader import LARGEST
from ganlab.live import opened
from ganlab.registry import SpecError

LESSON = """
title = "Mine"
question = "Why?"
[[step]]
title = "Turn it"
text = "Set k to 3."
start = "k=1&seed=0"
until = "k == 3"
does = ["k = 3"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    lessons.cache_clear()
    yield tmp_path
    lessons.cache_clear()


def test_a_folder_of_lessons_follows_those_of_the_package(folder):
    (folder / "b-mine.toml").write_bytes(b"\xef\xbb\xbf" + LESSON.replace("\n", "\r\n").encode())
    (folder / "a-mine.toml").write_text(LESSON.replace("Mine", "First"))
    (folder / "notes.txt").write_text("no lesson")
    assert list(lessons())[-3:] == ["mnist", "a-mine", "b-mine"]
    assert [step.title for step in KNOWN["b-mine"].steps] == ["Turn it"]
    assert without_lesson([("lesson", "a-mine"), ("step", "1")], KNOWN) == ([], "a-mine", 0)


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("x.toml", LESSON.replace('"k == 3"', '"kk == 3"'), "x.toml, step 1, until = 'kk == 3'"),
        ("x.toml", "title = ", "x.toml, the file"),
        ("x.toml", "#" * (LARGEST + 1), f"at most {LARGEST} bytes"),
        ("k.toml", LESSON, "k.toml, its name = 'k' is not allowed; it must be another name"),
        ("A b.toml", LESSON, "A b.toml, its name = 'A b'"),
    ],
)
def test_a_bad_file_of_the_folder_is_named(folder, name, text, words):
    (folder / name).write_text(text)
    with pytest.raises(LessonError) as caught:
        lessons()
    assert words in str(caught.value)


def test_a_folder_that_is_not_there_is_refused(folder, monkeypatch):
    monkeypatch.setenv(FOLDER, str(folder / "none"))
    with pytest.raises(SpecError, match="GANLAB_LESSONS.*a folder with lessons that can be read"):
        of_folder()
    monkeypatch.delenv(FOLDER)
    assert of_folder() == []


def test_an_opened_file_is_kept_by_its_content():
    found = opened.read_lesson(LESSON.encode(), "Übung 1.TOML")
    assert found.lesson is not None and opened.is_lesson("Übung 1.TOML")
    name = found.lesson.name
    assert name.startswith("own-") and KNOWN[name] is found.lesson
    assert opened.read_lesson(LESSON.encode(), "other.toml").lesson is found.lesson
    assert without_lesson([("lesson", name), ("step", "1")], KNOWN)[1] == name
    assert name not in list(KNOWN), "others do not see it in their list"
    with pytest.raises(KeyError):
        KNOWN["own-none"]


def test_too_many_opened_lessons_push_out_the_oldest():
    kept = OpenedLessons()
    names = [kept.add(f"{LESSON}# {i}".encode(), "x.toml").name for i in range(102)]
    assert kept.get(names[1]) is None and kept.get(names[2]) is not None
    assert len(set(names)) == 102


def test_what_is_no_text_is_refused():
    with pytest.raises(LessonError, match=r"x.toml, the file = 'bytes'"):
        read_bytes(b"\xff\xfe\x00", "x.toml")
    assert OPENED.get("x") is None
