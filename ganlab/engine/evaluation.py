"""Evaluation of G and D of R runs at points, on which pictures and metrics are based."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch

from ganlab.domains import Probe
from ganlab.engine.game import Game, evenly
from ganlab.engine.state import State
from ganlab.losses import every_pair
from ganlab.spec import Spec

PIECE = 2048  # samples generated at once, so that their activations stay in the cache
FACED = 256  # samples of each kind on which D is unrolled for the arrows


class Evaluation:
    """The players of R runs at one State. probes: one for each run, with the axes shown."""

    def __init__(self, game: Game, state: State, specs: tuple[Spec, ...], probes: Sequence[Probe]):
        self.game, self.state, self.specs, self.probes = game, state, specs, probes
        self.device = state.g.device

    @cached_property
    def reals(self) -> torch.Tensor:
        """The probes' points of p_data, (R, m, dim)."""
        first, *others = self.probes
        if all(probe is first for probe in others):
            return first.x.to(self.device).expand(len(self.probes), *first.x.shape)
        return rows([probe.x for probe in self.probes], self.device)

    @property
    def _widths(self) -> np.ndarray:
        """The widths of the axes, (R, 1, 1)."""
        boxes = [probe.target.box for probe in self.probes]
        return np.array([[[box[0, 1] - box[0, 0]]] for box in boxes])

    def generate(self, z: torch.Tensor) -> torch.Tensor:
        """See `generate`."""
        return generate(self.game, self.state.g, z)

    @property
    def average(self) -> Evaluation | None:
        """The same with the average of G's weights; None if no average is kept."""
        mean = self.game.average(self.state)
        if mean is None:
            return None
        return Evaluation(self.game, replace(self.state, g=mean), self.specs, self.probes)

    def gradients(
        self, z: torch.Tensor, real: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """At x = G(z): d cost/dx of one sample (R, n, dim), d cost/dθ_G (R, P), x, cost (R,).

        With an unrolled D the gradients include its updates on `real` and x.
        """
        game, state = self.game, self.state
        with torch.enable_grad():
            g = state.g.detach().requires_grad_()
            x = game.make(g, z)
            cost = game.g_cost(game.faced(state, real, x), real, x)
            by_x, by_g = torch.autograd.grad(cost.sum(), (x, g))
        return by_x * z.shape[1], by_g, x, cost

    def field(self, points: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """D(x) as it is drawn, at points (R, n, dim) in the company of generated ones: (R, n)."""
        game, d, made = self.game, self.state.d, made.to(self.device)
        with torch.no_grad():
            return game.drawn(d, game.at(d, points.to(self.device), made), self.reals, made)

    def cells(self, run: int, mass: np.ndarray, made: torch.Tensor) -> tuple[np.ndarray, ...]:
        """D and D* at the cell centres of one run's probe, and (p_data + p_g)/2, all flat.

        D* is NaN if the loss has no pointwise optimum, and where both densities are 0.
        """
        game, probe, row = self.game, self.probes[run], slice(run, run + 1)
        d, made = self.state.d[row], made[row]
        with torch.no_grad():
            logits = game.at(d, probe.grid[None].to(self.device), made)
            shown = game.drawn(d, logits, self.reals[row], made)[0]
        p, q = probe.inside(probe.p_data), probe.inside(mass)
        best, spec = game.loss.optimal, self.specs[run]
        star = np.full(p.shape, np.nan)
        if best is not None:
            star = best(p, q, spec.smooth_real, spec.smooth_fake)
        return array(shown), star, (p + q) / 2

    def arrows(self, made: torch.Tensor, x: torch.Tensor) -> dict[str, np.ndarray]:
        """Points x (R, n, dim) and, for each, the displacement that lowers G's cost.

        The cost uses the D that G faces: unrolled, if that is on, on `made` (R, n, dim), outputs of
        G. A gradient of norm n is drawn with length 0.15 n / (n + 0.4) times the box's width, at
        any time, so that a vanishing gradient looks small and none leaves the picture.
        """
        game = self.game
        d, made, x = self.state.d, evenly(made, FACED), x.detach()
        match, compares = "feature_matching" in game.strengths, game.loss.g_sees_real
        reals: torch.Tensor | None = None
        if match or compares or game.rules.structure.unroll:
            reals = evenly(self.reals, FACED)
            d = game.faced(self.state, reals, made).detach()
        with torch.enable_grad():
            # Costs of means depend on all samples jointly, not on each alone.
            seen = torch.cat([x, made], 1) if match or compares else x
            seen = seen.detach().requires_grad_()
            if match and reals is not None:
                cost = game.g_cost(d, reals, seen)
            elif compares and reals is not None:
                cost = game.loss.g(*every_pair(game.at(d, reals, made), game.at(d, seen, made)))
            else:
                cost = game.loss.g(None, game.at(d, seen, made))
            (by_x,) = torch.autograd.grad(cost.sum(), seen)
        # NaN has no direction: omit it, so that it is not drawn as a gradient of 0.
        by_x = (by_x * seen.shape[1])[:, : x.shape[1]].clamp(-1e15, 1e15)
        norm = by_x.norm(dim=2, keepdim=True).clamp_min(1e-30)
        length = 0.15 * norm / (norm + 0.4) * torch.from_numpy(self._widths).to(norm)
        return {"grad_x": x.detach().cpu().numpy(), "grad": (-by_x / norm * length).cpu().numpy()}


def generate(game: Game, g: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """G(z) of parameters g (R, P): z (n, latent_dim) for all, or (R, n, latent_dim) -> (R, n, dim).

    The result is finite: overflow is replaced by values far outside any picture.
    """
    if z.ndim == 2:
        z = z.expand(len(g), *z.shape)
    z = z.to(g.device)
    with torch.no_grad():
        pieces = [game.make(g, piece) for piece in z.split(PIECE, 1)]
        made = torch.cat(pieces, 1) if len(pieces) > 1 else pieces[0]
        # NaN has no sign: it stays where it cannot be placed.
        return torch.nan_to_num(made, nan=1e30, posinf=1e30, neginf=-1e30)


def rows(tensors: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
    """One tensor for each run, of any shape, stacked: (R, ...)."""
    return (torch.stack(list(tensors)) if len(tensors) > 1 else tensors[0][None]).to(device)


def array(x: torch.Tensor) -> np.ndarray:
    """A NumPy array of the same shape in double precision."""
    return x.detach().cpu().double().numpy()
