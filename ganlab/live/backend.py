"""How a session's run is computed: eagerly at once, by a compiled program when there is one."""

from __future__ import annotations

import os
import time
from typing import Any

from ganlab.engine import Run
from ganlab.engine.native.compile_queue import COMPILE_QUEUE, CompileRequest

_FRESH = 0.1  # weight of the newest call in the mean time of an iteration


def compiling_wanted() -> bool:
    """Whether runs are to be compiled: unless $GANLAB_COMPILE says "off"."""
    return os.environ.get("GANLAB_COMPILE", "on").lower() not in ("off", "0", "no")


class Backend:
    """Asks for the program of a run, and gives it to the run when it is ready."""

    def __init__(self) -> None:
        self.request: CompileRequest | None = None
        self._seconds: dict[str, float] = {}  # an iteration's mean time, by backend
        self._closed = False

    def begin(self, run: Run) -> None:
        """A new run, or one whose loss has changed: ask for its program."""
        old, self.request = self.request, None
        if old is None or old.structure != run.game.rules.structure:
            self._seconds = {}
        if compiling_wanted() and not self._closed:
            self.request = COMPILE_QUEUE.ask(run.game.rules.structure)
        if old is not None:
            COMPILE_QUEUE.leave(old)  # after asking: another wish for the same must not be dropped

    def serve(self, run: Run) -> bool:
        """Between two calls: whether a program became ready and is used from here on."""
        request = self.request
        if request is None or run.program is not None or request.program is None:
            return False
        run.use(request.program)
        return True

    def timed(self, run: Run, iterations: float, seconds: float) -> None:
        """`iterations`, or a part of one, took `seconds`."""
        name = "eager" if run.program is None else "compiled"
        each = seconds / iterations
        before = self._seconds.get(name, each)
        self._seconds[name] = before + _FRESH * (each - before)

    def status(self, run: Run) -> dict[str, Any]:
        """state: eager, waiting, compiling, compiled or failed; factor; seconds so far and left."""
        if self.request is None:
            return {"state": "eager"}
        if run.program is not None:
            factor = None
            if {"eager", "compiled"} <= self._seconds.keys():
                factor = self._seconds["eager"] / self._seconds["compiled"]
            return {"state": "compiled", "factor": factor}
        state = {"ready": "compiling", "off": "eager"}.get(self.request.state, self.request.state)
        return {
            "state": state,
            "seconds": time.monotonic() - self.request.since,
            "left": COMPILE_QUEUE.left(self.request),
            "reason": self.request.reason,
        }

    def close(self) -> None:
        """Nobody waits any more."""
        self._closed = True
        if self.request is not None:
            COMPILE_QUEUE.leave(self.request)
            self.request = None
