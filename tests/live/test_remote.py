"""Slow runs in a separate process give the same numbers, and its death affects no other run."""

import os
import signal
import threading

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, settle

from ganlab import Run, Spec
from ganlab.engine.snapshot import take
from ganlab.limits import limited
from ganlab.live import cpu_time, remote, remote_worker
from ganlab.live.moment import moment_of
from ganlab.live.remote import Remote, Unavailable
from ganlab.live.session import Session
from ganlab.live.transfer import Failed

RING = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16)
SPECS = {
    "plain": (RING,),
    "seeds": tuple(RING.replace(seed=seed, unroll=2, k=2) for seed in range(3)),
    "norms": (RING.replace(g_norm="batch", d_dropout=0.2, instance_noise=0.1),),
    "line": (Spec(g_hidden=(8,), d_hidden=(8,), batch=16, r1=0.1),),
}


@pytest.fixture(scope="module")
def process():
    one = Remote()
    yield one
    one.close()


def parameters(run):
    return [run.state.g, run.state.d, *run.state.g_slots, *run.state.d_slots]


@pytest.mark.parametrize("name", SPECS)
def test_updates_are_the_eager_ones_bit_for_bit(process, name):
    here, apart = Run(SPECS[name]), Run(SPECS[name])
    apart.remote = process
    for run in (here, apart):
        run.advance(5)
        run.update("G")
        run.change(d_lr=0.01)
        run.advance(3)
    assert all(torch.equal(a, b) for a, b in zip(parameters(here), parameters(apart), strict=True))
    assert here.events == apart.events and here.last == apart.last
    assert not torch.equal(here.state.g, Run(SPECS[name]).state.g)


@pytest.mark.parametrize("name", ["plain", "line"])
def test_what_is_seen_is_the_same(process, name):
    run = Run(SPECS[name])
    run.advance(3)
    run.remote = process
    moment = moment_of(1, run, None)
    view = moment.see(measure=False).probes[0].over(np.array([[-9.0, 9.0]] * run.spec.dim))
    for axes in (None, view):
        found = moment.see(axes)
        views = None if axes is None else (axes,)
        shot = take(run.game, run.state, run.specs, [None], view=views)
        assert found.metrics.keys() == shot.metrics.keys()
        assert found.picture.keys() == shot.picture.keys()
        for part in ("metrics", "picture"):
            for key, value in getattr(shot, part).items():
                np.testing.assert_array_equal(getattr(found, part)[key], value)


def test_tiles_are_the_same(process):
    run = Run(SPECS["seeds"])
    moment = moment_of(1, run, None)
    run.remote = process
    apart = moment_of(1, run, None)
    for a, b in (
        (moment.tiles(), apart.tiles()),
        *[(m.measure_tiles(1, 2), n.measure_tiles(1, 2)) for m, n in [(moment, apart)]],
    ):
        assert a.keys() == b.keys()
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])


def test_divergence_is_explained_as_here(process):
    spec = RING.replace(optimizer="sgd", g_lr=1.0, d_lr=1.0, loss="wasserstein")
    here, apart = (
        Run([spec, RING.replace(optimizer="sgd", loss="wasserstein", g_lr=1e-4, d_lr=1e-4)]),
        None,
    )
    apart = Run(here.start)
    apart.remote = process
    for run in (here, apart):
        run.advance(400)
    assert here.diverged[0] is not None and here.diverged == apart.diverged
    assert here.iteration == apart.iteration
    assert all(torch.equal(a, b) for a, b in zip(parameters(here), parameters(apart), strict=True))


def test_its_cpu_seconds_are_the_callers(process):
    run = Run(RING.replace(unroll=10))
    run.remote = process
    run.make(2)
    before, own = cpu_time.seconds(), os.times().user
    run.make(60)
    took = cpu_time.seconds() - before
    assert took > 0.02 and took > 2 * (os.times().user - own)


def test_what_it_cannot_do_is_computed_here(process):
    here, apart = Run(RING.replace(seed=5)), Run(RING.replace(seed=5))
    with pytest.raises(Unavailable, match="unexpected keyword"):
        process.call("see", apart.specs, apart.state, None, 64, {"nonsense": True})
    apart.remote = process
    object.__setattr__(apart.draws.specs[0], "loss", "known to this process only")
    for run in (here, apart):
        run.make(2)
    assert torch.equal(here.state.g, apart.state.g)


@pytest.mark.parametrize(
    "error", [MemoryError("none left"), RuntimeError("can't allocate memory: 9 GB")]
)
def test_too_little_memory_is_said(process, monkeypatch, error):
    failed = Failed(type(error).__name__, str(error))
    monkeypatch.setattr(remote, "receive", lambda connection: (0.0, failed))
    monkeypatch.setattr(remote, "send", lambda connection, value: None)
    run = Run(RING)
    run.remote = process
    with pytest.raises(MemoryError, match=str(error)):
        run.make(1)


def test_a_killed_process_is_said_and_followed_by_another():
    with_its_own = Remote()
    run = Run(RING)
    run.remote = with_its_own
    run.make(2)
    before = run.state
    (child,) = with_its_own._free
    os.kill(child._process.pid, signal.SIGKILL)
    child._process.wait()
    with pytest.raises(MemoryError, match="not enough memory"):
        run.make(2)
    assert run.state is before and run.make(2) == 2
    with_its_own.close()
    assert with_its_own.processes == 0


def test_an_idle_process_is_ended(monkeypatch):
    mine = Remote()
    run = Run(RING)
    run.remote = mine
    run.make(1)
    (child,) = mine._free
    mine.rest()
    assert mine.processes == 1
    monkeypatch.setattr(remote, "_IDLE_SECONDS", -1.0)
    mine.rest()
    assert mine.processes == 0 and child._process.wait(10) != 0


def test_no_more_processes_than_the_limit(process):
    runs = [Run(RING.replace(seed=seed)) for seed in range(3)]
    for run in runs:
        run.remote = process
    threads = [threading.Thread(target=run.make, args=(6,)) for run in runs]
    with limited(slow_runs=1):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert process.processes == 1
    for run in runs:
        here = Run(run.start)
        here.make(6)
        assert torch.equal(run.state.g, here.state.g)


def test_where_no_process_can_be_had_it_is_computed_here(monkeypatch):
    monkeypatch.setattr(remote_worker, "__name__", "ganlab.no_such_module")
    mine, run, here = Remote(), Run(RING), Run(RING)
    run.remote = mine
    assert run.make(3) == 3 and mine.processes == 0
    here.make(3)
    assert torch.equal(run.state.g, here.state.g)


@pytest.fixture
def slow(monkeypatch, process):
    monkeypatch.setattr("ganlab.live.session.REMOTE", process)
    with limited(slow_seconds=0.0001):
        session = Session("token", SMALL.replace(unroll=20), lambda _: None)
        assert session.slow
        browser = Browser(session)
        session.command("pause")
        settle(session, browser)
        yield session, browser
        browser.leave()


def test_a_slow_session_is_computed_there(slow, process, monkeypatch):
    session, browser = slow
    asked = []
    call = process.call
    monkeypatch.setattr(
        process, "call", lambda name, *rest: asked.append(name) or call(name, *rest)
    )
    session.command("step")
    settle(session, browser)
    assert {"play", "see"} <= set(asked)
    here = Run(session.spec)
    here.advance(1)
    assert torch.equal(session.run.state.g, here.state.g)


def test_a_session_that_is_slow_no_more_is_computed_here(slow, process):
    session, browser = slow
    assert session.run.remote is process
    with limited(slow_seconds=10.0):
        session.set("k", 2)
        settle(session, browser)
    assert session.run.remote is None
