"""The real MNIST where it lies ($GANLAB_DATA, ../shared/mnist); tests that see no other data."""

import os
from pathlib import Path

import pytest

from ganlab.digits import data

_PLACES = (os.environ.get("GANLAB_DATA"), Path(__file__).parents[2] / "shared" / "mnist")
REAL = [Path(p) for p in _PLACES if p and data.find(p)]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No folder but the test's own is looked into."""
    monkeypatch.delenv("GANLAB_DATA", raising=False)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
