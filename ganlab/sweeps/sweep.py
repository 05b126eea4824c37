"""Sweep: a plan that can be run, here or on a cluster, and whose results are one table."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ganlab.sweeps import results
from ganlab.sweeps.plan import Plan
from ganlab.sweeps.run import Finished, run

if TYPE_CHECKING:
    import xarray


class Sweep(Plan):
    """Every combination of some fields' values, trained with several seeds each: see `Plan`.

        sweep = Sweep.of(Spec(target="ring"), {"k": [1, 2, 5], "d_lr": "1e-4..1e-2:9:log"})
        for finished in sweep.run(folder="ring-map"): print(finished.done, "of", finished.of)
        sweep.table("ring-map")  # a row for each run and check

    The same sweep gives the same table whatever computes it and in whatever order.
    """

    def run(
        self,
        executor: Executor | None = None,
        folder: str | Path | None = None,
        compiled: bool | None = None,
    ) -> Generator[Finished, None, None]:
        """Train what is missing in `folder`, and yield blocks of runs as they are finished.

        executor: any of `concurrent.futures`, loky's, MPI's, or `dask_executor(address)`; None for
        a process per core. See `ganlab.sweeps.run.run`.
        """
        place = None if folder is None else results.Folder(folder, self)
        return run(self, executor, place, compiled)

    def table(self, folder: str | Path) -> pa.Table:
        """The results in a folder so far: see `ganlab.sweeps.results.tidy`."""
        return results.Folder(folder, self).table()

    def to_xarray(self, folder: str | Path) -> xarray.Dataset:
        """The results so far over the axes, seeds and checks."""
        return results.to_xarray(self, self.table(folder))
