"""The scene: the parts of a picture that are constant in a run (axes, p_data, panels, knobs)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from ganlab import words
from ganlab.domains import Probe
from ganlab.domains.picture import MEAN, Layer
from ganlab.engine.classes import best
from ganlab.engine.draws import data_set, few
from ganlab.engine.training_data import FARTHEST, new_histogram
from ganlab.languages import _, joined, listed
from ganlab.losses import LOSSES
from ganlab.params import KNOBS, PARAMS
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS, Target

_NOT_OF_SYMBOLS = ("minibatch_discrimination",)  # refused: see `Shapes`
NEAREST = _("distance to the nearest training point")
HOW_NEAR = _("how near G's samples are to the data")
REACH = _("reach of p_g's tails over p_data's")


def knobs(spec: Spec | None = None) -> list[dict[str, Any]]:
    """The controls above the picture, as the front end draws them.

    kind: int, float or choice; `choices` lists the (value, words) of a choice. restarts: whether a
    change starts a new run.
    """
    out = []
    without = _NOT_OF_SYMBOLS if spec is not None and spec.domain.enumerated else ()
    names = (name for name in KNOBS if name not in without)
    for name in sorted(names, key=lambda name: PARAMS[name].knob):
        p = PARAMS[name]
        choices = [[c, p.words(c)] for c in p.choices] or [list(pair) for pair in p.menu]
        low, high = (None, None) if p.kind == "choice" else p.scale or (p.low, p.high)
        toggle = STABILISERS[name] if name in STABILISERS else None
        out.append(
            {
                "field": name,
                "title": p.title if toggle is None else toggle.title,
                "kind": "choice" if choices else p.kind,
                "low": low,
                "high": high,
                "log": p.log,
                "choices": choices,
                "doc": p.doc if toggle is None else joined(" ", (toggle.doc, p.doc)),
                "restarts": not p.live,
                "role": p.owner if p.owner in ("D", "G") else "game",
            }
        )
    return out


def _line(key: str, title: str, role: str, dash: str = "solid") -> dict[str, str]:
    return {"key": key, "title": title, "role": role, "dash": dash}


# Values and names of a panel's reference lines.
Lines = Sequence[tuple[float, str]]


def panel(
    id: str,
    title: str,
    series: list[dict[str, str]],
    lines: Lines = (),
    unit: str = "",
    log: bool = False,
    low: float | None = None,
    high: float | None = None,
    bars: str = "",
    against: str = "",
    ends: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """One panel of curves over iterations; lines: (value, name) of its reference lines.

    Or of bars: the name of their array in frames, and of the array of the scene that they are
    compared with; ends: of the axis along which they stand, None if that has no numbers.
    """
    named = list(lines)
    marked = [{"value": v, "title": t} for v, t in named]
    out = {"id": id, "title": title, "unit": unit, "series": series, "lines": marked}
    keys = dict.fromkeys(s["key"].split(".")[0] for s in series)
    about = words.of_panel(id, keys, (title for _, title in named))
    return (
        out
        | {"log": log, "low": low, "high": high, "bars": bars, "help": about}
        | ({"against": against, "ends": ends} if bars else {})
    )


def panels(spec: Spec, probe: Probe) -> list[dict[str, Any]]:
    """The panels beside the picture, for both the canvas and the figures."""
    floor = probe.floors
    w1 = probe.domain.distance
    if probe.domain.enumerated:
        return _panels_of_symbols(spec, probe)
    out = [
        panel(
            "jsd",
            _("JSD(p_data, p_g), cells of {cell:.3g}", cell=probe.cell),
            [
                _line("jsd", _("JSD"), "G"),
                _line("jsd_smooth", _("smoothed"), "G", "dot"),
                *([_line("jsd_labels", _("with labels"), "G", "dash")] if spec.labels else []),
            ],
            [(math.log(2), _("ln 2")), (floor["jsd"], _("floor"))],
            unit=_("nats"),
            low=0.0,
            high=0.75,
        ),
        *(
            [
                panel(
                    "tail",
                    REACH,
                    [_line("tail", _("99.9 % width"), "G")],
                    [(1.0, _("p_data's"))],
                    log=True,
                )
            ]
            if probe.heavy
            else []
        ),
        *(
            [
                panel("w1", w1, [_line("w1", "W₁", "G")], [(floor["w1"], _("floor"))], low=0.0)
                # With a latent without mean it is finite if G is bounded.
                | ({"needs": "w1"} if probe.heavy else {})
            ]
            if probe.target.has_mean
            else []
        ),
        _values(spec),
        *(
            [
                panel(
                    "data_distance",
                    NEAREST,
                    [_line("data_distance", "G's", "G")],
                    [(1.0, _("new data"))],
                    low=0,
                )
            ]
            if spec.data_size
            else []
        ),
        *_last_panels(),
    ]
    modes = probe.target.modes
    if spec.inference != "none":
        both = [_line("cycle_x", _("of x"), "data"), _line("cycle_z", _("of z"), "G", "dash")]
        out.append(panel("cycle", _("cycle errors of E and G"), both, log=True))
    if spec.classes:
        of_d, alone = (
            _line("accuracy", "D", "D"),
            _line("accuracy_alone", _("alone"), "data", "dash"),
        )
        lines = [(best(probe.target), "best")]
        points = "point" if spec.few_labels == 1 else "points"
        title = _(
            "accuracy, {few_labels} labelled {points} of each",
            few_labels=spec.few_labels,
            points=points,
        )
        out.append(panel("accuracy", title, [of_d, alone], lines))
    if modes is not None and len(modes.std) > 1:
        count = len(modes.std)
        out.append(
            panel(
                "modes",
                _("modes captured, of {count}", count=count),
                [_line("modes", _("modes"), "G")],
                [(count, _("all"))],
                low=0.0,
                high=count * 1.15,
            )
        )
        out.append(
            panel("shares", _("share of each mode"), [], bars="shares", against="mode_weights")
        )
    if spec.data_size:
        ends = (0.0, FARTHEST)
        histogram = panel(
            "distances", HOW_NEAR, [], bars="distances", against="new_distances", ends=ends
        )
        out.append(histogram)
    return out


def _values(spec: Spec) -> dict[str, Any]:
    """The panel of V(D, G)."""
    joint = spec.inference == "joint"  # then the optimal D, and C(G), are not known
    return panel(
        "value",
        "V(D, G, E)" if joint else _("V(D, G) below C(G) = V(D*, G)"),
        [
            *([] if joint else [_line("c_g", "C(G)", "G")]),
            _line("value", "V(D, G)", "D", "dash"),
            *([_line("value_data", _("on the data"), "data", "dot")] if spec.data_size else []),
        ],
        [(-math.log(4), _("−log 4"))],
        unit=_("nats"),
    ) | {"needs": "value"}


def _last_panels() -> list[dict[str, Any]]:
    """The panels of the losses and of the gradients.

    Two lines differ by their dashes too, for those who see no difference of their colours.
    """
    return [
        panel(
            "loss",
            _("losses"),
            # The unit depends on the loss, which may change during a run: the "?" explains it.
            [_line("d_loss", "D", "D", "dash"), _line("g_loss", "G", "G")],
        ),
        panel(
            "gradient",
            _("gradient that reaches G"),
            [
                _line("grad_x", _("at x"), "accent"),
                _line("grad_g", _("at G's weights"), "muted", "dash"),
            ],
            log=True,
        ),
    ]


def _panels_of_symbols(spec: Spec, probe: Probe) -> list[dict[str, Any]]:
    """The panels if x are symbols."""
    entropy = -float(special.xlogy(probe.p_data, probe.p_data).sum())
    count = int((probe.p_data > 0).sum())
    jsd = _line("jsd", _("JSD"), "G")
    strings = count < len(probe.p_data)
    what = "strings" if strings else "symbols"
    share = _line("hq", "p_g", "G")
    valid = panel("valid", _("valid share"), [share], [(1.0, _("all valid"))], low=0.0, high=1.1)
    title, lines = _("JSD(p_data, p_g), exact"), [(math.log(2), "ln 2")]
    return [
        panel("jsd", title, [jsd], lines, unit=_("nats"), low=0.0, high=0.75),
        _values(spec),
        *([valid] if strings else []),
        panel(
            "entropy",
            _("entropy of p_g"),
            [_line("entropy", "p_g", "G")],
            [(entropy, _("of p_data"))],
            unit=_("nats"),
            low=0.0,
        ),
        panel(
            "covered",
            _("{what} covered, of {count}", what=what, count=count),
            [_line("modes", what, "G")],
            [(count, _("all"))],
            low=0.0,
            high=count * 1.15,
        ),
        *_last_panels(),
    ]


def layers(spec: Spec, probe: Probe, label: int = MEAN) -> list[dict[str, Any]]:
    """The legend: words that toggle layers; label: the one whose D is shown."""
    average, finite = bool(spec.g_average), bool(spec.data_size)
    rows = spec.domain.layers(probe, spec.latent_dim, average, finite)
    if spec.inference != "none":
        way = "x → G(E(x))" if spec.domain.square else "x → E(x) → G(E(x))"
        rows.append(Layer("cycle", way, "data"))
    if spec.inference == "joint":
        rows = [row for row in rows if row.id != "d_star"]
        rows = [row._replace(title="D(x, E(x))") if row.id == "d" else row for row in rows]
    if spec.classes and spec.domain.square:
        rows += [Layer("regions", _("regions of D"), "D"), Layer("labels", _("labels"), "game")]
        rows.append(Layer("regions_alone", _("without a game"), "data"))
    if spec.labels:
        of = _("mean of labels") if label == MEAN else _("label {label}", label=label)
        ids = ("d",) if label == MEAN else ("d", "d_star")
        rows = [
            row._replace(title=listed((row.title, of))) if row.id in ids else row for row in rows
        ]
        rows.append(Layer("labels", _("labels"), "game"))
    return [layer._asdict() | {"help": words.unfold([words.LAYERS[layer.id]])} for layer in rows]


def units(target: Target) -> list[dict[str, Any]]:
    """For each axis its name, and how its numbers became from those of the user's own data."""
    if target.units is None:
        return []
    rows = zip(*target.units, strict=True)
    return [{"axis": n, "centre": float(c), "spread": float(s)} for c, s, n in rows]


def scene(
    spec: Spec, probe: Probe, run: int, view: Probe | None = None, label: int = MEAN
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of the scene message: docs/protocol.md lists their names and shapes.

    view: the probe of axes other than the target's. label: the one whose D is shown.
    """
    view = view or probe
    target, modes = view.target, probe.target.modes
    far = spec.p_z.reach
    unlikely = {"w1"} if LOSSES[spec.loss].value else {"w1", "value"}
    header = {
        "type": "scene",
        "run": run,
        "dim": spec.axes,
        "box": target.box.tolist(),
        "units": units(target),
        "cell": probe.cell,
        "latent": {"kind": spec.latent, "dim": spec.latent_dim, "lo": -far, "hi": far},
        "map": probe.exact,
        "modes": 0 if modes is None else len(modes.std),
        "target": TARGETS[spec.target].title,
        # The front end shows a panel that requires a curve as soon as it has values.
        "panels": [one | {"off": one.get("needs") in unlikely} for one in panels(spec, probe)],
        "knobs": knobs(spec),
        "labels": spec.labels,
        "d_label": label,
        "layers": layers(spec, probe, label),
        "readout": words.unfold(words.READOUTS.values()),
        "seed": spec.seed,
        "query": spec.to_query(),
    }
    arrays: dict[str, np.ndarray] = {}
    if modes is not None:
        arrays["mode_centers"], arrays["mode_weights"] = modes.centers, modes.weights
    if spec.classes and spec.domain.square:
        points, which = few(spec)
        arrays["few"], arrays["few_label"] = points.numpy(), which.numpy().astype(np.int32)
    data = data_set(spec)
    if data is not None:
        arrays["new_distances"] = new_histogram(spec)
    return header, arrays | spec.domain.scene(view, spec.seed, data)
