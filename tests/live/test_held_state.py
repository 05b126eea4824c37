"""States that a process keeps: the same numbers, also once the process is gone."""

import dataclasses
import gc
import os
import signal
import threading

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, of_type, same, settle

from ganlab import Run, Spec
from ganlab.engine.snapshot import points_for
from ganlab.engine.state import State
from ganlab.live import held_state, messages
from ganlab.live.commands import Scrub
from ganlab.live.held_state import HeldState
from ganlab.live.moment import moment_of
from ganlab.live.pools import Places
from ganlab.live.process_pool import ProcessPool
from ganlab.live.session import Session
from ganlab.live.stored_session import load

SPEC = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16, k=2)


def ready(pool):
    """The pool, once its processes have begun."""
    pool.begin()
    assert all(process.begun.wait(120) for process in pool._all)
    return pool


@pytest.fixture(scope="module")
def shared():
    one = ProcessPool(lambda: 1)
    yield one
    one.close()


@pytest.fixture
def pool(shared):
    return ready(shared)


def pair(pool, specs=SPEC):
    """The same run twice: computed in this thread, and in a process."""
    here, apart = Run(specs), Run(specs)
    apart.elsewhere = pool
    return here, apart


def equal(here: State, apart: State) -> bool:
    vectors = [(s.g, s.d, *s.g_slots, *s.d_slots) for s in (here, apart)]
    same = all(torch.equal(a, b) for a, b in zip(*vectors, strict=True))
    counts = ("d_updates", "g_updates", "phase", "iterations", "g_phase", "nbytes")
    return same and all(getattr(here, n) == getattr(apart, n) for n in counts)


def kill(pool):
    (process,) = pool._all
    os.kill(process.child.pid, signal.SIGKILL)
    process.child.wait()


def test_its_tensors_are_fetched_only_when_they_are_read(pool):
    here, apart = pair(pool)
    for run in (here, apart):
        run.make(7)
        run.make(4)
    state = apart.state
    assert isinstance(state, HeldState) and not state.loaded
    assert state.nbytes == here.state.nbytes and state.iterations == 3
    moment = moment_of(1, apart, None, Places(pool, pool, pool))
    seen, known = moment.measure(), moment_of(1, here, None).measure()
    assert all(np.array_equal(seen[n], known[n], equal_nan=True) for n in known)
    assert not state.loaded  # the process that has it has measured it
    assert equal(here.state, state) and state.loaded


def test_what_is_made_of_it_is_a_state(pool):
    here, apart = pair(pool, (SPEC, SPEC.replace(seed=1)))
    for run in (here, apart):
        run.make(4)
    moved = dataclasses.replace(apart.state, phase=1)
    assert type(moved) is State and moved.phase == 1 and torch.equal(moved.g, here.state.g)
    assert equal(here.state.row(1), apart.state.row(1))
    assert apart.state == apart.state and apart.state != here.state and {apart.state}


@pytest.mark.parametrize("many", [False, True], ids=["few updates", "many updates"])
def test_it_is_computed_again_if_its_process_has_ended(pool, monkeypatch, many):
    if not many:
        monkeypatch.setattr(held_state, "MOST_AGAIN", 5)
    here, apart = pair(pool)
    for run in (here, apart):
        for updates in (3, 4, 5, 2):
            run.make(updates)
        run.change(d_lr=0.01)  # other runs for the process
        run.make(3)
        run.update("G")
    assert not apart.state.loaded
    kill(pool)
    assert equal(here.state, apart.state)
    for run in (here, apart):  # without a process, in this thread
        run.make(3)
    assert equal(here.state, apart.state)


def test_a_run_that_diverges_is_explained(pool):
    spec = SPEC.replace(optimizer="sgd", g_lr=1.0, d_lr=1.0, loss="wasserstein")
    here, apart = pair(pool, (spec, spec.replace(g_lr=1e-4, d_lr=1e-4)))
    for run in (here, apart):
        run.advance(400)
    assert here.diverged[0] is not None and here.diverged == apart.diverged
    assert equal(here.state, apart.state)


def test_the_process_forgets_what_nobody_needs(pool):
    _, apart = pair(pool)
    (process,) = pool._all
    for _ in range(20):
        apart.make(1)
    gc.collect()
    kept = [state for state in process._kept if not state.loaded]
    assert len(kept) == 1 and process.keeps
    number = kept[0]._number
    assert process.fetch(number).g_updates == apart.state.g_updates
    del kept
    apart.state = Run(SPEC).state
    gc.collect()
    assert not process.keeps
    with pytest.raises(LookupError):  # it was told with this request
        process.fetch(number)


def test_several_threads_ask_one_process_at_once(pool):
    runs = [pair(pool, SPEC.replace(seed=seed)) for seed in range(6)]
    errors = []

    def train(run):
        try:
            for updates in (3, 1, 6, 2):
                run.make(updates)
                shown = moment_of(1, run, None, Places(pool, pool, pool))
                assert shown.measure().keys()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=train, args=(apart,)) for _, apart in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and pool._all[0].in_line == 0
    for here, apart in runs:
        here.make(12)
        assert isinstance(apart.state, HeldState) and equal(here.state, apart.state)


def test_runs_are_spread_over_the_processes():
    pool = ready(ProcessPool(lambda: 2))
    runs = [Run(SPEC.replace(seed=seed)) for seed in range(7)]
    for run in runs:
        run.elsewhere = pool
        run.make(1)
        ready(pool)
    homes = [len(p.homes) for p in pool._all]
    assert sum(homes) == 7 and min(homes) >= 2
    pool.close()


def test_runs_move_to_a_process_with_more_time_but_not_all_of_them():
    pool = ready(ProcessPool(lambda: 2))
    pairs = []
    for seed in range(8):
        pairs.append((Run(SPEC.replace(seed=seed)), Run(SPEC.replace(seed=seed))))
        pairs[-1][1].elsewhere = pool
        pairs[-1][1].make(1)
        ready(pool)
    fast, slow = pool._all
    assert {len(fast.homes), len(slow.homes)} == {4}
    for run in [run for _, run in pairs if run.game in slow.homes]:
        pool.move(run.game)
        run.make(2)  # it stays there
    assert (len(fast.homes), len(slow.homes)) == (5, 3)
    for here, apart in pairs:
        here.make(apart.state.d_updates + apart.state.g_updates)
        assert equal(here.state, apart.state)
    pool.move(Run(SPEC).game)  # nobody computes it yet
    pool.close()


class Shared:
    """Pools of which only that for several sessions is there."""

    def __init__(self, pool):
        self.pool = pool

    def places(self, slow, playing):
        return Places(self.pool, self.pool, self.pool, 1) if playing > 1 else Places()


@pytest.fixture
def one_of_many(pool):
    """A paused session beside others, and its browser."""
    session = Session("token of one of many", SMALL, lambda _: None)
    session.pools, session.playing_sessions = Shared(pool), 2
    browser = Browser(session)
    session.command("pause")
    settle(session, browser)
    yield session, browser
    browser.leave()


def test_a_session_continues_when_it_is_alone_again(one_of_many, monkeypatch, tmp_path):
    session, browser = one_of_many
    here = Run(session.spec)

    def steps(playing, count):
        session.playing_sessions = playing
        for _ in range(count):
            session.command("step")
        settle(session, browser)
        here.advance(count)

    steps(2, 3)
    assert isinstance(session.run.state, HeldState)
    steps(1, 2)
    assert type(session.run.state) is State
    steps(2, 2)
    assert equal(here.state, session.run.state)
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    session.store()
    assert equal(here.state, load(session.token).runs[0].state)


def test_a_picture_comes_with_the_updates_before_it(one_of_many, monkeypatch):
    session, browser = one_of_many
    pool = session.pools.pool
    asked, ask = [], pool.ask
    monkeypatch.setattr(pool, "ask", lambda name, *rest: asked.append(name) or ask(name, *rest))
    session.command("play")
    shown, states = [], []
    for _ in range(400):
        session.work(0.002)
        states.append(session.run.state)
        for header, arrays in of_type(browser.take(), "frame"):
            shown.append((header, arrays, session.spec))
        if len(shown) > 6:
            break
    assert asked.count("play") > 3 and asked.count("picture") < len(shown) / 2
    for header, arrays, spec in shown[2:]:
        here = Run(spec)
        here.make(header["d_updates"] + header["g_updates"])
        known_header, known = messages.picture(
            here.game, here.state, here.specs, header["run"], here.last, points_for(here.game)
        )
        assert {n: header[n] for n in known_header} == known_header
        fresh = [n for n in known if not n.startswith("grad")]
        assert fresh and all(np.allclose(arrays[n], known[n], equal_nan=True) for n in fresh)
    earlier = [s for s in states if isinstance(s, HeldState) and s is not session.run.state]
    assert earlier and not any(state.painted for state in earlier)  # recordings keep States


def test_a_moment_is_replayed_from_states_that_a_process_keeps(one_of_many):
    session, browser = one_of_many
    session.command("play")
    for _ in range(60):
        session.work(0.002)
        browser.take()
    session.command("pause")
    settle(session, browser)
    assert isinstance(session.run.state, HeldState) and session.run.updates > 20
    (recording,) = session.rewind.recordings
    assert any(isinstance(one.state, HeldState) for one in recording.frames)
    for at in (session.run.updates - 3, 5, session.run.updates // 2):
        session.command("scrub", Scrub(at, False))
        settle(session, browser)
        then = Run(session.spec)
        then.make(at)
        assert same(session.shown[0], then) and session.rewind.status()["at"] == at
    assert not session.shown[0].state.painted


def test_the_picture_of_the_present_is_not_that_of_an_earlier_moment(one_of_many):
    session, browser = one_of_many
    session.command("play")
    for _ in range(400):
        session.work(0.002)
        browser.take()
        if session.painted and session.run.updates > 10:
            break
    assert session.painted
    session.command("scrub", Scrub(3, False))
    session.work(0.0)
    assert session.rewind.active and not session.painted
    shown = of_type(settle(session, browser)[0], "frame")[-1][0]
    assert shown["d_updates"] + shown["g_updates"] == 3
