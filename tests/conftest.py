"""For all tests: compiled programs are kept in a folder of the tests' own."""

import os
import tempfile

import pytest

# Before any server or compiler is started: they inherit it.
_CACHE = tempfile.TemporaryDirectory(prefix="ganlab-test-cache-")
os.environ["GANLAB_CACHE"] = _CACHE.name
os.environ["GANLAB_COMPILE"] = "off"  # where a test is not about compiling, nothing is compiled


def pytest_collection_modifyitems(items):
    """What waits for a browser, or for threads to have had their turns, is tried thrice.

    A busy machine may keep them waiting for longer than any test should; a fault fails thrice.
    """
    for item in items:
        if item.path.parent.name in ("browser", "live", "native"):
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n 2 --dist loadscope` a file stays together, and so do all that need a browser."""
    from xdist.scheduler import LoadScopeScheduling

    class Files(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "browser" if file.startswith("tests/browser/") else file

    config.option.loadscopereorder = False  # the browser's tests take longest: they come first
    return Files(config, log)


def pytest_sessionfinish():
    _CACHE.cleanup()


@pytest.fixture(scope="session")
def cache_folder() -> str:
    """Where programs compiled during the tests are kept."""
    return _CACHE.name
