"""The view of a comparison: the pictures of several runs, and their curves overlaid."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ganlab import words
from ganlab.comparison import Comparison
from ganlab.domains import Probe
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import points_for
from ganlab.experiment import Experiment
from ganlab.languages import _
from ganlab.live import scene
from ganlab.live.commands import FigureRequest
from ganlab.live.history import History
from ganlab.live.scene import NEAREST, REACH, Lines, knobs, panel
from ganlab.live.view import Message, Moments, View
from ganlab.live.wire import encode
from ganlab.record.series import COMPARED
from ganlab.registry import SpecError
from ganlab.spec import Spec
from ganlab.theme import RUN_DASHES

_MOST = 1e6  # of any measured quantity: a run beyond it has practically diverged
LETTERS = "ABCD"


def key(name: str, run: int) -> str:
    """The name of an array or a series of one run in messages."""
    return f"{name}.{run}"


def series(runs: int) -> tuple[str, ...]:
    """The names of all curves of `runs` runs."""
    return tuple(key(name, run) for run in range(runs) for name in COMPARED)


def _same(values: Sequence[float]) -> bool:
    return len(set(values)) == 1


def panels(
    specs: Sequence[Spec], probes: Sequence[Probe], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """One panel per quantity, with a curve for each run, and a floor if all runs have the same."""

    def one(name: str, title: str, lines: Lines = (), **more: Any) -> dict[str, Any]:
        curves = [
            {"key": key(name, i), "title": text, "role": f"run{i}", "dash": RUN_DASHES[i]}
            for i, text in enumerate(labels)
        ]
        return panel(name, title, curves, lines, **more) | {"keys": False}

    def floor(name: str) -> list[tuple[float, str]]:
        floors = [p.floors[name] for p in probes]
        return [(floors[0], _("floor"))] if _same(floors) else []

    cells = [p.cell for p in probes]
    cell = _(", cells of {cells:.3g}", cells=cells[0]) if _same(cells) else ""
    if enumerated := probes[0].domain.enumerated:
        cell = ", exact"
    w1 = probes[0].domain.distance
    nats = {"unit": "nats"}
    out = [
        one("jsd", _("JSD(p_data, p_g){cell}", cell=cell), [(math.log(2), _("ln 2")),
            *floor("jsd")], **nats,
            low=0.0, high=0.75),
    ]  # fmt: skip
    if enumerated:
        counts = [int((p.p_data > 0).sum()) for p in probes]
        title = _("covered, of {counts}", counts=counts[0]) if _same(counts) else "covered"
        out.append(one("modes", title, [(max(counts), _("all"))], low=0.0, high=max(counts) * 1.15))
    elif all(p.target.has_mean for p in probes):
        out.append(one("w1", w1, floor("w1"), low=0.0))
    elif any(p.heavy for p in probes):
        out.append(one("tail", REACH, [(1.0, _("p_data's"))], log=True))
    counts = [0 if p.target.modes is None else len(p.target.modes.std) for p in probes]
    if max(counts) > 1:
        most = max(counts)
        title = _("modes captured, of {most}", most=most) if _same(counts) else _("modes captured")
        out.append(one("modes", title, [(most, _("all"))], low=0.0, high=most * 1.15))
    if any(spec.data_size for spec in specs):
        if not enumerated:
            out.append(one("data_distance", NEAREST, [(1.0, _("new data"))], low=0.0))
        out.append(
            one("overfit", _("V on the training data − V on new data"), [(0.0, "0")], **nats)
        )
    if any(spec.inference != "none" for spec in specs):
        for name in ("cycle_x", "cycle_z"):
            out.append(one(name, words.MEASURES[name].title, log=True))
    if any(spec.inference != "joint" for spec in specs):
        out.append(one("gap", _("C(G) − V(D, G): how far D is from D*"), [(0.0, "D = D*")], **nats))
    return [
        *out,
        one("d_loss", _("D's loss")),
        one("g_loss", _("G's loss")),
        one("grad_x", _("gradient that reaches G, at x"), log=True),
    ]


class ComparisonView(View):
    """Pictures of two to four runs, and their curves overlaid."""

    frame_seconds = 1 / 22  # of two to four pictures, which take cores from as many runs
    call_seconds = 0.045  # in lockstep: threads wait for each other after every call
    sparse_share = 0.3  # each run keeps a core busy

    @property
    def comparison(self) -> Experiment:
        """The current comparison."""
        return self.session.experiment

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each run: the preset's while the runs differ as the preset's do."""
        comparison = self.comparison
        story = self.session.story
        preset = None if story is None else story.preset
        if preset is None or len(preset.specs) != len(comparison.specs):
            return comparison.labels
        own = Comparison.among(preset.specs)
        if own.columns != Comparison(comparison.specs, comparison.fields).columns:
            return comparison.labels
        return preset.labels

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the curves of each run."""
        return series(len(self.comparison.specs))

    def scene(self, number: int) -> Message:
        """One scene made of all runs' scenes."""
        specs = self.comparison.specs
        parts = [scene.scene(spec, self._probe(i), number) for i, spec in enumerate(specs)]
        return combined(self.comparison, parts, self._panels(), number, self.labels)

    def axes(self) -> object:
        """Also the number of runs, and the fields that differ between them."""
        return super().axes(), len(self.group.runs), self.group.fields

    def _probe(self, at: int) -> Probe:
        run = self.group.runs[at]
        return probe_for(run.spec, points_for(run.game))

    def _panels(self) -> list[dict[str, Any]]:
        probes = [self._probe(i) for i in range(len(self.group.runs))]
        return panels([run.spec for run in self.group.runs], probes, self.labels)

    def measure(self, moments: Moments) -> Iterator[None]:
        """Measure each run, except those that have diverged."""
        first = moments[0]
        values: dict[str, np.ndarray] = {}
        for i, moment in enumerate(moments):
            if i:
                yield None
            lost = moment.diverged[0] is not None
            values |= measured(i, {} if lost else moment.measure())
        first.history.lost(tuple(moment.diverged[0] for moment in moments))
        newest = first.history.add(max(m.state.iterations for m in moments), values)
        if newest or self.session.rewound:
            numbers = {name: float(v[0]) for name, v in values.items()}
            self.session.found(first.number, numbers)

    def frame(self, moments: Moments) -> Iterator[bytes | None]:
        """One message with a picture of each run."""
        pictures = []
        for i, moment in enumerate(moments):
            if i:
                yield None
            pictures.append(moment.picture())
        self.last_picture = side_by_side(pictures)
        yield encode(*self.last_picture)

    def status(self) -> dict[str, Any]:
        """The label and iteration of each run, and why it has stopped, if so."""
        runs = []
        for i, (run, label) in enumerate(zip(self.session.shown, self.labels, strict=False)):
            lost = run.diverged[0]
            one = {"label": label, "iteration": run.iteration, "lost": str(lost) if lost else ""}
            runs.append(one | {"jsd": self.session.measured.get(key("jsd", i))})
        return {"fields": list(self.comparison.fields), "runs": runs}

    def why_stopped(self) -> str:
        """The message that all runs have diverged."""
        return _("All {count} runs have diverged.", count=len(self.group.runs))

    def figure(self, request: FigureRequest) -> bytes:
        """A still picture of each run, and one figure of all curves."""
        drawn = self.drawn(request)
        return figures(*drawn, self._panels(), self.session.history, self.labels, request)


def measured(run: int, metrics: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values of one run's curves, (1,) each; NaN for those that it does not have."""
    values = {name: metrics.get(name, np.array([np.nan])) for name in COMPARED}
    # The values of a run that diverges would flatten the others' curves.
    return {key(n, run): np.where(np.abs(v) < _MOST, v, np.nan) for n, v in values.items()}


def side_by_side(pictures: Sequence[Message]) -> Message:
    """One frame of the frames of all runs; array x of run i is called x.i."""
    header = dict(max((one for one, _ in pictures), key=lambda one: one["iteration"]))
    own = ("beyond", "missing", "tails")
    said = [{name: one[name] for name in own} for one, _ in pictures]
    for name in own:
        del header[name]
    arrays = {key(n, i): a for i, (_, one) in enumerate(pictures) for n, a in one.items()}
    return header | {"runs": said, "last": ""}, arrays


def combined(
    comparison: Experiment,
    parts: Sequence[Message],
    panels: list[dict[str, Any]],
    number: int,
    labels: Sequence[str],
) -> Message:
    """Combine the runs' scenes into one; array x of run i is called x.i."""
    layers: dict[str, dict[str, str]] = {}
    for header, _unused in parts:
        for layer in header["layers"]:
            # Titles differ by what D is given besides x: the shortest is true of all runs.
            known = layers.get(layer["id"], layer)
            layers[layer["id"]] = min(known, layer, key=lambda one: len(one["title"]))
    own = ("box", "units", "cell", "latent", "map", "modes", "layers")
    runs = [{"label": label} for label in labels]
    for run, (header, _unused) in zip(runs, parts, strict=True):
        run |= {name: header[name] for name in own}
    header = {
        "type": "scene",
        "run": number,
        "dim": comparison.base.axes,
        "box": parts[0][0]["box"],
        "runs": runs,
        "fields": list(comparison.fields),
        "panels": panels,
        "knobs": knobs(comparison.base),
        "layers": list(layers.values()),
        "readout": parts[0][0]["readout"],
        "seed": comparison.base.seed,
    }
    arrays = {key(n, i): a for i, (_, own) in enumerate(parts) for n, a in own.items()}
    return header, arrays


def part(message: Message, run: int) -> dict[str, Any]:
    """Header fields and arrays of one run, from a scene or a frame."""
    header, arrays = message
    end = f".{run}"
    own = {n[: -len(end)]: a for n, a in arrays.items() if n.endswith(end)}
    return {**header, **(header["runs"][run] if "runs" in header else {}), **own}


def figures(
    scene: Message,
    last: Message,
    panels: list[dict[str, Any]],
    history: History,
    labels: Sequence[str],
    request: FigureRequest,
) -> bytes:
    """A Plotly picture of each run, and one figure of all curves, with the options in `request`.

    Raises `SpecError` if another comparison has begun meanwhile.
    """
    from ganlab import figures  # imported late: Plotly takes a second

    runs = len(scene[0]["runs"])
    if runs != len(labels):
        raise SpecError("figure", request.request, _("a figure of the current runs"))
    theme = request.theme
    made = {
        f"picture{i}": figures.picture(
            part(scene, i),
            part(last, i),
            theme,
            hidden=request.hidden,
            legend=False,
            **request.size,
        )
        for i in range(runs)
    }
    curves = figures.curves(
        request.left(panels),
        history.arrays(),
        history.marks,
        theme,
        ghost=history.ghost,
        **request.curves_size,
    )
    made["curves"] = figures.with_legend(curves, labels, RUN_DASHES, theme, request.scale)
    header = {"type": "figure", "run": scene[0]["run"], "request": request.request}
    return encode(header | {name: json.loads(f.to_json()) for name, f in made.items()})
