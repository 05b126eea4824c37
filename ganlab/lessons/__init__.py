"""Lessons: files of steps beside a live view, and their conditions on what happens there."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from ganlab.languages import _
from ganlab.lessons.condition import Condition, Facts
from ganlab.lessons.lesson import Choice, Lesson, Offer, Step
from ganlab.lessons.own import FOLDER, OPENED, of_folder
from ganlab.lessons.reader import LessonError, read
from ganlab.registry import Registry

__all__ = [
    "FOLDER",
    "KNOWN",
    "OPENED",
    "Choice",
    "Condition",
    "Facts",
    "Lesson",
    "LessonError",
    "Offer",
    "Step",
    "lessons",
    "read",
]

# In the order in which they are best taken.
ORDER = (
    "figure-1",
    "curves",
    "k",
    "saturation",
    "distance",
    "collapse",
    "rotation",
    "seeds",
    "mnist",
)


@cache
def lessons() -> Registry[Lesson]:
    """The lessons of the package, in the order in which they are best taken, and of the server.

    Those of the server are in the folder that $GANLAB_LESSONS names. Raises `LessonError`.
    """
    found: Registry[Lesson] = Registry("lesson")
    folder = resources.files(__name__)
    for name in ORDER:
        file = f"{name}.toml"
        found.add(read(folder.joinpath(file).read_text(encoding="utf-8"), file))
    for lesson in of_folder():
        if lesson.name in found:
            allowed = _("another name than that of a lesson of ganlab")
            raise LessonError(
                _("{file}, its name", file=f"{lesson.name}.toml"), lesson.name, allowed
            )
        found.add(lesson)
    return found


class _Known(Mapping[str, Lesson]):
    """All lessons by name: those of the package and the server, and those that visitors opened."""

    def __getitem__(self, name: str) -> Lesson:
        lesson = lessons().entries.get(name) or OPENED.get(name)
        if lesson is None:
            raise KeyError(name)
        return lesson

    def __iter__(self) -> Iterator[str]:
        return iter(lessons())

    def __len__(self) -> int:
        return len(lessons())


KNOWN = _Known()
