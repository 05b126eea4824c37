"""Runs, and tables of points, that visitors open from files: read within the server's limits, then
shown by their page."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple

from ganlab.comparison import MOST, Comparison
from ganlab.experiment import SEEDS, Experiment
from ganlab.languages import _
from ganlab.lessons import OPENED, Lesson
from ganlab.lessons.own import SUFFIX
from ganlab.lessons.reader import LARGEST
from ganlab.limits import limit
from ganlab.live.budget import afford, afford_events
from ganlab.own_data import STORE
from ganlab.own_data.points import points_data
from ganlab.presets import DEFAULTS
from ganlab.record import RunFile
from ganlab.record.run_header import Course
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.tables import SUFFIXES, TooFewColumns, Wish, read_apart

_MOST_TOKENS = 1000
_KEPT_MB = 100.0  # of files that wait for their pages, all together


class Opened(NamedTuple):
    """Runs of a file (None of a table), and the experiment of a session that continues them.

    note: what the visitor must know of a table. lesson: that of a file of a lesson.
    """

    experiment: Experiment
    file: RunFile | None
    note: str = ""
    lesson: Lesson | None = None


def most_bytes() -> int:
    """The largest file that a page may open."""
    return int(1e6 * limit("run_file_mb"))


def largest(name: str) -> int:
    """The most bytes of a file called `name` that a page may open."""
    if is_lesson(name):
        return LARGEST
    return int(1e6 * limit("table_mb")) if is_table(name) else most_bytes()


def tables() -> dict[str, Any]:
    """What the front end must know of tables: the endings of their names, and the most bytes."""
    return {"endings": list(SUFFIXES), "largest": int(1e6 * limit("table_mb"))}


def is_table(name: str) -> bool:
    """Whether a file of that name can only be a table; .npz may also be a run."""
    return any(name.lower().endswith(end) for end in SUFFIXES if end != ".npz")


def is_lesson(name: str) -> bool:
    """Whether a file of that name is a lesson."""
    return name.lower().endswith(SUFFIX)


def read_lesson(content: bytes, name: str) -> Opened:
    """The lesson in the file called `name`, which is kept for all visitors.

    Raises `SpecError` for what is wrong with it. Whether the server trains its runs is checked
    when a step begins.
    """
    lesson = OPENED.add(content, name)
    return Opened(lesson.steps[0].begins, None, "", lesson)


def read_points(content: bytes, name: str, now: Spec | None) -> Opened:
    """The points of the table called `name`, as p_data of the Spec `now`, or of a lab's default.

    Two columns of numbers, if `now` is not on the line and there are so many; else one. Raises
    `SpecError` for what is no table of points.
    """
    dim = 1 if now is not None and now.axes == 1 else 2
    try:
        found = read_apart(content, name, Wish(dim))
    except TooFewColumns:
        if dim == 1:
            raise
        dim = 1
        found = read_apart(content, name, Wish(dim))
    data = points_data(found.x, f"{name}: {', '.join(found.names)}", found.names)
    target = {1: "own_points", 2: "own_points_2d"}[dim]
    spec = now if now is not None and now.axes == dim else DEFAULTS[dim]
    spec = spec.changed({"target": target, "t.data": STORE.put(data)})
    afford([spec], 1)
    return Opened(Experiment.of(spec), None, found.words)


def read(source: BinaryIO, name: str) -> Opened:
    """The runs of the file called `name`, paused.

    Raises `SpecError` for a file that is no run, that exceeds the server's limits, or that no page
    can show.
    """
    file = RunFile.load(source, name, allow=_allow, most=most_bytes())
    return Opened(experiment_of(file), replace(file, playing=False))


def _allow(courses: Sequence[Course]) -> None:
    """Raise `SpecError` for runs that this server does not train, or that no page shows."""
    seeds = [len(course.start) for course in courses]
    several = len(courses) > 1
    if len(courses) > MOST or max(seeds) not in ((1,) if several else (1, *SEEDS)):
        counts = " and ".join(map(str, seeds))
        allowed = _(
            "what a page shows: one, 2 to {most} side by side, or {listed}",
            most=MOST,
            listed=", ".join(map(str, SEEDS)),
        )
        raise SpecError(
            "runs",
            counts,
            _("{allowed} seeds of one Spec; ganlab.RunFile reads others", allowed=allowed),
        )
    specs = [course.start[0].in_a_lab() for course in courses]
    if len({(spec.target, spec.seed) for spec in specs}) > 1:
        raise SpecError("runs", "different", _("runs side by side with one p_data and one seed"))
    afford(specs, seeds[0])
    for spec, course in zip(specs, courses, strict=True):
        afford_events(spec, course.events, seeds[0], len(courses))


def experiment_of(file: RunFile) -> Experiment:
    """The experiment of a session that can continue the runs of a file.

    Their current Specs, without events, which the runs have already. Raises `SpecError` for seeds
    that do not follow each other.
    """
    specs = tuple(run.spec for run in file.runs)
    if len(specs) > 1:
        try:
            return Comparison(specs, file.fields)
        except SpecError:
            return Comparison.among(specs)  # one has diverged, and a later change is not in it
    (run,) = file.runs
    made = Experiment.of(run.spec, len(run.specs))
    if list(run.specs) != made.rows(0):
        raise SpecError("seeds", [spec.seed for spec in run.specs], _("consecutive, of one Spec"))
    return made


class Waiting:
    """Opened files that wait for their pages' scripts; if too many wait, the oldest are dropped."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, token: str, opened: Opened) -> None:
        """Keep a file for the page of the session with that token."""
        with self._lock:
            self._kept.pop(token, None)
            self._kept[token] = opened
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > _KEPT_MB * 1e6:
                self._kept.popitem(last=False)

    def take(self, token: str) -> Opened | None:
        """The file for that page, which is forgotten here; None if there is none."""
        with self._lock:
            return self._kept.pop(token, None)


def _size(opened: Opened) -> int:
    return 0 if opened.file is None else opened.file.nbytes_with(limit("run_file_mb"))


class PageTokens:
    """Tokens of pages without a session, to which files may be sent; the oldest are dropped."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def new(self) -> str:
        """A new token."""
        token = f"page-{secrets.token_urlsafe(24)}"
        with self._lock:
            self._known[token] = None
            while len(self._known) > _MOST_TOKENS:
                self._known.popitem(last=False)
        return token

    def __contains__(self, token: str) -> bool:
        return token in self._known


WAITING = Waiting()
PAGE_TOKENS = PageTokens()
