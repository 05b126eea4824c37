"""What G makes of latents, and what an encoder infers from points, in evaluation."""

from __future__ import annotations

import torch

from ganlab.engine.fusing import as_one
from ganlab.engine.game import Game
from ganlab.engine.tracing import TRACES
from ganlab.estimators import hard

PIECE = 2048  # samples generated at once, so that their activations stay in the cache,
_PIECES = 4  # or this many times as many, if they do in any case
_CERTAIN = 1e4  # a difference of logits that leaves no probability to the lower ones


def statistics(game: Game) -> tuple[torch.Tensor, ...]:
    """The inputs (R, N, in) whose statistics G uses in evaluation, as arguments of a function."""
    typical = game.statistics()
    return () if typical is None else (typical,)


def generate(game: Game, g: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """G(z) of parameters g (R, P): z (n, latent_dim) for all, or (R, n, latent_dim) -> (R, n, dim).

    The result is finite: overflow is replaced by values far outside any picture. If x are symbols,
    they are G's logits; of rounded ones, those by which the most probable symbol is certain.
    """
    net, structure, typical = game.G, game.rules.structure, statistics(game)
    letters, symbols = structure.letters, structure.symbols
    rounded = symbols is not None and not symbols.samples
    if typical and net.folds:  # the statistics are computed once, not for each piece
        g, net, typical = _folded(game, g, *typical), net.plain, ()

    def made(g: torch.Tensor, z: torch.Tensor, *typical: torch.Tensor) -> tuple[torch.Tensor]:
        x = net(g, z, *(t.to(z).expand(len(z), -1, -1) for t in typical))
        if rounded:
            x = hard(x, letters) * _CERTAIN
        return (finite(x),)

    if z.ndim == 2:
        z = z.expand(len(g), *z.shape)
    most = PIECE * (_PIECES if net.norm == "none" and as_one(net.activation) else 1)
    pieces = [
        TRACES.call(("made", structure), made, g, piece, *typical)[0]
        for piece in z.to(g.device).split(most, 1)
    ]
    return torch.cat(pieces, 1) if len(pieces) > 1 else pieces[0]


def _folded(game: Game, g: torch.Tensor, typical: torch.Tensor) -> torch.Tensor:
    """See `Generator.folded`: of parameters g (R, P) and inputs typical (R or 1, N, in)."""

    def folded(g: torch.Tensor, typical: torch.Tensor) -> tuple[torch.Tensor]:
        return (game.G.folded(g, typical.to(g).expand(len(g), -1, -1)),)

    return TRACES.call(("folded", game.rules.structure), folded, g, typical)[0]


def infer(game: Game, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """E(x) of points with their labels, (R, n, dim + labels), as inputs of G: (R, n, in)."""
    dim = game.rules.structure.dim

    def inferred(g: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (torch.cat([game.G.encode(g, x), x[..., dim:]], 2),)

    return TRACES.call(("inferred", game.rules.structure), inferred, g, x)[0]


def finite(x: torch.Tensor) -> torch.Tensor:
    """x with overflow replaced by values far outside any picture, elementwise."""
    # NaN has no sign: it stays where it cannot be placed.
    return torch.nan_to_num(x, nan=1e30, posinf=1e30, neginf=-1e30)
