"""States that another process keeps: their tensors are fetched when they are first read.

A class trains in a few processes. Most of their States are only the start of the next call, or of a
picture that the same process makes, so their tensors need not be sent.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

from ganlab.engine import Game, State
from ganlab.engine.draws import Draws
from ganlab.engine.executor import Executor
from ganlab.live.picture_request import Painted, PictureRequest
from ganlab.optim import Slots

MOST_AGAIN = 1024  # the most updates that are made again if a process has ended


class Held(NamedTuple):
    """A State as a process sends it.

    number: its number there, None if it is not kept. state: the State, None if it is not sent.
    counts: the fields of the State that are not tensors.
    """

    number: int | None
    nbytes: int
    counts: dict[str, int]
    state: State | None


def held(number: int | None, state: State, sent: bool) -> Held:
    """`state`, kept with this number; sent: with its tensors."""
    counts = {
        "d_updates": state.d_updates,
        "g_updates": state.g_updates,
        "phase": state.phase,
        "iterations": state.iterations,
        "g_phase": state.g_phase,
    }
    return Held(number, state.nbytes, counts, state if sent else None)


class Keeper(Protocol):
    """The process that keeps a State."""

    def fetch(self, number: int) -> State:
        """The State of a number. Raises LookupError if the process has ended."""

    def release(self, number: int) -> None:
        """Forget the State of a number."""


@dataclass(frozen=True)
class Origin:
    """A State in this process, and the updates since: a lost State is computed again from it."""

    state: State
    game: Game
    draws: Draws
    alive: tuple[bool, ...]
    executor: Executor
    players: bytes = b""

    def then(
        self, game: Game, draws: Draws, alive: Sequence[bool], executor: Executor
    ) -> Origin | None:
        """The Origin of States that follow by such updates; None if it would be another."""
        same = self.game is game and self.draws is draws and self.alive == tuple(alive)
        same = same and type(self.executor) is type(executor)
        return self if same and len(self.players) < MOST_AGAIN else None

    def again(self) -> State:
        """Make the updates again, in the calling thread."""
        state, players = self.state, self.players
        while players:
            now, players = players[: self.executor.most], players[self.executor.most :]
            state, _ = self.executor.play(self.game, state, self.draws, self.alive, now)
        return state


class HeldState(State):
    """A State whose tensors are kept by a process; otherwise an ordinary State."""

    # Two of them are equal only if they are the same: a comparison must not fetch anything.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    _keeper: Keeper
    _number: int | None
    _origin: Origin
    _size: int
    _here: State | None
    _lock: threading.Lock
    painted: tuple[PictureRequest, Painted] | None

    def __new__(cls, *values: Any, **fields: Any) -> State:  # type: ignore[misc]
        """What `dataclasses.replace` makes of it: a State with the tensors."""
        return State(*values, **fields)

    @classmethod
    def of(
        cls,
        keeper: Keeper,
        answer: Held,
        origin: Origin,
        painted: tuple[PictureRequest, Painted] | None = None,
    ) -> HeldState:
        """The State of an answer. origin: from which it can be computed again. painted: its
        picture, if it was made with it."""
        self = object.__new__(cls)
        # The class is frozen.
        self.__dict__.update(
            answer.counts,
            painted=painted,
            _keeper=keeper,
            _number=answer.number,
            _origin=origin,
            _size=answer.nbytes,
            _here=answer.state,
            _lock=threading.Lock(),
        )
        return self

    @property
    def loaded(self) -> bool:
        """Whether its tensors are in this process."""
        return self._here is not None

    def kept_by(self, keeper: object) -> int | None:
        """Its number in that process; None if it is not kept there."""
        return self._number if self._keeper is keeper else None

    @property
    def keeper(self) -> Keeper | None:
        """The process that must be asked for its tensors; None if they are here."""
        return None if self.loaded else self._keeper

    def forget_picture(self) -> None:
        """Free its picture: the runs go on, and the State may be kept for long."""
        self.__dict__["painted"] = None

    def load(self) -> State:
        """The State with its tensors: fetched, or computed again if the process has ended."""
        with self._lock:
            if self._here is None:
                self.__dict__["_here"] = self._fetch()
            assert self._here is not None
            return self._here

    def here(self) -> State:
        """As `load`, but the tensors are not kept in this process."""
        with self._lock:
            return self._fetch() if self._here is None else self._here

    def _fetch(self) -> State:
        assert self._number is not None
        try:
            return self._keeper.fetch(self._number)
        except LookupError:
            return self._origin.again()

    def origin(
        self, game: Game, draws: Draws, alive: Sequence[bool], executor: Executor
    ) -> Origin | None:
        """The Origin of States that follow by such updates; None if it must be this State."""
        return None if self.loaded else self._origin.then(game, draws, alive, executor)

    @property
    def g(self) -> torch.Tensor:
        """See `State`; this and the other tensors are fetched."""
        return self.load().g

    @property
    def d(self) -> torch.Tensor:
        """See `State`."""
        return self.load().d

    @property
    def g_slots(self) -> Slots:
        """See `State`."""
        return self.load().g_slots

    @property
    def d_slots(self) -> Slots:
        """See `State`."""
        return self.load().d_slots

    @property
    def nbytes(self) -> int:
        """See `State`."""
        return self._size

    @property
    def nets(self) -> State:
        """See `State`; itself, as long as its process has the tensors."""
        return self.load().nets if self.loaded else self

    def __del__(self) -> None:
        number = self.__dict__.get("_number")
        if number is not None:
            self._keeper.release(number)


def plain(state: State) -> State:
    """`state` with its tensors in this process."""
    return state.load() if isinstance(state, HeldState) else state
