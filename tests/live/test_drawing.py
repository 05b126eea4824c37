"""p_data drawn by hand in a lab: what is offered to draw on, and what a drawing changes."""

import numpy as np
import pytest
from live_helpers import SMALL, Browser, press, settle

from ganlab.comparison import Comparison
from ganlab.live import commands, drawing
from ganlab.live.session import Session
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.targets import make_target

LINES = ("gaussian", "two_gaussians", "uniform", "cauchy", "points")


def curve(*heights: int, low: float = -2.0, high: float = 3.0) -> drawing.Drawing:
    return commands.read(
        {"cmd": "draw_curve", "heights": list(heights), "low": low, "high": high}
    ).value


@pytest.mark.parametrize("name", LINES)
def test_the_curve_begins_with_p_data(name):
    target = make_target(name)
    offered = drawing.offered(Spec(target=name), target)["drawing"]
    assert not offered["own"] and max(offered["heights"]) == 100
    ((low, high),) = offered["area"]
    x = np.linspace(low, high, len(offered["heights"]))
    step = x[1] - x[0]
    around = target.cdf(x + step / 2) - target.cdf(x - step / 2)
    assert (
        np.abs(100 * around / around.max() - offered["heights"]).max()
        <= 100 / around.max() * (1e-9 if target.has_density else 1) + 0.5
    )
    drawn = drawing.Drawing(low, high, tuple(offered["heights"])).of(Spec(target=name))
    assert make_target("drawn", drawn.target_params).box.tolist() == offered["box"]


def test_a_drawing_that_is_shown_again_is_the_same():
    spec = curve(*[7] * 40, *[90] * 41).of(Spec())
    assert spec.target == "drawn"
    offered = drawing.offered(spec, make_target("drawn", spec.target_params))["drawing"]
    assert offered["own"] and offered["area"] == [(-2.0, 3.0)]
    assert offered["heights"] == [*[7] * 40, *[90] * 41]


def test_a_drawing_restarts_the_lab_and_its_sidebar_follows():
    session = Session("t", SMALL, lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    press(session, browser, "step")
    seen = len(session.replayed)
    session.draw(curve(0, 50, 0, 0, 80, 0))
    (got,) = settle(session, browser)
    (scene,) = (header for header, _ in got if header["type"] == "scene")
    assert scene["drawing"]["own"] and scene["query"].endswith(
        "t.heights=0,50,0,0,80,0&t.center=0.5&t.width=5"
    )
    assert session.run.iteration == 0 and session.spec.target == "drawn"
    assert session.replayed[seen:] == ["target", "drawn.heights", "drawn.center", "drawn.width"]
    assert Spec.from_query(scene["query"]) == session.spec
    browser.leave()


def test_what_is_no_drawing_is_refused_in_words():
    session = Session("t", SMALL, lambda _: None)
    with pytest.raises(SpecError, match="not all of them 0"):
        session.draw(curve(0, 0, 0))
    with pytest.raises(SpecError, match="a drawing in the plane"):
        curve(0, 5, 0).of(Spec(target="ring"))
    with pytest.raises(SpecError, match="a lab"):
        Session("t", Comparison.pair(SMALL), lambda _: None).draw(curve(0, 5, 0))
    assert session.spec == SMALL
    for wrong in ({"heights": [0, 1.5, 0]}, {"heights": "012"}, {"heights": [1] * 82}, {"low": "x"},
                  {"high": float("nan")}, {"low": True}):  # fmt: skip
        with pytest.raises(SpecError):
            commands.read({"cmd": "draw_curve", "heights": [0, 1, 0], "low": 0, "high": 1} | wrong)
