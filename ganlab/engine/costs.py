"""The costs of D and G in one update, and D's parameters after unrolled updates."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from ganlab.engine.inputs import Drawn, Given, Inputs
from ganlab.engine.structure import Structure
from ganlab.estimators import by_score, log_share, seen
from ganlab.networks.labels import beside
from ganlab.optim import Slots
from ganlab.stabilisers import Judged, over


def _data(drawn: Drawn) -> torch.Tensor:
    return drawn["data"]


class Costs(Inputs):
    """The costs of D and G, and the effects of stabilisers on gradients and on D's parameters."""

    def __init__(self, structure: Structure, thin: bool = False):
        super().__init__(structure, thin)
        entries, on = self._entries, set(structure.strengths)
        self._d_terms = [(e.name, e.d_term) for e in entries if e.d_term is not None]
        self._grad_terms = [
            (e.name, e.grad_term)
            for e in entries
            if e.grad_term is not None and not (e.name == "weight_decay" and self.optimizer.decays)
        ]
        self._projections = [(e.name, e.project) for e in entries if e.project is not None]
        self._by_input = any(e.needs_input_grad for e in entries if e.d_term is not None)
        self._smooth = self.loss.smooth if on & {"smooth_real", "smooth_fake"} else None

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
        """x (R, B, width) as D sees it (draws' half 0: real, 1: fake): with noise, in packs."""
        size, z = self.structure.batch, None
        if self.structure.joint and self._sees:
            x, z = x.tensor_split([self.structure.dim], 2)
        for name, sees, draws in self._sees:
            mine = {draw: drawn[draw][:, half * size : (half + 1) * size] for draw in draws}
            x = sees(x, mine, *n.of[name])
        return self.D.packed(beside(x, z))

    def make(
        self, g: torch.Tensor, drawn: Drawn, fixed: torch.Tensor | None, n: Given
    ) -> torch.Tensor:
        """G's samples (R, B, width) for the latents and labels of a draw, as D sees them."""
        return self.made(g, drawn, fixed, n)[0]

    def made(
        self, g: torch.Tensor, drawn: Drawn, fixed: torch.Tensor | None, n: Given
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """`make`, and log π(x | z) (R, B) if G's gradient is taken by it."""
        a = self.G(g, beside(drawn["latent"], drawn.get("label")), fixed)
        entry = self.structure.symbols
        if entry is None:
            return beside(a, drawn["latent"]) if self.structure.joint else a, None
        x = seen(entry, a, self.structure.letters, drawn.get("gumbel"), n.temperature)
        return x, log_share(a, x, self.structure.letters) if entry.scored else None

    def real(self, g: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """The data of a draw as D sees them: x (R, B, dim), or pairs (x, E(x))."""
        x = drawn["data"]
        if not self.structure.joint:
            return x
        return beside(x, self.G.encode(g, beside(x, drawn.get("label"))))

    def regression(self, g: torch.Tensor, fake: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """E's cost if it learns beside the game: mean |E(x) - z|² over samples x of G, (R,).

        x is detached, so G's gradient does not depend on E.
        """
        found = self.G.encode(g, beside(fake.detach(), drawn.get("label")))
        return ((found - drawn["latent"]) ** 2).sum(2).mean(1)

    def _labels(self, drawn: Drawn, side: str = "label") -> torch.Tensor | None:
        """The labels of real and fake samples alike, in packs (R, n, pack * labels).

        side: "fake_label" for those of fake samples, if a draw holds others for them.
        """
        if not self.structure.labels:
            return None
        return self.D.packed(drawn[side] if side in drawn else drawn["label"])

    def d_cost(
        self, d: torch.Tensor, real: torch.Tensor, fake: torch.Tensor, n: Given, drawn: Drawn
    ) -> torch.Tensor:
        """D's cost on a minibatch, real and fake (R, B, width) each: (R,).

        With classes also the cross-entropies of D and of the net beside it, on labelled points.
        """
        real, fake = self._seen(real, n, drawn, 0), self._seen(fake, n, drawn, 1)
        labels, of_fake = self._labels(drawn), self._labels(drawn, "fake_label")
        if self._by_input:
            real = real.detach().requires_grad_()
            # Detached: an unrolled D depends on `fake` too, but D's slope is that of a fixed D.
            fake = fake.view_as(fake) if fake.requires_grad else fake.detach().requires_grad_()
        packs = real.shape[1]
        keep = self._keep(n, drawn, slice(None))
        inputs = torch.cat([self.D.inputs(real, labels), self.D.inputs(fake, of_fake)], 1)
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
        if self.structure.classes:
            for out in self.D.classify(d, drawn["few"]):
                cost = cost - (functional.log_softmax(out, 2) * drawn["few_label"]).sum(2).mean(1)
        return cost

    def g_cost(
        self,
        d: torch.Tensor,
        d_slots: Slots,
        fake: torch.Tensor,
        n: Given,
        drawn: Drawn,
        G: Callable[[Drawn], torch.Tensor] | None = None,
        score: torch.Tensor | None = None,
        real: Callable[[Drawn], torch.Tensor] = _data,
    ) -> torch.Tensor:
        """G's cost on its outputs `fake` (R, B, width): (R,); G(drawn) makes fresh ones.

        score: log π(fake | z) (R, B), by which the cost is differentiated in place of `fake`.
        real(drawn): the data of a draw as D sees them, see `real`.
        """
        if self.structure.unroll:
            d = self.ahead(d, d_slots, fake, n, drawn, G, real)
        packs = fake.shape[1] // self.structure.packing
        labels, compares = self._labels(drawn), self.loss.g_sees_real
        x = self.D.inputs(self._seen(fake, n, drawn, 1), labels)
        if compares:
            x = torch.cat([self.D.inputs(self._seen(real(drawn), n, drawn, 0), labels), x], 1)
        keep = self._keep(n, drawn, slice(0 if compares else packs, None))
        logits, f = self.D.judge(d, x, keep, packs)
        sides = logits.split(packs, 1) if compares else (None, logits)
        if score is not None:
            return by_score(self.loss.g, logits, score, self.structure.baseline)
        cost = self.loss.g(*sides)
        if self._match:
            if compares:
                real_f, f = f.split(packs, 1)
            else:
                keep = self._keep(n, drawn, slice(0, packs))
                seen = self.D.inputs(self._seen(real(drawn), n, drawn, 0), labels)
                real_f = self.D.body(self.D.split(d), seen, keep)
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
        real: Callable[[Drawn], torch.Tensor] = _data,
    ) -> torch.Tensor:
        """D's parameters (R, P) after `unroll` more updates of its own optimiser.

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
            cost = self.d_cost(d, real(drawn_i), fake, n, drawn_i)
            (grad,) = torch.autograd.grad(cost.sum(), d, create_graph=True)
            grad = self.shaped(grad, d, None, n)
            d, slots = self.optimizer.apply(grad, slots, d, *n.ahead[i])
            d = self.bounded(d, n)
        return d

    def shaped(
        self, grad: torch.Tensor, params: torch.Tensor, past: torch.Tensor | None, n: Given
    ) -> torch.Tensor:
        """A gradient at `params` as the optimiser gets it, (R, P) each.

        past: the mean that pulls, or None.
        """
        if past is not None:
            grad = grad + 2 * over(n.strength("historical_averaging"), params) * (params - past)
        for name, term in self._grad_terms:
            grad = term(grad, params, *n.of[name])
        return grad

    def bounded(self, d: torch.Tensor, n: Given) -> torch.Tensor:
        """D's parameters (R, P) after the projections of stabilisers."""
        for name, project in self._projections:
            d = project(d, *n.of[name])
        return d
