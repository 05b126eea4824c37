"""Small IDX files made here, and the real MNIST where it lies ($GANLAB_DATA, ../shared/mnist)."""

import os
from pathlib import Path

import pytest
import torch
from digits_helpers import TINY, write_tiny

from ganlab.digits import data

torch.set_num_threads(1)  # as in tests/engine

ROOT = Path(__file__).parents[2]
REAL = [p for p in (os.environ.get("GANLAB_DATA"), ROOT.parent / "shared" / "mnist") if p]
REAL = [Path(p) for p in REAL if data.find(p)]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No folder but the test's own is looked into."""
    monkeypatch.delenv("GANLAB_DATA", raising=False)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tiny(tmp_path) -> Path:
    """A folder with a small set: 60 images and 10, gzipped."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    write_tiny(folder)
    return folder


@pytest.fixture(params=["tiny", *("real" for _ in REAL[:1])])
def loaded(request):
    """Digits read from files: the small set, and MNIST itself where it lies."""
    if request.param == "real":
        return data.load(REAL[0])
    return data.load(request.getfixturevalue("tiny"), files=TINY)
