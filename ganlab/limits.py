"""Limits of a server, so that no visitor can block the others.

Each is an option of `ganlab app` (`--update-seconds 0.5`) and an environment variable
(`GANLAB_UPDATE_SECONDS=0.5`), which also works for a server started by `streamlit run`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ganlab.machine import whole_cores
from ganlab.registry import Param, SpecError

LIMITS: dict[str, Param] = {
    p.name: p
    for p in (
        Param("update_seconds", "seconds per update", 1.0, 0.001, 3600.0, doc="Slowest update."),
        Param("memory_gb", "memory of a run, in GB", 2.0, 0.05, 4096.0, doc="Peak memory."),
        Param(
            "slow_seconds",
            "seconds above which an update is slow",
            0.03,
            0.0001,
            3600.0,
            doc="Runs with slower updates are computed in other processes.",
        ),
        Param(
            "slow_runs",
            "slow runs trained at once",
            1,
            1,
            256,
            "int",
            doc="Each in a process of its own; all slow runs take turns.",
        ),
        Param(
            "render_processes",
            "processes for pictures",
            1,
            0,
            64,
            "int",
            doc="As many more compute metrics. 0: the server computes both itself.",
        ),
        Param(
            "run_processes",
            "processes for the runs of a class",
            min(whole_cores(), 64),
            0,
            64,
            "int",
            doc="Several sessions are computed in these. 0: in the server's threads.",
        ),
        Param("sessions", "sessions", 200, 1, 100_000, "int", doc="Open views."),
        Param("session_sockets", "sockets of a session", 8, 1, 1000, "int", doc="Browser tabs."),
        Param("followers", "followers of a class", 60, 1, 1000, "int", doc="Of one class."),
        Param("sockets", "sockets of the server", 500, 1, 100_000, "int", doc="All browser tabs."),
        Param(
            "frame_rate",
            "frames per second of a page",
            60.0,
            1.0,
            240.0,
            doc="Fewer leave more of the machine to training.",
        ),
        Param(
            "page_burst",
            "pages that one address may open at once",
            90,
            1,
            100_000,
            "int",
            doc="Then two per second. A class behind one router has one address.",
        ),
        Param("run_file_mb", "MB of a run's file", 16.0, 0.1, 1000.0, doc="Opened by a page."),
        Param(
            "own_data_mb",
            "MB of users' data",
            500.0,
            20.0,
            1e6,
            doc="Points and drawings that visitors bring. Those least recently used go first.",
        ),
        Param("table_mb", "MB of a table", 50.0, 0.1, 1000.0, doc="Uploaded as a user's points."),
        Param("message_mb", "MB of a page's message", 1.0, 0.1, 200.0, doc="Not for uploads."),
        Param(
            "stored_sessions_mb",
            "MB of stored runs",
            200.0,
            0.0,
            1e6,
            doc="Runs are stored for pages that return after a restart or a pause. 0: none.",
        ),
        Param("compile_jobs", "compilers at once", 1, 0, 256, "int", doc="0: never compile."),
        Param(
            "idle_programs",
            "programs compiled in idle time",
            100,
            0,
            10_000,
            "int",
            doc="The programs of the pages' first views, compiled while cores are idle. 0: none.",
        ),
        Param("mnist_runs", "MNIST runs at once", 1, 0, 256, "int", doc="Others wait. 0: none."),
        Param("mnist_kept", "MNIST runs per visitor", 20, 1, 10_000, "int", doc="Stored runs."),
        Param("map_jobs", "maps at once", 1, 0, 64, "int", doc="Others wait. 0: none."),
        Param("map_minutes", "minutes of a map", 60.0, 0.1, 1e5, doc="Of one core, at most."),
        Param("maps_kept", "maps per visitor", 20, 1, 10_000, "int", doc="Stored maps."),
        Param("cache_gb", "GB of the program cache", 2.0, 0.01, 4096.0, doc="Oldest go first."),
    )
}

CLASS = "GANLAB_CLASS"  # an environment variable: the number of students, see `students`
STUDENTS = 30
_STUDENTS = Param("class", "students", STUDENTS, 1, 2000, "int")
# Limits of a server for a class that differ from the defaults, by the number of its students: what
# one of them asks for must not be felt by the others.
CLASS_LIMITS: dict[str, Callable[[int], float]] = {
    "update_seconds": lambda n: 0.25,
    "memory_gb": lambda n: 0.5,
    "frame_rate": lambda n: 20.0,
    "sessions": lambda n: max(60, 3 * n),
    "sockets": lambda n: max(200, 6 * n),
    "followers": lambda n: min(1000, max(60, 2 * n)),
    "page_burst": lambda n: max(90, 3 * n),
    "mnist_kept": lambda n: 3,
    "map_minutes": lambda n: 10.0,
    "maps_kept": lambda n: 5,
}

COMPILE = "GANLAB_COMPILE"  # an environment variable
_SWITCH = {
    **dict.fromkeys(("", "on", "yes", "true", "1"), True),
    **dict.fromkeys(("off", "no", "false", "0"), False),
}


def variable(name: str) -> str:
    """The environment variable of a limit."""
    return f"GANLAB_{name.upper()}"


def students() -> int | None:
    """The size of the class that this server is for: $GANLAB_CLASS; None: no class.

    Raises `SpecError`.
    """
    text = os.environ.get(CLASS, "").strip()
    try:
        return int(_STUDENTS.parse(text)) if text else None
    except SpecError as error:
        raise SpecError(CLASS, text, error.allowed) from None


def limit(name: str) -> float:
    """A limit's value: its environment variable, else its default, which may be a class's.

    Raises `SpecError`.
    """
    param, text = LIMITS[name], os.environ.get(variable(name), "").strip()
    if not text:
        many = students() if name in CLASS_LIMITS else None
        return float(param.default if many is None else CLASS_LIMITS[name](many))
    try:
        return float(param.parse(text))
    except SpecError as error:
        raise SpecError(variable(name), text, error.allowed) from None


def compiling() -> bool:
    """Whether runs are compiled: $GANLAB_COMPILE, by default on. Raises `SpecError`."""
    text = os.environ.get(COMPILE, "").strip()
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise SpecError(COMPILE, text, "on or off") from None


def check_limits() -> None:
    """Raise `SpecError` if an environment variable holds a value that is not allowed."""
    students()
    for name in LIMITS:
        limit(name)


@contextmanager
def limited(**values: float) -> Iterator[None]:
    """Set other limits within a context; for tests and benchmarks."""
    before = {variable(n): os.environ.get(variable(n)) for n in values}
    os.environ.update(
        {variable(n): LIMITS[n].format(LIMITS[n].check(v)) for n, v in values.items()}
    )
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                os.environ.pop(name)
            else:
                os.environ[name] = text
