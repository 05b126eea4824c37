"""Jobs of any kind: a counter has a folder, a queue and a worker, as MNIST training has."""

import os
import sys
import threading
import time

import pytest

from ganlab.jobs.folder import Folder
from ganlab.jobs.queue import Queue
from ganlab.jobs.records import Status, Wanted
from ganlab.jobs.worker import Stop, Worker
from ganlab.limits import limited
from ganlab.registry import SpecError

COUNTER = '''
"""A job that counts to a number, a hundred times a second."""
import dataclasses, json, sys, time
from ganlab.jobs.folder import Folder
from ganlab.jobs.queue import Queue
from ganlab.jobs.records import Status, Wanted
from ganlab.jobs.worker import Stop, Worker

@dataclasses.dataclass(frozen=True)
class Plan:
    goal: int
    def to_json(self): return json.dumps(self.goal)
    @classmethod
    def from_json(cls, text): return cls(int(json.loads(text)))

@dataclasses.dataclass(frozen=True)
class CountStatus(Status):
    count: int = 0

class Count(Folder):
    KIND, PLAN, STATUS, WANTED, LIMIT = "count", Plan, CountStatus, Wanted, "mnist_runs"
    def command(self): return ["counter", str(self.path)]

class Counter(Worker):
    def prepare(self):
        if self.plan.goal < 0:
            raise ValueError("negative")
        self.say(message="Reading.")
    def work_on(self):
        while self.status.count < self.plan.goal:
            self.say(state="training", message="", count=self.status.count + 1,
                     checkpoint=self.status.count + 1)
            time.sleep(0.01)
            if self.ending or self.asked().state == "stopped":
                raise Stop("stopped", "as asked")
        raise Stop("done", "")

QUEUE = Queue(Count)
if __name__ == "__main__":
    Counter(Count(sys.argv[1]), signals=True).work()
'''


@pytest.fixture
def counter(tmp_path, monkeypatch):
    (tmp_path / "counter.py").write_text(COUNTER)
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{path}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("GANLAB_CACHE", str(tmp_path / "cache"))
    sys.modules.pop("counter", None)
    import counter

    yield counter
    for folder in counter.Count.all():
        folder.want(state="stopped")
    wait(lambda: not counter.QUEUE.working(), counter)
    sys.modules.pop("counter", None)


def wait(condition, module, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, [f.status for f in module.Count.all()]
        time.sleep(0.02)


def test_a_worker_works_until_it_is_done(counter, tmp_path):
    folder = counter.Count.create(counter.Plan(3), tmp_path / "one", owner="she")
    seen = []
    status = counter.Counter(folder, lambda s: seen.append((s.state, s.count))).work()
    assert seen == [("starting", 0), ("training", 1), ("training", 2), ("training", 3), ("done", 3)]
    assert status == folder.status and status.pid == os.getpid() and folder.owner == "she"
    assert folder.plan == counter.Plan(3) and not folder.running
    again = counter.Counter(folder).work()  # it resumes
    assert (again.state, again.count) == ("done", 3)


def test_who_asks_is_heard_and_two_never_work_on_one(counter, tmp_path):
    folder = counter.Count.create(counter.Plan(10**6), tmp_path / "one")
    thread = threading.Thread(target=counter.Counter(folder).work)
    thread.start()
    wait(lambda: folder.status.count > 2, counter)
    with pytest.raises(SpecError, match="not in training"):
        counter.Counter(folder).work()
    folder.want(state="stopped")
    thread.join(10)
    assert (folder.status.state, folder.status.message) == ("stopped", "as asked")


def test_what_fails_is_told_and_raised(counter, tmp_path):
    folder = counter.Count.create(counter.Plan(-1), tmp_path / "one")
    with pytest.raises(ValueError, match="negative"):
        counter.Counter(folder).work()
    assert (folder.status.state, folder.status.message) == ("failed", "ValueError: negative")
    assert not folder.running
    missing = counter.Count.create(counter.Plan(1), tmp_path / "two")
    (missing.path / "plan.json").unlink()
    with pytest.raises(SpecError, match="a folder with a run in it"):
        counter.Counter(missing)


def test_one_kind_has_a_queue_of_its_own(counter):
    first, second = (counter.Count.create(counter.Plan(10**6)) for _ in range(2))
    with limited(mnist_runs=1):
        counter.QUEUE.start(first)
        wait(lambda: first.status.state == "training", counter)
        counter.QUEUE.start(second)
        assert counter.QUEUE.place(second) == 1 and second.status.state == "queued"
        assert [f.name for f in counter.QUEUE.working()] == [first.name]
        with pytest.raises(SpecError, match="not in training"):
            counter.QUEUE.start(first)
        os.kill(first.status.pid, 9)
        wait(lambda: first.status.state == "stopped", counter)
        assert f"iteration {first.status.checkpoint:,}" in first.status.message
        wait(lambda: second.status.state == "training", counter)
        counter.QUEUE.leave(second)  # it is not in the queue any more: nothing changes
        assert second.status.state == "training"
    from ganlab.mnist.folder import Folder as Images

    assert Images.home() != counter.Count.home() and list(Images.all()) == []
    with limited(mnist_runs=0), pytest.raises(SpecError, match="starts no such jobs"):
        counter.QUEUE.start(first)


def test_statuses_and_wishes_that_are_none(tmp_path):
    for wrong in ("", "sleeping"):
        with pytest.raises(ValueError):
            Status(state=wrong)
        with pytest.raises(ValueError):
            Wanted(state=wrong)
    with pytest.raises(NotImplementedError):
        Folder(tmp_path).command()
    assert Queue(Folder).kind is Folder
    assert Stop("done", "x").state == "done" and issubclass(Worker, object)
