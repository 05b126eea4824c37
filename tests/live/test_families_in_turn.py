"""Families for pages: one Spec at a time; results are kept, and unwatched fits are cancelled."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from ganlab import Spec, SpecError, address
from ganlab.baselines import FAMILIES, Result
from ganlab.baselines.stored import save
from ganlab.live import families
from ganlab.live.families import Families, key

MOONS = Spec(target="moons", latent_dim=2)
RING = MOONS.replace(target="ring")


class Fake:
    """In place of a process: hands over one result at a time, when `go` is set."""

    started: list[tuple[str, ...]]

    def __init__(self, go):
        self.started, self.ended, self._go = [], 0, go

    def start(self, module, folder, text, *names, env):
        assert module == "ganlab.baselines.stored" and env["OMP_NUM_THREADS"] == "1"
        self.started.append((Spec.from_json(text).target, *names))

        def work():
            for name in names:
                self._go.wait(5)
                if Path(folder).exists():
                    save(Result(name, about=text[:9]), Path(folder))

        threading.Thread(target=work, daemon=True).start()
        return self

    def poll(self):
        return None

    def wait(self):
        self.ended += 1

    def lower_priority(self, process, nice):
        assert nice > 0

    def end(self, process):
        pass


@pytest.fixture
def fake(monkeypatch):
    go = threading.Event()
    made = Fake(go)
    made.go = go
    monkeypatch.setattr(families, "processes", made)
    monkeypatch.setattr(families, "_LOOK", 0.01)
    return made


def until(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")


def test_specs_are_fitted_in_turn_and_their_results_kept(fake):
    here = Families()
    here.ask(MOONS, "ann")
    here.ask(RING, "ben")
    here.ask(RING, "cem")  # the same: fitted once
    assert (here.ahead(MOONS), here.ahead(RING), here.ahead(MOONS.replace(k=2))) == (0, 1, None)
    fake.go.set()
    until(lambda: here.ahead(RING) is None)
    assert [one.family for one in here.look(RING)] == list(FAMILIES)
    assert fake.started == [("moons", *FAMILIES), ("ring", *FAMILIES)]
    # Another k is another GAN on the same data; another seed has other data.
    other = MOONS.replace(k=3)
    assert [one.family for one in here.look(other)] == [n for n in FAMILIES if n != "gan"]
    assert here.look(MOONS.replace(seed=1)) == []
    here.ask(other, "ann")
    until(lambda: here.ahead(other) is None)
    assert fake.started[-1] == ("moons", "gan") and len(here.look(other)) == len(FAMILIES)
    assert key("em", MOONS) == key("em", other) != key("gan", other)


def test_a_visitor_has_one_at_a_time_and_may_stop_it(fake):
    here = Families()
    here.ask(MOONS, "ann")
    here.ask(RING, "ann")
    assert here.ahead(MOONS) is None and here.ahead(RING) == 0
    here.stop("ann")
    assert here.ahead(RING) is None
    for i in range(12):
        here.ask(MOONS.replace(seed=i), f"visitor {i}")
    with pytest.raises(SpecError, match="fewer at once"):
        here.ask(MOONS.replace(seed=99), "late")
    with pytest.raises(SpecError, match="1-D or 2-D"):
        here.ask(Spec(target="mnist", latent_dim=100), "digits")
    for i in range(12):
        here.stop(f"visitor {i}")
    until(lambda: here._thread is None)


def test_what_nobody_looks_at_is_given_up(fake, monkeypatch):
    monkeypatch.setattr(families, "_UNWATCHED", 0.05)
    here = Families()
    here.ask(MOONS, "ann")
    until(lambda: here.ahead(MOONS) is None)
    until(lambda: fake.ended == 1)
    assert here.look(MOONS) == []


def test_the_address_says_that_they_are_shown():
    query = address.with_families("k=2&t.std=0.1", True)
    assert query == "k=2&t.std=0.1&families=open"
    pairs = [("k", "2"), ("families", "open"), ("families", "ajar")]
    assert address.without_families(pairs) == ([("k", "2"), ("families", "ajar")], True)
    assert address.with_families("k=2", False) == "k=2"
