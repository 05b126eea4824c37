"""Small IDX files made by the tests, and the real MNIST if it is available."""

from pathlib import Path

import pytest
from at_hand import REAL, alone  # noqa: F401  a fixture for all tests here
from digits_helpers import TINY, write_tiny

from ganlab.digits import data


@pytest.fixture
def tiny(tmp_path) -> Path:
    """A folder with a small set: 60 images and 10, gzipped."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_tiny(folder)
    return folder


@pytest.fixture(params=["tiny", *("real" for _ in REAL[:1])])
def loaded(request):
    """Digits read from files: the small set, and MNIST if it is available."""
    if request.param == "real":
        return data.load(REAL[0])
    return data.load(request.getfixturevalue("tiny"), files=TINY)
