"""Access to the real MNIST if it is available ($GANLAB_DATA, ../shared/mnist), or to no data."""

import os
from pathlib import Path

import pytest

from ganlab.digits import data

_PLACES = (os.environ.get("GANLAB_DATA"), Path(__file__).parents[2] / "shared" / "mnist")
REAL = [Path(p) for p in _PLACES if p and data.find(p)]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Hide all folders except the test's own."""
    monkeypatch.delenv("GANLAB_DATA", raising=False)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
