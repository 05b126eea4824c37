"""Evaluation of G and D of R runs at points, on which pictures and metrics are based."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import torch

from ganlab.domains import Probe
from ganlab.domains.picture import MEAN
from ganlab.engine.fusing import Function
from ganlab.engine.game import Game, evenly
from ganlab.engine.generate import PIECE, generate, infer, statistics
from ganlab.engine.likely import likely
from ganlab.engine.state import State
from ganlab.engine.tracing import TRACES
from ganlab.losses import every_pair
from ganlab.networks.labels import beside, one_hot
from ganlab.spec import Spec

Number = TypeVar("Number", torch.Tensor, np.ndarray)

LEAST = 1e-9  # of the largest mass of a cell and label: others have no effect on a mean
FACED = 256  # samples of each kind on which D is unrolled for the arrows


class Evaluation:
    """The players of R runs at one State. probes: one for each run, with the axes shown.

    Points at which D is evaluated have their labels beside them, if there are any: see `Game.told`.
    label: the one whose D and D* are shown; `MEAN`: the mean over labels, by p_data(label | x).

    What it computes is traced once it has been computed a few times: see `tracing`.
    """

    def __init__(
        self,
        game: Game,
        state: State,
        specs: tuple[Spec, ...],
        probes: Sequence[Probe],
        label: int = MEAN,
    ):
        self.game, self.state, self.specs, self.probes = game, state, specs, probes
        self.label = label
        self.device = state.g.device

    @cached_property
    def reals(self) -> torch.Tensor:
        """The probes' points of p_data as D sees them, (R, m, ...): see `Game.paired`."""
        return self.game.paired(self.state.g, self.points)

    @cached_property
    def points(self) -> torch.Tensor:
        """The probes' points of p_data with their labels, (R, m, dim + labels)."""
        first, *others = self.probes
        if all(probe is first for probe in others):
            return first.told.to(self.device).expand(len(self.probes), *first.told.shape)
        return rows([probe.told for probe in self.probes], self.device)

    @cached_property
    def _faced(self) -> torch.Tensor:
        """`reals` on which D is unrolled for the arrows."""
        return evenly(self.reals, FACED)

    @property
    def _widths(self) -> np.ndarray:
        """The widths of the axes, (R, 1, 1)."""
        boxes = [probe.target.box for probe in self.probes]
        return np.array([[[box[0, 1] - box[0, 0]]] for box in boxes])

    def generate(self, z: torch.Tensor) -> torch.Tensor:
        """See `generate`."""
        return generate(self.game, self.state.g, z)

    def made(self, z: torch.Tensor) -> torch.Tensor:
        """G(z) as D sees it, also if infinite: (R or 1, n, in) -> (R, n, dim + labels)."""

        def seen(g: torch.Tensor, z: torch.Tensor, *typical: torch.Tensor) -> tuple[torch.Tensor]:
            z = z.expand(len(g), -1, -1)
            x = self.game.G(g, z, *(t.to(z).expand(len(z), -1, -1) for t in typical))
            return (self.game.told(x, z),)

        return self._traced(seen, self.state.g, z, *statistics(self.game))[0]

    @property
    def average(self) -> Evaluation | None:
        """The same with the average of G's weights; None if no average is kept."""
        mean = self.game.average(self.state)
        if mean is None:
            return None
        state = replace(self.state, g=mean)
        return Evaluation(self.game, state, self.specs, self.probes, self.label)

    def told(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """See `Game.told`."""
        return self.game.told(x, z.to(x))

    def gradients(
        self, z: torch.Tensor, real: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """At x = G(z): d cost/dx of one sample (R, n, dim), d cost/dθ_G (R, P), x, cost (R,).

        x is as D sees it: with its labels beside it; real: (R, m, dim + labels), see `points`.

        With an unrolled D the gradients include its updates on `real` and x.
        """
        game, typicals = self.game, statistics(self.game)

        def gradients(
            g: torch.Tensor, d: torch.Tensor, z: torch.Tensor, real: torch.Tensor,
            numbers: torch.Tensor, *rest: torch.Tensor,
        ) -> tuple[torch.Tensor, ...]:  # fmt: skip
            slots, typical = (rest[:-1], rest[-1:]) if typicals else (rest, ())
            now = game.with_numbers(numbers)
            with torch.enable_grad():
                g = g.detach().requires_grad_()
                x = now.G(g, z, *(t.to(z).expand(len(z), -1, -1) for t in typical))
                seen = now.told(x, z)
                real = now.paired(g, real)
                faced = now.faced(replace(self.state, d=d, d_slots=slots), real, seen)
                cost = now.g_cost(faced, real, seen)
                by_x, by_g = torch.autograd.grad(cost.sum(), (x, g))
            return by_x * z.shape[1], by_g, seen.detach(), cost.detach()

        state = self.state
        by_x, by_g, x, cost = self._traced(
            gradients, state.g, state.d, z, real, game.numbers(state), *self._slots, *typicals
        )
        return by_x, by_g, x, cost

    def field(self, points: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """D(x) as it is drawn, at points (R, n, dim) beside generated ones: (R, n)."""
        made, points = made.to(self.device), points.to(self.device)
        return self._drawn(slice(None), points, made)

    def _drawn(self, runs: slice, points: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        if not self.game.rules.structure.labels:
            return self._judged(runs, points, made)
        n = points.shape[1]
        if self.label != MEAN:
            return self._of_label(runs, points, made, self.label)
        targets = [probe.target for probe in self.probes[runs]]
        at, which, share = (part.to(self.device) for part in likely(targets, points))
        own = one_hot(which, self.game.rules.structure.labels)
        picked = points.gather(1, at[..., None].expand(-1, -1, points.shape[2]))
        shown = self._judged(runs, beside(picked, own), made) * share
        return shown.new_zeros(len(shown), n).scatter_add_(1, at, shown)

    def _of_label(
        self, runs: slice, points: torch.Tensor, made: torch.Tensor, label: int
    ) -> torch.Tensor:
        """D of one label as it is drawn, at points (R, n, dim)."""
        count = self.game.rules.structure.labels
        own = one_hot(torch.tensor(label), count).to(points).expand(*points.shape[:2], count)
        return self._judged(runs, beside(points, own), made)

    def _judged(self, runs: slice, points: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """D as it is drawn, at points with their labels if there are any, and with E(x)."""
        game = self.game
        points = game.paired(self.state.g[runs], points)

        def drawn(
            d: torch.Tensor, points: torch.Tensor, real: torch.Tensor, made: torch.Tensor
        ) -> tuple[torch.Tensor]:
            return (game.drawn(d, game.at(d, points, made), real, made),)

        (shown,) = self._traced(drawn, self.state.d[runs], points, self.reals[runs], made)
        return shown

    def cells(self, run: int, mass: np.ndarray, made: torch.Tensor) -> tuple[np.ndarray, ...]:
        """D and D* at the cell centres of one run's probe, and (p_data + p_g)/2, all flat.

        mass: of p_g, or of p_g given the label that is shown.
        D* is NaN if the loss has no pointwise optimum, and where both densities are 0.
        """
        probe, row = self.probes[run], slice(run, run + 1)
        shown = self._drawn(row, probe.grid[None].to(self.device), made[row])[0]
        one = self.label != MEAN and probe.weights
        p = probe.inside(probe.parts[self.label] if one else probe.p_data)
        q = probe.inside(mass)
        return array(shown), self._best(run, p, q), (p + q) / 2

    def _best(self, run: int, p: np.ndarray, q: np.ndarray) -> np.ndarray:
        """D* where p_data and p_g have the masses p and q."""
        best, spec = self.game.loss.optimal, self.specs[run]
        if best is None:
            return np.full(p.shape, np.nan)
        return best(p, q, spec.smooth_real, spec.smooth_fake)

    def cells_by_label(
        self, run: int, masses: np.ndarray, made: torch.Tensor
    ) -> tuple[np.ndarray, ...]:
        """D(x, y), D*(x, y) and p(y) (p_data + p_g)/2 in the cells where that is above 0, flat.

        masses (K, cells + outside): of p_g given each label y.
        """
        probe, row = self.probes[run], slice(run, run + 1)
        p, q = probe.inside(probe.parts), probe.inside(masses)
        weight = np.array(probe.weights)[:, None] * (p + q) / 2
        label, cell = np.nonzero(weight > LEAST * weight.max())
        # The number of points is rounded up, so that few shapes are traced.
        pad = np.arange(-(-len(cell) // PIECE) * PIECE) % len(cell)
        own = one_hot(torch.from_numpy(label[pad]), len(probe.weights))
        points = beside(probe.grid[cell[pad]], own)[None].to(self.device)
        shown = array(self._judged(row, points, made[row])[0])[: len(cell)]
        star = self._best(run, p[label, cell], q[label, cell])
        return shown, star, weight[label, cell]

    def infer(self, x: torch.Tensor) -> torch.Tensor:
        """See `infer`."""
        return infer(self.game, self.state.g, x)

    def cycle(self, count: int) -> dict[str, np.ndarray]:
        """`count` points x of p_data, E(x) and G(E(x)); empty without E.

        cycle_from (R, count, dim): x; cycle_z (R, count, latent_dim): E(x); cycle_to (R, count,
        dim): G(E(x)).
        """
        if self.game.G.encoder is None:
            return {}
        apart = max(1, self.points.shape[1] // count)
        x = self.points[:, apart // 2 :: apart][:, :count]  # the middles of equal shares
        z = self.infer(x)
        structure = self.game.rules.structure
        found = {"from": x[..., : structure.dim], "z": z[..., : structure.latent_dim]}
        found["to"] = self.generate(z)
        return {f"cycle_{name}": part.cpu().numpy() for name, part in found.items()}

    def judge(self, real: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """D's logits of minibatches of samples real and x, (R, n, dim): see `Game.logits`."""
        of_real, of_x = self.judged(slice(None), real, x)
        return of_real, of_x

    def judged(self, runs: slice, *seen: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """D's logits of minibatches of some runs, each (runs, n, dim): see `Game.logits`."""
        game = self.game

        def judge(d: torch.Tensor, *seen: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(game.logits(d, x) for x in seen)

        d = self.state.d[runs]
        if len(d) == 1 or self.device.type != "cpu" or sum(x.shape[1] for x in seen) < PIECE:
            return self._traced(judge, d, *seen)
        # One run after the other, so that their activations stay in the cache.
        rows = (slice(r, r + 1) for r in range(len(d)))
        judged = [self._traced(judge, d[row], *(x[row] for x in seen)) for row in rows]
        return tuple(torch.cat(of) for of in zip(*judged, strict=True))

    def classes(self, points: torch.Tensor, runs: slice) -> tuple[np.ndarray, ...]:
        """The likeliest class at points (R, n, dim) by D, and by the net beside it: (R, n)."""
        game = self.game

        def classes(d: torch.Tensor, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(out.argmax(2) for out in game.D.classify(d, points))

        found = self._traced(classes, self.state.d[runs], points.to(self.device))
        return tuple(one.cpu().numpy() for one in found)

    def arrows(self, made: torch.Tensor, x: torch.Tensor) -> dict[str, np.ndarray]:
        """Points x (R, n, dim) and, for each, the displacement that lowers G's cost.

        The cost uses the D that G faces: unrolled, if that is on, on `made` (R, n, dim), outputs of
        G. Lengths are `arrow_length` times the box's width.
        """
        game, state = self.game, self.state
        match, compares = "feature_matching" in game.strengths, game.loss.g_sees_real
        looks = match or compares or game.rules.structure.unroll > 0
        made, x = evenly(made, FACED), x.detach()

        def push(
            d: torch.Tensor, made: torch.Tensor, x: torch.Tensor, widths: torch.Tensor,
            numbers: torch.Tensor, *rest: torch.Tensor,
        ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
            now, (slots, real) = game.with_numbers(numbers), (rest[:-1], rest[-1])
            if looks:
                d = now.faced(replace(state, d=d, d_slots=slots), real, made).detach()
            with torch.enable_grad():
                # Costs of means depend on all samples jointly, not on each alone.
                seen = torch.cat([x, made], 1) if match or compares else x
                seen = seen.detach().requires_grad_()
                if match:
                    cost = now.g_cost(d, real, seen)
                elif compares:
                    cost = now.loss.g(*every_pair(now.at(d, real, made), now.at(d, seen, made)))
                else:
                    cost = now.loss.g(None, now.at(d, seen, made))
                (by_x,) = torch.autograd.grad(cost.sum(), seen)
            # NaN has no direction: omit it, so that it is not drawn as a gradient of 0.
            by_x = (by_x * seen.shape[1])[:, : x.shape[1], : game.rules.structure.dim]
            by_x = by_x.clamp(-1e15, 1e15)
            norm = by_x.norm(dim=2, keepdim=True).clamp_min(1e-30)
            return x[..., : game.rules.structure.dim].clone(), (
                -by_x / norm * arrow_length(norm) * widths
            )

        widths = torch.from_numpy(self._widths).to(x)
        inputs = state.d, made, x, widths, game.numbers(state), *self._slots, self._faced
        grad_x, grad = self._traced(push, *inputs)
        return {"grad_x": grad_x.cpu().numpy(), "grad": grad.cpu().numpy()}

    @property
    def _slots(self) -> tuple[torch.Tensor, ...]:
        """D's slots, if D is unrolled."""
        return self.state.d_slots if self.game.rules.structure.unroll else ()

    def _traced(self, function: Function, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        key = function.__name__, self.game.rules.structure
        return TRACES.call(key, function, *tensors)


def arrow_length(norm: Number) -> Number:
    """The length at which a gradient of this norm is drawn, as a share of the box's width.

    It is the same at any time, so that a vanishing gradient looks small and none leaves the
    picture. Elementwise, of tensors or arrays.
    """
    return 0.15 * norm / (norm + 0.4)


def rows(tensors: Sequence[torch.Tensor], device: torch.device) -> torch.Tensor:
    """One tensor for each run, of any shape, stacked: (R, ...)."""
    return (torch.stack(list(tensors)) if len(tensors) > 1 else tensors[0][None]).to(device)


def array(x: torch.Tensor) -> np.ndarray:
    """A NumPy array of the same shape in double precision."""
    return x.detach().cpu().double().numpy()
