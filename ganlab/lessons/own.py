"""Teachers' own lessons: files of a folder of the server, and files that visitors opened."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from ganlab.languages import _
from ganlab.lessons.lesson import Lesson
from ganlab.lessons.reader import LARGEST, LessonError, read
from ganlab.registry import SpecError

FOLDER = "GANLAB_LESSONS"  # an environment variable
SUFFIX = ".toml"
_MOST_FILES = 100  # of the folder
_MOST_OPENED = 100  # lessons that visitors opened, all together; the oldest are forgotten
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def of_folder() -> list[Lesson]:
    """The lessons in the folder that $GANLAB_LESSONS names, in the order of their file names.

    Raises `SpecError` for a folder that cannot be read, and `LessonError` for a bad file.
    """
    folder = os.environ.get(FOLDER, "")
    if not folder:
        return []
    try:
        files = sorted(p for p in Path(folder).iterdir() if p.suffix == SUFFIX and p.is_file())
    except OSError:
        raise SpecError(FOLDER, folder, _("a folder with lessons that can be read")) from None
    if len(files) > _MOST_FILES:
        raise SpecError(FOLDER, folder, _("a folder with at most {most} lessons", most=_MOST_FILES))
    return [_of_file(path) for path in files]


def _of_file(path: Path) -> Lesson:
    if not _NAME.fullmatch(path.stem):
        allowed = _("small letters, digits and hyphens: it is the lesson's address")
        raise LessonError(_("{file}, its name", file=path.name), path.stem, allowed)
    with path.open("rb") as file:
        return read_bytes(file.read(LARGEST + 1), path.name)


def read_bytes(content: bytes, file: str) -> Lesson:
    """The lesson in the content of a file. Raises `LessonError`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        allowed = _("a text in UTF-8")
        raise LessonError(_("{file}, the file", file=file), "bytes", allowed) from None
    return read(text.replace("\r\n", "\n"), file)


class OpenedLessons:
    """Lessons that visitors opened, by names that hold the hash of their file.

    An address with such a name works for everybody, as long as the server runs and keeps it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Lesson] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, content: bytes, file: str) -> Lesson:
        """Read a file, and keep its lesson. Raises `LessonError`."""
        name = f"own-{hashlib.sha256(content).hexdigest()[:12]}"
        lesson = replace(read_bytes(content, file), name=name)
        with self._lock:
            lesson = self._kept.setdefault(name, lesson)
            self._kept.move_to_end(name)
            while len(self._kept) > _MOST_OPENED:
                self._kept.popitem(last=False)
        return lesson

    def get(self, name: str) -> Lesson | None:
        """The lesson with that name, if it is kept."""
        return self._kept.get(name)


OPENED = OpenedLessons()
