"""The compile queue: cache, priorities, waiting callers, and failures."""

import json
import logging
import os
import threading
import time

import pytest
import torch

from ganlab import Spec
from ganlab.engine.native import build, cache, compile_queue, program_key, times
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.engine.native.compile_request import NICE, CompileRequest
from ganlab.engine.structure import Structure
from ganlab.limits import limited

SPEC = Spec(optimizer="sgd", g_hidden=(3,), d_hidden=(3,), batch=8)


def structure(batch: int) -> Structure:
    return Structure.of(SPEC.replace(batch=batch))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache, which shares the compiler's header with the other tests."""
    shared = os.environ["GANLAB_CACHE"] + "/inductor"
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", shared)
    return tmp_path / "cache"


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{", json.dumps({"d.so": "0"}), "null", "[" * 9000, "[" * 100_000]
)
def test_what_is_no_program_is_not_found(own_cache, manifest):
    place = own_cache / "programs" / program_key.key(structure(8))
    place.mkdir(parents=True)
    (place / "manifest.json").write_text(manifest)
    for part in build.PARTS:
        (place / part).write_bytes(b"x")
    assert cache.find(structure(8)) is None
    assert cache.store(structure(8), fill) == place == cache.find(structure(8))


def fill(folder) -> None:
    """Replaces the compiler."""
    for part in build.PARTS:
        (folder / part).write_bytes(part.encode())


def test_the_key_depends_on_the_code_and_on_nothing_that_may_change_live():
    base = Spec()
    same = (
        base.replace(k=3, g_lr=0.1, d_lr=0.2, betas=(0.1, 0.2), seed=5, init_gain=2.0),
        Spec(target="laplace", latent="uniform", init="orthogonal"),
    )
    assert {program_key.key(Structure.of(s)) for s in same} == {program_key.key(Structure.of(base))}
    other = [
        {"batch": 8},
        {"unroll": 1},
        {"loss": "minimax"},
        {"optimizer": "sgd"},
        {"g_hidden": (8,)},
        {"d_hidden": (8,)},
        {"latent_dim": 2},
        {"target": "ring"},
        {"g_activation": "tanh"},
        {"d_activation": "tanh"},
    ]
    keys = {program_key.key(Structure.of(base.replace(**o))) for o in other}
    assert len(keys) == len(other) and program_key.key(Structure.of(base)) not in keys
    assert build.from_json(build.to_json(Structure.of(base))) == Structure.of(base)


def test_a_torch_or_a_source_that_changed_is_another_key(monkeypatch):
    before = program_key.key(structure(8))
    program_key.surroundings.cache_clear()
    monkeypatch.setattr(torch, "__version__", "0.0")
    changed = program_key.key(structure(8))
    monkeypatch.undo()
    program_key.surroundings.cache_clear()
    assert changed != before == program_key.key(structure(8))


def test_a_failing_compiler_is_told_once_and_nothing_is_left(own_cache, monkeypatch, caplog):
    monkeypatch.setenv("CXX", "/nonexistent/c++")
    here = CompileQueue()
    with caplog.at_level(logging.WARNING):
        request = here.ask(structure(8))
        assert request.wait(120) is None and request.state == "failed" and request.reason
        assert here.ask(structure(8)) is request
    assert len([r for r in caplog.records if "stays eager" in r.message]) == 1
    assert [p.name for p in (own_cache / "programs").iterdir()] == [".lock"]


class Slow:
    """Replaces the compiler: does nothing until told to continue."""

    def __init__(self):
        self.begun, self.go = [], threading.Event()

    def __call__(self, structure):
        self.begun.append(structure.batch)
        assert self.go.wait(10)
        raise RuntimeError("no program")


def until(true) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_at_a_time_and_not_what_nobody_waits_for(own_cache):
    slow = Slow()
    here = CompileQueue(compile=slow)
    first, second, third = (here.ask(structure(b)) for b in (1, 2, 3))
    assert here.ask(structure(2)) is second and second.waiting == 2
    until(lambda: slow.begun == [1])
    assert [t.state for t in (first, second, third)] == ["compiling", "waiting", "waiting"]
    here.leave(third)
    here.leave(second)
    slow.go.set()
    first.wait(10), second.wait(10)
    assert slow.begun == [1, 2] and third.state == "waiting"
    assert (first.state, first.reason) == ("failed", "no program")
    assert here.ask(structure(3)) is not third


@pytest.mark.parametrize("jobs", [0, 2])
def test_as_many_compile_as_the_limit_says(own_cache, jobs):
    slow = Slow()
    with limited(compile_jobs=jobs):
        here = CompileQueue(compile=slow)
        requests = [here.ask(structure(b)) for b in (1, 2, 3)]
        until(lambda: len(slow.begun) == jobs)
        states = ["compiling"] * 2 + ["waiting"] if jobs else ["off"] * 3
        assert [r.state for r in requests] == states
        assert jobs or all(r.wait(1) is None and "compile_jobs" in r.reason for r in requests)
        slow.go.set()
        until(lambda: len(slow.begun) == (3 if jobs else 0))
    if not jobs:  # the request is not remembered
        assert here.ask(structure(1)) is not requests[0]
        until(lambda: slow.begun == [1])


@pytest.fixture
def sleeping(own_cache, monkeypatch):
    """A compile queue whose compiler sleeps after printing something."""
    script = own_cache.parent / "sleeping.py"
    script.write_text("import sys, time; print('a warning', file=sys.stderr); time.sleep(60)")
    monkeypatch.setenv(
        "PYTHONPATH", f"{script.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    )
    real = compile_queue.processes.start
    monkeypatch.setattr(
        compile_queue.processes, "start", lambda _, *a, **o: real("sleeping", *a, **o)
    )
    here = CompileQueue()
    yield here
    here.close()


def pid_of(here: CompileQueue) -> int | None:
    return next((process.pid for process in here._processes.values()), None)


def begun(here: CompileQueue) -> CompileRequest:
    """The request of a program that is being compiled."""
    request = here.ask(structure(1))
    until(lambda: pid_of(here) is not None)
    return request


def test_an_unwanted_process_gives_way(sleeping, caplog):
    """A compiler process without waiting callers is ended in favour of one with them."""
    here = sleeping
    first = begun(here)
    here.leave(first)
    pid = pid_of(here)
    second = here.ask(structure(2))
    assert first.wait(10) is None and first.state == "failed"
    assert first.reason == "the compiler was stopped" and not caplog.records
    until(lambda: pid_of(here) not in (None, pid))
    assert second.state == "compiling"
    here.close()
    assert not list(cache.kept().glob("programs/draft-*"))  # before this process ends
    assert second.wait(10) is None
    assert here.ask(structure(1)) is not first


@pytest.mark.parametrize(("nice", "wanted"), [(NICE, NICE), (0, 0)])
def test_a_compiler_that_a_caller_only_waits_for_does_not_stand_back(sleeping, nice, wanted):
    sleeping.ask(structure(1), nice=nice)
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    until(lambda: pid_of(sleeping) is not None)
    until(lambda: os.getpriority(os.PRIO_PROCESS, pid_of(sleeping)) == max(wanted, ours))


def test_who_asks_again_while_it_gives_way_gets_it_in_its_turn(sleeping, monkeypatch):
    here = sleeping
    first = begun(here)
    (process,), end, told = here._processes.values(), compile_queue.processes.end, []
    here.leave(first)
    # The process ends a little after it was told to.
    monkeypatch.setattr(compile_queue.processes, "end", told.append)
    second = here.ask(structure(2))
    assert told == [process] and here.ask(structure(1)) is first and first.waiting == 1
    monkeypatch.setattr(compile_queue.processes, "end", end)
    end(process)
    until(lambda: pid_of(here) not in (None, process.pid))
    assert (first.state, second.state) == ("waiting", "compiling")
    assert here._queue == [first]


def test_closed_it_does_not_begin_again_what_gave_way(sleeping, monkeypatch):
    here = sleeping
    first = begun(here)
    here.leave(first)
    (process,), end = here._processes.values(), compile_queue.processes.end
    monkeypatch.setattr(compile_queue.processes, "end", lambda process: None)
    monkeypatch.setattr(compile_queue, "_ENDING_SECONDS", 0.1)
    here.ask(structure(2))
    here.ask(structure(1))
    here.close()
    end(process)
    assert first.wait(10) is None and first.state == "failed"
    assert here._queue == [] and pid_of(here) is None


def test_what_nobody_waits_for_is_begun_only_on_a_free_compiler(own_cache):
    slow = Slow()
    here = CompileQueue(compile=slow)
    first = here.ask(structure(1))
    assert (
        here.ask(structure(2), waits=False) is None and here.ask(structure(1), waits=False) is None
    )
    slow.go.set()
    first.wait(10)
    until(lambda: not here._current)
    slow.go.clear()
    idle = here.ask(structure(2), waits=False)
    until(lambda: slow.begun == [1, 2])
    assert here.ask(structure(2)) is idle and idle.waiting == 1
    here.give_way(idle)
    assert not idle.gave_way
    slow.go.set()
    assert idle.wait_until_done(10)
    here.close()
    assert here.ask(structure(3), waits=False) is None


def test_one_that_is_asked_for_comes_before_what_nobody_waits_for(sleeping, monkeypatch):
    here = sleeping
    monkeypatch.setattr(here, "_start_thread", lambda: None)  # neither has started yet
    idle = here.ask(structure(1), waits=False)
    wanted = here.ask(structure(2))
    assert here._queue == [wanted] and idle.gave_way and idle.state == "failed"
    monkeypatch.undo()
    assert here.ask(structure(1)) is not idle
    here.close()


def test_what_is_compiled_in_idle_time_gives_way_to_what_is_asked_for(sleeping):
    here = sleeping
    idle = here.ask(structure(1), waits=False)
    until(lambda: here._current == [idle])  # its process may not exist yet
    wanted = here.ask(structure(2))
    assert idle.wait_until_done(10) and idle.gave_way
    until(lambda: here._current == [wanted])


def test_what_a_compiler_used_is_recorded(own_cache, monkeypatch):
    """Its CPU seconds and the time from start to end, from which later waits are estimated."""
    script = own_cache.parent / "writing.py"
    script.write_text(
        "import pathlib, sys, time\n"
        "def main():\n"
        "    folder = pathlib.Path(sys.argv[1])\n"
        f"    for part in {build.PARTS!r}: (folder / part).write_bytes(b'x')\n"
        f"    (folder / {build.SCRATCH!r} / {build.SPENT!r}).write_text('12.5')\n"
        "    time.sleep(0.2)\n"  # times are kept in tenths of a second
    )
    monkeypatch.setenv("PYTHONPATH", str(script.parent))
    real = compile_queue.processes.start
    monkeypatch.setattr(
        compile_queue.processes, "start", lambda _, *a, **o: real("writing", *a, **o)
    )
    request = CompileQueue().ask(structure(1))
    assert request.wait(50) is None and "does not work" in request.reason  # no real library
    ((work, seconds),) = times.past()
    assert work == 12.5 and 0 < seconds <= round(request.seconds, 1)
    assert [p.name for p in cache.find(structure(1)).iterdir() if p.name == build.SCRATCH] == []
