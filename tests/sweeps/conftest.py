"""A small sweep and its results, computed in this process."""

from concurrent.futures import Executor, Future

import pytest

from ganlab import Spec
from ganlab.sweeps import Sweep, results


class Here(Executor):
    """Computes at once, in this thread; records the tasks, and fails at chosen ones."""

    def __init__(self, error=None):
        self.tasks, self._error = [], error

    def submit(self, fn, /, *args):
        self.tasks.append(args[0])
        future = Future()
        if self._error is not None:
            future.set_exception(self._error)
        else:
            future.set_result(fn(*args))
        return future


@pytest.fixture(scope="session")
def here():
    return Here


@pytest.fixture(scope="session")
def sweep():
    base = Spec(target="two_gaussians", g_hidden=(6,), d_hidden=(6,), batch=16)
    axes = {"k": [1, 2], "d_lr": "1e-3..1e-1:3:log", "loss": ["minimax", "hinge"]}
    return Sweep.of(base, axes, seeds=2, iterations=30, checks=3)


@pytest.fixture(scope="session")
def table(sweep):
    return results.tidy(sweep, (f.table for f in sweep.run(Here(), compiled=False)))
