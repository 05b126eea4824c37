"""The spectrum that a session sends: what is in it, when it is computed, and when it is refused."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from live_helpers import SMALL, Browser, last, of_type, press, settle

from ganlab import Run, Spec, spectrum
from ganlab.comparison import Comparison
from ganlab.engine.eigenvalues import Spectrum
from ganlab.engine.iteration_map import Blocks
from ganlab.live import moment, spectra
from ganlab.live.commands import Command, Scrub, SpectrumRequest, read
from ganlab.live.computing import FUNCTIONS, Runs
from ganlab.live.session import Session
from ganlab.registry import SpecError

TINY = SMALL.replace(g_hidden=(3,), d_hidden=(3,))
# The Dirac-GAN of Mescheder et al. 2018 at its equilibrium, as in tests/engine/test_eigenvalues.py.
DIRAC = Spec(
    **{"target": "gaussian", "target_params": {"mean": 0.0, "std": 1e-6}, "latent": "constant"},
    **{"g_hidden": (), "d_hidden": (), "g_bias": "no", "d_bias": "no"},
    **{"g_start": (0.0,), "d_start": (0.0,), "optimizer": "sgd", "g_lr": 0.2, "d_lr": 0.2},
    **{"loss": "minimax", "batch": 4},
)


class Watcher:
    """A paused session with one browser, whose spectrum is open."""

    def __init__(self, spec: Spec, r1: float | None = None):
        self.session = Session("t", spec, lambda _: None)
        self.browser = Browser(self.session)
        self.session.command("pause")
        settle(self.session, self.browser)
        self.ask(True, r1)

    def ask(self, on: bool, r1: float | None = None) -> None:
        self.session.command("spectrum", SpectrumRequest(on, r1))
        self.got = settle(self.session, self.browser)[0]

    @property
    def message(self):
        return last(self.got, "spectrum")


@pytest.fixture
def watch(request):
    made = []

    def begin(*args) -> Watcher:
        made.append(Watcher(*args))
        return made[-1]

    yield begin
    for one in made:
        one.browser.leave()


def complex_of(array: np.ndarray) -> np.ndarray:
    return array[:, 0] + 1j * array[:, 1]


def test_it_is_that_of_the_run_under_each_rule(watch):
    one = watch(TINY)
    one.got = press(one.session, one.browser, "step")
    header, arrays = one.message
    paid = spectra.price(TINY)
    assert paid.seconds < spectra.MOST_SECONDS
    found = spectrum(one.session.run, samples=paid.samples)
    assert header["iteration"] == 1 and header["refused"] == "" and header["other"] is None
    now = header["now"]
    assert now["complete"] and now["count"] == now["size"] == found.size
    assert now["rotation"] == pytest.approx(found.rotation)
    assert now["growing"] == found.growing and now["share"] == pytest.approx(found.rotating_share)
    np.testing.assert_allclose(complex_of(arrays["now"]), found.values, atol=1e-6)
    assert set(now["rules"]) == set(found.rules) and header["rule"] in now["rules"]
    for rule, told in now["rules"].items():
        mu = found.of_update(rule)
        assert told["radius"] == pytest.approx(abs(mu).max())
        assert abs(complex_of(arrays[f"now.{rule}"])).max() == pytest.approx(told["radius"])
        assert told["step"] == pytest.approx(found.largest_step(rule))
        assert f"{told['radius']:.4f}" in told["why"]


@pytest.mark.parametrize("h", [0.2, 0.5])
def test_the_dirac_gans_numbers_on_the_screen(watch, h):
    header, _ = watch(DIRAC.replace(g_lr=h, d_lr=h), 0.3).message
    now, other = header["now"], header["other"]
    radius = {rule: told["radius"] for rule, told in now["rules"].items()}
    assert radius["simultaneous"] == pytest.approx(math.sqrt(1 + h * h / 4))
    assert radius["alternating"] == pytest.approx(1)
    assert radius["extragradient"] == pytest.approx(1, abs=1e-9)  # of what does not move
    assert now["rotation"] == pytest.approx(1) and now["share"] == pytest.approx(1)
    assert now["turn"] == pytest.approx(2 * math.pi / (h / 2))
    assert now["rules"]["simultaneous"]["step"] == 0
    assert "every step is too large" in now["rules"]["simultaneous"]["why"]
    assert "rotate outward" in now["rules"]["simultaneous"]["why"]
    assert now["rules"]["alternating"]["step"] == pytest.approx(4 / h, rel=1e-4)
    # With R1 the same game is damped: |1 - hλ| = 1 at h = γ / f'².
    assert other["r1"] == 0.3 and other["rules"]["simultaneous"]["step"] == pytest.approx(
        1.2 / h, rel=1e-4
    )
    assert other["share"] == pytest.approx(0.5 / 0.59, abs=1e-6)


def test_the_fastest_turn_is_named_beside_what_leaves_faster():
    found = spectrum(Run(DIRAC.replace(r1=0.3)))
    inward = np.array([1.1, 0.97 + 0.1j, 0.97 - 0.1j, 0.1 + 0.5j])
    assert spectra._why(found, inward, 1.0).endswith("|μ| = 0.9751, spirals inward.")
    outward = np.array([1.1, 1.0 + 0.1j, 1.0 - 0.1j])
    assert "spirals outward" in spectra._why(found, outward, 1.0)
    assert "fastest turn" not in spectra._why(found, outward[1:], 1.0)
    # Nor where the game itself has none, so that the row and the sentence agree.
    still = spectrum(Run(DIRAC.replace(r1=2.0)))
    assert spectra._turn(still) is None
    assert "fastest turn" not in spectra._why(still, inward, 1.0)


def outside(found: Spectrum, rule: str, factor: float) -> int:
    """How many μ are outside the unit circle but for as many as grow at small steps."""
    z, game = found.values, found.blocks.matrix
    growing = int((z.real < 0).sum())
    if rule == "simultaneous" and len(found.filter[0]) == 2:
        mu = np.linalg.eigvals(np.eye(len(game)) - factor * game)
    elif rule == "alternating":  # which mixes the eigenvectors
        mu = found.of_update(rule, factor)
    else:
        mu, growing = replace(found, values=z[z.real >= 0]).of_update(rule, factor), 0
    return int((abs(mu) > 1 + 1e-9).sum()) - growing


@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.6, 1.5])
@pytest.mark.parametrize("given", [([1, -1], [1]), ([1, -1.5, 0.5], [1, 0])], ids=str)
def test_words_and_numbers_agree_with_the_eigenvalues_of_random_games(shift, given):
    rng = np.random.default_rng(5)
    for _ in range(6):
        game = Blocks(rng.normal(size=(5, 5)) / 4 + shift * np.eye(5), 2, (1, 1))
        z = np.linalg.eigvals(game.matrix).astype(complex)
        growing = int((z.real < 0).sum())
        found = Spectrum(z, 5, True, True, "alternating", given, game)
        for rule in found.rules:
            mu, step = found.of_update(rule), found.largest_step(rule)
            why, largest = spectra._why(found, mu, step), abs(mu).max()
            assert f"The largest |μ| is {largest:.4f} {'>' if largest > 1 else '<'} 1" in why
            assert ("directions grow" in why) == (growing > 0)
            assert not growing or f"{growing} of 5 directions grow" in why
            assert ("No small step is stable" in why) == (growing > 0 and largest > 1)
            said = re.search(r"stable (?:only )?up to (\S+) × the present step", why)
            assert (said is not None) == (growing > 0 and largest > 1 and 0 < step < math.inf)
            assert said is None or float(said[1]) == pytest.approx(step, rel=0.01)
            assert "stable only" not in why or step < 1
            if not growing and step >= 1:
                assert largest < 1
            if 0 < step < math.inf:
                assert outside(found, rule, 0.99 * step) <= 0 < outside(found, rule, 1.01 * step)


def test_it_follows_the_moment_and_stops_when_it_is_closed(watch):
    one = watch(TINY)
    assert last(one.got, "status")[0]["spectrum"] is True
    assert not of_type(press(one.session, one.browser, "pause"), "spectrum")
    for at in (1, 2):
        got = press(one.session, one.browser, "step")
        assert [h["iteration"] for h, _ in of_type(got, "spectrum")][-1] == at
    one.session.set("loss", "minimax")
    changed = last(settle(one.session, one.browser)[0], "spectrum")
    np.testing.assert_allclose(
        complex_of(changed[1]["now"]), spectrum(one.session.run, samples=512).values, atol=1e-6
    )
    one.ask(False)
    assert last(one.got, "status")[0]["spectrum"] is False
    assert not of_type(press(one.session, one.browser, "step"), "spectrum")


def test_a_restart_in_between_is_followed_by_the_new_runs_spectrum(watch, monkeypatch):
    """Its parts are computed one after the other; those of the old run are not continued."""
    one = watch(TINY, 1.0)
    real = moment.of_moment

    def restarts(*args):
        monkeypatch.setattr(moment, "of_moment", real)
        one.session.command("restart")
        one.session.work(0.01)
        return real(*args)

    monkeypatch.setattr(moment, "of_moment", restarts)
    number = one.session.run_number
    got = press(one.session, one.browser, "step") + settle(one.session, one.browser)[0]
    assert one.session.run_number > number
    header, _ = last(got, "spectrum")
    assert header["run"] == one.session.run_number and header["other"]["r1"] == 1.0


def test_an_earlier_moment_has_its_own(watch):
    one = watch(TINY)
    now = press(one.session, one.browser, "step")
    first = last(now, "spectrum")
    press(one.session, one.browser, "step")
    one.session.command("scrub", Scrub(2, False))
    header, arrays = last(settle(one.session, one.browser)[0], "spectrum")
    assert header["iteration"] == 1
    np.testing.assert_array_equal(arrays["now"], first[1]["now"])


def test_a_browser_that_comes_later_gets_it_and_nobody_watches_for_nothing(watch, monkeypatch):
    one = watch(TINY)
    other = Browser(one.session)
    assert len(of_type(settle(one.session, one.browser, other)[1], "spectrum")) == 1
    other.leave()
    computed = []
    monkeypatch.setattr(
        spectra, "of_moment", lambda *_: computed.append(1) or ({"refused": "x"}, {})
    )
    one.browser.subscriber.visible = False
    one.session.command("step")
    for _ in range(20):
        one.session.work(0.01)
    assert not computed


def test_r1_alone_is_computed_when_only_that_is_asked_for(watch, monkeypatch):
    one = watch(TINY)
    asked = []
    real = spectra.of_moment
    monkeypatch.setattr(moment, "of_moment", lambda *a: asked.append(a[-1]) or real(*a))
    one.ask(True, 2.0)
    assert asked == [2.0] and one.message[0]["other"]["r1"] == one.message[0]["asked"] == 2.0
    one.ask(True)
    assert asked == [2.0] and one.message[0]["other"] is one.message[0]["asked"] is None
    assert one.message[0]["seconds"] > 0  # what the shown one has cost
    one.ask(False)
    one.ask(True)
    assert asked == [2.0, None]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"batch": 4096, "g_hidden": (256, 256), "d_hidden": (256, 256)}, "s, more than the 15 s"),
        ({"k": 0}, "D does not learn"),
    ],
)
def test_what_is_too_dear_or_no_game_is_refused_in_words_before_it_is_paid(fields, why):
    spec = SMALL.replace(**fields)
    assert why in spectra.refused(spec, spectra.price(spec))


def test_what_is_not_known_is_said(watch):
    header, _ = watch(TINY).message
    assert "has not measured" in header["notes"][0] and header["now"]["rules"] == {}
    one = watch(TINY.replace(optimizer="momentum", rule="extra-adam", weight_clip=0.1))
    assert "does not follow" in one.message[0]["notes"][0]
    assert "weight clipping" in one.message[0]["notes"][1]


def test_a_failure_does_not_stop_the_run(watch, monkeypatch):
    def broken(*_):
        raise MemoryError

    monkeypatch.setattr(moment, "of_moment", broken)
    one = watch(TINY)
    assert "memory" in one.message[0]["refused"] and one.session.failed == ""


def test_a_process_computes_the_same():
    run = Run(TINY)
    run.advance(2)
    paid = spectra.price(TINY)
    told, arrays = FUNCTIONS["spectrum"](Runs((TINY,)), run.state, paid, None)
    mine, own = spectra.of_moment(run.state, TINY, paid)
    assert told == mine and all((arrays[name] == own[name]).all() for name in own)


def test_runs_side_by_side_have_none():
    session = Session("t", Comparison.pair(SMALL), lambda _: None)
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    session.command("spectrum", SpectrumRequest(True))
    got = settle(session, browser)[0]
    assert "a view of one run" in last(got, "status")[0]["message"] and not of_type(got, "spectrum")
    browser.leave()


def test_the_command_is_read():
    ask = {"cmd": "spectrum", "value": True}
    assert read(ask | {"r1": -1}) == Command("spectrum", SpectrumRequest(True, None))
    assert read(ask | {"r1": 0}) == Command("spectrum", SpectrumRequest(True, 0))
    for r1 in (-2, math.nan, True, "1", None, 1e12):
        with pytest.raises(SpecError):
            read(ask | {"r1": r1})
