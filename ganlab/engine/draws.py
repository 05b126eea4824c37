"""Randomness as an input: what each update draws is a pure function of seed and number.

Draws are made in blocks of many updates, each from a generator of its own. So a run can be saved,
loaded, stepped by hand or changed midway, and two Specs that differ in one field see the same data
and latents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ganlab.engine.rules import Rules
from ganlab.engine.tags import generator as generator
from ganlab.engine.tags import tag_number as tag_number
from ganlab.engine.threads import on_all_cores
from ganlab.estimators import gumbel
from ganlab.networks.labels import beside, one_hot, proportional
from ganlab.spec import Spec
from ganlab.targets import make_target
from ganlab.targets.base import Examples

Make = Callable[[tuple[int, ...], torch.Generator], torch.Tensor]

_BLOCK_ELEMENTS = 2**16  # small enough to stay in cache, large enough to amortise the dispatch


@lru_cache(maxsize=16)
def _data_set(
    target: str, params: Mapping[str, Any], size: int, seed: int
) -> tuple[torch.Tensor, torch.Tensor]:
    return make_target(target, params).sample_labelled(size, generator(seed, "data_set"))


def data_set(spec: Spec) -> torch.Tensor | None:
    """The points that are a run's training data, (n, dim) float32; None: it draws new ones.

    A function of the target, the size and the seed.
    """
    if not spec.data_size:
        return None
    return _data_set(spec.target, spec.target_params, spec.data_size, spec.seed)[0]


def data_labels(spec: Spec) -> torch.Tensor:
    """The labels of `data_set`, (n,) integers, if it is a finite set."""
    return _data_set(spec.target, spec.target_params, spec.data_size, spec.seed)[1]


def in_a_block(shape: tuple[int, ...]) -> int:
    """How many draws of a shape are made together."""
    return max(1, min(128, _BLOCK_ELEMENTS // max(1, int(np.prod(shape)))))


@lru_cache(maxsize=16)
def few(spec: Spec) -> tuple[torch.Tensor, torch.Tensor]:
    """The points whose labels D learns, (n, dim), and their labels, (n,): as many of each.

    A function of the target, the number and the seed.
    """
    parts, count = spec.built.parts, spec.few_labels
    assert parts is not None
    x = [part.sample(count, generator(spec.seed, "few", k)) for k, part in enumerate(parts.parts)]
    return torch.cat(x), torch.arange(len(x)).repeat_interleave(count)


class Stream:
    """Arrays number 0, 1, 2, ... of shape `shape`, each a pure function of (seed, tag, number).

    per_block: the number of draws in a block; 0: by the shape.
    """

    def __init__(
        self,
        seed: int,
        tag: str,
        shape: tuple[int, ...],
        make: Make,
        device: torch.device | str = "cpu",
        per_block: int = 0,
    ):
        self.seed, self.tag, self.shape, self.make = seed, tag, shape, make
        self.device = device
        self.per_block = per_block or in_a_block(shape)
        self.block = -1
        self.rows: tuple[torch.Tensor, ...] = ()

    def __getitem__(self, number: int) -> torch.Tensor:
        block, offset = divmod(number, self.per_block)
        self._load(block)
        if not self.rows:
            self.rows = self.values.unbind(0)
        return self.rows[offset]

    def _load(self, block: int) -> None:
        if block != self.block:
            self.values = self.make(
                (self.per_block, *self.shape),
                generator(self.seed, self.tag, block, self.device),
            )
            self.block, self.rows = block, ()

    def around(self, start: int, count: int) -> tuple[int, torch.Tensor]:
        """The block that holds these draws and its first number; the draws alone, if in several.

        Draws are (count, *shape).
        """
        block, offset = divmod(start, self.per_block)
        if offset + count > self.per_block:
            return start, self.slab(start, count)
        self._load(block)
        return block * self.per_block, self.values

    def slab(self, start: int, count: int) -> torch.Tensor:
        """Arrays number start, ..., start + count - 1, contiguous: (count, *shape)."""
        if not count:
            return torch.empty(0, *self.shape, device=self.device)
        parts, end = [], start + count
        while start < end:
            block, offset = divmod(start, self.per_block)
            self._load(block)
            parts.append(self.values[offset : offset + end - start])
            start += len(parts[-1])
        return torch.cat(parts) if len(parts) > 1 else parts[0].contiguous()


class Epochs:
    """Minibatches number 0, 1, ... of a finite set of examples, shuffled anew for each epoch.

    A pure function of (seed, tag, number); every epoch shows each example once. Two streams with
    the same seed and tag have the same order: one of samples, say, and one of their labels.
    stored: (n, ...), as the examples are kept; read(stored[which]): -> (batch, columns).
    """

    def __init__(
        self,
        seed: int,
        tag: str,
        batch: int,
        stored: torch.Tensor,
        read: Callable[[torch.Tensor], torch.Tensor],
    ):
        self.seed, self.tag, self.batch = seed, tag, batch
        self.stored, self.read = stored, read
        self._orders: dict[int, torch.Tensor] = {}

    def _order(self, epoch: int) -> torch.Tensor:
        if epoch not in self._orders:
            g = generator(self.seed, self.tag, epoch)
            drawn = torch.randperm(len(self.stored), generator=g)
            self._orders = dict(list(self._orders.items())[-1:])
            self._orders[epoch] = drawn.to(self.stored.device)
        return self._orders[epoch]

    def __getitem__(self, number: int) -> torch.Tensor:
        at, parts, left = number * self.batch, [], self.batch
        while left:
            epoch, offset = divmod(at, len(self.stored))
            parts.append(self._order(epoch)[offset : offset + left])
            at, left = at + len(parts[-1]), left - len(parts[-1])
        which = parts[0] if len(parts) == 1 else torch.cat(parts)
        return self.read(self.stored[which])

    def slab(self, start: int, count: int) -> torch.Tensor:
        """Minibatches number start, ..., start + count - 1, stacked: (count, batch, ...)."""
        if not count:
            return self[start].unsqueeze(0)[:0]
        return torch.stack([self[start + i] for i in range(count)])

    def around(self, start: int, count: int) -> tuple[int, torch.Tensor]:
        """See `Stream.around`."""
        return start, self.slab(start, count)


class Slabs(NamedTuple):
    """Consecutive draws of R runs, each contiguous float32 on the CPU.

    addresses: (R,), of each run's draw number `first`; each: bytes of a draw. tensors: of each
    run, with `length` draws from there on; they own the memory.
    """

    first: int
    length: int
    addresses: NDArray[np.uint64]
    each: int
    tensors: list[torch.Tensor]

    @classmethod
    def of(cls, first: int, tensors: list[torch.Tensor]) -> Slabs:
        """Slabs of these tensors (n, ...). Raises ValueError for other dtypes or layouts."""
        for tensor in tensors:
            if tensor.dtype != torch.float32 or not tensor.is_contiguous() or tensor.is_cuda:
                raise ValueError("programs take contiguous float32")
        addresses = np.array([tensor.data_ptr() for tensor in tensors], np.uint64)
        return cls(first, len(tensors[0]), addresses, tensors[0][:1].nbytes, tensors)

    def hold(self, start: int, count: int) -> bool:
        """Whether draws start, ..., start + count - 1 are among these."""
        return self.first <= start and start + count <= self.first + self.length

    def at(self, start: int) -> NDArray[np.uint64]:
        """The addresses of draw number `start`, (R,)."""
        return self.addresses + np.uint64((start - self.first) * self.each)


class Draws:
    """The random numbers of the updates of R runs: number n of each stream, stacked over the runs.

    A stream belongs to a player and has a name and shape of `Rules.draws`. It is created on first
    use and does not depend on other streams.
    """

    def __init__(self, specs: tuple[Spec, ...], rules: Rules, device: torch.device):
        self.specs, self.device = specs, device
        self.shapes = {player: rules.draws(player) for player in "DG"}
        self._normal = rules.normal
        self._streams: dict[tuple[int, str, str], Stream | Epochs] = {}
        self._slabs: dict[tuple[str, str], Slabs] = {}
        self._targets = [make_target(s.target, s.target_params) for s in specs]

    def stream(self, run: int, player: str, name: str) -> Stream | Epochs:
        """One run's stream `name` of `player`."""
        key = (run, player, name)
        if key not in self._streams:
            kind, seed = name.removeprefix("u_"), self.specs[run].seed
            shape = self.shapes[player][name]
            # The labels of the data of the same number, also in updates that take no data.
            tag = f"{name.replace('few_label', 'few').replace('label', 'data')}_{player.lower()}"
            if (known := self._set(run, kind)) is not None:
                stored, read = known.stored, known.read
                if kind.endswith("label"):
                    stored, read = known.labels, lambda which: one_hot(which, shape[1])
                self._streams[key] = Epochs(seed, tag, shape[0], stored.to(self.device), read)
            elif kind == "label":
                each = in_a_block((shape[0], self.specs[run].dim))
                make = self._maker(run, kind)
                self._streams[key] = Stream(seed, tag, shape, make, "cpu", each)
            elif kind == "latent" and (latents := self.specs[run].p_z.points):
                stored = torch.tensor(latents, device=self.device).unsqueeze(1)
                self._streams[key] = Epochs(seed, tag, shape[0], stored, lambda z: z)
            else:
                # Samples are drawn on the CPU; masks and noise would take too long to transfer.
                where = "cpu" if kind == "data" else self.device
                self._streams[key] = Stream(seed, tag, shape, self._maker(run, kind), where)
        return self._streams[key]

    def _set(self, run: int, kind: str) -> Examples | None:
        """The finite set that draws of some kind are taken from; None if there is none."""
        spec = self.specs[run]
        if kind in ("few", "few_label"):
            labelled, which = few(spec)
            return Examples(labelled, lambda x: x, which)
        if kind not in ("data", "label"):
            return None
        if (points := data_set(spec)) is not None:
            return Examples(points, lambda x: x, data_labels(spec))
        return self._targets[run].examples

    def _maker(self, run: int, kind: str) -> Make:
        target, spec = self._targets[run], self.specs[run]

        def sampled(shape: tuple[int, ...], g: torch.Generator) -> tuple[torch.Tensor, ...]:
            count = shape[0] * shape[1]
            if spec.balanced == "yes":
                return target.sample_balanced(count, spec.batch, g)
            return target.sample_labelled(count, g)

        if kind == "label":
            return lambda shape, g: one_hot(sampled(shape, g)[1], shape[2]).view(shape)
        if kind == "data":
            return lambda shape, g: sampled(shape, g)[0].view(shape)
        if kind == "latent":
            return self.specs[run].p_z.sample
        if kind == "gumbel":
            return gumbel
        if self._normal(kind):
            return lambda shape, g: torch.randn(shape, generator=g, device=g.device)
        return lambda shape, g: torch.rand(shape, generator=g, device=g.device)

    def get(self, player: str, name: str, number: int) -> torch.Tensor:
        """Draw `number` of a player's stream, (R, rows, columns)."""
        if len(self.specs) == 1:
            return self.stream(0, player, name)[number].unsqueeze(0).to(self.device)
        rows = [self.stream(r, player, name)[number] for r in range(len(self.specs))]
        return torch.stack(rows).to(self.device)

    def slab(self, run: int, player: str, name: str, start: int, count: int) -> torch.Tensor:
        """Draws start, ..., start + count - 1 of one run's stream, (count, rows, columns), CPU."""
        return self.stream(run, player, name).slab(start, count)

    def slabs(self, player: str, name: str, start: int, count: int) -> Slabs:
        """Slabs of all runs that hold draws start, ..., start + count - 1, for any count >= 1.

        New ones are drawn on all cores, since all runs need them at the same time.
        """
        known = self._slabs.get((player, name))
        if known is None or not known.hold(start, count):

            def draw(run: int) -> tuple[int, torch.Tensor]:
                return self.stream(run, player, name).around(start, count)

            made = on_all_cores(draw, len(self.specs))
            known = self._slabs[player, name] = Slabs.of(made[0][0], [slab for _, slab in made])
        return known


def reference(specs: tuple[Spec, ...], rules: Rules, device: torch.device) -> torch.Tensor | None:
    """The runs' reference batches of G's inputs (R, N, in); or None.

    The latents are functions of the seeds; labels, if there are any, have the shares p(label).
    """
    if rules.reference is None:
        return None
    count, labels = rules.reference[0], rules.structure.labels
    shape = (count, rules.structure.latent_dim)
    drawn = [s.p_z.sample(shape, generator(s.seed, "reference")) for s in specs]
    told = one_hot(proportional(count, specs[0].label_weights), labels) if labels else None
    return torch.stack([beside(z, told) for z in drawn]).to(device)
