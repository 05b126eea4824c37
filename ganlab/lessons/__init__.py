"""Lessons: files of steps beside a live view, and their conditions on what happens there."""

from functools import cache
from importlib import resources

from ganlab.lessons.condition import Condition, Facts
from ganlab.lessons.lesson import Choice, Lesson, Offer, Step
from ganlab.lessons.reader import LessonError, read
from ganlab.registry import Registry

__all__ = [
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
    """The lessons of the package by name, in the order in which they are best taken."""
    found: Registry[Lesson] = Registry("lesson")
    folder = resources.files(__name__)
    for name in ORDER:
        file = f"{name}.toml"
        found.add(read(folder.joinpath(file).read_text(encoding="utf-8"), file))
    return found
