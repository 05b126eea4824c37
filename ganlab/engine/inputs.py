"""The inputs of one update: the nets, and the names and shapes of slots, draws and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ganlab.engine.structure import TEMPERATURE, Structure
from ganlab.losses import LOSSES
from ganlab.networks import Discriminator, Generator
from ganlab.optim import OPTIMIZERS, Hyper, Number, Slots
from ganlab.stabilisers import STABILISERS, Clock, Draw, StabiliserEntry
from ganlab.update_rules import RULES

Numbers = tuple[Number, ...]
Drawn = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Given:
    """The numbers of one update, each a number or one for each run, (R, 1).

    d, g: the optimisers' numbers for D's and G's step; look_d, look_g: for their look-ahead, or
    empty; ahead: D's, for each unrolled step; of: by stabiliser that is on, its numbers, the
    strength first; temperature: of relaxed symbols; e_rate: E's learning rate over G's, if it
    learns beside the game.
    """

    d: Numbers
    g: Numbers
    look_d: Numbers
    look_g: Numbers
    ahead: tuple[Numbers, ...]
    of: dict[str, Numbers]
    temperature: Number = 1.0
    e_rate: Number = 1.0

    def strength(self, name: str) -> Number:
        """The strength of a stabiliser; 0 if it is off."""
        return self.of[name][0] if name in self.of else 0.0


class Inputs:
    """Nets, loss, update rule and optimiser of a Structure, and the inputs of their updates.

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
            weights_learn=structure.g_weights_learn,
            e_sizes=structure.e_sizes,
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
            classes=structure.classes,
        )
        loss = LOSSES[structure.loss]
        self.loss = loss.jointly if structure.joint else loss
        self.rule = RULES[structure.rule]
        self.optimizer = OPTIMIZERS[structure.optimizer]
        self._term_draws = {n: d for e in entries if not e.sees for n, d in e.draws.items()}
        self._seen_draws = {n: d for e in entries if e.sees for n, d in e.draws.items()}
        self._sees = [(e.name, e.sees, tuple(e.draws)) for e in entries if e.sees]
        self.fields = {
            player: [
                (e.name, e.field_term)
                for e in entries
                if e.field_term is not None and player in e.field_of
            ]
            for player in "DG"
        }
        self._keeps = {
            player: [(e.name, e.keep) for e in entries if e.keep is not None and player in e.keeps]
            for player in "DG"
        }
        self._match = "feature_matching" in on
        self.past = "historical_averaging" in on
        # Cached, since every update needs them.
        self._counts = [len(e.at(_ones(e), Clock("D", 1, 1, 1))) for e in entries]
        self._width = len(self.optimizer.numbers(1, self.optimizer.still))
        self._slots = {player: self._name_slots(player) for player in "DG"}
        self._draws = {player: self._shape_draws(player) for player in "DG"}

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
        """The slots, (R, P) each, of a player that has made no update; params (R, P)."""
        start = ("before", *(name for name, _ in self._keeps[player]))
        return tuple(
            params.clone() if name in start else torch.zeros_like(params)
            for name in self.slots(player)
        )

    def kept_slots(self, player: str, params: torch.Tensor, slots: Slots, old: Inputs) -> Slots:
        """`slots` of `old` rules, (R, P) each, as these rules need them; new slots start now."""
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
        are labels; few, few_label: labelled points and their labels, if D learns them; gumbel:
        added to G's logits, if it draws symbols; the draws of changes of what D sees, for real
        samples, then fake ones; mask: uniform numbers, one for each droppable unit and each pack;
        the draws of terms of D's cost; and the same names with the prefix u_, for all unrolled
        steps one after the other.
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
        if (symbols := structure.symbols) is not None and symbols.samples:
            parts["gumbel"] = (structure.batch, structure.dim)
        if structure.classes:
            parts["few"] = (structure.few, structure.dim)
            parts["few_label"] = (structure.few, structure.classes)
        both = 2 * structure.batch
        parts |= {n: d.shape(both, structure.dim) for n, d in self._seen_draws.items()}
        if units := sum(self.D.droppable):
            parts["mask"] = (2 * packs, units)
        width = structure.width * structure.packing
        parts |= {n: draw.shape(packs, width) for n, draw in self._term_draws.items()}
        out: dict[str, tuple[int, ...]] = dict(parts)
        if player == "G" and not self.takes_real:
            of_d = ("data", "few", "few_label", *self._term_draws)
            out = {n: shape for n, shape in out.items() if n not in of_d}
        if structure.fresh and (player == "G" or self.asks_both("D")):
            out |= {f"u_{n}": (structure.unroll * rows, c) for n, (rows, c) in parts.items()}
        return out

    @property
    def term_draws(self) -> Mapping[str, Draw]:
        """The draws of the terms of D's cost, by name."""
        return self._term_draws

    def normal(self, name: str) -> bool:
        """Whether a stabiliser's draw (see `draws`) is from N(0, 1); else it is uniform."""
        draw = (self._term_draws | self._seen_draws).get(name)
        return draw is not None and draw.normal

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
        out += [number for e in self._entries for number in e.at(strengths, clock)]
        if self.structure.tempered:
            start, decay, floor = (strengths[name] for name in TEMPERATURE)
            out.append(_temperature(start, decay, floor, iterations))
        if self.structure.beside:
            out.append(strengths["e_rate"])
        return out

    @property
    def count(self) -> int:
        """How many numbers one update takes."""
        more = self.structure.tempered + self.structure.beside
        return self._rows * self._width + sum(self._counts) + more

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
        temperature = numbers[at] if self.structure.tempered else 1.0
        e_rate = numbers[-1] if self.structure.beside else 1.0
        return Given(d, g, look_d, look_g, tuple(rows[own:]), of, temperature, e_rate)


def _temperature(start: Number, decay: Number, floor: Number, iterations: Any) -> Any:
    """The temperature of an iteration: numbers, or arrays or tensors of them."""
    if torch.is_tensor(start) or torch.is_tensor(decay) or torch.is_tensor(floor):
        falls = torch.exp(-torch.as_tensor(decay, dtype=torch.float64) * iterations) * start
        lowest = torch.as_tensor(floor, dtype=torch.float64)
        # Without a decay the floor has no effect.
        held = torch.maximum(falls, torch.minimum(lowest, torch.as_tensor(start).double()))
        return held
    return np.maximum(start * np.exp(-decay * np.asarray(iterations, float)), min(floor, start))


def _ones(entry: StabiliserEntry) -> dict[str, float]:
    return dict.fromkeys((*entry.numbers, *entry.extra), 1.0)
