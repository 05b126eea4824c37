"""For all tests: how they are spread over processes, and a cache of their own for each of these."""

import os
import tempfile
from pathlib import Path

import pytest

# Before torch is imported, and before any server, trainer or compiler starts: they inherit it.
os.environ["OMP_NUM_THREADS"] = "1"  # nets this small are slower on several threads
_CACHE = tempfile.TemporaryDirectory(prefix="ganlab-test-cache-")
os.environ["GANLAB_CACHE"] = _CACHE.name
os.environ["GANLAB_COMPILE"] = "off"  # where a test is not about compiling, nothing is compiled

ROOT = Path(__file__).parent
# What waits for threads, sockets or a browser is done by one process, one after the other.
CALM = {"browser", "live", "jobs", "test_classroom.py", "test_server.py", "test_processes.py"}
# Of the rest, each file by one process: those that take longest first, so that both end together.
LONGEST = (
    "extension/test_extension.py",
    "engine/native/test_program.py",
    "engine/native/test_compile_queue.py",
    "mnist/test_trainer.py",
    "engine/test_pairs.py",
    "test_contract.py",
    "presets/test_collapse.py",
    "presets/test_dynamics.py",
    "engine/test_claims.py",
)


def _group(path: Path) -> str:
    place = path.relative_to(ROOT)
    return "calm" if place.parts[0] in CALM else place.as_posix()


def _rank(group: str) -> int:
    if group == "calm":
        return -1
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """`pytest` alone takes up to four processes; tests that are named run in this one."""
    alone = config.args_source is not config.ArgsSource.ARGS
    chosen = config.option.keyword or config.option.markexpr or config.option.lf
    return min(4, os.cpu_count() or 1) if alone and not chosen else 0


def pytest_collection_modifyitems(items):
    """Groups and their order; what waits for a browser or for threads is tried three times.

    A busy machine may keep these waiting longer than any test should; a real fault fails thrice.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item.path)))
        if item.path.parent.name in ("browser", "live", "native"):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
    items.sort(key=lambda item: _rank(_group(item.path)))  # stable: files keep their order


def pytest_sessionfinish():
    _CACHE.cleanup()
