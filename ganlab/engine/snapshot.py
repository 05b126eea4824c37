"""Snapshots: everything visible or measurable of a run at one moment, in NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from ganlab import metrics, theory
from ganlab.domains import Probe
from ganlab.domains.base import POINTS
from ganlab.domains.outside import within
from ganlab.domains.picture import DETAILS, MEAN
from ganlab.engine import symbols
from ganlab.engine.classes import accuracies
from ganlab.engine.divergence import Divergence
from ganlab.engine.evaluation import Evaluation, array, rows
from ganlab.engine.game import Game, evenly
from ganlab.engine.generate import finite
from ganlab.engine.inference import cycles
from ganlab.engine.near import near_shares
from ganlab.engine.probe import probe_for
from ganlab.engine.state import State
from ganlab.engine.training_data import nearest, nearest_histogram, value_on_data
from ganlab.spec import Spec
from ganlab.targets.base import FARTHEST

_SCORED = 2500  # generated samples behind modes, hq and reverse_kl
# Latents behind V, the losses and the gradients; of D with kernels or unrolled, see `_measure`.
EXPECTATION = 2048
HEAVY = 20_000  # parameters of G above which p_g is estimated from fewer latents


@dataclass
class Snapshot:
    """R runs at one moment. Arrays lead with R; divergences are in nats.

    metrics, each (R,): jsd (binned on cells of `probe.cell`) and jsd_smooth (both sides convolved
    with a Gaussian of two cells), w1, value = V(D, G), c_g = C(G) = -log 4 + 2 jsd,
    gap = c_g - value, d_distance = mean |D - D*| under (p_data + p_g)/2, d_loss, g_loss,
    grad_x = mean norm of dG's cost/dx at a generated x, grad_g = norm of dG's cost/dθ_G,
    tail = width of p_g's tails over that of p_data's (`Probe.tail`), d_accuracy = share of real
    and of generated samples that D judges correctly, modes (captured), hq (fraction), reverse_kl,
    held = number of modes with at least `metrics.HELD` of their weight near them, leader = the mode
    nearest to most samples, lead = their share, entropy of p_g (of symbols). If a run has a finite
    set of training data: value_data = V on these data, overfit = value_data - value, data_distance:
    see `nearest`. If labels are given: jsd_labels = JSD of the pairs (x, label), which C(G) then
    uses, as |D - D*| is taken over pairs; obeyed = share of samples at which p_data's likeliest
    label is the one that G was given. If D learns the labels of a few points: accuracy and
    accuracy_alone, see `classes.accuracies`. If there is an encoder E: cycle_x and cycle_z, see
    `inference.cycles`; if D judges pairs (x, z), V has no maximum C(G) that is known, and c_g, gap
    and d_distance are NaN. If an average of G's weights is kept, also
    jsd_average, w1_average, modes_average and hq_average, of the G with these weights.
    picture: arrays with the names used in the live view's frames. beyond: see `Domain.beyond`.
    tail: as in metrics, if every run's p_data or latent has no mean.
    """

    specs: tuple[Spec, ...]
    iteration: int
    d_updates: int
    g_updates: int
    phase: int
    probes: tuple[Probe, ...]
    diverged: list[Divergence | None]
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    picture: dict[str, np.ndarray] = field(default_factory=dict)


def points_for(game: Game) -> int:
    """The number of latents from which p_g is estimated: fewer for a large G."""
    return POINTS // 8 if game.G.size > HEAVY else POINTS


def snapshot_of(
    state: State,
    specs: tuple[Spec, ...],
    diverged: Sequence[Divergence | None],
    points: int,
    metrics: dict[str, np.ndarray] | None = None,
    picture: dict[str, np.ndarray] | None = None,
) -> Snapshot:
    """The Snapshot of `state` with these metrics and this picture: see `Snapshot`."""
    return Snapshot(
        specs,
        state.iterations,
        state.d_updates,
        state.g_updates,
        state.phase,
        tuple(probe_for(s, points) for s in specs),
        list(diverged),
        metrics or {},
        picture or {},
    )


def take(
    game: Game,
    state: State,
    specs: tuple[Spec, ...],
    diverged: Sequence[Divergence | None],
    *,
    measure: bool = True,
    picture: bool = True,
    arrows: bool = True,
    points: int = POINTS,
    detail: str = "full",
    view: tuple[Probe, ...] | None = None,
    label: int = MEAN,
) -> Snapshot:
    """A Snapshot of `state`. measure, picture: which of its halves to compute.

    view: probes of the picture's axes, if they are not the targets' own (see `Probe.over`).
    arrows: whether a picture has grad_x and grad, which take half of its time. points: the number
    of quasi-random latents that estimate p_g where it is not an exact push-forward.
    detail: "full", or "coarse" for servers with many sessions. A coarse picture is correct but has
    fewer points, and an exact push-forward fewer intervals. Its time is mostly the dispatch of
    operations, so it uses few. label: the one whose D and D* a picture shows, if D is given labels;
    `MEAN` for the mean over all, by p_data(label | x).
    """
    shot = snapshot_of(state, specs, diverged, points)
    probes = shot.probes
    # Parameters are finite (a run keeps its last finite ones), but G may still overflow.
    with np.errstate(all="ignore"):
        if measure:
            players = Evaluation(game, state, specs, probes)
            enumerated = probes[0].domain.enumerated
            shot.metrics = symbols.measure(players) if enumerated else _measure(players)
        if picture:
            views = view or probes
            players = Evaluation(game, state, specs, views, label)
            draw = probes[0].domain.picture
            shot.picture = draw(players, views, DETAILS[detail], arrows)
            spread = shot.picture.pop("spread")
            shot.picture |= _shares(probes, spread)
            if any(spec.data_size for spec in specs) and not probes[0].domain.enumerated:
                rows_of = [nearest_histogram(s, x) for s, x in zip(specs, spread, strict=True)]
                shot.picture["distances"] = np.stack(rows_of)
    return shot


def _measure(players: Evaluation) -> dict[str, np.ndarray]:
    game, probes = players.game, players.probes
    z = rows([p.z for p in probes], players.device)
    some = probes[0].even(z) if probes[0].exact else z[:, :EXPECTATION]
    points = players.points
    half, unrolled = EXPECTATION // 2, game.rules.structure.unroll > 0

    def fewer(samples: torch.Tensor) -> torch.Tensor:
        # Every second quasi-random latent would be one half of the distribution.
        return evenly(samples, half) if probes[0].exact else samples[:, :half]

    if game.D.kernels:  # time grows with the square of the minibatch
        points, some = evenly(points, half), fewer(some)
    few, count = (fewer(some), half) if unrolled else (some, EXPECTATION)  # and with D's steps
    by_x, by_g, x, g_cost = players.gradients(few, evenly(points, count))
    if probes[0].exact or game.D.kernels or unrolled:
        gz = players.generate(z).cpu().numpy()
        if unrolled:  # of all of them, and NaN or infinite where G overflows
            x = players.made(some)
    else:  # G of the first latents is known already
        made = [finite(x[..., : game.rules.structure.dim])]
        if z.shape[1] > EXPECTATION:
            made.append(players.generate(z[:, EXPECTATION:]))
        gz = torch.cat(made, 1).cpu().numpy()
    masses = np.stack([p.masses(row[None])[0] for p, row in zip(probes, gz, strict=True)])
    jsds = [p.jsd(m[None]) for p, m in zip(probes, masses, strict=True)]
    out = {
        "jsd": np.array([j[0][0] for j in jsds]),
        "jsd_smooth": np.array([j[1][0] for j in jsds]),
        "w1": np.array(
            [p.w1(row[None], game.G.bounded)[0] for p, row in zip(probes, gz, strict=True)]
        ),
    }
    if (mean := players.average) is not None:
        out |= _of_average(probes, mean.generate(z).cpu().numpy(), game.G.bounded)
    out["tail"] = np.array([p.tail(row[None])[0] for p, row in zip(probes, gz, strict=True)])
    real, fake = players.judge(game.paired(players.state.g, points), x)
    value = theory.value(array(real), array(fake))
    out["value"] = value if game.loss.value else np.full(len(probes), np.nan)
    joint, own = out["jsd"], []
    if probes[0].weights:
        own = [p.label_masses(row[None])[0] for p, row in zip(probes, gz, strict=True)]
        rows_of = zip(probes, own, strict=True)
        joint = out["jsd_labels"] = np.array([p.jsd_with_labels(m[None])[0] for p, m in rows_of])
        out["obeyed"] = np.array([_obeyed(p, row) for p, row in zip(probes, gz, strict=True)])
    out["c_g"] = np.full(len(probes), np.nan) if game.joint else theory.c_g(joint)
    out["gap"] = out["c_g"] - out["value"]
    out["d_loss"] = array(game.loss.d(real, fake))
    out["g_loss"] = array(g_cost)
    if game.D.classes:
        out |= accuracies(players)
    if game.G.encoder is not None:
        out |= cycles(players, some)
    out["d_accuracy"] = _accuracy(game, real, fake)
    out["grad_x"] = array(by_x.norm(dim=2).mean(1))
    out["grad_g"] = array(by_g.norm(dim=1))
    if own:
        cells = [players.cells_by_label(r, own[r], x) for r in range(len(probes))]
    else:
        cells = [players.cells(r, masses[r], x) for r in range(len(probes))]
    out["d_distance"] = np.array([metrics.d_distance(d, star, weight) for d, star, weight in cells])
    scored = [samples(p, gz[r : r + 1])[0] for r, p in enumerate(probes)]
    if any(spec.data_size for spec in players.specs):
        out |= _on_data(players, array(fake), scored)
        out["overfit"] = out["value_data"] - value
    for name in ("modes", "hq", "reverse_kl", "held", "leader", "lead", "entropy"):
        out[name] = np.full(len(probes), np.nan)
    for r, probe in enumerate(probes):
        if probe.target.modes is not None:
            score = metrics.mode_score(scored[r], probe.target.modes)
            out["modes"][r], out["hq"][r] = score.captured, score.high_quality
            out["reverse_kl"][r] = score.reverse_kl
            near = near_shares(scored[r], probe.target.modes)
            out["held"][r] = (near >= metrics.HELD * probe.target.modes.weights).sum()
            out["leader"][r], out["lead"][r] = score.shares.argmax(), score.shares.max()
    return out


def _obeyed(probe: Probe, gz: np.ndarray) -> float:
    """The share of samples gz (n, dim) at which the label that G was given is the likeliest."""
    some = samples(probe, gz[None])[0]
    told = samples(probe, probe.z[None].numpy())[0, :, -len(probe.weights) :].argmax(1)
    near = np.clip(some, -FARTHEST, FARTHEST).astype(np.float64)
    return float((probe.target.posterior(near).argmax(1) == told).mean())


def _on_data(
    players: Evaluation, fake: np.ndarray, made: Sequence[np.ndarray]
) -> dict[str, np.ndarray]:
    """The metrics of finite training data: see `Snapshot`."""
    most = EXPECTATION // 2 if players.game.D.kernels else EXPECTATION
    values = [value_on_data(players, r, judged, most) for r, judged in enumerate(fake)]
    near = [nearest(spec, x) for spec, x in zip(players.specs, made, strict=True)]
    return {"value_data": np.array(values), "data_distance": np.array(near)}


def _accuracy(game: Game, real: torch.Tensor, fake: torch.Tensor) -> np.ndarray:
    """The mean of the shares of logits real and fake, (R, n), on the right side of D = ½: (R,)."""
    loss = game.loss
    centre = loss.centre(real, fake)
    right = loss.shown(real - centre) > 0.5, loss.shown(fake - centre) < 0.5
    return array((right[0].double().mean(1) + right[1].double().mean(1)) / 2)


def _of_average(probes: Sequence[Probe], gz: np.ndarray, bounded: bool) -> dict[str, np.ndarray]:
    """The metrics of the average of G's weights: see `Snapshot`."""
    out: dict[str, list[float]] = {f"{name}_average": [] for name in ("jsd", "w1", "modes", "hq")}
    for probe, row in zip(probes, gz, strict=True):
        out["jsd_average"].append(probe.jsd(probe.masses(row[None]))[0][0])
        out["w1_average"].append(probe.w1(row[None], bounded)[0])
        score = None
        if probe.target.modes is not None:
            score = metrics.mode_score(samples(probe, row[None])[0], probe.target.modes)
        out["modes_average"].append(np.nan if score is None else float(score.captured))
        out["hq_average"].append(np.nan if score is None else float(score.high_quality))
    return {name: np.array(values, np.float64) for name, values in out.items()}


def samples(probe: Probe, gz: np.ndarray) -> np.ndarray:
    """At most `_SCORED` of G(z) (R, n, dim), spread over all latents."""
    # The latents of an exact probe are sorted: its first ones would cover one side of p_g only.
    gz = probe.even(gz)
    return gz[:, :: math.ceil(gz.shape[1] / _SCORED)] if probe.exact else gz[:, :_SCORED]


def _shares(probes: Sequence[Probe], fakes: np.ndarray) -> dict[str, np.ndarray]:
    """Fraction of `fakes` (R, n, dim) nearest to each mode; points far away belong to none."""
    if any(p.target.modes is None for p in probes):
        return {}
    return {"shares": np.stack([_share(p, f) for p, f in zip(probes, fakes, strict=True)])}


def _share(probe: Probe, x: np.ndarray) -> np.ndarray:
    modes, box = probe.target.modes, probe.target.box
    assert modes is not None
    centers, count = modes.centers.astype(np.float32), len(x)
    reach = box[:, 1] - box[:, 0]  # farther from the box than its width, no mode is nearest
    far = np.stack([box[:, 0] - reach, box[:, 1] + reach], 1)
    if not within(x, far):
        x = x[((x >= far[:, 0]) & (x <= far[:, 1])).all(1)]
    if (modes.std == modes.std[0]).all():
        nearest = ((centers**2).sum(1) - 2 * x @ centers.T).argmin(1)
    else:  # the nearest in units of each mode's σ
        away = ((x[:, None] - centers) ** 2).sum(-1) / (modes.std**2).astype(np.float32)
        nearest = away.argmin(1)
    return np.bincount(nearest, minlength=len(centers)) / count
