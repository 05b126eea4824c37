"""Fixtures of the live view's tests."""

import pytest
from live_helpers import SMALL, Browser, settle

from ganlab.comparison import Comparison
from ganlab.experiment import Experiment
from ganlab.live.session import Session
from ganlab.spec import Spec


@pytest.fixture
def opened():
    """opened(experiment) -> a paused session with one browser that has received everything."""
    browsers = []

    def open_(
        experiment: Spec | Comparison | Experiment = SMALL,
    ) -> tuple[Session, Browser]:
        session = Session("token", experiment, lambda _: None)
        browsers.append(Browser(session))
        session.command("pause")
        browsers[-1].first = settle(session, browsers[-1])[0]
        return session, browsers[-1]

    yield open_
    for browser in browsers:
        browser.leave()
