"""Small nets train on one thread whatever torch's setting, which is restored."""

import threading

import pytest
import torch

from ganlab import Run, Spec, SpecError
from ganlab.engine import run as module
from ganlab.engine.threads import on_all_cores

SMALL = Spec(g_hidden=(4,), d_hidden=(4,), batch=8)
LARGE = Spec(target="ring", g_hidden=(512,) * 4, d_hidden=(512,) * 4, batch=256)


@pytest.fixture(autouse=True)
def three():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def seen(monkeypatch) -> list[int]:
    """Record torch's number of threads at each update and snapshot."""
    out: list[int] = []

    def spied(function):
        def call(*args, **named):
            out.append(torch.get_num_threads())
            return function(*args, **named)

        return call

    monkeypatch.setattr(module.Game, "after", spied(module.Game.after))
    monkeypatch.setattr(module, "take", spied(module.take))
    monkeypatch.setattr(module.modules, "sample", spied(module.modules.sample))
    return out


CALLS = {
    "advance": lambda run: run.advance(2),
    "make": lambda run: run.make(3),
    "update": lambda run: run.update("G"),
    "snapshot": lambda run: run.snapshot(points=2048),
    "sample": lambda run: run.sample(3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_one_thread_and_back(seen, call):
    call(Run(SMALL))
    assert seen and set(seen) == {1} and torch.get_num_threads() == 3


def test_back_after_an_error_and_a_divergence(seen, monkeypatch):
    run = Run(SMALL)
    for call in (lambda: run.make(-1), lambda: run.update("d"), lambda: run.snapshot(points=1)):
        with pytest.raises(SpecError):
            call()
        assert torch.get_num_threads() == 3
    wild = Run(SMALL.replace(optimizer="sgd", g_lr=100.0, d_lr=100.0))
    wild.advance(3000)
    assert wild.stopped and torch.get_num_threads() == 3 and set(seen) == {1}


def test_the_threads_of_others_are_theirs(seen):
    here: list[int] = []

    def other():
        torch.set_num_threads(2)
        Run(SMALL).advance(1)
        here.append(torch.get_num_threads())

    worker = threading.Thread(target=other)
    worker.start()
    worker.join()
    assert here == [2] and set(seen) == {1} and torch.get_num_threads() == 3


def test_large_nets_keep_the_threads(seen, monkeypatch):
    monkeypatch.setattr(module.Game, "after", lambda *_: seen.append(torch.get_num_threads()))
    run = Run(LARGE)
    with pytest.raises(AttributeError):  # nothing was computed
        run.update()
    assert seen == [3] and torch.get_num_threads() == 3
    assert not run.one_thread and Run(SMALL).one_thread
    assert Run(LARGE.replace(batch=64)).one_thread


def test_work_on_all_cores_is_returned_in_order_by_several_threads(monkeypatch):
    monkeypatch.setattr("ganlab.engine.threads.cores", lambda: 2)
    both, threads = threading.Barrier(2, timeout=20), set()

    def work(number):
        threads.add(threading.get_ident())
        if number < 2:
            both.wait()  # passes only if two threads are in it
        return on_all_cores(lambda i: 10 * number + i, 3)  # nested, with every helper busy

    assert on_all_cores(work, 5) == [[10 * n, 10 * n + 1, 10 * n + 2] for n in range(5)]
    assert len(threads) == 2 and threading.get_ident() in threads
    assert on_all_cores(work, 0) == []


@pytest.mark.parametrize("bad", [0, 1, 7])
def test_an_error_on_any_core_is_raised(bad):
    def work(number):
        if number == bad:
            raise KeyError(number)

    with pytest.raises(KeyError, match=str(bad)):
        on_all_cores(work, 8)
