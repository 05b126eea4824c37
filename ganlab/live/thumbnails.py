"""Tiles: a small picture and a few metrics for each of many runs."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import torch

from ganlab import metrics, words
from ganlab.domains import Probe
from ganlab.domains.symbols_probe import SymbolsProbe
from ganlab.domains.tiles import SCALE
from ganlab.engine import Game, State
from ganlab.engine.evaluation import Evaluation
from ganlab.engine.generate import generate
from ganlab.engine.probe import probe_for
from ganlab.engine.snapshot import samples
from ganlab.languages import _
from ganlab.live.scene import Lines, knobs, panel
from ganlab.spec import Spec
from ganlab.targets import TARGETS

POINTS = 4096  # latents behind the metrics of one run
_PIECE = 4  # runs measured at once, so that their activations stay in the cache


def probe_of(spec: Spec) -> Probe:
    """The probe that measures every run of an ensemble."""
    return probe_for(spec, POINTS)


def measure(game: Game, state: State, spec: Spec) -> Generator[None, None, dict[str, np.ndarray]]:
    """Metrics of all runs, each (R,): jsd, modes if the target has modes, w1 in 1-D.

    Defined as in `Snapshot.metrics`, with `POINTS` latents; jsd in nats, w1 in units of x. Yields
    between pieces of the work.
    """
    probe = probe_of(spec)
    parts: list[dict[str, np.ndarray]] = []
    for g in state.g.split(_PIECE):
        if parts:
            yield
        parts.append(_measure(game, g, probe))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure(game: Game, g: torch.Tensor, probe: Probe) -> dict[str, np.ndarray]:
    with np.errstate(all="ignore"):
        gz = generate(game, g, probe.z).cpu().numpy()
        out = {"jsd": probe.jsd(probe.masses(gz))[0]}
        if probe.domain.quick:
            out["w1"] = probe.w1(gz, game.G.bounded)
        if isinstance(probe, SymbolsProbe):
            out["modes"] = probe.covered(probe.masses(gz))
        if probe.target.modes is not None:
            out["modes"] = metrics.mode_score(samples(probe, gz), probe.target.modes).captured
    return {name: np.asarray(values, np.float64) for name, values in out.items()}


def pictures(game: Game, state: State, spec: Spec) -> dict[str, np.ndarray]:
    """All tiles of one moment, small enough to be sent ten times per second: see `Domain.tiles`."""
    probe, runs = probe_of(spec), len(state.g)
    players = Evaluation(game, state, (spec,) * runs, (probe,) * runs)
    with np.errstate(all="ignore"):
        return spec.domain.tiles(players, probe)


def scene(
    spec: Spec, seeds: int, probe: Probe, number: int
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of the scene on which the tiles of run `number` are drawn.

    docs/protocol.md lists their names and shapes.
    """
    target, modes = probe.target, probe.target.modes
    header = {
        "type": "scene",
        "run": number,
        "seeds": seeds,
        "dim": spec.axes,
        "box": target.box.tolist(),
        "cell": probe.cell,
        "points": POINTS,
        "scale": SCALE,
        "modes": 0 if modes is None else len(modes.std),
        "target": TARGETS[spec.target].title,
        "panels": panels(probe),
        "knobs": knobs(spec),
        "readout": words.unfold(words.READOUTS.values()),
        "tiles": words.unfold(words.TILES.values()),
        "seed": spec.seed,
    }
    return header, spec.domain.tile_scene(probe)


def panels(probe: Probe) -> list[dict[str, Any]]:
    """The panels beside the tiles: median, quartiles and range over the runs.

    The last panel's legend names the bands for all panels: the first has no room beside its title.
    """

    def spread(name: str, title: str, lines: Lines = (), **more: Any) -> dict[str, Any]:
        series = [{"key": name, "title": _("median"), "role": "G", "dash": "solid"}]
        bands = [
            {"low": f"{name}_min", "high": f"{name}_max", "title": "", "opacity": 0.13},
            {"low": f"{name}_q1", "high": f"{name}_q3", "title": "", "opacity": 0.3},
        ]
        made = panel(name, title, series, lines, **more)
        about = [*made["help"], *words.unfold([words.BANDS])]
        return made | {"bands": bands, "role": "G", "help": about}

    about = _(
        "JSD(p_data, p_g), cells of {cell:.3g}, {points:,} points a seed",
        cell=probe.cell,
        points=POINTS,
    )
    if probe.domain.enumerated:
        about = _("JSD(p_data, p_g), exact")
    lines = [(float(np.log(2)), _("ln 2")), (probe.floors["jsd"], _("floor"))]
    out = [spread("jsd", about, lines, unit=_("nats"), low=0.0, high=0.75)]
    if probe.target.modes is not None and len(probe.target.modes.std) > 1:
        count = len(probe.target.modes.std)
        title = _("modes captured, of {count}", count=count)
        out.append(spread("modes", title, [(count, _("all"))], low=0.0, high=count * 1.15))
    if isinstance(probe, SymbolsProbe):
        count = int(probe.symbols.valid.sum())
        title = _("covered, of {count}", count=count)
        out.append(spread("modes", title, [(count, _("all"))], low=0.0, high=count * 1.15))
    if probe.domain.quick and probe.target.has_mean:
        out.append(spread("w1", probe.domain.distance, [(probe.floors["w1"], _("floor"))], low=0.0))
    for band, title in zip(out[-1]["bands"], (_("all"), _("middle half")), strict=True):
        band["title"] = title
    return out
