"""Metrics of runs whose x are symbols: sums over all strings, not over samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from ganlab import metrics, theory
from ganlab.domains import Probe
from ganlab.domains.symbols import fixed_noise
from ganlab.domains.symbols_probe import SymbolsProbe
from ganlab.engine.draws import data_set
from ganlab.engine.evaluation import Evaluation, array, rows
from ganlab.engine.game import Game
from ganlab.engine.state import State
from ganlab.estimators import by_score, hard, log_share, seen
from ganlab.optim import Number

_SAMPLES = 2048  # latents behind the losses and the gradients


def temperature(game: Game, state: State) -> Number:
    """The temperature of G's next update, a number or (R, 1)."""
    return game.rules.given(game.next_numbers("G", state)).temperature


def samples(
    game: Game, state: State, g: torch.Tensor, z: torch.Tensor, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """What D sees of G with parameters g (R, P) at z (R, n, latent_dim): see `Costs.made`.

    noise: Gumbel numbers (R or 1, n, dim).
    """
    letters, entry = game.rules.structure.letters, game.rules.structure.symbols
    assert entry is not None
    a = game.make(g, z)
    drawn = noise.to(a).expand_as(a) if entry.samples else None
    x = seen(entry, a, letters, drawn, temperature(game, state))
    return x, log_share(a, x, letters) if entry.scored else None


def g_cost(
    game: Game, d: torch.Tensor, real: torch.Tensor, x: torch.Tensor, score: torch.Tensor | None
) -> torch.Tensor:
    """G's cost (R,), without noise, differentiable as the estimator says."""
    if score is None:
        return game.g_cost(d, real, x)
    return by_score(game.loss.g, game.logits(d, x), score, game.rules.structure.baseline)


def draw(logits: torch.Tensor, letters: int, noise: torch.Tensor | None) -> torch.Tensor:
    """Symbols of logits (..., dim) as one-hot vectors; the most probable ones without noise."""
    return hard(logits if noise is None else logits + noise, letters)


def measure(players: Evaluation) -> dict[str, np.ndarray]:
    """The metrics of `Snapshot` that symbols have, each (R,); the others are NaN.

    jsd, value, c_g, gap, d_distance, d_accuracy, modes (covered), hq (the valid share) and entropy
    (nats) are sums over all strings; losses and gradients are those of 2,048 samples.
    """
    game, state, probes = players.game, players.state, players.probes
    z = rows([p.z for p in probes], players.device)
    masses = _masses(players, z)
    out = {name: np.full(len(probes), np.nan) for name in _NONE}
    out["jsd"] = theory.jsd(masses, np.stack([p.p_data for p in probes]))
    out["jsd_smooth"] = out["jsd"]
    if (mean := players.average) is not None:
        also = _masses(mean, z)
        out["jsd_average"] = theory.jsd(also, np.stack([p.p_data for p in probes]))
        out["w1_average"] = out["w1"]
        out |= {f"{name}_average": values for name, values in _cover(probes, also).items()}
    out |= _cover(probes, masses)
    with np.errstate(divide="ignore", invalid="ignore"):
        out["entropy"] = -np.where(masses > 0, masses * np.log(masses), 0).sum(1)
    out["reverse_kl"] = np.full(len(probes), np.nan)
    some = z[:, :_SAMPLES]
    reals = players.reals[:, :_SAMPLES]
    noise = fixed_noise(some.shape[1], reals.shape[2])
    with torch.enable_grad():
        g = state.g.detach().requires_grad_()
        x, score = samples(game, state, g, some, noise)
        seen_by_d = x.detach().requires_grad_() if score is not None else x
        cost = g_cost(game, game.faced(state, reals, seen_by_d), reals, seen_by_d, score)
        by_g = torch.autograd.grad(cost.sum(), g, retain_graph=True)[0]
        if score is None:
            by_x = torch.autograd.grad(cost.sum(), x)[0] * x.shape[1]
            out["grad_x"] = array(by_x.norm(dim=2).mean(1))
    with torch.no_grad():
        words = rows([p.grid for p in probes], players.device)
        logits, real, fake = (game.logits(state.d, v) for v in (words, reals, x.detach()))
    out["d_loss"], out["g_loss"] = array(game.loss.d(real, fake)), array(cost)
    out["grad_g"] = array(by_g.norm(dim=1))
    if game.loss.value:
        p, q = np.stack([p.p_data for p in probes]), masses
        out["value"] = -(p * array(F.softplus(-logits)) + q * array(F.softplus(logits))).sum(1)
        if any(spec.data_size for spec in players.specs):
            out["value_data"] = _value_on_data(players, masses, logits)
            out["overfit"] = out["value_data"] - out["value"]
    out["c_g"] = theory.c_g(out["jsd"])
    out["gap"] = out["c_g"] - out["value"]
    reference = hard(x.detach(), game.rules.structure.letters)
    cells = [players.cells(r, masses[r], reference) for r in range(len(probes))]
    out["d_distance"] = np.array([metrics.d_distance(d, star, weight) for d, star, weight in cells])
    out["d_accuracy"] = np.array(
        [
            (p.p_data[d > 0.5].sum() + m[d < 0.5].sum()) / 2
            for p, m, (d, _, _) in zip(probes, masses, cells, strict=True)
        ]
    )
    return out


_NONE = ("w1", "tail", "value", "grad_x", "held", "leader", "lead")


def _value_on_data(players: Evaluation, masses: np.ndarray, logits: torch.Tensor) -> np.ndarray:
    """V(D, G) with the expectation over the training data; NaN without a finite set of them."""
    fake = (masses * array(F.softplus(logits))).sum(1)
    out = np.full(len(masses), np.nan)
    for run, spec in enumerate(players.specs):
        if (points := data_set(spec)) is not None:
            one = slice(run, run + 1)
            seen_by_d = points[None].to(players.device)
            with torch.no_grad():
                real = players.game.logits(players.state.d[one], seen_by_d)
            out[run] = -array(F.softplus(-real)).mean() - fake[run]
    return out


def _masses(players: Evaluation, z: torch.Tensor) -> np.ndarray:
    made = players.generate(z).cpu().numpy()
    pairs = zip(players.probes, made, strict=True)
    return np.stack([probe.masses(row[None])[0] for probe, row in pairs])


def _cover(probes: Sequence[Probe], masses: np.ndarray) -> dict[str, np.ndarray]:
    found = [p for p in probes if isinstance(p, SymbolsProbe)]
    return {
        "modes": np.array([p.covered(m) for p, m in zip(found, masses, strict=True)]),
        "hq": np.array([p.valid(m) for p, m in zip(found, masses, strict=True)]),
    }
