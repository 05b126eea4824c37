"""Configuration of all tests: their distribution over processes, and a cache for each process."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, whatever the machine's speed: a change is judged by itself alone.
# `pytest --hypothesis-profile=search` looks for others.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile("fixed")

# Set before torch is imported and before servers, trainers and compilers start, which inherit it.
os.environ["OMP_NUM_THREADS"] = "1"  # nets this small are slower on several threads
_CACHE = tempfile.TemporaryDirectory(prefix="ganlab-test-cache-")
os.environ["GANLAB_CACHE"] = _CACHE.name
os.environ["GANLAB_COMPILE"] = "off"  # only tests of compiling compile anything

ROOT = Path(__file__).parent
# One process executes all tests of a group, one after the other: those that wait for a browser,
# those that wait for a socket or a clock, and those that compile (the first program takes longer
# than later ones). Every other file is a group of its own. Groups start in this order.
GROUPS = {
    "browser": ("browser",),
    "sockets": ("live", "jobs", "test_classroom.py", "test_server.py", "test_processes.py"),
    "compile": ("extension", "engine/native"),
    "trainer": ("mnist/test_trainer.py",),
    "pairs": ("engine/test_pairs.py",),
    "claims": ("engine/test_claims.py",),
    "collapse": ("presets/test_collapse.py",),
    "dynamics": ("presets/test_dynamics.py",),
    "contract": ("test_contract.py",),
}
CALM = ("browser", "sockets")
SLOW = ("browser", "compile", "trainer", "pairs", "claims", "collapse", "dynamics")
_low_priority = False


def _group(path: Path) -> tuple[int, str]:
    """Rank and name of the group of a test file."""
    place = path.relative_to(ROOT)
    for rank, (name, members) in enumerate(GROUPS.items()):
        if any(place.is_relative_to(member) for member in members):
            return rank, name
    return len(GROUPS), place.as_posix()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """`pytest` alone takes up to four processes; tests that are named run in this one.

    One process more than there are cores, since tests of browsers and sockets mostly wait.
    """
    alone = config.args_source is not config.ArgsSource.ARGS
    chosen = config.option.keyword or config.option.markexpr or config.option.lf
    return min(4, (os.cpu_count() or 1) + 1) if alone and not chosen else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A scheduler that gives each group to one process, in the order of the collection."""
    # Not --dist loadgroup: in pytest 9 it has no effect (xdist 3.8), and nothing says so.
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _group(ROOT.parent / nodeid.split("::")[0])[1]

    return Groups(config, log)


def pytest_collection_modifyitems(items):
    """Put groups in their order; tests that wait for a browser or for threads get three tries.

    A busy machine may delay these longer than a test should wait; a real error fails three times.
    """
    for item in items:
        _, group = _group(item.path)
        if group in SLOW:
            item.add_marker(pytest.mark.slow)
        if group in CALM or item.path.parent.name == "native":
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
    items.sort(key=lambda item: _group(item.path)[0])  # stable: files keep their order


def pytest_runtest_setup(item):
    """Lower the priority of every process but those of the calm groups, if there are several.

    Tests of the calm groups take longest, since a busy machine makes them wait.
    """
    global _low_priority
    beside = "PYTEST_XDIST_WORKER" in os.environ and hasattr(os, "nice")
    if beside and not _low_priority and _group(item.path)[1] not in CALM:
        _low_priority = True
        os.nice(10)


def pytest_terminal_summary(terminalreporter):
    """Say why tests were repeated: each of them is to be mended."""
    for report in terminalreporter.stats.get("rerun", []):
        entry = getattr(report.longrepr, "reprtraceback", None)
        lines = str(entry or report.longrepr).splitlines()
        told = [line for line in lines if line.startswith((">", "E "))][:20]
        terminalreporter.write_line("\n".join([f"repeated: {report.nodeid}", *told]))


def pytest_sessionfinish():
    _CACHE.cleanup()


@pytest.fixture(autouse=True)
def _own_operations(monkeypatch):
    """No test uses layers.c because another one has loaded a program, as it rounds otherwise."""
    from ganlab.engine import fusing, tracing  # after the environment is set

    monkeypatch.setattr(fusing, "layers", {})
    yield
    if fusing.layers:
        tracing.TRACES.forget()
