"""The trainer: one run's folder, from wherever it stands to the wanted number of epochs."""

from __future__ import annotations

import dataclasses
import errno
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from filelock import Timeout

from ganlab.digits.images import Digits
from ganlab.engine import Run
from ganlab.mnist import classifier, devices, look, scoring
from ganlab.mnist.folder import Folder
from ganlab.mnist.records import Status, Wanted
from ganlab.registry import SpecError
from ganlab.targets import make_target
from ganlab.targets.raster import Images

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # of a disk
_TURN = 0.1  # seconds of training between two looks at what is wanted
_SAY = 0.5  # seconds between two words
_ROWS = 20  # of the history in each epoch
_LOOK = 2.0  # seconds between two looks at the least, which take ...
_SHARE = 0.05  # ... no more than this of the time
_FIT = 0.1  # of the time, until the classifier is fitted: once for each set of images

Report = Callable[[Status], object]


class _Stop(Exception):
    """Training ends here: with this state and these words."""


class Trainer:
    """Trains a folder's run in this process; whoever wants something asks through the folder.

    report(status) is called whenever something is said. A signal to end (SIGINT, SIGTERM), if
    `signals`, is a wish to stop: a checkpoint is written first.
    """

    def __init__(self, folder: Folder, report: Report | None = None, signals: bool = False):
        self.folder, self.plan = folder, folder.plan
        self._report = report
        self._signals = signals
        self._ending = False
        self._wanted, self._seen = folder.wanted, -1
        old = folder.status
        self.status = dataclasses.replace(
            old, state="starting", message="", pid=os.getpid(), measuring=None, seconds_left=None
        )
        self._said = self._looked = self._saved = 0.0
        self._look_cost = 0.0
        self._pace: float | None = None

    def train(self) -> Status:
        """Until it is done, stopped, diverged or fails; the last status, which is also written.

        Raises `SpecError` if another trainer is at work on the folder.
        """
        lock = self.folder.lock()
        try:
            lock.acquire(timeout=2)
        except Timeout:
            raise SpecError("folder", self.folder.name, "one that nobody trains now") from None
        try:
            self.folder.tidy()
            handlers = self._listen()
            self._say(state="starting", message="Reading the images.")
            try:
                self._prepare()
                self._work()
            except _Stop as end:
                state, message = end.args
                self._say(state=state, message=message)
            except Exception as error:  # told on the page, whatever it is
                if not devices.out_of_memory(error) and not isinstance(error, (SpecError, OSError)):
                    self._say(state="failed", message=f"{type(error).__name__}: {error}")
                    raise
                self._say(state="failed", message=self._readable(error))
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
            return self.status
        finally:
            lock.release()

    # -- the parts of a life -----------------------------------------------------------------------

    def _prepare(self) -> None:
        folder, spec = self.folder, self.plan.spec
        if self.plan.data:
            os.environ["GANLAB_DATA"] = self.plan.data
        device = devices.choose(self.plan.device)
        target = make_target(spec.target, spec.target_params)
        if spec.dim <= 2:
            raise SpecError("target", spec.target, "images: the labs train on the rest")
        assert isinstance(target, Images)  # all that has more than two dimensions
        self.digits: Digits = target.digits
        if folder.run.exists():
            self.run = Run.load(folder.run, device)
        else:
            self.run = Run(spec, device)
        self._capture()
        self.history = folder.history.until(self.run.iteration)
        self.scores = [s for s in folder.scores if s.iteration <= self.run.iteration]
        self._judge = classifier.known(self.digits)
        self._fitting = classifier.fit(self.digits)
        self._per_epoch = len(self.digits.fitted) / (spec.batch * max(1, spec.k))
        self._every = max(1, round(self._per_epoch / _ROWS))
        self._say(
            device=device.type,
            device_name=devices.title(device),
            source=self.digits.source,
            is_mnist=self.digits.is_mnist,
            checkpoint=self.run.iteration,
            message="",
            **self._place(),
        )
        if not folder.run.exists():
            self._checkpoint()
        self._look()

    def _capture(self) -> None:
        """On a GPU, updates as CUDA graphs; where that fails, it trains without them."""
        if self.run.device.type != "cuda":
            return
        try:
            self.run.capture()
        except RuntimeError as error:
            if devices.out_of_memory(error):
                raise
            print(f"not captured, slower: {error}", file=sys.stderr)

    def _work(self) -> None:
        while True:
            wanted = self._ask()
            if self._ending or wanted.state == "stopped":
                self._checkpoint()
                raise _Stop("stopped", "Stopped when asked; it can go on from here.")
            if self.run.diverged[0] is not None:
                self._checkpoint()
                raise _Stop("diverged", str(self.run.diverged[0]))
            if wanted.latents != self.status.latents:
                self.status = dataclasses.replace(self.status, latents=wanted.latents)
                self._look()
                self._say()
            if wanted.measure > self.status.measured:
                self._measure()
                self._say(measured=wanted.measure)
            elif wanted.state == "paused":
                if self.status.state != "paused":
                    self._checkpoint()
                    self._say(state="paused", seconds_left=None, images_per_second=None)
                    self._pace = None
                time.sleep(_TURN)
            elif self.run.iteration >= self._goal():
                self._checkpoint()
                if not self.scores or self.scores[-1].iteration != self.run.iteration:
                    self._measure()
                    continue
                raise _Stop("done", "")
            else:
                self._turn()

    def _turn(self) -> None:
        """Some iterations, and what is due after them."""
        if self.status.state != "training":
            self._say(state="training", message="")
        start, at = time.monotonic(), self.run.iteration
        left = min(self._goal() - at, self._every - at % self._every)
        made = self.run.advance(max(1, min(left, math.floor(_TURN * (self._pace or 0)) or 1)))
        if self.run.device.type == "cuda":
            torch.cuda.synchronize()
        spent = time.monotonic() - start
        if made and spent > 0:
            self._pace = made / spent if self._pace is None else _mean(self._pace, made / spent)
        self.status = dataclasses.replace(self.status, seconds=self.status.seconds + spent)
        self._fit(spent)
        at = self.run.iteration
        if made and (at % self._every == 0 or at == self._goal()):
            costs = look.costs(self.run, look.judge(self.run, self.digits))
            self.history.add((float(at), *costs))
        now = time.monotonic()
        if now - self._looked > max(_LOOK, self._look_cost / _SHARE):
            self._look()
        if now - self._saved > self.plan.checkpoint:
            self._checkpoint()
        every = max(1, round(self.plan.measure * self._per_epoch))
        if self.plan.measure and at // every > (at - made) // every and at < self._goal():
            self._measure()
        if now - self._said > _SAY:
            self._say(**self._place())

    def _fit(self, spent: float) -> None:
        """Go on with fitting the classifier, for a share of the seconds that were trained."""
        end = time.monotonic() + _FIT * spent
        while self._judge is None and time.monotonic() < end:
            try:
                next(self._fitting)
            except StopIteration as fitted:
                self._judge = fitted.value

    def _measure(self) -> None:
        """The Parzen score of G's images now; of real images first, if it is not known."""
        self._checkpoint()  # a score is of a run that is on disk
        score = scoring.known(self.digits)
        if score is None:
            score = self._walk(scoring.real(self.digits), "Measuring real images.")
        if score is not None:
            self.folder.put_real(score)
            walk = scoring.fake(self.run, self.digits, self.status.epoch)
            score = self._walk(walk, "Measuring G's images.")
        self._judge = self._judge or classifier.known(self.digits)  # fitted to measure
        if score is not None:
            self.scores.append(score)
            self.folder.put_scores(self.scores)
        self._say(measuring=None, message="")

    def _walk(self, walk: scoring.Walk, words: str) -> scoring.Score | None:
        """The score; None if it is wanted to stop meanwhile."""
        while True:
            try:
                done = next(walk)
            except StopIteration as end:
                return end.value
            now = time.monotonic()
            if now - self._said > _SAY or self.status.state != "measuring":
                self._say(state="measuring", message=words, measuring=done)
                if self._ending or self._ask().state == "stopped":
                    return None

    def _look(self) -> None:
        start = time.monotonic()
        self.folder.put_look(look.take(self.run, self.digits, self.status.latents, self._judge))
        self.folder.put_history(self.history)
        self._looked = time.monotonic()
        self._look_cost = self._looked - start

    def _checkpoint(self) -> None:
        """All that going on needs; what the page shows is never behind it."""
        self._look()
        self.folder.put_scores(self.scores)
        if self.run.iteration != self.status.checkpoint or not self.folder.run.exists():
            self.run.save(self.folder.run)
        self._saved = time.monotonic()
        self._say(checkpoint=self.run.iteration, **self._place())

    # -- words -------------------------------------------------------------------------------------

    def _goal(self) -> int:
        return math.ceil(self._wanted.epochs * self._per_epoch)

    def _place(self) -> dict[str, Any]:
        """Where it stands, and how fast it goes."""
        at, goal, pace = self.run.iteration, self._goal(), self._pace
        spec = self.plan.spec
        return {
            "iteration": at,
            "iterations": goal,
            "epoch": at / self._per_epoch,
            "epochs": self._wanted.epochs,
            "images_per_second": pace and pace * spec.batch * max(1, spec.k),
            "seconds_left": pace and max(0, goal - at) / pace,
        }

    def _say(self, **changes: Any) -> None:
        self.status = dataclasses.replace(self.status, **changes, time=time.time())
        self.folder.say(self.status)
        self._said = time.monotonic()
        if self._report:
            self._report(self.status)

    def _ask(self) -> Wanted:
        """What is wanted now."""
        changed = self.folder.changed("wanted.json")
        if changed != self._seen:
            self._wanted, self._seen = self.folder.wanted, changed
        return self._wanted

    def _listen(self) -> dict[int, Any]:
        """Have signals to end ask to stop; the handlers there were."""
        if not self._signals:
            return {}

        def end(number: int, frame: object) -> None:
            self._ending = True

        return {n: signal.signal(n, end) for n in (signal.SIGINT, signal.SIGTERM)}

    def _readable(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno in _FULL:
            return (
                f"{error}. What was trained up to iteration {self.status.checkpoint:,} is kept: "
                "make room on that disk, then start again from there."
            )
        if not devices.out_of_memory(error):
            return str(error)
        spec = self.plan.spec
        return (
            f"Out of memory on {self.status.device_name or self.plan.device} with batch = "
            f"{spec.batch} and widths {spec.g_hidden} and {spec.d_hidden}: try a smaller batch or "
            "narrower nets, or the CPU (device = cpu)."
        )


def _mean(old: float, new: float) -> float:
    return 0.8 * old + 0.2 * new
