"""Digits of our own, few of them, and MNIST itself where it lies."""

import pytest
from at_hand import REAL, alone  # noqa: F401  a fixture for all tests here

from ganlab.digits import data, strokes
from ganlab.mnist import classifier
from ganlab.targets import make_target


@pytest.fixture(scope="session")
def few():
    """Digits of our own, few of them: what the target of drawn digits has while tests run."""
    target = make_target("drawn_digits", {})
    target._loaded = strokes.digits(1200, 1000)
    vars(target).pop("pixels", None), vars(target).pop("labels", None)
    return target._loaded


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    """The classifier of a measurement is fitted in a moment."""
    monkeypatch.setattr(classifier, "STEPS", 60)


@pytest.fixture(params=["drawn", *("real" for _ in REAL[:1])])
def loaded(request):
    """Digits of our own, and MNIST where it lies."""
    return data.load(REAL[0]) if request.param == "real" else strokes.digits(1200, 200)
