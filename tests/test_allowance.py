"""Rate limits of a server."""

import asyncio

import pytest

from ganlab import allowance as module
from ganlab.allowance import Admission, Allowance


def test_a_burst_and_then_so_many_a_second():
    bucket, at, waited = Allowance(100, 60), 1000.0, []
    for _ in range(700):
        waited.append(bucket.wait(at))
        at += waited[-1]
    assert not any(waited[:100]) and all(waited[101:])
    assert at - 1000 == pytest.approx((700 - 100) / 60, rel=0.01)
    assert bucket.wait(at + 10) == 0 and not bucket.full(at + 10)
    assert bucket.full(at + 20)


def test_dear_things_count_more():
    bucket = Allowance(10, 2)
    assert bucket.wait(0.0, 10) == 0
    assert bucket.wait(0.0, 4) == 2
    bucket.give_back(4)
    assert bucket.wait(0.0, 1) == 0.5


class Clock:
    """A simulated clock that advances when someone waits."""

    def __init__(self, monkeypatch):
        self.now, self.passes, self.waits = 1000.0, True, []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(module.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds * self.passes


def test_each_key_has_its_own_turn_and_who_would_wait_long_is_refused(monkeypatch):
    clock, admission = Clock(monkeypatch), Admission(3, 1, 2)

    async def at_once():
        clock.passes = False
        answers = [await admission.admit("he") for _ in range(10)]
        return answers, await admission.admit("she")

    assert asyncio.run(at_once()) == ([True] * 5 + [False] * 5, True)
    assert clock.waits == [1, 2]  # refused requests use nothing up
    clock.now, clock.passes = clock.now + 60, True
    began = clock.now
    assert all(asyncio.run(admission.admit("he")) for _ in range(8))
    assert clock.now - began == 5


def test_only_keys_that_count_are_remembered(monkeypatch):
    clock, admission = Clock(monkeypatch), Admission(1, 1, 0)
    monkeypatch.setattr(module, "_MOST_KEYS", 50)
    for i in range(200):
        assert asyncio.run(admission.admit(str(i)))
    assert len(admission._buckets) <= 51
    clock.now += 60
    assert asyncio.run(admission.admit("new"))
    assert len(admission._buckets) == 1
