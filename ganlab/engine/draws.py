"""All randomness is an input: what each update draws is a pure function of seed and number.

Draws are made in blocks of many updates, each block from a generator of its own. So a run can be
saved, loaded, stepped by hand or changed midway, and two Specs that differ in one knob see the
same data and latents.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ganlab.latents import LATENTS
from ganlab.spec import Spec
from ganlab.targets import make_target

_BLOCK_ELEMENTS = 2**16  # small enough to stay in cache, large enough to amortise the dispatch
_TAGS = {"init_g": 1, "init_d": 2, "data": 3, "latent_d": 4, "latent_g": 5, "data_g": 6}


def generator(seed: int, tag: str, block: int = 0) -> torch.Generator:
    """A generator for one purpose, independent of those for other seeds, tags and blocks."""
    word = np.random.SeedSequence([seed, _TAGS[tag], block]).generate_state(1)[0]
    return torch.Generator().manual_seed(int(word))


class Stream:
    """Arrays number 0, 1, 2, ... of shape `shape`, each a pure function of (seed, tag, number)."""

    def __init__(
        self,
        seed: int,
        tag: str,
        shape: tuple[int, ...],
        make: Callable[[tuple[int, ...], torch.Generator], torch.Tensor],
    ):
        self.seed, self.tag, self.shape, self.make = seed, tag, shape, make
        self.per_block = max(1, min(128, _BLOCK_ELEMENTS // max(1, int(np.prod(shape)))))
        self.block, self.rows = -1, ()

    def __getitem__(self, number: int) -> torch.Tensor:
        block, offset = divmod(number, self.per_block)
        self._load(block)
        return self.rows[offset]

    def _load(self, block: int) -> None:
        if block != self.block:
            self.values = self.make(
                (self.per_block, *self.shape), generator(self.seed, self.tag, block)
            )
            self.block, self.rows = block, self.values.unbind(0)

    def slab(self, start: int, count: int) -> torch.Tensor:
        """Arrays number start, ..., start + count - 1, stacked and contiguous."""
        parts, end = [torch.empty(0, *self.shape)], start + count
        while start < end:
            block, offset = divmod(start, self.per_block)
            self._load(block)
            parts.append(self.values[offset : offset + end - start])
            start += len(parts[-1])
        return torch.cat(parts) if len(parts) > 2 else parts[-1].contiguous()


class Draws:
    """What the updates of R runs draw: number n of each stream, stacked over the runs."""

    def __init__(self, specs: tuple[Spec, ...], device: torch.device):
        self.device = device
        self.streams: dict[str, list[Stream]] = {
            tag: [] for tag in ("data", "data_g", "latent_d", "latent_g")
        }
        for spec in specs:
            target = make_target(spec.target, spec.target_params)
            latent = LATENTS[spec.latent]

            def data(shape, g, target=target):
                return target.sample(shape[0] * shape[1], g).view(shape)

            z = (spec.batch, spec.latent_dim)
            for tag in ("data", "data_g"):
                self.streams[tag].append(Stream(spec.seed, tag, (spec.batch, spec.dim), data))
            for tag in ("latent_d", "latent_g"):
                self.streams[tag].append(Stream(spec.seed, tag, z, latent.sample))

    def get(self, tag: str, number: int) -> torch.Tensor:
        """Draw `number` of stream `tag`, (R, B, dim)."""
        streams = self.streams[tag]
        if len(streams) == 1:
            return streams[0][number].unsqueeze(0).to(self.device)
        return torch.stack([s[number] for s in streams]).to(self.device)

    def slab(self, run: int, tag: str, start: int, count: int) -> torch.Tensor:
        """Draws start, ..., start + count - 1 of one run's stream, (count, B, dim), on the CPU."""
        return self.streams[tag][run].slab(start, count)
