"""Compiling beside the training: the cache, who waits for what, and what fails."""

import json
import logging
import os
import shutil
import sys
import threading
import time

import pytest
import torch

from ganlab import Spec
from ganlab.engine.code import Code
from ganlab.engine.native import build, cache, workshop
from ganlab.engine.native.workshop import Ticket, Workshop

SPEC = Spec(optimizer="sgd", g_hidden=(3,), d_hidden=(3,), batch=8)


def code(batch: int) -> Code:
    return Code.of(SPEC.replace(batch=batch))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """An empty cache, which shares the compiler's header with the other tests."""
    shared = os.environ["GANLAB_CACHE"] + "/inductor"
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", shared)
    return tmp_path / "cache"


def test_compiled_in_a_process_found_on_disk_and_rebuilt_if_damaged(own_cache):
    one = Workshop().ask(code(8))
    assert one.state in ("waiting", "compiling") and one.program is None
    assert one.wait(300) is not None and one.state == "ready" and one.seconds > 1
    folder = cache.find(code(8))
    assert {p.name for p in folder.iterdir()} == {*build.PARTS, "manifest.json"}

    start = time.perf_counter()
    again = Workshop().ask(code(8))
    assert again.state == "ready" and again.seconds == 0.0 and time.perf_counter() - start < 1

    # Another's program under our name, whole, but not what it should be.
    shutil.copytree(folder, folder.with_name(cache.key(code(9))))
    assert cache.find(code(9)) is None and cache.find(code(8)) == folder

    library = folder / "d.so"
    content = library.read_bytes()
    library.unlink()  # in place it would change under this process, which has it open
    library.write_bytes(content[:-1] + b"?")
    assert cache.find(code(8)) is None and not folder.exists()
    rebuilt = Workshop().ask(code(8))
    assert rebuilt.state != "ready" and rebuilt.wait(300) is not None


@pytest.mark.parametrize("manifest", ["", "[]", "{", json.dumps({"d.so": "0"}), "null"])
def test_what_is_no_program_is_not_found(own_cache, manifest):
    place = own_cache / "programs" / cache.key(code(8))
    place.mkdir(parents=True)
    (place / "manifest.json").write_text(manifest)
    for part in build.PARTS:
        (place / part).write_bytes(b"x")
    assert cache.find(code(8)) is None and not place.exists()


def test_the_key_depends_on_the_code_and_on_nothing_that_may_change_live():
    base = Spec()
    same = (
        base.replace(k=3, g_lr=0.1, d_lr=0.2, betas=(0.1, 0.2), seed=5, init_gain=2.0),
        Spec(target="laplace", latent="uniform", init="orthogonal"),
    )
    assert {cache.key(Code.of(s)) for s in same} == {cache.key(Code.of(base))}
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
    keys = {cache.key(Code.of(base.replace(**o))) for o in other}
    assert len(keys) == len(other) and cache.key(Code.of(base)) not in keys
    assert build.from_json(build.to_json(Code.of(base))) == Code.of(base)


def test_a_torch_or_a_source_that_changed_is_another_key(monkeypatch):
    before = cache.key(code(8))
    cache._surroundings.cache_clear()
    monkeypatch.setattr(torch, "__version__", "0.0")
    changed = cache.key(code(8))
    monkeypatch.undo()
    cache._surroundings.cache_clear()
    assert changed != before == cache.key(code(8))


def test_a_failing_compiler_is_told_once_and_nothing_is_left(own_cache, monkeypatch, caplog):
    monkeypatch.setenv("CXX", "/nonexistent/c++")
    here = Workshop()
    with caplog.at_level(logging.WARNING):
        ticket = here.ask(code(8))
        assert ticket.wait(120) is None and ticket.state == "failed" and ticket.reason
        assert here.ask(code(8)) is ticket
    assert len([r for r in caplog.records if "stays eager" in r.message]) == 1
    assert list((own_cache / "programs").iterdir()) == []


class Slow:
    """Stands in for the compiler: does nothing until told to go on."""

    def __init__(self):
        self.begun, self.go = [], threading.Event()

    def __call__(self, code):
        self.begun.append(code.batch)
        assert self.go.wait(10)
        raise RuntimeError("no program")


def until(true) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_at_a_time_and_not_what_nobody_waits_for(own_cache):
    slow = Slow()
    here = Workshop(compile=slow)
    first, second, third = (here.ask(code(b)) for b in (1, 2, 3))
    assert here.ask(code(2)) is second and second.waiting == 2
    until(lambda: slow.begun == [1])
    assert [t.state for t in (first, second, third)] == ["compiling", "waiting", "waiting"]
    here.leave(third)
    here.leave(second)
    slow.go.set()
    first.wait(10), second.wait(10)
    assert slow.begun == [1, 2] and third.state == "waiting"
    assert (first.state, first.reason) == ("failed", "no program")
    assert here.ask(code(3)) is not third


@pytest.fixture
def sleeping(own_cache, monkeypatch):
    """A workshop whose compiler sleeps, and has said something."""
    script = own_cache.parent / "sleep.py"
    script.write_text("import sys, time; print('a warning', file=sys.stderr); time.sleep(60)")
    real = workshop.subprocess.Popen

    def sleeper(command, **options):
        return real([sys.executable, str(script)], **options)

    monkeypatch.setattr(workshop.subprocess, "Popen", sleeper)
    here = Workshop()
    yield here
    here.close()


def pid_of(here: Workshop) -> int | None:
    process = here._process
    return None if process is None else process.pid


def begun(here: Workshop) -> Ticket:
    """The ticket of a program whose compiler runs."""
    ticket = here.ask(code(1))
    until(lambda: here._process is not None)
    return ticket


def test_an_unwanted_process_gives_way(sleeping, caplog):
    """The compiler, a process, is ended when another waits and nobody waits for it."""
    here = sleeping
    first = begun(here)
    here.leave(first)
    pid = here._process.pid
    second = here.ask(code(2))
    assert first.wait(10) is None and first.state == "failed"
    assert first.reason == "the compiler was stopped" and not caplog.records
    until(lambda: pid_of(here) not in (None, pid))
    assert second.state == "compiling"
    here.close()
    assert second.wait(10) is None
    assert here.ask(code(1)) is not first


def test_who_asks_again_while_it_gives_way_gets_it_in_its_turn(sleeping, monkeypatch):
    here = sleeping
    first = begun(here)
    pid, kill, told = here._process.pid, here._process.kill, []
    here.leave(first)
    # The process ends a little later than it is told to.
    monkeypatch.setattr(here._process, "kill", lambda: told.append(pid))
    second = here.ask(code(2))
    assert told == [pid] and here.ask(code(1)) is first and first.waiting == 1
    kill()
    until(lambda: pid_of(here) not in (None, pid))
    assert (first.state, second.state) == ("waiting", "compiling")
    assert here._queue == [first]


def test_closed_it_does_not_begin_again_what_gave_way(sleeping, monkeypatch):
    here = sleeping
    first = begun(here)
    here.leave(first)
    kill = here._process.kill
    monkeypatch.setattr(here._process, "kill", lambda: None)
    here.ask(code(2))
    here.ask(code(1))
    here.close()
    kill()
    assert first.wait(10) is None and first.state == "failed"
    assert here._queue == [] and here._process is None
