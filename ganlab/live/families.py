"""Other families of models for the pages: fitted one Spec at a time, in a process of low priority.

A page requests results, and polls until all are there. A Spec that no page has polled for a while
is dropped.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from ganlab import processes
from ganlab.baselines import FAMILIES, Result
from ganlab.baselines.compare import trained
from ganlab.baselines.stored import load
from ganlab.languages import _
from ganlab.registry import SpecError
from ganlab.spec import Spec

log = logging.getLogger(__name__)

_MODULE = "ganlab.baselines.stored"
_KEPT = 120  # results
_WAITING = 12  # Specs that may wait in the whole server
_UNWATCHED = 20.0  # seconds without a poll, after which a Spec is dropped
_LONGEST = 300.0  # seconds of the process of one Spec
_LOOK = 0.2
_NICE = 5

Key = tuple[str, str]


def key(name: str, spec: Spec) -> Key:
    """What a family's result depends on: the data, and of a GAN the whole Spec. Raises SpecError.

    Families that are not GANs have the same results for all Specs with the same data.
    """
    spec = trained(spec)
    if name != "gan":
        plain = Spec(target=spec.target, target_params=spec.target_params)
        spec = plain.replace(data_size=spec.data_size, seed=spec.seed)
    return name, spec.to_json()


@dataclass
class _Job:
    spec: Spec
    visitor: str
    looked: float = field(default_factory=time.monotonic)
    stopped: bool = False


class Families:
    """The results that are kept, and the Specs that wait for theirs; from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Result] = OrderedDict()
        self._jobs: list[_Job] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def look(self, spec: Spec) -> list[Result]:
        """The results that are there, in the order of the registry. Raises `SpecError`."""
        with self._lock:
            for job in self._jobs:
                if job.spec == spec:
                    job.looked = time.monotonic()
            found = [self._kept.get(key(name, spec)) for name in FAMILIES]
        return [one for one in found if one is not None]

    def ahead(self, spec: Spec) -> int | None:
        """How many other Specs are fitted before this one; None if it was not asked for."""
        with self._lock:
            waiting = [job.spec for job in self._jobs if not job.stopped]
        return waiting.index(spec) if spec in waiting else None

    def ask(self, spec: Spec, visitor: str) -> None:
        """Fit the families to a Spec's data, in turn; it replaces what the visitor asked for.

        Raises `SpecError` if x is neither on a line nor in a plane, and if too many wait.
        """
        trained(spec)
        with self._lock:
            for job in self._jobs:
                mine = job.visitor == visitor and job.spec != spec
                job.stopped = job.stopped or mine
            if any(job.spec == spec and not job.stopped for job in self._jobs):
                return
            if sum(not job.stopped for job in self._jobs) >= _WAITING:
                raise SpecError("baselines", _WAITING, _("fewer at once: try again in a minute"))
            self._jobs.append(_Job(spec, visitor))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="families", daemon=True)
                self._thread.start()

    def stop(self, visitor: str) -> None:
        """Fit no longer what a visitor asked for."""
        with self._lock:
            for job in self._jobs:
                job.stopped = job.stopped or job.visitor == visitor

    def _work(self) -> None:
        """Fit what waits, one Spec after the other; the thread ends when nothing is left."""
        while True:
            with self._lock:
                self._jobs = [job for job in self._jobs if not job.stopped]
                if not self._jobs:
                    self._thread = None
                    return
                job = self._jobs[0]
            try:
                self._fit(job)
            except Exception:
                log.exception("families could not be fitted")
            with self._lock:
                job.stopped = True

    def _fit(self, job: _Job) -> None:
        with self._lock:
            missing = [name for name in FAMILIES if key(name, job.spec) not in self._kept]
        if not missing:
            return
        with tempfile.TemporaryDirectory(prefix="ganlab-families-") as name:
            folder = Path(name)
            arguments = (str(folder), job.spec.to_json(), *missing)
            env = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
            process = processes.start(_MODULE, *arguments, env=env)
            try:
                processes.lower_priority(process, _NICE)
                began = time.monotonic()
                while missing and not job.stopped:
                    ended = process.poll() is not None
                    missing = [one for one in missing if not self._take(folder, one, job.spec)]
                    now = time.monotonic()
                    if ended or now - job.looked > _UNWATCHED or now - began > _LONGEST:
                        break
                    time.sleep(_LOOK)
            finally:
                processes.end(process)
                process.wait()

    def _take(self, folder: Path, name: str, spec: Spec) -> bool:
        place = folder / f"{name}.npz"
        if not place.exists():
            return False
        result = load(place)
        with self._lock:
            self._kept[key(name, spec)] = result
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return True


FITTED = Families()
