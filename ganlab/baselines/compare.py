"""Families side by side: fitted to the same data with the same budget, and measured alike."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from ganlab import metrics
from ganlab.baselines.entry import FAMILIES, Model, Task
from ganlab.domains import Probe
from ganlab.engine.draws import data_set
from ganlab.engine.probe import probe_for
from ganlab.languages import _
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.targets import make_target

POINTS = 10_000  # training data, where the Spec has no number of its own
HELD_OUT = 2000
SAMPLES = 2**14  # of each model, behind JSD and W1
SHOWN = 1500
_SCORED = 2500  # behind modes and high quality
_TEST_SEED, _SAMPLE_SEED = 20201, 20202
NUMBERS = {  # of a Result, with their units
    "jsd": "nats",
    "w1": _("units of x"),
    "modes": "",
    "hq": _("share of samples"),
    "log_likelihood": "nats",
    "fit_seconds": "s",
    "sample_seconds": "s",
}


@dataclass(frozen=True)
class Result:
    """A family's model, measured.

    numbers: those of `NUMBERS`, NaN where there is none; log_likelihood: the mean over held-out
    data, a lower bound if `bound`. steps: made, of `of`; both 0 if the family has none. about: what
    was chosen. refused: why there is no model, else "". shown: samples (n, dim); p: the density in
    the cells of the probe in 1-D, (cells,), else empty.
    """

    family: str
    numbers: dict[str, float] = field(default_factory=lambda: dict.fromkeys(NUMBERS, math.nan))
    bound: bool = False
    steps: int = 0
    of: int = 0
    about: str = ""
    refused: str = ""
    shown: np.ndarray = field(default_factory=lambda: np.empty((0, 1)))
    p: np.ndarray = field(default_factory=lambda: np.empty(0))


def trained(spec: Spec) -> Spec:
    """The Spec of the GAN: with the finite training data that all families get.

    Raises `SpecError` unless x is on a line or in a plane.
    """
    if spec.domain.name not in ("line", "plane"):
        raise SpecError("target", spec.target, _("1-D or 2-D: the families learn numbers"))
    if spec.data_size or make_target(spec.target, spec.target_params).examples is not None:
        return spec
    return spec.replace(data_size=POINTS)


def task_of(spec: Spec, **budget: float) -> Task:
    """The task of a Spec: its training data, and new ones that are held out.

    budget: steps and seconds of `Task`. Raises `SpecError` as `trained` does.
    """
    spec = trained(spec)
    target, points = make_target(spec.target, spec.target_params), data_set(spec)
    if points is None:
        assert target.examples is not None
        points = target.examples.read(target.examples.stored)
    new = target.sample(HELD_OUT, torch.Generator().manual_seed(_TEST_SEED))
    steps = int(budget.pop("steps", Task.steps))
    return Task(spec, points.double(), new.double(), steps, **budget)


def probe_of(spec: Spec) -> Probe:
    """The probe that measures all families, by samples; its floors are those of p_data's own."""
    plain = Spec(target=spec.target, target_params=spec.target_params, latent_dim=2)
    return probe_for(plain, SAMPLES)


def best(spec: Spec) -> float:
    """The mean log p_data of the held-out data, in nats; NaN if p_data has no density."""
    target = make_target(spec.target, spec.target_params)
    if not target.has_density:
        return math.nan
    new = target.sample(HELD_OUT, torch.Generator().manual_seed(_TEST_SEED))
    return float(target.log_density(new.double().numpy()).mean())


def compare(spec: Spec, names: Iterable[str] = (), **budget: float) -> Iterator[Result]:
    """The families (all, or those named) on the data of a Spec, one after the other.

    budget: steps, 2,000 by default, and seconds of a core for each fit, 15. Raises `SpecError` as
    `trained` does, and KeyError for an unknown family.
    """
    for name in tuple(names) or tuple(FAMILIES):
        yield measured(name, task_of(spec, **budget))


def measured(name: str, task: Task) -> Result:
    """One family, fitted and measured. What it refuses is in the Result."""
    family, threads = FAMILIES[name], torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(task.spec.seed)
            task.begin()
            model = family.fit(task)
            seconds = time.process_time() - task._began
            return _measured(name, task, model, seconds)
    except SpecError as error:
        return Result(name, refused=str(error))
    finally:
        torch.set_num_threads(threads)


def _measured(name: str, task: Task, model: Model, seconds: float) -> Result:
    probe, numbers = probe_of(task.spec), {"fit_seconds": seconds}
    began = time.process_time()
    made = model.sample(SAMPLES, torch.Generator().manual_seed(_SAMPLE_SEED)).numpy()
    numbers["sample_seconds"] = time.process_time() - began
    mass = probe.masses(made[None])
    numbers["jsd"] = float(probe.jsd(mass)[0][0])
    finite = np.isfinite(made).all()
    numbers["w1"] = float(probe.w1(made[None])[0]) if finite else math.nan
    modes = probe.target.modes
    if modes is not None:
        score = metrics.mode_score(made[:_SCORED], modes)
        numbers |= {"modes": float(score.captured), "hq": float(score.high_quality)}
    p = np.empty(0)
    if probe.domain.density:
        p = probe.inside(probe.smoothed(mass))[0] / probe.cell
    if model.log_density is not None:
        numbers["log_likelihood"] = float(model.log_density(task.test).mean())
        if probe.domain.density and not model.bound:
            p = model.log_density(probe.grid.double()).exp().numpy()
    known = dict.fromkeys(NUMBERS, math.nan) | numbers
    steps, of = (0, 0) if model.steps is None else (model.steps, task.steps)
    return Result(name, known, model.bound, steps, of, model.about, "", made[:SHOWN], np.asarray(p))


def as_csv(results: Iterable[Result]) -> str:
    """The numbers of results as CSV, one row for each family."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    units = [f"{name} ({unit})" if unit else name for name, unit in NUMBERS.items()]
    table.writerow(["family", *units, "lower bound", "steps", "of steps", "about"])
    for one in results:
        values = ["" if math.isnan(v) else f"{v:.6g}" for v in one.numbers.values()]
        about = one.refused or one.about
        table.writerow([one.family, *values, one.bound, one.steps, one.of, about])
    return text.getvalue()
