"""One update of D or of G: pure functions of parameters, numbers and draws (Algorithm 1's halves).

Every update is given both players' parameters and slots, the numbers of `Rules.numbers` and the
draws of `Rules.draws`; so one loop can play any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ganlab.engine.state import Update
from ganlab.engine.structure import Structure
from ganlab.losses import LOSSES
from ganlab.networks import Discriminator, Generator
from ganlab.optim import OPTIMIZERS, Hyper, Number, Slots
from ganlab.stabilisers import STABILISERS, Judged, over

Numbers = tuple[Number, ...]
Drawn = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Given:
    """The numbers of one update, each a number or one for each run, (R, 1).

    d, g: the optimisers' for D's and G's step; look_d, look_g: for their look-ahead, where there is
    one; ahead: D's, for each unrolled step; strengths: of the stabilisers that are on; past:
    1/(t + 1) where a mean of the past is kept.
    """

    d: Numbers
    g: Numbers
    look_d: Numbers
    look_g: Numbers
    ahead: tuple[Numbers, ...]
    strengths: dict[str, Number]
    past: Number


class Rules:
    """Nets, costs and optimiser of a Structure; holds no parameters and no numbers.

    `thin` writes thin layers as sums, which a compiler fuses; eagerly a GEMM costs less.
    """

    def __init__(self, structure: Structure, thin: bool = False):
        self.structure = structure
        on = set(structure.strengths)
        drop = ("d_dropout_input" in on, "d_dropout" in on)
        self.G = Generator(
            structure.g_sizes,
            structure.g_activation,
            thin,
            structure.g_norm,
            structure.g_output,
            structure.labels,
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
            level=not LOSSES[structure.loss].shift_invariant,
        )
        self.loss = LOSSES[structure.loss]
        self.optimizer = OPTIMIZERS[structure.optimizer]
        entries = [STABILISERS[name] for name in structure.strengths]
        self._d_terms = [(e.numbers, e.d_term) for e in entries if e.d_term is not None]
        self._grad_terms = [
            (e.numbers, e.grad_term)
            for e in entries
            if e.grad_term is not None and not (e.name == "weight_decay" and self.optimizer.decays)
        ]
        self._strengths = structure.numbers
        self._by_input = any(e.needs_input_grad for e in entries if e.d_term is not None)
        self._smooth = self.loss.smooth if on & {"smooth_real", "smooth_fake"} else None
        self._noise = "instance_noise" in on
        self._match = "feature_matching" in on
        self._consensus = "consensus" in on
        self._past = "historical_averaging" in on
        self._extra = structure.rule in ("extragradient", "extra-adam")
        # Whether the optimiser's memory takes in the look-ahead's gradient, too.
        self._remembers = structure.rule == "extra-adam"
        # Whether G's update starts from D as it was before D's last one, and D's slots then.
        self._before = structure.rule != "alternating"
        # Asked for at every update.
        self._width = len(self.optimizer.numbers(1, self.optimizer.still))
        self._slots = {player: self._name_slots(player) for player in "DG"}
        self._draws = {player: self._shape_draws(player) for player in "DG"}

    # -- what an update is given -----------------------------------------------------------------

    def slots(self, player: str) -> tuple[str, ...]:
        """Names of the vectors kept for a player: the optimiser's, then the rule's.

        "before", "before_0", ...: D and its optimiser's vectors before its last update;
        "step": the last step of the optimiser; "past": the mean of all parameters so far.
        """
        return self._slots[player]

    def _name_slots(self, player: str) -> tuple[str, ...]:
        own = tuple(str(i) for i in range(self.optimizer.slots))
        before = ("before", *(f"before_{i}" for i in own)) if self._before else ()
        step = ("step",) if self.structure.rule == "optimistic" else ()
        past = ("past",) if self._past else ()
        return (*own, *(before if player == "D" else ()), *step, *past)

    def first_slots(self, player: str, params: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The slots of a player that has made no update."""
        start = ("before", "past")
        return tuple(
            params.clone() if name in start else torch.zeros_like(params)
            for name in self.slots(player)
        )

    def kept_slots(self, player: str, params, slots: Slots, old: Rules) -> Slots:
        """`slots` of `old` rules as these rules need them: what is new starts from now."""
        have = dict(zip(old.slots(player), slots, strict=True))
        now = {f"before_{n}": have[n] for n in have if n.isdigit()}
        fresh = zip(self.slots(player), self.first_slots(player, params), strict=True)
        return tuple(have.get(name, now.get(name, first)) for name, first in fresh)

    @property
    def looks_ahead(self) -> bool:
        """Whether both players take a step, which they take back, before each update."""
        return self._extra

    @property
    def takes_real(self) -> bool:
        """Whether G's update needs real data."""
        unrolled = self.structure.unroll > 0 and not self.structure.fresh
        compares = self._match or self.loss.g_sees_real
        return unrolled or self._consensus or self._extra or compares

    def draws(self, player: str) -> dict[str, tuple[int, ...]]:
        """Shapes of what one update of a player draws.

        data: real samples; latent: G's inputs; noise: of all D sees, real then fake; mask: uniform
        numbers, one for each unit that dropout may hit and each pack; mix: WGAN-GP's u; the same
        names with u_: fresh ones for each unrolled step, one after the other.
        """
        return self._draws[player]

    def _shape_draws(self, player: str) -> dict[str, tuple[int, ...]]:
        structure, packs = self.structure, self.structure.batch // self.structure.packing
        parts = {
            "data": (structure.batch, structure.dim),
            "latent": (structure.batch, structure.g_sizes[0]),
        }
        if self._noise:
            parts["noise"] = (2 * structure.batch, structure.dim)
        if units := sum(self.D.droppable):
            parts["mask"] = (2 * packs, units)
        if "gradient_penalty" in structure.strengths:
            parts["mix"] = (packs, 1)
        out: dict[str, tuple[int, ...]] = dict(parts)
        if player == "G" and not self.takes_real:
            out = {n: shape for n, shape in out.items() if n not in ("data", "mix")}
        if structure.fresh and (player == "G" or self._extra or self._consensus):
            out |= {f"u_{n}": (structure.unroll * rows, c) for n, (rows, c) in parts.items()}
        return out

    @property
    def reference(self) -> tuple[int, ...] | None:
        """Shape of the fixed batch of latents that both players are given, where there is one."""
        fixed = self.structure.g_norm in ("reference", "virtual")
        return (self.structure.batch, self.structure.g_sizes[0]) if fixed else None

    def numbers(
        self,
        player: str,
        d_updates,
        g_updates,
        iterations,
        d_hyper: Hyper,
        g_hyper: Hyper,
        strengths: Mapping,
    ) -> list:
        """The numbers of an update of `player`, in `given`'s order.

        d_updates, g_updates: made before it, and iterations of Algorithm 1 that have ended, whole
        numbers or arrays of them. strengths: by name,
        and "noise_fall", what instance noise loses in an iteration, of 1.
        """
        own = self.optimizer.numbers
        back = self._before and player == "G"  # D steps from where it stood before
        first = d_updates + 1 - back
        first = first + (first < 1)
        now = [(first, d_hyper), (g_updates + 1, g_hyper)]
        ahead = [(first + i, d_hyper) for i in range(self.structure.unroll)]
        if self._remembers:
            # The memory takes in two gradients an update, the rates fall with the updates. Where
            # the rule was changed meanwhile it took in fewer, and the bias is not quite gone.
            rows = [own(2 * t - less, hyper.at(t)) for less in (0, 1) for t, hyper in now]
            rows += [own(first + t - 1, hyper.at(t)) for t, hyper in ahead]
        else:
            rows = [own(t, hyper.at(t)) for t, hyper in (*now, *ahead)]
        out = [number for row in rows for number in row]
        for name in self._strengths:
            number = strengths[name]
            if name == "instance_noise":
                left = 1 - iterations * strengths["noise_fall"]
                number = number * ((left + abs(left)) / 2)
            out.append(number)
        t = d_updates if player == "D" else g_updates
        return [*out, 1 / (t + 2)] if self._past else out

    @property
    def count(self) -> int:
        """How many numbers one update takes."""
        one = self.optimizer.still
        strengths = dict.fromkeys((*self._strengths, "noise_fall"), 0.0)
        return len(self.numbers("D", 0, 0, 0, one, one, strengths))

    def given(self, numbers: Sequence[Number]) -> Given:
        """The numbers in their places."""
        n = self._width
        own = 4 if self._remembers else 2
        rows = [tuple(numbers[i * n : i * n + n]) for i in range(own + self.structure.unroll)]
        rest = numbers[n * len(rows) :]
        strengths = dict(zip(self._strengths, rest, strict=False))
        past = rest[-1] if self._past else 0.0
        d, g = rows[:2]
        look_d, look_g = rows[own - 2 : own]
        return Given(d, g, look_d, look_g, tuple(rows[own:]), strengths, past)

    # -- costs -----------------------------------------------------------------------------------

    def _keep(self, n: Given, drawn: Drawn, rows: slice) -> list[torch.Tensor] | None:
        """What dropout multiplies each layer with, for these packs of the draw."""
        if not self.D.droppable:
            return None
        parts = drawn["mask"][:, rows].split_with_sizes(self.D.droppable, 2)
        names = ["d_dropout_input"] * self.D.drop[0]
        names += ["d_dropout"] * (len(parts) - len(names))
        out = []
        for name, u in zip(names, parts, strict=True):
            p = over(n.strengths[name], u)
            out.append((u >= p).to(u.dtype) / (1 - p))
        return out

    def _seen(self, x: torch.Tensor, n: Given, drawn: Drawn, half: int) -> torch.Tensor:
        """x (R, B, dim) as D sees it: with noise (`half` 0 of the draw real, 1 fake), in packs."""
        if self._noise:
            size = self.structure.batch
            noise = drawn["noise"][:, half * size : (half + 1) * size]
            x = x + over(n.strengths["instance_noise"], x) * noise
        return self.D.packed(x)

    def d_cost(self, d: torch.Tensor, real, fake, n: Given, drawn: Drawn) -> torch.Tensor:
        """What D minimises on a minibatch (R, B, dim) each, (R,)."""
        real, fake = self._seen(real, n, drawn, 0), self._seen(fake, n, drawn, 1)
        if self._by_input:
            real = real.detach().requires_grad_()
            # A view: an unrolled D depends on `fake` too, but D's slope is at a fixed D.
            fake = fake.view_as(fake) if fake.requires_grad else fake.detach().requires_grad_()
        packs = real.shape[1]
        keep = self._keep(n, drawn, slice(None))
        logits, _ = self.D.judge(d, torch.cat([real, fake], 1), keep, packs)
        real_logits, fake_logits = logits[:, :packs], logits[:, packs:]
        cost = self.loss.d(real_logits, fake_logits)
        if self._smooth is not None:
            a, b = (over(n.strengths.get(s, 0.0), cost) for s in ("smooth_real", "smooth_fake"))
            cost = cost + self._smooth(real_logits, fake_logits, a, b)
        if self._d_terms:
            last = self._keep(n, drawn, slice(packs, None))
            judged = Judged(
                *(real, fake, real_logits, fake_logits),
                lambda x: self.D.judge(d, x, last, packs)[0],
                drawn,
            )
            for names, term in self._d_terms:
                cost = cost + term(judged, *(n.strengths[name] for name in names))
        return cost

    def g_cost(self, d, d_slots: Slots, fake, n: Given, drawn: Drawn, G=None) -> torch.Tensor:
        """What G minimises on its images `fake` (R, B, dim), (R,); G(z) makes fresh ones."""
        if self.structure.unroll:
            d = self.ahead(d, d_slots, fake, n, drawn, G)
        packs = fake.shape[1] // self.structure.packing
        x, compares = self._seen(fake, n, drawn, 1), self.loss.g_sees_real
        if compares:
            x = torch.cat([self._seen(drawn["data"], n, drawn, 0), x], 1)
        keep = self._keep(n, drawn, slice(0 if compares else packs, None))
        logits, f = self.D.judge(d, x, keep, packs)
        sides = logits.split(packs, 1) if compares else (None, logits)
        cost = self.loss.g(*sides)
        if self._match:
            if compares:
                real_f, f = f.split(packs, 1)
            else:
                keep = self._keep(n, drawn, slice(0, packs))
                real = self._seen(drawn["data"], n, drawn, 0)
                real_f = self.D.body(self.D.split(d), real, keep)
            apart = ((real_f.mean(1) - f.mean(1)) ** 2).sum(1)
            share = over(n.strengths["feature_matching"], cost)
            cost = (1 - share) * cost + share * apart
        return cost

    def ahead(self, d, d_slots: Slots, fake, n: Given, drawn: Drawn, G=None) -> torch.Tensor:
        """D's parameters after `unroll` more updates of its own optimiser.

        Differentiable in `fake` and d, through every step. On the minibatch at hand, as published,
        or each on fresh data and fakes. Of D's own cost, without consensus and the pull of the
        past. Source: Metz et al. 2017, eq. 7-10.
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
                fake = G(drawn_i["latent"])
            cost = self.d_cost(d, drawn_i["data"], fake, n, drawn_i)
            (grad,) = torch.autograd.grad(cost.sum(), d, create_graph=True)
            grad = self._shaped(grad, d, None, n)
            d, slots = self.optimizer.apply(grad, slots, d, *n.ahead[i])
            d = self._bounded(d, n)
        return d

    def _costs(self, g, d, d_slots: Slots, n: Given, drawn: Drawn, reference):
        """(D's cost, G's cost) on one minibatch, differentiable in g and d."""

        def make(z):
            return self.G(g, z, reference)

        fake = make(drawn["latent"])
        d_cost = self.d_cost(d, drawn["data"], fake, n, drawn)
        return d_cost, self.g_cost(d, d_slots, fake, n, drawn, make)

    # -- updates ---------------------------------------------------------------------------------

    def update(
        self, player: str, g, d, g_slots: Slots, d_slots: Slots, numbers, drawn: Drawn, fixed=None
    ) -> Update:
        """One update of `player`; `fixed` is the reference batch, where there is one."""
        n = self.given(numbers)
        own_params, own_slots = (d, d_slots) if player == "D" else (g, g_slots)
        pasts = [s[-1] for s in (d_slots, g_slots)] if self._past else [None, None]
        if self._before and player == "G":
            names = self.slots("D")
            d, d_slots = (
                d_slots[names.index("before")],
                tuple(d_slots[names.index(f"before_{i}")] for i in range(self.optimizer.slots)),
            )
        with torch.enable_grad():
            both = self._consensus or self._extra
            g = g.detach().requires_grad_(both or player == "G")
            d = d.detach().requires_grad_(both or player == "D")
            kept = own_slots
            if self._extra:
                g, d, memory = self._looked(g, d, g_slots, d_slots, pasts, n, drawn, fixed)
                if self._remembers:
                    kept = memory[player]
            cost, grad = self._gradient(player, g, d, d_slots, n, drawn, fixed)
        with torch.no_grad():
            at, past = (d, pasts[0]) if player == "D" else (g, pasts[1])
            if self._past:
                pull = over(n.strengths["historical_averaging"], cost)
                cost = cost + pull * ((at - past) ** 2).sum(1)
            grad = self._shaped(grad, at, past, n)
            return self._finish(player, grad, own_slots, kept, own_params, n, cost.detach())

    def _gradient(self, player: str, g, d, d_slots: Slots, n: Given, drawn: Drawn, fixed):
        """The cost (R,) of `player` and its gradient by that player's parameters."""
        mine = d if player == "D" else g
        if self._consensus:
            d_cost, g_cost = self._costs(g, d, d_slots, n, drawn, fixed)
            by_d, by_g = (
                torch.autograd.grad(c.sum(), p, create_graph=True)[0]
                for c, p in ((d_cost, d), (g_cost, g))
            )
            cost = d_cost if player == "D" else g_cost
            size = ((by_d * by_d).sum(1) + (by_g * by_g).sum(1)) / 2
            cost = cost + over(n.strengths["consensus"], size) * size
        elif player == "D":
            with torch.no_grad():
                fake = self.G(g, drawn["latent"], fixed)
            cost = self.d_cost(d, drawn["data"], fake, n, drawn)
        else:
            fake = self.G(g, drawn["latent"], fixed)
            cost = self.g_cost(d, d_slots, fake, n, drawn, lambda z: self.G(g, z, fixed))
        return cost, torch.autograd.grad(cost.sum(), mine)[0]

    def _looked(self, g, d, g_slots: Slots, d_slots: Slots, pasts, n: Given, drawn: Drawn, fixed):
        """g, d and each one's memory after one step of its optimiser from where it stands."""
        kept = self.optimizer.slots
        _, by_d = self._gradient("D", g, d, d_slots, n, drawn, fixed)
        _, by_g = self._gradient("G", g, d, d_slots, n, drawn, fixed)
        with torch.no_grad():
            by_d, by_g = self._shaped(by_d, d, pasts[0], n), self._shaped(by_g, g, pasts[1], n)
            d, d_memory = self.optimizer.apply(by_d, d_slots[:kept], d, *n.look_d)
            g, g_memory = self.optimizer.apply(by_g, g_slots[:kept], g, *n.look_g)
            d = self._bounded(d, n)
        memory = {"D": d_memory, "G": g_memory}
        return g.detach().requires_grad_(), d.detach().requires_grad_(), memory

    def _shaped(self, grad: torch.Tensor, params: torch.Tensor, past, n: Given) -> torch.Tensor:
        """A gradient found at `params` as the optimiser gets it; past: what pulls, or None."""
        if past is not None:
            grad = grad + 2 * over(n.strengths["historical_averaging"], params) * (params - past)
        for names, term in self._grad_terms:
            grad = term(grad, params, *(n.strengths[name] for name in names))
        return grad

    def _bounded(self, d: torch.Tensor, n: Given) -> torch.Tensor:
        """D's parameters as they may be."""
        if "weight_clip" not in n.strengths:
            return d
        most = n.strengths["weight_clip"]
        if torch.is_tensor(most):
            return torch.minimum(torch.maximum(d, -most), most)
        return d.clamp(-most, most)

    def _finish(
        self, player: str, grad, slots: Slots, kept: Slots, params, n: Given, cost
    ) -> Update:
        """The update by `grad`, where the player has `slots`; `kept` begins with its memory."""
        names, own = self.slots(player), self.optimizer.slots
        have: dict[str, Any] = dict(zip(names, slots, strict=True))
        new, new_slots = self.optimizer.apply(
            grad, kept[:own], params, *(n.d if player == "D" else n.g)
        )
        made = dict(zip(names[:own], new_slots, strict=True))
        if "step" in have:
            step = new - params
            new, made["step"] = params + 2 * step - have["step"], step
        if player == "D":
            new = self._bounded(new, n)
            if self._before:
                made["before"] = params
                made |= {f"before_{i}": slots[i] for i in range(own)}
        if self._past:
            made["past"] = have["past"] + (new - have["past"]) * n.past
        check = cost + new.sum(1)
        if own:
            check = check + new_slots[-1].sum(1)  # Adam's squares overflow before all else
        return Update(new, tuple(made[name] for name in names), cost, check)
