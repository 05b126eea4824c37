"""For all tests: compiled programs are kept in a folder of the tests' own."""

import os
import tempfile

import pytest

# Before any server or compiler is started: they inherit it.
_CACHE = tempfile.TemporaryDirectory(prefix="ganlab-test-cache-")
os.environ["GANLAB_CACHE"] = _CACHE.name
os.environ["GANLAB_COMPILE"] = "off"  # where a test is not about compiling, nothing is compiled


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """Where tests run in parallel, a file stays together, and so do all that need a browser."""
    for item in items:
        parts = item.path.relative_to(item.config.rootpath).parts
        group = "browser" if "browser" in parts else "/".join(parts)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_sessionfinish():
    _CACHE.cleanup()


@pytest.fixture(scope="session")
def cache_folder() -> str:
    """Where programs compiled during the tests are kept."""
    return _CACHE.name
