"""As in tests/digits: no folder but a test's own is looked into; MNIST itself where it lies."""

import os
from pathlib import Path

import pytest
import torch

from ganlab.digits import data, strokes
from ganlab.targets import make_target

torch.set_num_threads(1)  # as in tests/engine

ROOT = Path(__file__).parents[2]
REAL = [p for p in (os.environ.get("GANLAB_DATA"), ROOT.parent / "shared" / "mnist") if p]
REAL = [Path(p) for p in REAL if data.find(p)]


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No folder but the test's own is looked into."""
    monkeypatch.delenv("GANLAB_DATA", raising=False)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def few():
    """Digits of our own, few of them: what the target of drawn digits has while tests run."""
    target = make_target("drawn_digits", {})
    target._loaded = strokes.digits(1200, 1000)
    vars(target).pop("pixels", None), vars(target).pop("labels", None)
    return target._loaded


@pytest.fixture(params=["drawn", *("real" for _ in REAL[:1])])
def loaded(request):
    """Digits of our own, and MNIST where it lies."""
    return data.load(REAL[0]) if request.param == "real" else strokes.digits(1200, 200)
