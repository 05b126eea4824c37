"""CPU seconds of a thread's own work, without garbage collection."""

import gc
import threading
import time

from ganlab.live import cpu_time


def test_collecting_garbage_is_nobodys_own_work():
    kept = [[i] for i in range(300_000)]  # objects that a collection has to visit
    own, all_ = cpu_time.seconds(), time.thread_time()
    for _ in range(5):
        gc.collect()
    own, all_ = cpu_time.seconds() - own, time.thread_time() - all_
    assert len(kept) == 300_000
    assert own < 0.2 * all_


def _work(seconds):
    """Keep this thread's processor busy for so many seconds."""
    begun = time.thread_time()
    while time.thread_time() < begun + seconds:
        pass


def test_work_counts_and_that_of_others_does_not():
    own = cpu_time.seconds()
    _work(0.2)
    assert cpu_time.seconds() - own > 0.1
    before = cpu_time.seconds()
    other = threading.Thread(target=_work, args=(0.4,))
    other.start()
    other.join()
    assert 0 <= cpu_time.seconds() - before < 0.2
