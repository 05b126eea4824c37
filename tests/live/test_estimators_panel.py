"""The panel of estimators: its numbers are the engine's, and what is refused says why."""

from __future__ import annotations

import pytest
from live_helpers import SMALL, Browser, last, settle

from ganlab import Spec
from ganlab.engine import Run
from ganlab.engine.estimates import estimates
from ganlab.live import estimators
from ganlab.live.commands import SpectrumRequest
from ganlab.live.session import Session
from ganlab.registry import SpecError

LETTERS = SMALL.replace(target="categorical", estimator="reinforce", g_hidden=(5,), d_hidden=(5,))


def message(spec: Spec) -> dict:
    session = Session("t", spec, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    session.command("spectrum", SpectrumRequest(True))
    got = settle(session, browser)[0]
    session.close()
    return last(got, "estimates")[0]


def test_the_message_has_the_numbers_of_the_engine() -> None:
    found = message(LETTERS)
    run = Run(LETTERS)
    run.advance(found["iteration"])
    wanted = estimates(run)
    assert not found["refused"] and found["exact"] == pytest.approx(wanted.exact)
    assert found["minibatches"] == wanted.minibatches and found["batch"] == LETTERS.batch
    assert [row["bias"] for row in found["rows"]] == pytest.approx([r.bias for r in wanted.rows])
    assert [row["title"] for row in found["rows"] if row["own"]] == ["REINFORCE, baseline"]


def test_what_has_no_exact_gradient_says_why() -> None:
    relative = LETTERS.replace(estimator="gumbel", loss="relativistic-average")
    found = message(relative)
    assert "no cost of its own" in found["refused"] and found["exact"] is None
    large = LETTERS.replace(batch=4096, g_hidden=(512,) * 4, d_hidden=(512,) * 4)
    assert "more than the 10 s" in estimators.refused(large)
    with pytest.raises(SpecError, match="only symbols can be listed"):
        estimates(Run(SMALL))
