"""Compile times are recorded, and waits are estimated from them and from the queue."""

import json
from types import SimpleNamespace

import pytest

from ganlab.engine.native import compile_queue, times
from ganlab.engine.native.compile_queue import CompileQueue
from ganlab.limits import limited


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path))
    return tmp_path


def test_the_medians_of_the_last_times(cache):
    assert times.expected() == (times.GUESS, 1.0) and times.past() == []
    for work, seconds in ((20, 40), (22, 44), (400, 500)):
        times.add(work, seconds)
    assert times.expected() == (22, 0.5)
    for _ in range(20):
        times.add(10, 10)
    assert times.expected() == (10, 1.0) and len(times.past()) < 20


@pytest.mark.parametrize(
    "text",
    ["", "{", "7", "[3, 4]", '[["x", 1]]', "[[1, 2, 3]]", "[[NaN, 1], [1, 1e9]]", "[" * 5000],
)
def test_a_file_that_is_none_is_no_file(cache, text):
    (cache / "compile-times.json").write_text(text)
    assert times.past() == [] and times.expected().work == times.GUESS
    times.add(12, 13)
    assert json.loads((cache / "compile-times.json").read_text()) == [[12, 13]]


@pytest.mark.parametrize("share", [1.0, 0.25, 0.04])
@pytest.mark.parametrize("before", [1.0, 0.1])
def test_on_a_busy_machine_the_estimate_becomes_right(before, share):
    """30 CPU seconds at a constant share of a core, whatever share the last compilers got."""
    usual, end = times.Expected(30.0, before), 30.0 / share
    for part in (0.2, 0.5, 0.9):
        seconds = part * end
        error = usual.left(share * seconds, seconds) / (end - seconds)
        known = seconds / (seconds + 2)  # two seconds' worth of the share assumed before
        assert error == pytest.approx(share / (known * share + (1 - known) * before), rel=1e-9)
        if seconds > 60:
            assert 0.5 < error < 1.5
    assert usual.left(30.0, end) == 0
    assert usual.left(30.1, end) is None, "it needs more than usual: for how long is unknown"


@pytest.fixture
def fake(monkeypatch):
    """A clock, and compilers that use a share of a core."""
    times.add(20, 20)
    now = SimpleNamespace(monotonic=lambda: now.value, value=100.0, share=1.0)
    monkeypatch.setattr(compile_queue, "time", now)

    def used(process):
        return now.share * (now.value - process.begun)

    monkeypatch.setattr(compile_queue.processes, "cpu_seconds", used)
    return now


def queue_of(monkeypatch) -> tuple[CompileQueue, list]:
    """A queue of four programs, the first of which began at 100."""
    queue = CompileQueue(lambda structure: None)
    monkeypatch.setattr(queue, "_load", lambda request: False)
    monkeypatch.setattr(queue, "_start_thread", lambda: None)
    requests = [queue.ask(name) for name in "abcd"]
    first = requests[0]
    queue._queue.remove(first)
    queue._current.append(first)
    first.state, first.begun = "compiling", 100.0
    # Restored before the queue ends its processes, by their ids, with this process.
    monkeypatch.setattr(queue, "_processes", {"a": SimpleNamespace(begun=100.0)})
    return queue, requests


@pytest.mark.parametrize(("jobs", "wanted"), [(1, (15, 35, 55, 75)), (2, (15, 20, 35, 40))])
def test_a_wait_is_as_long_as_the_queue_before_it(fake, monkeypatch, jobs, wanted):
    """Four programs of 20 s each, the first of which started 5 s ago."""
    with limited(compile_jobs=jobs):
        queue, requests = queue_of(monkeypatch)
        fake.value = 105.0
        found = [queue.left(request) for request in requests]
        assert found == pytest.approx(wanted)
        # With a quarter of a core each takes four times as long.
        fake.value, fake.share = 160.0, 0.25
        found = [queue.left(request) for request in requests]
        share = (15 + 2) / (60 + 2)  # of the compiler so far, with 2 s at a whole core before it
        assert found[0] == pytest.approx(5 / share)
        each = 20 / share
        more = [each, 2 * each, 3 * each] if jobs == 1 else [0, each, each]
        after = [found[0] + one for one in more] if jobs == 1 else [each, found[0] + each, 2 * each]
        assert found[1:] == pytest.approx(after)


def test_nobody_knows_how_long_an_unusual_program_takes(fake, monkeypatch):
    with limited(compile_jobs=1):
        queue, (first, second, *_) = queue_of(monkeypatch)
        fake.value = 130.0  # it was to take 20 s of a core, and has had 30
        assert queue.left(first) is None and queue.left(second) is None
        fake.share = 0.5  # it has had 15
        assert queue.left(first) == pytest.approx(5 / (17 / 32))
        first.state = "ready"
        assert queue.left(first) is None


def test_without_a_count_of_cpu_seconds_the_clock_is_used(fake, monkeypatch):
    monkeypatch.setattr(compile_queue.processes, "cpu_seconds", lambda process: None)
    with limited(compile_jobs=1):
        queue, (first, *_) = queue_of(monkeypatch)
        fake.value = 112.0
        assert queue.left(first) == pytest.approx(8)
