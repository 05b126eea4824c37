"""A map as a job: it finishes, pauses, stops and resumes; too large maps are refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ganlab.cli import main
from ganlab.limits import limited
from ganlab.registry import SpecError
from ganlab.sweeps import job
from ganlab.sweeps.run import minutes


@pytest.fixture
def folder(sweep, tmp_path, monkeypatch):
    monkeypatch.setattr("ganlab.sweeps.executors.processes", lambda: ThreadPoolExecutor(1))
    return job.Folder.create(sweep, tmp_path / "one")


def test_a_map_is_trained_until_it_is_done(folder, sweep, table):
    seen = []
    status = job.Mapper(folder, seen.append).work()
    assert status == folder.status and status.state == "done"
    assert (status.done, status.blocks) == (len(sweep.blocks),) * 2
    assert (status.runs_done, status.runs) == (24, 24)
    assert [s.state for s in seen[:2]] == ["starting", "training"] or seen[0].state == "training"
    assert folder.results.table().to_pandas().equals(table.to_pandas())
    assert job.work(folder.path).state == "done"  # again: nothing is missing


def test_a_map_pauses_stops_and_goes_on(folder, table):
    folder.want(state="paused")
    thread = threading.Thread(target=job.Mapper(folder).work)
    thread.start()
    end = time.monotonic() + 30
    while folder.status.state != "paused" and time.monotonic() < end:
        time.sleep(0.02)
    assert folder.status.state == "paused" and folder.status.done == 0
    folder.want(state="stopped")
    thread.join(30)
    assert folder.status.state == "stopped"
    folder.want(state="training")
    assert main(["sweep", "--job", str(folder.path)]) == 0
    assert folder.results.table().to_pandas().equals(table.to_pandas())


def test_what_a_worker_cannot_compute_is_told(folder, monkeypatch):
    def fails(task):
        raise ValueError("no such thing")

    monkeypatch.setattr("ganlab.sweeps.executors.train", fails)
    status = job.Mapper(folder).work()
    assert status.state == "failed" and "no such thing" in status.message
    assert main(["sweep", "--job", str(folder.path)]) == 2


def test_what_went_wrong_is_said_while_the_rest_is_trained(folder, monkeypatch):
    real = job.run

    def faulty(plan, folder, tell):
        tell("a process died")
        yield from real(plan, folder=folder, tell=tell)

    monkeypatch.setattr(job, "run", faulty)
    seen = []
    assert job.Mapper(folder, seen.append).work().state == "done"
    assert {s.message for s in seen if s.state == "training" and s.done} == {"a process died"}


def test_the_cost_of_a_map_is_known_before_it_starts(sweep):
    took = minutes(sweep)
    # Each iteration adds as much as the others, and so does each check.
    longer = [minutes(sweep.replace(iterations=n)) for n in (60, 90, 300)]
    assert longer[1] - longer[0] == pytest.approx(longer[0] - took, rel=1e-6)
    assert took < longer[0]
    assert longer[2] - took == pytest.approx(9 * (longer[0] - took), rel=1e-6)
    checked = [minutes(sweep.replace(checks=n)) for n in (4, 5)]
    assert checked[1] - checked[0] == pytest.approx(checked[0] - took, rel=1e-6)
    assert took < checked[0]
    assert minutes(sweep.replace(seeds=4)) > took
    assert job.check(sweep) == took
    with limited(map_minutes=0.1), pytest.raises(SpecError, match="fewer cells"):
        job.check(sweep.replace(iterations=100_000))
