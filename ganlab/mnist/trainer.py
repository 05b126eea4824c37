"""The trainer: trains one run's folder from its current state to the wanted number of epochs."""

from __future__ import annotations

import dataclasses
import math
import os
import sys
import time
from typing import Any

import torch

from ganlab.digits.images import Digits
from ganlab.engine import Run
from ganlab.jobs.worker import Report, Stop, Worker
from ganlab.languages import _
from ganlab.mnist import classifier, devices, preview, scoring
from ganlab.mnist.folder import Folder
from ganlab.mnist.records import Plan, Score, Status, Wanted
from ganlab.registry import SpecError
from ganlab.targets import make_target
from ganlab.targets.raster import Images

_TURN = 0.1  # seconds of training between two reads of the requests
_SAY = 0.5  # seconds between two statuses
_ROWS = 20  # of the history in each epoch
_PREVIEW = 2.0  # the least seconds between two previews,
_SHARE = 0.05  # which take at most this share of the time
_FIT = 0.1  # the share of the time for fitting the classifier, once for each set of images


class Trainer(Worker[Plan, Status, Wanted]):
    """Trains a folder's run in this process."""

    folder: Folder

    def __init__(self, folder: Folder, report: Report[Status] | None = None, signals: bool = False):
        super().__init__(folder, report, signals)
        self._previewed = self._saved = 0.0
        self._preview_cost = 0.0
        self._pace: float | None = None

    def expected(self, error: Exception) -> bool:
        """See `Worker.expected`; also if memory ran out."""
        return super().expected(error) or devices.out_of_memory(error)

    def readable(self, error: Exception) -> str:
        """See `Worker.readable`; if memory ran out, with advice."""
        if not devices.out_of_memory(error):
            return super().readable(error)
        spec = self.plan.spec
        return _(
            "Out of memory on {device_name} with batch = {batch} and widths {g_hidden} "
            "and {d_hidden}: try a smaller batch or narrower nets, or the CPU (device = "
            "cpu).",
            device_name=self.status.device_name or self.plan.device,
            batch=spec.batch,
            g_hidden=spec.g_hidden,
            d_hidden=spec.d_hidden,
        )

    def prepare(self) -> None:
        """Read the images and the checkpoint. Raises SpecError if the target is not images."""
        self.say(state="starting", message=_("Reading the images."))
        folder, spec = self.folder, self.plan.spec
        if self.plan.data:
            os.environ["GANLAB_DATA"] = self.plan.data
        device = devices.choose(self.plan.device)
        target = make_target(spec.target, spec.target_params)
        if spec.domain.drawn:
            raise SpecError("target", spec.target, _("images: the labs train on other targets"))
        assert isinstance(target, Images)  # all targets with more than two dimensions are
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
        self.say(
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
        self._preview()

    def _capture(self) -> None:
        """On a GPU, capture updates as CUDA graphs; if that fails, train without them."""
        if self.run.device.type != "cuda":
            return
        try:
            self.run.capture()
        except RuntimeError as error:
            if devices.out_of_memory(error):
                raise
            print(f"CUDA graphs failed, training is slower: {error}", file=sys.stderr)

    def work_on(self) -> None:
        """Train, pause and measure as requested."""
        while True:
            wanted = self.asked()
            if self.ending or wanted.state == "stopped":
                self._checkpoint()
                raise Stop("stopped", _("Stopped on request; it can be resumed."))
            if self.run.diverged[0] is not None:
                self._checkpoint()
                raise Stop("diverged", str(self.run.diverged[0]))
            if wanted.latents != self.status.latents:
                self.status = dataclasses.replace(self.status, latents=wanted.latents)
                self._preview()
                self.say()
            if wanted.measure > self.status.measured:
                self._measure()
                self.say(measured=wanted.measure)
            elif wanted.state == "paused":
                if self.status.state != "paused":
                    self._checkpoint()
                    self.say(state="paused", seconds_left=None, images_per_second=None)
                    self._pace = None
                time.sleep(_TURN)
            elif self.run.iteration >= self._goal():
                self._checkpoint()
                if not self.scores or self.scores[-1].iteration != self.run.iteration:
                    self._measure()
                    continue
                raise Stop("done", "")
            else:
                self._turn()

    def _turn(self) -> None:
        """Make some iterations, and what is due after them."""
        if self.status.state != "training":
            self.say(state="training", message="")
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
            costs = preview.costs(self.run, preview.judge(self.run, self.digits))
            self.history.add((float(at), *costs))
        now = time.monotonic()
        if now - self._previewed > max(_PREVIEW, self._preview_cost / _SHARE):
            self._preview()
        if now - self._saved > self.plan.checkpoint:
            self._checkpoint()
        every = max(1, round(self.plan.measure * self._per_epoch))
        if self.plan.measure and at // every > (at - made) // every and at < self._goal():
            self._measure()
        if now - self.said > _SAY:
            self.say(**self._place())

    def _fit(self, spent: float) -> None:
        """Continue fitting the classifier, for a share of the seconds spent on training."""
        end = time.monotonic() + _FIT * spent
        while self._judge is None and time.monotonic() < end:
            try:
                next(self._fitting)
            except StopIteration as fitted:
                self._judge = fitted.value

    def _measure(self) -> None:
        """Measure G's images, after real images if their score is not known."""
        self._checkpoint()  # a score must belong to a state on disk
        score = scoring.known(self.digits)
        if score is None:
            score = self._walk(scoring.real(self.digits), _("Measuring real images."))
        if score is not None:
            self.folder.put_real(score)
            walk = scoring.fake(self.run, self.digits, self.status.epoch)
            score = self._walk(walk, _("Measuring G's images."))
        self._judge = self._judge or classifier.known(self.digits)  # fitted by the measurement
        if score is not None:
            self.scores.append(score)
            self.folder.put_scores(self.scores)
        self.say(measuring=None, message="")

    def _walk(self, walk: scoring.Walk, words: str) -> Score | None:
        """The score; None if a request to stop arrived meanwhile."""
        while True:
            try:
                done = next(walk)
            except StopIteration as end:
                found: Score = end.value
                return found
            now = time.monotonic()
            if now - self.said > _SAY or self.status.state != "measuring":
                self.say(state="measuring", message=words, measuring=done)
                if self.ending or self.asked().state == "stopped":
                    return None

    def _preview(self) -> None:
        start = time.monotonic()
        self.folder.put_preview(
            preview.take(self.run, self.digits, self.status.latents, self._judge)
        )
        self.folder.put_history(self.history)
        self._previewed = time.monotonic()
        self._preview_cost = self._previewed - start

    def _checkpoint(self) -> None:
        """Write everything that resuming needs, after all that the page shows."""
        self._preview()
        self.folder.put_scores(self.scores)
        if self.run.iteration != self.status.checkpoint or not self.folder.run.exists():
            self.run.save(self.folder.run)
        self._saved = time.monotonic()
        self.say(checkpoint=self.run.iteration, **self._place())

    # -- status ------------------------------------------------------------------------------------

    def _goal(self) -> int:
        goal: int = math.ceil(self._wanted.epochs * self._per_epoch)
        return goal

    def _place(self) -> dict[str, Any]:
        """The fields of the status for progress and speed."""
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


def _mean(old: float, new: float) -> float:
    return 0.8 * old + 0.2 * new
