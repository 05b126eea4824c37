"""Runs computed in other processes: the same numbers, and only its own page notices a death."""

import os
import signal
import sys
import threading
from types import SimpleNamespace
from weakref import WeakSet

import numpy as np
import pytest
import torch
from live_helpers import SMALL, Browser, of_type, settle, until

from ganlab import Run, Spec, machine
from ganlab.engine import State
from ganlab.engine.snapshot import take
from ganlab.limits import limited
from ganlab.live import computing, cpu_time, messages, process, process_pool, scheduler, thumbnails
from ganlab.live.computing import to_end
from ganlab.live.moment import moment_of
from ganlab.live.pools import Places, Pools
from ganlab.live.process_pool import START, TURN, ProcessPool, Unavailable
from ganlab.live.scheduler import Scheduler
from ganlab.live.session import Session
from ganlab.live.transfer import Failed, Recent

RING = Spec(target="ring", latent_dim=2, g_hidden=(8,), d_hidden=(8,), batch=16)
SPECS = {
    "plain": (RING,),
    "seeds": tuple(RING.replace(seed=seed, unroll=2, k=2) for seed in range(3)),
    "norms": (RING.replace(g_norm="batch", d_dropout=0.2, instance_noise=0.1),),
    "line": (Spec(g_hidden=(8,), d_hidden=(8,), batch=16, r1=0.1),),
}


@pytest.fixture(scope="module")
def pool():
    one = ProcessPool(lambda: 1, waits=True)
    yield one
    one.close()


def parameters(run):
    return [run.state.g, run.state.d, *run.state.g_slots, *run.state.d_slots]


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[n], b[n], equal_nan=True) for n in a)


@pytest.mark.parametrize("name", SPECS)
def test_updates_are_the_eager_ones_bit_for_bit(pool, name):
    here, apart = Run(SPECS[name]), Run(SPECS[name])
    apart.elsewhere = pool
    for run in (here, apart):
        run.advance(5)
        run.update("G")
        run.change(d_lr=0.01)
        run.advance(3)
    assert all(torch.equal(a, b) for a, b in zip(parameters(here), parameters(apart), strict=True))
    assert here.events == apart.events and here.last == apart.last
    assert not torch.equal(here.state.g, Run(SPECS[name]).state.g)


@pytest.mark.parametrize("name", ["plain", "line"])
def test_what_is_seen_is_the_same(pool, name):
    run = Run(SPECS[name])
    run.advance(3)
    moment = moment_of(1, run, None, Places(pool, pool, pool))
    shot = take(run.game, run.state, run.specs, [None])
    assert same(moment.measure(), shot.metrics)
    view = shot.probes[0].over(np.array([[-9.0, 9.0]] * run.spec.dim))
    old = messages.arrows_of(moment.picture())
    run.advance(5)
    moment = moment_of(1, run, None, Places(pool, pool, pool))
    for axes, arrows in ((None, None), (view, None), (view, old)):
        views = None if axes is None else (axes,)
        shot = take(run.game, run.state, run.specs, [None], measure=False, view=views)
        header, arrays = messages.frame(1, shot, run.last)
        found_header, found = moment.picture("full", axes, arrows)
        assert found_header == header and same(found, arrays | (arrows or {}))
        here, explained = moment_of(1, run, None), moment.parts(axes, None)
        assert here.parts(axes, None)[0] == explained[0]
        assert same(here.parts(axes, None)[1], explained[1])
    assert moment.picture("coarse")[1]["d"].size < arrays["d"].size


def test_tiles_are_the_same(pool):
    run = Run(SPECS["seeds"])
    moment = moment_of(1, run, None, Places(pool, pool, pool))
    assert same(moment.tiles(), thumbnails.pictures(run.game, run.state, run.spec))
    measured = to_end(thumbnails.measure(run.game, run.state, run.spec))
    assert same(to_end(moment.measure_tiles()), measured)
    assert measured["jsd"].shape == (len(run.specs),)


@pytest.fixture
def sent(pool, monkeypatch):
    """The requests: for each the State, or the number of one that the process keeps."""
    out, send = [], process.send
    monkeypatch.setattr(
        process,
        "send",
        lambda socket, message: out.append(message[0].state) or send(socket, message),
    )
    return out


def test_a_state_is_sent_only_if_the_process_does_not_have_it(pool, sent):
    run = Run(RING.replace(seed=9))
    run.elsewhere, first = pool, run.state
    moment = moment_of(1, run, None, Places(pool, pool, pool))
    run.make(2)
    second = run.state
    here = messages.picture(run.game, first, run.specs, 1, "", 32768)
    assert same(moment.picture()[1], here[1])  # of an earlier moment: the last one stays
    run.make(2)
    moment_of(1, run, None, Places(pool, pool, pool)).picture()
    assert [isinstance(state, int) for state in sent] == [False, False, True, True]
    assert sent[:2] == [first, first] and second is not first
    run.change(d_lr=0.02)  # other runs for the process, which still has the State
    run.make(1)
    assert isinstance(sent[-1], int)
    other = Run(RING.replace(seed=9))
    other.advance(2)
    other.change(d_lr=0.02)
    other.make(1)
    assert torch.equal(other.state.d, run.state.d)


def test_a_large_state_is_not_kept(pool, sent):
    run = Run(RING.replace(g_hidden=(512, 512), d_hidden=(512, 512)))
    assert run.state.nbytes > computing._MOST_KEPT
    run.elsewhere = pool
    run.make(2)
    run.make(1)
    assert all(isinstance(state, State) for state in sent)


def test_runs_return_to_the_process_that_computes_them():
    pool = ProcessPool(lambda: 2, waits=True)
    runs = [Run(RING.replace(seed=seed)) for seed in range(4)]
    for _ in range(2):
        for run in runs:
            pool.call("tiles", run.game, run.state)
            assert all(p.begun.wait(120) for p in pool._all)
    known = [{pool._key(run.game)[0] for run in runs} & {*p.known._values} for p in pool._all]
    assert [len(keys) for keys in known] == [2, 2] and not known[0] & known[1]
    pool.close()


def test_divergence_is_explained_as_here(pool):
    spec = RING.replace(optimizer="sgd", g_lr=1.0, d_lr=1.0, loss="wasserstein")
    here, apart = (Run([spec, spec.replace(g_lr=1e-4, d_lr=1e-4)]) for _ in range(2))
    apart.elsewhere = pool
    for run in (here, apart):
        run.advance(400)
    assert here.diverged[0] is not None and here.diverged == apart.diverged
    assert here.iteration == apart.iteration
    assert all(torch.equal(a, b) for a, b in zip(parameters(here), parameters(apart), strict=True))


def test_its_cpu_seconds_are_the_callers(pool):
    run = Run(RING.replace(unroll=10))
    run.elsewhere = pool
    run.make(2)
    before, own = cpu_time.seconds(), os.times().user
    updates = cpu_time.updates_elsewhere()
    run.make(60)
    took = cpu_time.seconds() - before
    assert took > 0.02 and took > 2 * (os.times().user - own)
    assert 0.5 * took < cpu_time.updates_elsewhere() - updates <= took


def test_what_it_cannot_do_is_computed_here(pool):
    here, apart = Run(RING.replace(seed=5)), Run(RING.replace(seed=5))
    with pytest.raises(Unavailable, match="positional argument"):
        pool.call("tiles", apart.game, apart.state, "one too many")
    apart.elsewhere = pool
    object.__setattr__(apart.game.specs[0], "loss", "known to this process only")
    for run in (here, apart):
        run.make(2)
    assert torch.equal(here.state.g, apart.state.g)


def test_runs_that_it_has_forgotten_are_told_again(pool):
    runs = [Run(RING.replace(seed=seed)) for seed in range(computing.MOST_RUNS + 3)]
    for run in [*runs, *runs[:5]]:
        made, *_ = pool.call("play", run.game, run.state, [True], b"G", False, None)
        assert torch.equal(made.state.d, run.state.d)


def test_runs_that_it_has_lost_are_told_again_after_one_failure(pool):
    run = Run(RING.replace(seed=77))
    pool.call("tiles", run.game, run.state)
    (one,) = pool._all
    other = Run(RING.replace(seed=78))
    one.known[pool._key(other.game)[0]] = None  # it never was told
    with pytest.raises(Unavailable, match="KeyError"):
        pool.call("tiles", other.game, run.state)
    assert pool.call("tiles", other.game, run.state).keys()


def test_recent_values_stay():
    recent = Recent(2)
    recent["a"], recent["b"] = 1, 2
    assert recent["a"] == 1  # read last: "b" goes
    recent["c"] = 3
    assert "b" not in recent and recent["a"] == 1 and recent["c"] == 3


@pytest.mark.parametrize("error", ["MemoryError: none left", "RuntimeError: no memory: 9 GB"])
def test_too_little_memory_is_said(pool, monkeypatch, error):
    failed = Failed(*error.split(": ", 1))
    monkeypatch.setattr(process, "receive", lambda connection: (0.0, 0.0, failed))
    monkeypatch.setattr(process, "send", lambda connection, value: None)
    run = Run(RING)
    run.elsewhere = pool
    with pytest.raises(MemoryError, match=failed.text):
        run.make(1)


def kill(pool: ProcessPool) -> None:
    (one,) = pool._all
    os.kill(one.child.pid, signal.SIGKILL)
    one.child.wait()


def test_a_death_is_said_and_another_process_follows():
    pool, run = ProcessPool(lambda: 1, waits=True), Run(RING)
    run.elsewhere = pool
    run.make(2)
    before = run.state
    kill(pool)
    with pytest.raises(MemoryError, match="not enough memory"):
        run.make(2)
    assert run.state is before and run.make(2) == 2
    pool.close()
    assert len(pool.children) == 0


def test_pictures_are_made_here_while_there_is_no_process():
    pool, run = ProcessPool(lambda: 1), Run(RING)
    moment = moment_of(1, run, None, Places(None, pool, pool))
    here = messages.picture(run.game, run.state, run.specs, 1, "")
    pool.begin()
    assert same(moment.picture()[1], here[1])  # it has just begun
    (one,) = pool._all
    one.begun.wait(60)
    assert same(moment.picture()[1], here[1])
    kill(pool)
    assert same(moment.picture()[1], here[1])
    assert len(pool.children) == 0
    pool.close()


def test_an_idle_process_is_ended(monkeypatch, pool):
    run = Run(RING)
    run.elsewhere = pool
    run.make(1)
    (one,) = pool._all
    pool.rest()
    assert len(pool.children) == 1
    monkeypatch.setattr(process_pool, "_IDLE_SECONDS", -1.0)
    pool.rest()
    assert len(pool.children) == 0 and one.child.wait(10) != 0


def test_no_more_processes_than_there_may_be(pool):
    runs = [Run(RING.replace(seed=seed)) for seed in range(3)]
    for run in runs:
        run.elsewhere = pool
    threads = [threading.Thread(target=run.make, args=(6,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pool.children) == 1
    for run in runs:
        here = Run(run.start)
        here.make(6)
        assert torch.equal(run.state.g, here.state.g)


@pytest.mark.parametrize("count", [0, 1])
def test_where_no_process_can_be_had_it_is_computed_here(monkeypatch, count):
    monkeypatch.setattr(computing, "__name__", "ganlab.no_such_module")
    mine, run, here = ProcessPool(lambda: count, waits=True), Run(RING), Run(RING)
    run.elsewhere = mine
    assert run.make(3) == 3 and len(mine.children) == 0
    here.make(3)
    assert torch.equal(run.state.g, here.state.g)


class OneForAll:
    """Pools of a server whose slow runs have this one."""

    def __init__(self, pool: ProcessPool):
        self.pool = pool

    homes = 1

    @property
    def children(self) -> list:
        return self.pool.children

    def places(self, slow: bool, playing: int = 1) -> Places:
        return Places(self.pool, self.pool, self.pool) if slow else Places()

    def doing(self, game) -> str:
        return self.pool.doing(game)


@pytest.fixture
def slow(pool):
    with limited(slow_seconds=0.0001):
        session = Session("token", SMALL.replace(unroll=20), lambda _: None)
        session.pools = OneForAll(pool)
        assert session.slow
        browser = Browser(session)
        session.command("pause")
        settle(session, browser)
        yield session, browser
        browser.leave()


def test_a_slow_session_is_computed_there(slow, pool, monkeypatch):
    session, browser = slow
    asked, ask = [], pool.ask
    monkeypatch.setattr(pool, "ask", lambda name, *rest: asked.append(name) or ask(name, *rest))
    session.command("step")
    settle(session, browser)
    assert {"play", "picture", "see"} <= set(asked)
    here = Run(session.spec)
    here.advance(1)
    assert torch.equal(session.run.state.g, here.state.g)


def test_a_session_that_is_slow_no_more_is_computed_here(slow, pool):
    session, browser = slow
    assert session.run.elsewhere is pool
    with limited(slow_seconds=10.0):
        session.set("k", 2)
        settle(session, browser)
    assert session.run.elsewhere is None


def test_a_session_whose_programs_are_quick_is_not_slow(slow, monkeypatch):
    session, browser = slow
    seconds = {"now": None}
    monkeypatch.setattr(session.trainer.backend, "compiled_seconds", lambda group: seconds["now"])
    session.playing_sessions = 2
    most, shown = 0.0001, session.configuration.demand._replace(picture=0.0, measure=0.0)
    for now, is_slow in (
        (None, True),  # eager
        (0.9 * most, True),
        (0.7 * most, False),
        (1.4 * most, False),  # it stays, lest it move to and fro
        (1.6 * most, True),
        (0.7 * most, False),
    ):
        seconds["now"] = now
        session.configuration.demand = shown
        session.command("step")
        settle(session, browser)
        assert session.slow == is_slow, now
    session.playing_sessions = 1  # no other session waits for the same worker
    for now, is_slow in ((4.4 * most, False), (4.6 * most, True), (2.5 * most, True),
                         (2.3 * most, False)):  # fmt: skip
        seconds["now"] = now
        session.command("step")
        settle(session, browser)
        assert session.slow == is_slow, now
    session.configuration.demand = shown._replace(picture=1.0)
    assert session.slow  # because of its pictures
    session.configuration.demand = shown
    session.command("restart")
    settle(session, browser)
    seconds["now"] = None
    session.command("step")
    settle(session, browser)
    assert session.slow


@pytest.mark.parametrize(
    ("seeds", "elsewhere", "cores", "quick"),
    [(64, True, 4, True), (2, True, 4, False), (64, True, 1, False), (64, False, 4, False)],
)
def test_many_seeds_are_quick_if_they_are_on_all_cores(monkeypatch, seeds, elsewhere, cores, quick):
    """Elsewhere the CPU time of an update is known, of all cores together."""
    session = Session("token", SMALL, lambda _: None)
    session.playing_sessions = 2
    trainer = session.trainer
    group = SimpleNamespace(alone=True, elsewhere=elsewhere, rows=[SMALL] * seeds)
    monkeypatch.setattr(trainer.backend, "compiled_seconds", lambda _: 0.09)
    monkeypatch.setattr("ganlab.live.trainer.cores", lambda: cores)
    with limited(slow_seconds=0.03):
        trainer._time_updates(group)
    assert trainer.quick == quick


def in_a_thread(call) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_a_page_is_told_what_its_slow_run_waits_for(slow, pool, monkeypatch):
    session, browser = slow
    monkeypatch.setattr(scheduler, "_SILENT_SECONDS", -1.0)
    server = Scheduler(pools=session.pools)
    server.sessions[session.token] = session

    def told() -> list[str]:
        server.tell_waiting()
        return [header["text"] for header, _ in of_type(browser.take(), "waits")]

    assert told() == []  # it is paused, and waits for nothing
    other = Run(RING)
    (one,) = pool._all
    os.kill(one.child.pid, signal.SIGSTOP)
    try:
        threads = [in_a_thread(session.moments()[0].measure)]
        until(lambda: pool.doing(session.run.game) == "see")
        threads.append(in_a_thread(moment_of(1, other, None, Places(pool, pool, pool)).measure))
        until(lambda: pool.doing(other.game) == TURN)
        assert told() == ["computing metrics"]
        monkeypatch.setattr(session.run, "game", other.game)
        assert told() == ["waiting for its turn: other slow runs are computed"]
    finally:
        os.kill(one.child.pid, signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert told() == [] and not pool._doing


def test_a_page_is_told_that_its_process_is_starting(monkeypatch):
    class Starting:
        def __init__(self, outside, nice, tell):
            self.outside, self.tell, self.broken = outside, tell, True
            self.begun, self.in_line, self.homes = threading.Event(), 0, WeakSet()

    monkeypatch.setattr(process_pool, "Process", Starting)
    mine, run = ProcessPool(lambda: 1, waits=True), Run(RING)
    run.elsewhere = mine
    thread = in_a_thread(lambda: run.make(1))
    until(lambda: mine.doing(run.game) == START)
    (one,) = mine._all
    one.begun.set()
    one.tell()
    thread.join()
    assert mine.doing(run.game) == "" and run.state.d_updates == 1  # computed here


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="SCHED_BATCH is Linux's")
def test_processes_do_not_interrupt_the_training():
    pool, run = ProcessPool(lambda: 1, waits=True), Run(RING)
    run.elsewhere = pool
    run.make(1)  # there is a process now
    assert {os.sched_getscheduler(one.child.pid) for one in pool._all} == {os.SCHED_BATCH}
    pool.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
@pytest.mark.parametrize("given", ["", "glibc.malloc.arena_max=1"])
def test_processes_keep_freed_memory_unless_this_one_has_other_settings(monkeypatch, given):
    monkeypatch.setenv("GLIBC_TUNABLES", given)
    pool, run = ProcessPool(lambda: 1, waits=True), Run(RING)
    run.elsewhere = pool
    run.make(1)
    (child,) = pool.children
    with open(f"/proc/{child.pid}/environ") as file:
        (has,) = (one for one in file.read().split("\0") if one.startswith("GLIBC_TUNABLES="))
    if given:
        assert has == f"GLIBC_TUNABLES={given}"
    else:  # more than the 45 tensors of an update
        assert int(has.partition("tcache_count=")[2].partition(":")[0]) > 45
    pool.close()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
@pytest.mark.parametrize("cores", [{0}, {0, 1}])
@pytest.mark.parametrize("everywhere", [True, False])
def test_pictures_leave_a_core_to_a_run_that_trains_on_one(monkeypatch, cores, everywhere):
    pools = Pools()
    monkeypatch.setattr("ganlab.live.pools._SOON", 0.0)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: cores)
    kept = {}
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, to: kept.update({pid: to}))
    server = Scheduler(1, pools=pools)
    session = server.create(SMALL)
    monkeypatch.setattr(Session, "watched", True)
    monkeypatch.setattr(Session, "trains_on_all_cores", everywhere)
    try:
        pools.begin()
        until(lambda: len(pools.children) == 2, seconds=60)
        server._drop_unwatched()
        of_pictures = {child.pid for child in pools.children}
        assert len(of_pictures) == 2 and kept.keys() == of_pictures
        wanted = {0} if not everywhere else cores
        assert all(to == wanted for to in kept.values())
        session.trainer.playing = False
        server._drop_unwatched()
        assert all(to == {0} for to in kept.values())
    finally:
        server.close()
        pools.close()


def test_which_runs_train_on_all_cores():
    session = Session("token", SMALL, lambda _: None)
    assert not session.trains_on_all_cores  # it has not begun
    one, many = Run(SMALL), Run([SMALL, SMALL.replace(seed=1)])
    for runs, compiled, wanted in [
        ([one], True, False),
        ([many], True, True),
        ([one, Run(SMALL)], True, True),
        ([many], False, False),
    ]:
        group = SimpleNamespace(compiled=compiled, rows=[s for r in runs for s in r.specs])
        session.trainer.group = group
        assert session.trains_on_all_cores == wanted
