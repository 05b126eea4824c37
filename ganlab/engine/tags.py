"""The purposes of random numbers, each of which has generators of its own."""

from __future__ import annotations

import zlib

import numpy as np
import torch

_TAGS = {"init_g": 1, "init_d": 2, "data_d": 3, "latent_d": 4, "latent_g": 5, "data_g": 6}
_TAGS |= {"reference": 7, "noise_d": 8, "noise_g": 9, "mask_d": 10, "mask_g": 11}
_TAGS |= {"mix_d": 12, "mix_g": 13, "sample": 14, "data_set": 15}
_TAGS |= {"few": 16, "few_d": 17, "few_g": 18, "init_e": 19}
# The tags of draws for unrolled steps.
_TAGS |= {f"u_{tag}": 20 + number for tag, number in _TAGS.items() if tag[-2:] in ("_d", "_g")}


def tag_number(tag: str) -> int:
    """The number of a purpose; for stabilisers' draws a hash, above the tags listed here."""
    return _TAGS.get(tag) or 1000 + zlib.crc32(tag.encode())


def generator(
    seed: int, tag: str, block: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator for one purpose, independent of those for other seeds, tags and blocks.

    The numbers also depend on the kind of device.
    """
    word = np.random.SeedSequence([seed, tag_number(tag), block]).generate_state(1)[0]
    return torch.Generator(device).manual_seed(int(word))
