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
from ganlab.targets.ink import ink_of

LINES = ("gaussian", "two_gaussians", "uniform", "cauchy", "points")


def curve(*heights: int, low: float = -2.0, high: float = 3.0) -> drawing.Curve:
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
    drawn = drawing.Curve(low, high, tuple(offered["heights"])).of(Spec(target=name))
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


def strokes(ink: np.ndarray, width: float = 4.0) -> drawing.Strokes:
    return commands.read({"cmd": "draw_ink", "ink": drawing.pack(ink), "width": width}).value


def test_ink_is_read_as_it_was_packed_and_shown_again():
    ink = np.random.default_rng(0).integers(0, 16, (64, 64)).astype(np.uint8)
    assert np.array_equal(strokes(ink).ink, ink)
    spec = strokes(ink, 3.0).of(Spec(target="ring", latent_dim=2))
    assert np.array_equal(ink_of(spec.target_params["picture"]), ink)
    offered = drawing.offered(spec, make_target("picture", spec.target_params))["drawing"]
    assert offered["own"] and offered["ink"] == drawing.pack(ink) and offered["size"] == 64
    assert offered["area"] == [(-1.5, 1.5)] * 2
    softer = spec.replace(target_params={**spec.target_params, "blur": 2.0})
    assert strokes(ink, 3.0).of(softer) == softer, "its softness stays"
    blank = drawing.offered(Spec(target="ring", latent_dim=2), make_target("ring"))["drawing"]
    assert (
        not blank["own"] and blank["ink"] == "" and blank["box"] == make_target("ring").box.tolist()
    )


@pytest.mark.parametrize("shape", [(64, 64), (32, 32), (128, 60), (40, 101), (1, 128), (3, 5)])
def test_a_picture_of_any_size_is_edited_in_the_middle_of_the_square(shape):
    ink = np.full(shape, 12, np.uint8)
    square = drawing.square(ink).astype(float)
    share = shape[0] * shape[1] / max(shape) ** 2
    assert square.sum() == pytest.approx(12 * 64 * 64 * share, rel=0.05)
    at = np.arange(64) + 0.5
    middle = [at @ square.sum(1) / square.sum(), at @ square.sum(0) / square.sum()]
    np.testing.assert_allclose(middle, 32, atol=0.05)
    if max(shape) == 64:
        assert np.array_equal(square, ink)


def test_small_strokes_are_in_the_address_and_large_ones_in_the_store():
    ink = np.zeros((64, 64), np.uint8)
    ink[20:44, 10:54] = 15
    spec = strokes(ink).of(Spec(target="ring", latent_dim=2))
    assert "own=" in spec.to_query() and Spec.from_query(spec.to_query()) == spec
    noise = np.random.default_rng(0).integers(0, 16, (64, 64)).astype(np.uint8)
    spec = strokes(noise).of(Spec(target="ring", latent_dim=2))
    assert "own=" not in spec.to_query() and Spec.from_query(spec.to_query()) == spec


def test_what_is_no_drawing_is_refused_in_words():
    session = Session("t", SMALL, lambda _: None)
    with pytest.raises(SpecError, match="not all of them 0"):
        session.draw(curve(0, 0, 0))
    with pytest.raises(SpecError, match="ink in this lab"):
        curve(0, 5, 0).of(Spec(target="ring"))
    with pytest.raises(SpecError, match="a curve in this lab"):
        strokes(np.ones((64, 64), np.uint8)).of(Spec())
    with pytest.raises(SpecError, match="draw something"):
        strokes(np.zeros((64, 64), np.uint8)).of(Spec(target="ring"))
    with pytest.raises(SpecError, match="a lab"):
        Session("t", Comparison.pair(SMALL), lambda _: None).draw(curve(0, 5, 0))
    assert session.spec == SMALL
    for wrong in ({"heights": [0, 1.5, 0]}, {"heights": "012"}, {"heights": [1] * 82}, {"low": "x"},
                  {"high": float("nan")}, {"low": True}):  # fmt: skip
        with pytest.raises(SpecError):
            commands.read({"cmd": "draw_curve", "heights": [0, 1, 0], "low": 0, "high": 1} | wrong)
    for text in ("", "????", "AAAA", drawing.pack(np.zeros((64, 64), np.uint8))[:-4], None, 5):
        with pytest.raises(SpecError, match="64 × 64 pixels"):
            commands.read({"cmd": "draw_ink", "ink": text, "width": 4})
