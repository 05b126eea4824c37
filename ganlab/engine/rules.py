"""One update of D or of G: pure functions of parameters, numbers and draws (Algorithm 1's halves).

Every update takes both players' parameters and slots, the numbers of `Rules.numbers` and the
draws of `Rules.draws`, so that one loop can compute any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ganlab.engine.one_update import Drawn, Given, OneUpdate
from ganlab.engine.state import Update
from ganlab.engine.structure import Structure
from ganlab.losses import LOSSES
from ganlab.networks import Discriminator, Generator
from ganlab.networks.labels import beside
from ganlab.optim import OPTIMIZERS, Hyper, Number, Slots
from ganlab.stabilisers import STABILISERS, Clock, Draw, Judged, StabiliserEntry, over
from ganlab.update_rules import RULES


class Rules:
    """Nets, costs and optimiser of a Structure; holds no parameters and no numbers.

    thin: whether thin layers are computed as sums, which a compiler fuses; eager code is faster
    with a matrix product.
    """

    def __init__(self, structure: Structure, thin: bool = False):
        self.structure = structure
        on = set(structure.strengths)
        entries = self._entries = [STABILISERS[name] for name in structure.strengths]
        drop = ("d_dropout_input" in on, "d_dropout" in on)
        self.G = Generator(
            structure.g_sizes,
            structure.g_activation,
            thin,
            structure.g_norm,
            structure.g_output,
            bias=structure.g_bias,
        )
        self.D = Discriminator(
            structure.d_sizes,
            structure.d_activation,
            thin,
            structure.packing,
            structure.kernels,
            structure.kernel_dims,
            drop,
            bias=structure.d_bias,
            level=not LOSSES[structure.loss].shift_invariant or any(e.offset for e in entries),
            norm=structure.d_norm,
        )
        self.loss = LOSSES[structure.loss]
        self.rule = RULES[structure.rule]
        self.optimizer = OPTIMIZERS[structure.optimizer]
        self._d_terms = [(e.name, e.d_term) for e in entries if e.d_term is not None]
        self._term_draws = {n: draw for e in entries for n, draw in e.draws.items()}
        self.fields = {
            player: [
                (e.name, e.field_term)
                for e in entries
                if e.field_term is not None and player in e.field_of
            ]
            for player in "DG"
        }
        self._grad_terms = [
            (e.name, e.grad_term)
            for e in entries
            if e.grad_term is not None and not (e.name == "weight_decay" and self.optimizer.decays)
        ]
        self._projections = [(e.name, e.project) for e in entries if e.project is not None]
        self._keeps = {
            player: [(e.name, e.keep) for e in entries if e.keep is not None and player in e.keeps]
            for player in "DG"
        }
        self._by_input = any(e.needs_input_grad for e in entries if e.d_term is not None)
        self._smooth = self.loss.smooth if on & {"smooth_real", "smooth_fake"} else None
        self._noise = "instance_noise" in on
        self._match = "feature_matching" in on
        self.past = "historical_averaging" in on
        # Cached, since every update needs them.
        self._counts = [len(e.at(_ones(e), Clock("D", 1, 1, 1))) for e in entries]
        self._width = len(self.optimizer.numbers(1, self.optimizer.still))
        self._slots = {player: self._name_slots(player) for player in "DG"}
        self._draws = {player: self._shape_draws(player) for player in "DG"}

    # -- the inputs of an update -------------------------------------------------------------------

    def slots(self, player: str) -> tuple[str, ...]:
        """Names of the vectors kept for a player: the optimiser's, the rule's, then stabilisers'.

        "before", "before_0", ...: D and its optimiser's slots before its last update. "step": the
        last step of the optimiser. A stabiliser's vector has the stabiliser's name.
        """
        return self._slots[player]

    def _name_slots(self, player: str) -> tuple[str, ...]:
        own = tuple(str(i) for i in range(self.optimizer.slots))
        before = ("before", *(f"before_{i}" for i in own)) if self.rule.before else ()
        step = ("step",) if self.rule.step is not None else ()
        kept = (name for name, _ in self._keeps[player])
        return (*own, *(before if player == "D" else ()), *step, *kept)

    def first_slots(self, player: str, params: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The slots of a player that has made no update."""
        start = ("before", *(name for name, _ in self._keeps[player]))
        return tuple(
            params.clone() if name in start else torch.zeros_like(params)
            for name in self.slots(player)
        )

    def kept_slots(self, player: str, params: torch.Tensor, slots: Slots, old: Rules) -> Slots:
        """`slots` of `old` rules as these rules need them; slots that are new start now."""
        have = dict(zip(old.slots(player), slots, strict=True))
        now = {f"before_{n}": have[n] for n in have if n.isdigit()}
        fresh = zip(self.slots(player), self.first_slots(player, params), strict=True)
        return tuple(have.get(name, now.get(name, first)) for name, first in fresh)

    def asks_both(self, player: str) -> bool:
        """Whether an update of `player` needs both players' costs."""
        return self.rule.both or bool(self.fields[player])

    @property
    def takes_real(self) -> bool:
        """Whether G's update needs real data."""
        unrolled = self.structure.unroll > 0 and not self.structure.fresh
        compares = self._match or self.loss.g_sees_real
        return unrolled or self.asks_both("G") or compares

    def draws(self, player: str) -> dict[str, tuple[int, ...]]:
        """Shapes of the random numbers of one update of a player, by name.

        data: real samples; latent: of fake samples; label: of real and fake samples alike, if there
        are labels; noise: added to all x that D sees, real then fake; mask: uniform numbers, one
        for each droppable unit and each pack; the draws of terms of D's cost; and the same names
        with the prefix u_, for all unrolled steps one after the other.
        """
        return self._draws[player]

    def _shape_draws(self, player: str) -> dict[str, tuple[int, ...]]:
        structure, packs = self.structure, self.structure.batch // self.structure.packing
        parts = {
            "data": (structure.batch, structure.dim),
            "latent": (structure.batch, structure.latent_dim),
        }
        if structure.labels:
            parts["label"] = (structure.batch, structure.labels)
        if self._noise:
            parts["noise"] = (2 * structure.batch, structure.dim)
        if units := sum(self.D.droppable):
            parts["mask"] = (2 * packs, units)
        width = structure.dim * structure.packing
        parts |= {n: draw.shape(packs, width) for n, draw in self._term_draws.items()}
        out: dict[str, tuple[int, ...]] = dict(parts)
        if player == "G" and not self.takes_real:
            out = {n: shape for n, shape in out.items() if n not in ("data", *self._term_draws)}
        if structure.fresh and (player == "G" or self.asks_both("D")):
            out |= {f"u_{n}": (structure.unroll * rows, c) for n, (rows, c) in parts.items()}
        return out

    @property
    def term_draws(self) -> Mapping[str, Draw]:
        """The draws of the terms of D's cost, by name."""
        return self._term_draws

    @property
    def reference(self) -> tuple[int, ...] | None:
        """The shape of the fixed reference batch of G's inputs; None if there is none."""
        fixed = self.structure.g_norm in ("reference", "virtual")
        return (self.structure.batch, self.structure.g_sizes[0]) if fixed else None

    def numbers(
        self,
        player: str,
        d_updates: Any,
        g_updates: Any,
        iterations: Any,
        d_hyper: Hyper,
        g_hyper: Hyper,
        strengths: Mapping[str, Number],
    ) -> list[Number]:
        """The numbers of an update of `player`, in the order that `given` reads.

        d_updates, g_updates, iterations: the counts before the update, integers or arrays of them.
        strengths: by name, those of the stabilisers that are on, and their extra numbers.
        """
        own = self.optimizer.numbers
        back = self.rule.before and player == "G"  # D steps from its state before the last update
        first = d_updates + 1 - back
        first = first + (first < 1)
        now = [(first, d_hyper), (g_updates + 1, g_hyper)]
        ahead = [(first + i, d_hyper) for i in range(self.structure.unroll)]
        if self.rule.twice:
            # The slots take in two gradients per update, while learning rates fall once per update.
            # After a change of the rule they have taken in fewer: a small bias remains.
            rows = [own(2 * t - less, hyper.at(t)) for less in (0, 1) for t, hyper in now]
            rows += [own(first + t - 1, hyper.at(t)) for t, hyper in ahead]
        else:
            rows = [own(t, hyper.at(t)) for t, hyper in (*now, *ahead)]
        out = [number for row in rows for number in row]
        clock = Clock(player, d_updates, g_updates, iterations)
        return out + [number for e in self._entries for number in e.at(strengths, clock)]

    @property
    def count(self) -> int:
        """How many numbers one update takes."""
        return self._rows * self._width + sum(self._counts)

    @property
    def _rows(self) -> int:
        """How many sets of the optimiser's numbers one update takes."""
        return (4 if self.rule.twice else 2) + self.structure.unroll

    def given(self, numbers: Sequence[Number]) -> Given:
        """The numbers as a `Given`."""
        n = self._width
        own = 4 if self.rule.twice else 2
        rows = [tuple(numbers[i * n : i * n + n]) for i in range(self._rows)]
        at, of = n * len(rows), {}
        for entry, count in zip(self._entries, self._counts, strict=True):
            of[entry.name] = tuple(numbers[at : at + count])
            at += count
        d, g = rows[:2]
        look_d, look_g = rows[own - 2 : own]
        return Given(d, g, look_d, look_g, tuple(rows[own:]), of)

    # -- costs -----------------------------------------------------------------------------------

    def _keep(self, n: Given, drawn: Drawn, rows: slice) -> list[torch.Tensor] | None:
        """The dropout factors of each layer, for these packs of the draw; None without dropout."""
        if not self.D.droppable:
            return None
        parts = drawn["mask"][:, rows].split_with_sizes(self.D.droppable, 2)
        names = ["d_dropout_input"] * self.D.drop[0]
        names += ["d_dropout"] * (len(parts) - len(names))
        out = []
        for name, u in zip(names, parts, strict=True):
            p = over(n.strength(name), u)
            out.append((u >= p).to(u.dtype) / (1 - p))
        return out

    def _seen(self, x: torch.Tensor, n: Given, drawn: Drawn, half: int) -> torch.Tensor:
        """x (R, B, dim) as D sees it: with noise (draw half 0: real, 1: fake), in packs."""
        if self._noise:
            size = self.structure.batch
            noise = drawn["noise"][:, half * size : (half + 1) * size]
            x = x + over(n.strength("instance_noise"), x) * noise
        return self.D.packed(x)

    def make(self, g: torch.Tensor, drawn: Drawn, fixed: torch.Tensor | None) -> torch.Tensor:
        """G's outputs (R, B, dim) for the latents and labels of a draw."""
        return self.G(g, beside(drawn["latent"], drawn.get("label")), fixed)

    def _labels(self, drawn: Drawn) -> torch.Tensor | None:
        """The labels of real and fake samples alike, in packs (R, n, pack * labels)."""
        return self.D.packed(drawn["label"]) if self.structure.labels else None

    def d_cost(
        self, d: torch.Tensor, real: torch.Tensor, fake: torch.Tensor, n: Given, drawn: Drawn
    ) -> torch.Tensor:
        """D's cost on a minibatch, real and fake (R, B, dim) each: (R,)."""
        real, fake = self._seen(real, n, drawn, 0), self._seen(fake, n, drawn, 1)
        labels = self._labels(drawn)
        if self._by_input:
            real = real.detach().requires_grad_()
            # Detached: an unrolled D depends on `fake` too, but D's slope is that of a fixed D.
            fake = fake.view_as(fake) if fake.requires_grad else fake.detach().requires_grad_()
        packs = real.shape[1]
        keep = self._keep(n, drawn, slice(None))
        inputs = torch.cat([self.D.inputs(x, labels) for x in (real, fake)], 1)
        logits, _ = self.D.judge(d, inputs, keep, packs)
        real_logits, fake_logits = logits[:, :packs], logits[:, packs:]
        cost = self.loss.d(real_logits, fake_logits)
        if self._smooth is not None:
            a, b = (over(n.strength(s), cost) for s in ("smooth_real", "smooth_fake"))
            cost = cost + self._smooth(real_logits, fake_logits, a, b)
        if self._d_terms:
            last = self._keep(n, drawn, slice(packs, None))
            judged = Judged(
                real,
                fake,
                real_logits,
                fake_logits,
                lambda x: self.D.judge(d, self.D.inputs(x, labels), last, packs)[0],
                drawn,
            )
            for name, term in self._d_terms:
                cost = cost + term(judged, *n.of[name])
        return cost

    def g_cost(
        self,
        d: torch.Tensor,
        d_slots: Slots,
        fake: torch.Tensor,
        n: Given,
        drawn: Drawn,
        G: Callable[[Drawn], torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """G's cost on its outputs `fake` (R, B, dim): (R,); G(drawn) makes fresh ones."""
        if self.structure.unroll:
            d = self.ahead(d, d_slots, fake, n, drawn, G)
        packs = fake.shape[1] // self.structure.packing
        labels, compares = self._labels(drawn), self.loss.g_sees_real
        x = self.D.inputs(self._seen(fake, n, drawn, 1), labels)
        if compares:
            real = self.D.inputs(self._seen(drawn["data"], n, drawn, 0), labels)
            x = torch.cat([real, x], 1)
        keep = self._keep(n, drawn, slice(0 if compares else packs, None))
        logits, f = self.D.judge(d, x, keep, packs)
        sides = logits.split(packs, 1) if compares else (None, logits)
        cost = self.loss.g(*sides)
        if self._match:
            if compares:
                real_f, f = f.split(packs, 1)
            else:
                keep = self._keep(n, drawn, slice(0, packs))
                real = self.D.inputs(self._seen(drawn["data"], n, drawn, 0), labels)
                real_f = self.D.body(self.D.split(d), real, keep)
            apart = ((real_f.mean(1) - f.mean(1)) ** 2).sum(1)
            share = over(n.strength("feature_matching"), cost)
            cost = (1 - share) * cost + share * apart
        return cost

    def ahead(
        self,
        d: torch.Tensor,
        d_slots: Slots,
        fake: torch.Tensor,
        n: Given,
        drawn: Drawn,
        G: Callable[[Drawn], torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """D's parameters after `unroll` more updates of its own optimiser.

        Differentiable in `fake` and d, through every step. The steps use the current minibatch, as
        published, or fresh data and fakes each. They minimise D's own cost, without consensus and
        historical averaging. Source: Metz et al. 2017, eq. 7-10.
        """
        if not d.requires_grad:
            d = d.detach().requires_grad_()
        slots = d_slots[: self.optimizer.slots]
        drawn_i: Drawn = drawn
        for i in range(self.structure.unroll):
            if self.structure.fresh:
                drawn_i = {
                    k[2:]: v.chunk(self.structure.unroll, 1)[i]
                    for k, v in drawn.items()
                    if k.startswith("u_")
                }
                assert G is not None
                fake = G(drawn_i)
            cost = self.d_cost(d, drawn_i["data"], fake, n, drawn_i)
            (grad,) = torch.autograd.grad(cost.sum(), d, create_graph=True)
            grad = self.shaped(grad, d, None, n)
            d, slots = self.optimizer.apply(grad, slots, d, *n.ahead[i])
            d = self.bounded(d, n)
        return d

    # -- updates ---------------------------------------------------------------------------------

    def update(
        self,
        player: str,
        g: torch.Tensor,
        d: torch.Tensor,
        g_slots: Slots,
        d_slots: Slots,
        numbers: Sequence[Number],
        drawn: Drawn,
        fixed: torch.Tensor | None = None,
    ) -> Update:
        """One update of `player`; `fixed` is the reference batch, if there is one."""
        n = self.given(numbers)
        own_params, own_slots = (d, d_slots) if player == "D" else (g, g_slots)
        update = OneUpdate(self, player, g_slots, d_slots, n, drawn, fixed)
        if self.rule.before and player == "G":
            d = update.back()
        with torch.enable_grad():
            both = self.asks_both(player)
            g = g.detach().requires_grad_(both or player == "G")
            d = d.detach().requires_grad_(both or player == "D")
            if self.rule.find is None:
                found = update.gradient(player, g, d)
            else:
                found = self.rule.find(update, g, d)
        with torch.no_grad():
            kept = own_slots if found.memory is None else found.memory
            return self._finish(
                player, found.grad, own_slots, kept, own_params, n, found.cost.detach()
            )

    def shaped(
        self, grad: torch.Tensor, params: torch.Tensor, past: torch.Tensor | None, n: Given
    ) -> torch.Tensor:
        """A gradient at `params` as the optimiser gets it; past: the mean that pulls, or None."""
        if past is not None:
            grad = grad + 2 * over(n.strength("historical_averaging"), params) * (params - past)
        for name, term in self._grad_terms:
            grad = term(grad, params, *n.of[name])
        return grad

    def bounded(self, d: torch.Tensor, n: Given) -> torch.Tensor:
        """D's parameters after the projections of stabilisers."""
        for name, project in self._projections:
            d = project(d, *n.of[name])
        return d

    def _finish(
        self,
        player: str,
        grad: torch.Tensor,
        slots: Slots,
        kept: Slots,
        params: torch.Tensor,
        n: Given,
        cost: torch.Tensor,
    ) -> Update:
        """The update by `grad`, if the player has `slots`; `kept` starts with the optimiser's."""
        names, own = self.slots(player), self.optimizer.slots
        have = dict(zip(names, slots, strict=True))
        new, new_slots = self.optimizer.apply(
            grad, kept[:own], params, *(n.d if player == "D" else n.g)
        )
        made = dict(zip(names[:own], new_slots, strict=True))
        if self.rule.step is not None:
            new, made["step"] = self.rule.step(params, new, have["step"])
        if player == "D":
            new = self.bounded(new, n)
            if self.rule.before:
                made["before"] = params
                made |= {f"before_{i}": slots[i] for i in range(own)}
        for name, keep in self._keeps[player]:
            new, made[name] = keep(new, have[name], *n.of[name])
        check = cost + new.sum(1)
        if own:
            check = check + new_slots[-1].sum(1)  # Adam's squares overflow before anything else
        return Update(new, tuple(made[name] for name in names), cost, check)


def _ones(entry: StabiliserEntry) -> dict[str, float]:
    return dict.fromkeys((*entry.numbers, *entry.extra), 1.0)
