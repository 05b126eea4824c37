"""Rules with the numbers of R runs: updates from a State, and evaluation of D and G."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Self

import torch

from ganlab.engine.draws import reference
from ganlab.engine.hypers import Numbers, hypers
from ganlab.engine.optimum import Draw, OptimalD
from ganlab.engine.rules import Rules
from ganlab.engine.state import State, Update
from ganlab.engine.structure import Structure
from ganlab.engine.turns import Turns
from ganlab.latents import LATENTS, quasi_random
from ganlab.networks.labels import beside, one_hot, proportional
from ganlab.optim import Number
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS, over

_BESIDE = 64  # generated samples beside a point, if D compares samples
_TYPICAL = 2048  # latents whose statistics stand for all, where G has batch norm
_LEVEL = 256  # samples of each kind that estimate the mean logit, if D's offset is arbitrary


def evenly(x: torch.Tensor, count: int) -> torch.Tensor:
    """`count` of the samples x (R, n, dim), evenly spaced in their order; x if n is smaller."""
    n = x.shape[1]
    if n <= count:
        return x
    if n % count == 0:
        return x[:, :: n // count]
    return x[:, torch.arange(count, device=x.device) * n // count]


class Game:
    """Rules with the numbers of R runs that share them; holds no parameters.

    fixed: the runs' reference batches of G's inputs (R, N, in), or None; typical: inputs (N, in)
    that represent all inputs, whose statistics G uses in evaluation.
    """

    def __init__(
        self,
        specs: tuple[Spec, ...],
        device: torch.device,
        fixed: torch.Tensor | None = None,
        typical: torch.Tensor | None = None,
    ):
        self.rules = Rules(Structure.of(specs[0]))
        self.G, self.D, self.loss = self.rules.G, self.rules.D, self.rules.loss
        self.fixed = fixed
        self._typical = typical
        self._given: list[Number] = []  # see `with_numbers`

        def number(values: list[float]) -> Number:
            if len(set(values)) == 1:
                return values[0]
            return torch.tensor(values, dtype=torch.float64, device=device).unsqueeze(1)

        self.d_hyper, self.g_hyper, self.strengths = hypers(specs, number)
        self.specs, self.turns = specs, Turns.of(specs[0])

    @cached_property
    def each(self) -> list[Numbers]:
        """For each run, D's and G's Hyper and the strengths, all as plain numbers."""
        return [hypers((spec,), lambda values: values[0]) for spec in self.specs]

    @classmethod
    def of(cls, specs: tuple[Spec, ...], device: torch.device) -> Self:
        """The Game of Specs that share their `Structure`, with what its rules ask for."""
        rules = Rules(Structure.of(specs[0]))
        typical = None
        if rules.structure.g_norm != "none":
            typical = torch.from_numpy(quasi_random(specs[0].p_z, specs[0].latent_dim, _TYPICAL))
            if weights := specs[0].label_weights:
                told = one_hot(proportional(_TYPICAL, weights), len(weights))
                typical = beside(typical, told)
        return cls(specs, device, reference(specs, rules, device), typical)

    def next_numbers(self, player: str, state: State, rules: Rules | None = None) -> list[Number]:
        """The numbers of the next update of `player`, by these rules or by `rules`."""
        numbers = (rules or self.rules).numbers(
            player,
            state.d_updates,
            state.g_updates,
            state.iterations,
            self.d_hyper,
            self.g_hyper,
            self.strengths,
        )
        return [n.to(state.g.dtype) if torch.is_tensor(n) else n for n in numbers]

    def after(self, player: str, state: State, draw: Draw) -> Update:
        """The next update of `player`; `draw(player, name, number)` returns its random numbers."""
        if player == "D" and self.to_optimum:
            return self.optimal_d(state, draw).update([s.d_to_optimum for s in self.specs])
        n = self.number(player, state)
        drawn = {name: draw(player, name, n) for name in self.rules.draws(player)}
        return self.rules.update(
            player,
            state.g,
            state.d,
            state.g_slots,
            state.d_slots,
            self.next_numbers(player, state),
            drawn,
            self.fixed,
        )

    @property
    def to_optimum(self) -> bool:
        """Whether an update of D trains it to its optimum: see `ganlab.engine.optimum`."""
        return self.specs[0].d_to_optimum > 0

    def optimal_d(self, state: State, draw: Draw) -> OptimalD:
        """D's optimum for the G in `state`."""
        return OptimalD(self.rules, self.each, state, draw)

    def number(self, player: str, state: State) -> int:
        """The number of the draws of the next update of `player`.

        If it trains D to its optimum, that of the first of the minibatches, which stay the same.
        """
        if player == "D":
            return 0 if self.to_optimum else state.d_updates
        return state.g_updates

    def average(self, state: State) -> torch.Tensor | None:
        """The running average of G's weights, (R, P_G); None if none is kept."""
        names = self.rules.slots("G")
        return state.g_slots[names.index("g_average")] if "g_average" in names else None

    # -- evaluation --------------------------------------------------------------------------------

    def told(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """Outputs x (R, n, dim) of G at inputs z (..., n, in), as D sees them: with their labels.

        The result is (R, n, dim + labels): x itself, if there are no labels; and if D judges pairs,
        (R, n, dim + latent_dim + labels). So it is for all points at which D is evaluated below.
        """
        more = self.rules.structure.labels + self.rules.structure.latent_dim * self.joint
        if not more:
            return x
        return beside(x, z[..., -more:].expand(len(x), -1, -1))

    @property
    def joint(self) -> bool:
        """Whether D judges pairs (x, z)."""
        return self.rules.structure.joint

    def paired(self, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Points x (R, n, dim + labels) of p_data as D sees them: with E(x), if it judges pairs."""
        if not self.joint:
            return x
        dim = self.rules.structure.dim
        return torch.cat([x[..., :dim], self.G.encode(g, x), x[..., dim:]], 2)

    def _apart(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Points as D sees them, and their labels: see `told`."""
        if not self.rules.structure.labels:
            return x, None
        width = self.rules.structure.width
        return x[..., :width], x[..., width:]

    def make(
        self,
        g: torch.Tensor,
        z: torch.Tensor,
        run: int | None = None,
        labels: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """G(z) of z (R, n, latent_dim), each sample alone: (R, n, dim).

        run: the number of the run if g and z belong to a single one (R = 1). labels: one-hot
        (R, n, labels), if G has labels and they are not in z yet.
        """
        inputs, typical = beside(z, labels), self.statistics(run)
        if typical is None:
            return self.G(g, inputs)
        return self.G(g, inputs, typical.to(z).expand(len(z), -1, -1))

    def statistics(self, run: int | None = None) -> torch.Tensor | None:
        """Inputs whose statistics G uses in evaluation; None if not needed.

        (R, N, in), or (1, N, in) if they are one run's or the same for all.
        """
        if self.fixed is not None:
            return self.fixed if run is None else self.fixed[run : run + 1]
        if self.G.norm == "none" or self._typical is None:
            return None
        return self._typical[None]

    def logits(
        self, d: torch.Tensor, x: torch.Tensor, labels: torch.Tensor | None = None
    ) -> torch.Tensor:
        """D's logits of minibatches: (R, P_D), (R, n, dim) -> (R, n').

        labels: one-hot (R, n, labels), if D has labels and they are not in x yet. n' = n if D
        judges each sample alone. Otherwise x is cut into whole minibatches as in training, each of
        samples that are far apart in order; samples that are left over are dropped evenly.
        """
        D, batch, x = self.D, self.rules.structure.batch, beside(x, labels)
        if not D.joint:
            return D.judge(d, x)[0]
        groups = x.shape[1] // batch
        if not groups:  # fewer than a minibatch: repeat them
            x, groups = x.repeat(1, -(-batch // x.shape[1]), 1), 1
        # Neighbouring points are similar: a minibatch takes every groups-th point.
        x = evenly(x, groups * batch)
        x = x.unflatten(1, (batch, groups)).transpose(1, 2).flatten(1, 2)
        return D.judge(d, D.packed(x), group=batch // D.pack)[0]

    def at(self, d: torch.Tensor, x: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """D's logit at each point x (R, n, dim), in a minibatch of outputs `made` of G: (R, n)."""
        if not self.D.joint:
            return self.D.judge(d, x)[0]
        step = max(1, made.shape[1] // _BESIDE)
        others = made[:, ::step][:, :_BESIDE]
        return self.D.among(d, x, others, self.rules.structure.batch // self.D.pack)

    def drawn(
        self, d: torch.Tensor, logits: torch.Tensor, real: torch.Tensor, made: torch.Tensor
    ) -> torch.Tensor:
        """D(x) as it is drawn, in [0, 1], from logits (R, n) by `at`; real, made: (R, m, dim).

        If the loss leaves D's offset arbitrary, logits are taken relative to their mean.
        """
        if self.loss.shift_invariant:
            some = (evenly(x, _LEVEL) for x in (real, made))
            logits = logits - self.loss.centre(*(self.at(d, x, made) for x in some))
        return self.loss.shown(logits)

    def faced(self, state: State, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """The parameters of D that G's cost uses: `state.d`, or those of the unrolled D.

        D is unrolled on the samples real (R, n, dim) and fake (R, m, dim), min(n, m) of each (on
        one minibatch if D judges samples together), without noise or dropout. Differentiable in
        `fake`.
        """
        if not self.rules.structure.unroll:
            return state.d
        count = min(real.shape[1], fake.shape[1])
        real, fake = evenly(real, count), evenly(fake, count)
        if self.D.joint:
            real, fake = (self._minibatch(x) for x in (real, fake))
        (real, label), (fake, fake_label) = self._apart(real), self._apart(fake)
        drawn = {"data": real, **self._typical_draws(real)}
        if label is not None and fake_label is not None:
            drawn |= {"label": label, "fake_label": fake_label}
        numbers = self._given or self.next_numbers("G", state, self._noiseless)
        given = self._noiseless.given(numbers)
        with torch.enable_grad():
            return self._noiseless.ahead(state.d, state.d_slots, fake, given, drawn)

    def _typical_draws(self, real: torch.Tensor) -> dict[str, torch.Tensor]:
        """Evenly spread values in place of the random numbers of D's terms, for these inputs."""
        out, packs = {}, real.shape[1] // self.D.pack
        for name, draw in self.rules.term_draws.items():
            rows, columns = draw.shape(packs, self.D.pack * real.shape[2])
            even = torch.linspace(0, 1, rows, device=real.device).view(1, -1, 1)
            if draw.normal:
                z = quasi_random(LATENTS["normal"], columns, rows) if columns <= 16 else None
                drawn = torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))
                even = (drawn if z is None else torch.from_numpy(z)).to(real)[None]
            out[name] = even
        return out

    def numbers(self, state: State) -> torch.Tensor:
        """The numbers that evaluation uses, (R, n): the argument of `with_numbers`."""
        out = [self.strengths["feature_matching"]] if "feature_matching" in self.strengths else []
        if self.rules.structure.unroll:
            out += self.next_numbers("G", state, self._noiseless)
        runs = len(state.g)
        if not out:
            return state.g.new_empty(runs, 0)
        columns = [
            n.to(state.g) if torch.is_tensor(n) else state.g.new_full((runs, 1), n) for n in out
        ]
        return torch.cat(columns, 1)

    def with_numbers(self, numbers: torch.Tensor) -> Self:
        """The same Game, whose evaluation uses `numbers` (R, n) instead of those of a State."""
        columns = list(numbers.split(1, 1)) if numbers.shape[1] else []
        other = copy(self)
        if "feature_matching" in self.strengths:
            other.strengths = self.strengths | {"feature_matching": columns.pop(0)}
        other._given = list(columns)
        return other

    @cached_property
    def _noiseless(self) -> Rules:
        """The same rules without noise, dropout and fresh data, for evaluating unrolled D."""
        structure = self.rules.structure
        strengths = tuple(n for n in structure.strengths if not STABILISERS[n].blurs)
        return Rules(replace(structure, strengths=strengths, fresh=False))

    def _minibatch(self, x: torch.Tensor) -> torch.Tensor:
        """A minibatch's number of the samples x (R, n, dim), spread over all of them."""
        batch = self.rules.structure.batch
        x = x.repeat(1, -(-batch // x.shape[1]), 1) if x.shape[1] < batch else x
        return evenly(x, batch)

    def g_cost(self, d: torch.Tensor, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """G's cost (R,) with parameters d of D, on samples (R, n, dim), without noise."""
        cost = self.loss.g(
            self.logits(d, real) if self.loss.g_sees_real else None, self.logits(d, fake)
        )
        if "feature_matching" not in self.strengths:
            return cost
        share = self.strengths["feature_matching"]
        share = over(share.to(cost) if torch.is_tensor(share) else share, cost)
        parts = self.D.split(d)
        apart = [self.D.body(parts, self._whole_packs(x)).mean(1) for x in (real, fake)]
        return (1 - share) * cost + share * ((apart[0] - apart[1]) ** 2).sum(1)

    def _whole_packs(self, x: torch.Tensor) -> torch.Tensor:
        return self.D.packed(evenly(x, x.shape[1] // self.D.pack * self.D.pack))
