"""The cost of a Spec: operations, FLOPs and bytes, counted without computing anything.

The updates themselves are executed on meta tensors, which have shapes but no memory, so that every
toggle is counted and nothing is allocated. Seconds follow from the measured speed of this machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch

from ganlab.domains.base import INTERVALS
from ganlab.domains.picture import ARROWS, DETAILS
from ganlab.domains.symbols_probe import MOST_LATENTS
from ganlab.engine import optimum, snapshot
from ganlab.engine.evaluation import FACED
from ganlab.engine.game import Game
from ganlab.engine.generate import PIECE
from ganlab.engine.rules import Rules
from ganlab.engine.state import State
from ganlab.engine.structure import Structure
from ganlab.engine.work import Work, metered
from ganlab.losses import every_pair
from ganlab.spec import Spec
from ganlab.stabilisers import STABILISERS

_META = torch.device("meta")
_BLOCK_BYTES = 2**18  # held by each stream of draws
_COUNTING = threading.Lock()  # one count at a time, since counting holds the interpreter lock


@dataclass(frozen=True)
class Cost:
    """The work of one update of D, of G, and of one snapshot, for `runs` runs of a Spec together.

    measure: metrics; picture: a frame, whose peak memory adds to that of training. held: bytes of
    parameters, optimisers' slots and draws.
    """

    d: Work
    g: Work
    measure: Work
    picture: Work
    held: float
    k: int
    g_steps: int = 1

    @property
    def iteration(self) -> Work:
        """One iteration of Algorithm 1."""
        return self.d.times(self.k) + self.g.times(self.g_steps)

    @property
    def update_seconds(self) -> float:
        """Seconds of the slower of the two eager updates; of G's if k = 0."""
        return max(self.d.seconds if self.k else 0.0, self.g.seconds)

    @property
    def peak(self) -> float:
        """The most bytes held at once: by an update while metrics and a picture are computed."""
        return self.held + max(self.d.peak, self.g.peak) + self.measure.peak + self.picture.peak


@dataclass(frozen=True)
class _Kind:
    """The part of a Spec that determines its cost; `spec` is an example."""

    structure: Structure
    dim: int
    to_optimum: bool
    spec: Spec = field(compare=False)

    @classmethod
    def of(cls, spec: Spec) -> _Kind:
        return cls(Structure.of(spec), spec.dim, spec.d_to_optimum > 0, spec)


def cost(spec: Spec, runs: int = 1) -> Cost:
    """The cost of `runs` seeds of `spec` trained together; nothing is allocated."""
    one = replace(_cost(_Kind.of(spec)), k=spec.k, g_steps=spec.g_steps)
    if runs == 1:
        return one
    return Cost(
        one.d.together(runs),
        one.g.together(runs),
        # For an ensemble only G's outputs are drawn: metrics are computed for a few runs at a time,
        # and few samples of each run are drawn.
        one.picture.together(min(runs, 4)),
        one.picture.together(runs).times(_TILE),
        one.held * runs,
        one.k,
        one.g_steps,
    )


def surely_below(spec: Spec, runs: int, seconds: float, size: float) -> bool:
    """Whether updates and snapshots certainly cost less than this, without counting.

    The first count in a process takes a second, because torch imports modules for it.
    """
    if spec.d_to_optimum:
        return False
    structure = Structure.of(spec)
    rules = Rules(structure)
    passes = 1 + 3 * structure.unroll
    # A term of D's cost may contain D's slope, whose gradient is of second order.
    passes *= 3 if any(STABILISERS[n].d_term is not None for n in structure.strengths) else 1
    passes *= 4 if rules.fields["D"] or rules.fields["G"] else 1
    passes *= round(rules.rule.work)
    looked = (
        snapshot.EXPECTATION if structure.unroll or structure.kernels else snapshot.EXPECTATION // 8
    )
    rows = runs * max(spec.batch, looked) * passes
    wide = sum(structure.g_sizes) + 5 * sum(structure.d_sizes)
    pairs = 2 * max(spec.batch, looked) * structure.kernels * (structure.kernel_dims + 1)
    flops = 14.0 * rows * (rules.G.size + rules.D.size)
    elements = rows * (12.0 * wide + 8 * pairs)
    # The cells at which D is evaluated, each with several packs.
    cells = runs * 4096 * (8 if structure.packing > 1 else 1)
    flops += 2.0 * (cells * rules.D.size + runs * PIECE * rules.G.size)
    elements += 2.0 * (cells + runs * PIECE) * wide
    roughly = 4e-3 + 2e-3 * passes + flops / 2e10 + elements / 1e9
    return roughly < seconds and 4 * elements + _HELD < size


_HELD = 5e7  # bytes that snapshots of the smallest run take


@lru_cache(maxsize=512)
def _cost(kind: _Kind) -> Cost:
    steps = kind.structure.unroll - 2
    if steps <= 0:
        with _COUNTING:
            return _count(kind.spec)
    # Each further step adds the same: counting all of them would take as long as executing them.
    one, two = (_cost(_Kind.of(kind.spec.replace(unroll=n))) for n in (1, 2))
    parts = {n: getattr(two, n).beyond(getattr(one, n), steps) for n in _PARTS}
    return replace(two, **parts, held=two.held + steps * (two.held - one.held))


_TILE = 1 / 8  # the work for one seed's tile, as a share of a picture's
_PARTS = ("d", "g", "measure", "picture")


def _count(spec: Spec) -> Cost:
    rules = Rules(Structure.of(spec))

    def some(*shape: int) -> torch.Tensor:
        return torch.empty(1, *shape, device=_META)

    g, d = some(rules.G.size), some(rules.D.size)
    slots = {
        player: tuple(some(net.size) for _ in rules.slots(player))
        for player, net in (("G", rules.G), ("D", rules.D))
    }
    fixed = None if rules.reference is None else some(*rules.reference)
    numbers = [0.5] * rules.count

    def update(player: str) -> Work:
        drawn = {name: some(*shape) for name, shape in rules.draws(player).items()}
        return metered(
            lambda: rules.update(player, g, d, slots["G"], slots["D"], numbers, drawn, fixed)
        )

    typical = torch.empty(PIECE, spec.g_sizes[0], device=_META)
    game = Game((spec,), _META, fixed, typical)
    state = State(g, d, slots["G"], slots["D"])
    held = 4.0 * sum(t.numel() for t in (g, d, *slots["G"], *slots["D"]))
    for player in "DG":
        for rows, columns in rules.draws(player).values():
            held += max(_BLOCK_BYTES, 4 * rows * columns)
    shown = _snapshot_work(game, state, spec, some) if spec.domain.drawn else (Work(), Work())
    by_d = update("D")
    if spec.d_to_optimum:
        count = optimum.minibatches(spec.batch)
        by_d = by_d.together(2 * count).times(optimum.EVALUATIONS + optimum.LINE_SEARCH)
        for rows, columns in rules.draws("D").values():
            held += 8.0 * count * rows * columns
    return Cost(by_d, update("G"), *shown, held, spec.k)


def _snapshot_work(
    game: Game, state: State, spec: Spec, some: Callable[..., torch.Tensor]
) -> tuple[Work, Work]:
    """The work of metrics, and of a picture with arrows: the evaluations in `snapshot.take`."""
    if spec.domain.enumerated:
        return _of_symbols(game, state, spec, some)
    z = spec.latent_dim * game.joint
    seen = spec.dim + z + spec.labels  # as D sees a sample
    exact = spec.latent_dim == spec.domain.exact_latent_dim
    points = INTERVALS if exact else snapshot.points_for(game)
    shown = points if spec.domain.density and not exact else PIECE
    half, unrolled = snapshot.EXPECTATION // 2, game.rules.structure.unroll > 0
    most = half if game.D.kernels else snapshot.EXPECTATION
    count = half if unrolled else most

    def piece(n: int) -> Work:
        with torch.no_grad():
            return metered(lambda: game.make(state.g, some(n, spec.g_sizes[0])))

    def gradients() -> None:
        g, real = state.g.detach().requires_grad_(), some(count, seen)
        z = some(count, spec.g_sizes[0])
        x = game.make(g, z)
        told = game.told(x, z)
        cost = game.g_cost(game.faced(state, real, told), real, told)
        torch.autograd.grad(cost.sum(), (x, g))

    def arrows() -> None:
        made, real, d = some(FACED, seen), some(FACED, seen), state.d
        if game.rules.structure.unroll:
            d = game.faced(state, real, made).detach()
        compares, count = game.loss.g_sees_real, ARROWS
        x = some(count + FACED * compares, seen).requires_grad_()
        at = game.at(d, x, made)
        sides = every_pair(game.at(d, real, made), at) if compares else (None, at)
        torch.autograd.grad(game.loss.g(*sides).sum(), x)

    def judged(n: int) -> None:
        with torch.no_grad():
            game.at(state.d, some(n, seen), some(DETAILS["full"].fakes, seen))

    def logits(n: int) -> None:
        with torch.no_grad():
            game.logits(state.d, some(n, seen))

    pushed = piece(PIECE)
    cells = metered(lambda: judged(spec.domain.most_cells))
    measure = pushed.times(points / PIECE) + cells + metered(gradients)
    measure += metered(lambda: logits(8192)) + metered(lambda: logits(most))
    measure = replace(measure, peak=measure.peak + 8.0 * points * (spec.latent_dim + 2))
    return measure, pushed.times(shown / PIECE) + cells + metered(arrows)


def _of_symbols(
    game: Game, state: State, spec: Spec, some: Callable[..., torch.Tensor]
) -> tuple[Work, Work]:
    """The same if x are symbols: see `symbols.measure` and `Symbols.picture`."""
    strings = spec.letters ** (spec.dim // spec.letters)
    latents = MOST_LATENTS

    def gradients() -> None:
        g, z = state.g.detach().requires_grad_(), some(snapshot.EXPECTATION, spec.latent_dim)
        x, real = game.make(g, z), some(snapshot.EXPECTATION, spec.dim)
        cost = game.g_cost(game.faced(state, real, x), real, x)
        torch.autograd.grad(cost.sum(), g)

    def judged() -> None:
        with torch.no_grad():
            game.logits(state.d, some(strings, spec.dim))

    def pushed() -> None:
        with torch.no_grad():
            game.make(state.g, some(PIECE, spec.g_sizes[0]))

    # The products of both halves of a string's positions.
    half = -(-(spec.dim // spec.letters) // 2)
    sums = Work(flops=2.0 * latents * strings, peak=16.0 * latents * spec.letters**half)
    cells, made = metered(judged), metered(pushed)
    share = latents // PIECE
    measure = made.times(share) + cells.times(2) + metered(gradients) + sums
    return measure, made + cells + sums.times(1 / share)
