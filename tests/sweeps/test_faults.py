"""What goes wrong in a sweep: it is said, the other blocks go on, and nothing finished is lost."""

import errno
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

from ganlab.sweeps import Failed, executors, results
from ganlab.sweeps import run as running
from ganlab.sweeps.run import run


def trained(sweep, executor, folder=None, **options):
    """The numbers of the blocks that are finished, what was told, and the error at the end."""
    told, done = [], []
    try:
        for one in run(sweep, executor, folder, compiled=False, tell=told.append, **options):
            done.append(one.block)
    except Failed as error:
        return done, told, str(error)
    return done, told, None


class Faulty(Executor):
    """Computes at once; `fault(block)` may return an error instead."""

    def __init__(self, here, fault):
        self._here, self._fault = here(), fault

    def submit(self, fn, /, task):
        future = Future()
        error = self._fault(task.number)
        if error is None:
            return self._here.submit(fn, task)
        future.set_exception(error)
        return future


def test_a_block_that_fails_does_not_end_the_others(sweep, table, here, tmp_path):
    folder = results.Folder(tmp_path, sweep)
    bad = Faulty(here, lambda n: ValueError("no such thing") if n == 1 else None)
    done, told, error = trained(sweep, bad, folder)
    assert sorted(done) == [n for n in range(len(sweep.blocks)) if n != 1]
    assert told == ["block 1 failed: no such thing"] == [error]
    assert trained(sweep, here(), folder) == ([1], [], None)
    assert folder.table().to_pandas().equals(table.to_pandas())


def test_where_nothing_works_a_sweep_ends_at_once(sweep, here):
    calls = []
    bad = Faulty(here, lambda n: calls.append(n) or ValueError("no such thing"))
    done, told, error = trained(sweep, bad, ahead=1)
    assert done == [] and len(calls) == len(told) == running.TRIES
    assert "3 blocks failed" in error and "no such thing" in error


def test_a_block_that_kills_its_process_again_and_again_is_left_out(sweep, here, monkeypatch):
    tried = []

    def dies(number):
        tried.append(number)
        return BrokenProcessPool("it died") if number == 2 else None

    monkeypatch.setattr(executors, "processes", lambda: Faulty(here, dies))
    done, told, error = trained(sweep, None)
    assert sorted(done) == [n for n in range(len(sweep.blocks)) if n != 2]
    assert tried.count(2) == len(told) == running.TRIES and "start again" in told[0]
    assert "block 2 failed: its process died" in error


def test_blocks_whose_processes_died_twice_are_trained_alone():
    line = running._Line(range(4))
    both = [line.next([]), line.next([0])]
    assert both == [0, 1] and line.again(both) == []
    assert {line.next([]), line.next([0])} == {0, 1}  # any process may be killed once
    assert line.again(both) == []
    assert line.next([2]) is None
    suspect = line.next([])
    assert suspect in both and line.next([suspect]) is None
    assert line.again([suspect]) == [suspect]
    other = line.next([])
    assert {suspect, other} == {0, 1}
    assert [line.next([]), line.next([2]), line.next([2, 3])] == [2, 3, None]


def test_a_cluster_that_ends_is_told(sweep, here):
    class Ended(Executor):
        def submit(self, fn, /, task):
            future = Future()
            if task.number == 3:
                future.cancel()
                future.set_running_or_notify_cancel()
                return future
            return here().submit(fn, task)

    done, told, error = trained(sweep, Ended(), ahead=1)
    assert 0 < len(done) < len(sweep.blocks) and "scheduler" in error and told == []


class Client:
    """Dask's, of which only the number of threads of each worker is asked."""

    def nthreads(self):
        return self.now.pop() if self.now else {"a": 1}


def test_as_many_blocks_are_in_flight_as_a_cluster_has_threads_for(sweep, here, monkeypatch):
    monkeypatch.setattr(executors, "_COUNT_SECONDS", 0)
    monkeypatch.setattr(running, "_LOOK_SECONDS", 0.01)
    client = type(
        "Client", (), {"nthreads": lambda self: self.now.pop() if self.now else {"a": 1}}
    )()
    client.now = [{"a": 2, "b": 1}, {}]
    executor = here()
    executor._client = client
    with executors.Pool(executor) as pool:
        assert [pool.workers for _ in range(3)] == [0, 3, 1]
    client.now = [{}]
    done, told, error = trained(sweep, executor)
    assert len(done) == len(sweep.blocks) and told == [
        "no worker is connected to the scheduler: waiting for one"
    ]


def test_a_full_disk_is_told_and_nothing_finished_is_lost(
    sweep, table, here, tmp_path, monkeypatch
):
    add, left = results.Folder.add, [2]

    def full(folder, number, found):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        add(folder, number, found)

    monkeypatch.setattr(results.Folder, "add", full)
    monkeypatch.setattr(running, "DISK_SECONDS", 0.2)
    folder = results.Folder(tmp_path, sweep)
    done, told, error = trained(sweep, here(), folder, ahead=1)
    assert len(done) == 2 and "no space left" in told[0]
    assert "No space left on device" in error and "are kept" in error
    left[0] = 100
    again, told, error = trained(sweep, here(), folder)
    assert sorted(done + again) == list(range(len(sweep.blocks))) and (told, error) == ([], None)
    assert folder.table().to_pandas().equals(table.to_pandas())


def test_a_table_in_pieces_is_the_whole_one(sweep, table, here, tmp_path):
    folder = results.Folder(tmp_path, sweep)
    empty = list(folder.pieces())
    assert len(empty) == 1 and empty[0].num_rows == 0
    trained(sweep, here(), folder)
    pieces = list(folder.pieces(rows=1))
    assert len(pieces) == sweep.size  # one for each cell
    assert folder.table().to_pandas().equals(table.to_pandas())
    assert folder.write().total() == 24
    stored = results.pq.read_table(tmp_path / "results.parquet")
    assert stored.to_pandas().equals(table.to_pandas())
