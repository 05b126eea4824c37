"""Symbols and strings of them: p_g as bars, one for each string."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from ganlab.domains.base import Domain
from ganlab.domains.label_probe import SEED
from ganlab.domains.picture import Detail, Layer, Players
from ganlab.domains.symbols_probe import SymbolsProbe
from ganlab.domains.tiles import latents as tile_latents
from ganlab.domains.tiles import to_bytes
from ganlab.estimators import gumbel, hard
from ganlab.languages import _
from ganlab.latents import LatentEntry
from ganlab.targets import Target

BARS = 64  # strings in a picture
INVALID = 12  # of them, strings that are not in p_data
_LATENTS = 2048  # behind p_g in a picture
_REFERENCE = 256  # symbols of G whose logits centre those of D, if its offset is arbitrary
_TILE_LATENTS = 256


class SymbolsDomain(Domain):
    """Symbols, as one-hot vectors."""

    name, distance, density, enumerated = "symbols", "none", True, True

    def probe(
        self,
        target: Target,
        latent: LatentEntry,
        latent_dim: int,
        points: int,
        weights: tuple[float, ...] = (),
    ) -> SymbolsProbe:
        """See `Domain.probe`."""
        return SymbolsProbe.of(target, latent, latent_dim, points)

    def beyond(self, gz: np.ndarray, box: np.ndarray, mass: np.ndarray | None = None) -> np.ndarray:
        """(R, 0, 1 + dim): nothing can be beyond."""
        return np.zeros((len(gz), 0, 1 + gz.shape[-1]))

    def layers(
        self, probe: SymbolsProbe, latent_dim: int, average: bool, finite: bool = False
    ) -> list[Layer]:
        """Bars of p_data and p_g, marks of D and D*."""
        return [
            Layer("p_data", _("p_data"), "data"),
            Layer("p_g", "p_g", "G"),
            *([Layer("average", _("average of G"), "G")] if average else []),
            Layer("d", "D(x)", "D"),
            Layer("d_star", "D*(x)", "D"),
        ]

    def scene(
        self, view: SymbolsProbe, seed: int, data: torch.Tensor | None = None
    ) -> dict[str, np.ndarray]:
        """p_data and valid (strings,), in the order of `Symbols.strings`; letters: code points."""
        letters = np.array([ord(letter) for letter in view.symbols.alphabet], np.int32)
        valid = view.symbols.valid.astype(np.uint8)
        return {"p_data": view.p_data, "valid": valid, "letters": letters}

    def picture(
        self, players: Players, views: Sequence[SymbolsProbe], detail: Detail, arrows: bool
    ) -> dict[str, np.ndarray]:
        """index (R, bars): the strings shown; p_g, d, d_star of them; average if one is kept.

        rest (R, 2): the mass of p_g on strings that are not shown, and on those of p_data. beyond.
        """
        z = views[0].z[:_LATENTS]
        made = players.generate(z)
        masses = np.stack(
            [v.masses(row[None])[0] for v, row in zip(views, _rows(made), strict=True)]
        )
        index = np.stack([shown(v, m) for v, m in zip(views, masses, strict=True)])
        reference = certain(views[0], made[:, :_REFERENCE])
        cells = [players.cells(run, masses[run], reference) for run in range(len(views))]
        out = {"index": index.astype(np.int32), "p_g": np.take_along_axis(masses, index, 1)}
        for place, name in enumerate(("d", "d_star")):
            out[name] = np.take_along_axis(np.stack([c[place] for c in cells]), index, 1)
        if (mean := players.average) is not None:
            also = _rows(mean.generate(z))
            rows = np.stack([v.masses(row[None])[0] for v, row in zip(views, also, strict=True)])
            out["average"] = np.take_along_axis(rows, index, 1)
        valid = np.array([v.valid(m) for v, m in zip(views, masses, strict=True)])
        out["rest"] = np.stack([np.maximum(0, 1 - out["p_g"].sum(1)), valid], 1)
        empty = np.zeros((len(views), 0, 1))
        return out | {"beyond": empty, "spread": empty}

    def tile_scene(self, probe: SymbolsProbe) -> dict[str, np.ndarray]:
        """p_data (bars + 1,) of p_data's strings and of all others, over twice its peak."""
        return {"p_data": _tiled(probe, probe.p_data[None])[0]}

    def tiles(self, players: Players, probe: SymbolsProbe) -> dict[str, np.ndarray]:
        """p_g (R, bars + 1) in 255ths of twice p_data's peak; beyond (R, 2), zeros."""
        spec = players.specs[0]
        z = tile_latents(spec.p_z, spec.latent_dim, _TILE_LATENTS)
        masses = probe.masses(_rows(players.generate(z)))
        beyond = np.zeros((len(masses), 2), np.uint8)
        return {"p_g": to_bytes(_tiled(probe, masses)), "beyond": beyond}


def _rows(made: torch.Tensor) -> np.ndarray:
    rows: np.ndarray = made.cpu().numpy()
    return rows


def _tiled(probe: SymbolsProbe, masses: np.ndarray) -> np.ndarray:
    valid = probe.symbols.valid
    bars = masses[:, valid]
    rest = np.maximum(0, 1 - bars.sum(1, keepdims=True))
    return np.concatenate([bars, rest], 1) / (2 * probe.p_data.max())


def shown(probe: SymbolsProbe, mass: np.ndarray) -> np.ndarray:
    """The indices of at most `BARS` strings of masses (strings,): all, if they are single letters.

    Otherwise p_data's, and then the most probable others.
    """
    if probe.symbols.positions == 1:
        return np.arange(len(mass))
    valid = np.flatnonzero(probe.symbols.valid)
    others = np.where(probe.symbols.valid, -1.0, mass)
    room = min(INVALID, len(mass) - len(valid))
    most = np.argsort(-others, kind="stable")[:room]
    return np.concatenate([valid[: BARS - room], most])


def certain(probe: SymbolsProbe, made: torch.Tensor) -> torch.Tensor:
    """A symbol for each of the logits (R, n, dim), as one-hot vectors: drawn with fixed numbers."""
    noise = fixed_noise(made.shape[1], made.shape[2]).to(made)
    return hard(made + noise, len(probe.symbols.alphabet))


@lru_cache(maxsize=16)
def fixed_noise(count: int, dim: int) -> torch.Tensor:
    """Gumbel numbers (1, count, dim), the same at each call."""
    draw = torch.Generator().manual_seed(SEED)
    return gumbel((1, count, dim), draw)


SymbolsProbe.domain = SYMBOLS = SymbolsDomain()
