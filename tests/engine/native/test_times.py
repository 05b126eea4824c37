"""Compile times are recorded, and waits are estimated from them and from the queue."""

import json
import threading
from types import SimpleNamespace

import pytest

from ganlab.engine.native import compile_queue, times
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.limits import limited


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    return tmp_path


def test_the_median_of_the_last_times(cache):
    assert times.expected() == times.GUESS and times.past() == []
    for seconds in (20, 22, 400):
        times.add(seconds)
    assert times.expected() == 22
    for _ in range(20):
        times.add(10)
    assert times.expected() == 10 and len(times.past()) < 20


@pytest.mark.parametrize("text", ["", "{", "7", '["x", -1, null, 1e9]', "[NaN]", "[" * 5000])
def test_a_file_that_is_none_is_no_file(cache, text):
    (cache / "compile-seconds.json").write_text(text)
    assert times.past() == [] and times.expected() == times.GUESS
    times.add(12)
    assert json.loads((cache / "compile-seconds.json").read_text()) == [12]


@pytest.mark.parametrize(("jobs", "wanted"), [(1, (15, 35, 55, 75)), (2, (15, 20, 35, 40))])
def test_a_wait_is_as_long_as_the_queue_before_it(monkeypatch, jobs, wanted):
    """Four programs of 20 s each, the first of which started 5 s ago."""
    times.add(20)
    now = SimpleNamespace(monotonic=lambda: now.value, value=100.0)
    monkeypatch.setattr(compile_queue, "time", now)
    busy = threading.Event()
    queue = CompileQueue(lambda structure: busy.wait(20))
    monkeypatch.setattr(queue, "_load", lambda request: False)
    monkeypatch.setattr(queue, "_hire", lambda: None)
    with limited(compile_jobs=jobs):
        requests = [queue.ask(name) for name in "abcd"]
        first = requests[0]
        queue._queue.remove(first)
        queue._current.append(first)
        first.state, first.begun, now.value = "compiling", 100.0, 105.0
        assert tuple(queue.left(request) for request in requests) == wanted
        now.value = 130.0
        assert queue.left(first) == 0, "overdue"
        first.state = "ready"
        assert queue.left(first) is None
