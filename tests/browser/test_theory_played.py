"""The figures of theory that are played, in the browser: their ends, and their closed forms."""

from __future__ import annotations

import math

from .test_theory import agree, drag, field, gauss, has, number, opened

P_DATA = -1.5, 0.8  # mean and width, as the figure begins


def push(q) -> float:
    """The slope of log D* at the spurious mode, x = 2, by differences."""

    def log_d(x: float) -> float:
        p = gauss(x, *P_DATA)
        fake = 0.5 * p + 0.5 * gauss(x, 2, 0.7)
        return math.log((0.9 * p + q.get("beta", 0.3) * fake) / (p + fake))

    return (log_d(2 + 1e-5) - log_d(2 - 1e-5)) / 2e-5


def alone(q) -> float:
    """V of a G with one of n equal modes, against its best D."""
    share = 1 / q.get("modes", 6)
    return share * math.log(share / (share + 1)) + math.log(1 / (share + 1))


def score(q) -> float:
    """The variance of REINFORCE for f(x) = x²."""
    x, s = q.get("x", 0.4), q.get("noise", 0.2)
    return x**4 / s**2 + 14 * x**2 + 15 * s**2


def says(lab, words: str) -> None:
    lab.wait(f"document.querySelector('[data-testid=says]').textContent.includes({words!r})")


def ends(lab, update: str) -> None:
    lab.page.evaluate("document.activeElement.blur()")  # a control would take the key
    lab.page.keyboard.press("End")
    lab.wait(f"document.querySelector('[data-testid=update]').textContent === {update!r}")


def test_played_figures_end_as_the_theory_says(lab):
    opened(lab, "/theory?figure=proposition-2")
    ends(lab, "80 of 80")
    says(lab, "stuck at θ = 4.00")
    assert number(lab, 0) < number(lab, 1) - 0.5
    drag(lab, "handle-theta", -50, 0)
    has(lab, theta="^[0-2]")
    says(lab, "has found p_data")
    assert abs(number(lab, 1) + math.log(4)) < 0.01
    assert "d_to_optimum=0.001" in lab.get("open-lab").get_attribute("href")

    lab.get("figure").select_option("label-smoothing")
    has(lab, figure="^label-smoothing$")
    says(lab, "The samples stay")
    agree(lab, {(way, 2): push for way in ("number", "other")})
    lab.get("knob-beta").focus()
    lab.page.keyboard.press("Home")
    has(lab, beta="^0$")
    says(lab, "One-sided")
    agree(lab, {("number", 2): push, ("other", 2): push, ("number", 3): push})

    lab.get("figure").select_option("max-min")
    has(lab, figure="^max-min$")
    lab.get("knob-modes").focus()
    lab.page.keyboard.press("ArrowRight")
    has(lab, modes="^7$")
    ends(lab, "120 of 120")
    says(lab, "7 of 7, one at a time")
    agree(lab, {(way, 2): alone for way in ("number", "other")})
    assert number(lab, 0) < -math.log(4) + 1e-4 and abs(number(lab, 1) + math.log(4)) < 1e-3

    lab.get("figure").select_option("noise-gradient")
    lab.get("knob-f").select_option("square")
    has(lab, f="^square$")
    lab.get("handle-x").focus()
    lab.page.keyboard.press("Shift+ArrowRight")
    has(lab, x="^0\\.[5-9]|^1")
    drag(lab, "handle-noise", -60, 0)
    has(lab, noise="^0\\.[01]")
    agree_square(lab)

    lab.get("figure").select_option("finite-data")
    lab.get("knob-n").select_option("100")
    has(lab, n="^100$")
    ends(lab, "80 of 80")
    says(lab, "by heart")
    assert number(lab, 0) > number(lab, 2) > -math.log(4) > number(lab, 1)


def agree_square(lab) -> None:
    """As `agree`, without the field f, which is a word."""
    for _ in range(300):
        q = {"x": field(lab, "x"), "noise": field(lab, "noise")}
        found = [number(lab, 3, way) for way in ("number", "other")]
        if all(math.isclose(one, score(q), rel_tol=1e-4) for one in found):
            return
        lab.page.wait_for_timeout(100)
    raise AssertionError((found, score(q)))
