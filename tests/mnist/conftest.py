"""A few drawn digits, and MNIST if it is available."""

import pytest
from at_hand import REAL, alone  # noqa: F401  a fixture for all tests here

from ganlab.digits import data, strokes
from ganlab.mnist import classifier
from ganlab.targets import make_target


@pytest.fixture(scope="session")
def drawn_few():
    """A few drawn digits."""
    return strokes.digits(1200, 1000)


@pytest.fixture(scope="module")
def few(drawn_few):
    """A few drawn digits, which replace the target's during tests."""
    # Tests of other files may have had so many targets made that this one is a new one.
    target = make_target("drawn_digits", {})
    target._loaded = drawn_few
    vars(target).pop("pixels", None), vars(target).pop("labels", None)
    return drawn_few


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    """The classifier of a measurement is fitted quickly."""
    monkeypatch.setattr(classifier, "STEPS", 60)


@pytest.fixture(params=["drawn", *("real" for _ in REAL[:1])])
def loaded(request):
    """Drawn digits, and MNIST if it is available."""
    return data.load(REAL[0]) if request.param == "real" else strokes.digits(1200, 200)
