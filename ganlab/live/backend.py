"""The backend of a session's run: eager at first, then a compiled program when it is ready."""

from __future__ import annotations

import time
from typing import Any

from ganlab.engine import Run
from ganlab.engine.native.compile_queue import COMPILE_QUEUE
from ganlab.engine.native.compile_request import CompileRequest
from ganlab.limits import compiling

_FRESH = 0.1  # weight of the newest call in the average time of an iteration


class Backend:
    """Requests the program of a run, and passes it to the run when it is ready."""

    def __init__(self) -> None:
        self.request: CompileRequest | None = None
        self._seconds: dict[str, float] = {}  # average time of an iteration, by backend
        self._closed = False

    def begin(self, run: Run) -> None:
        """Request the program of a new run, or of one whose loss has changed."""
        old, self.request = self.request, None
        if old is None or old.structure != run.game.rules.structure:
            self._seconds = {}
        if compiling() and not self._closed and not run.game.to_optimum:
            self.request = COMPILE_QUEUE.ask(run.game.rules.structure)
        if old is not None:
            COMPILE_QUEUE.leave(old)  # after the new request, which may be for the same program

    def serve(self, run: Run) -> bool:
        """Called between two calls: whether a program became ready and is used from here on."""
        request = self.request
        if request is None or run.program is not None or request.program is None:
            return False
        run.use(request.program)
        return True

    def timed(self, run: Run, iterations: float, seconds: float) -> None:
        """Record that `iterations`, or a fraction of one, took `seconds`."""
        name = "compiled" if run.compiled else "eager"
        each = seconds / iterations
        before = self._seconds.get(name, each)
        self._seconds[name] = before + _FRESH * (each - before)

    def compiled_seconds(self, run: Run) -> float | None:
        """Seconds of an iteration with the program; None if there is none, or it was not timed."""
        return self._seconds.get("compiled") if run.compiled else None

    def status(self, run: Run) -> dict[str, Any]:
        """state: eager, waiting, compiling, compiled or failed; factor; seconds so far and left."""
        if self.request is None or run.game.to_optimum:
            return {"state": "eager"}
        if run.compiled:
            factor = None
            if {"eager", "compiled"} <= self._seconds.keys():
                factor = self._seconds["eager"] / self._seconds["compiled"]
            return {"state": "compiled", "factor": factor}
        state = {"ready": "compiling", "off": "eager"}.get(self.request.state, self.request.state)
        return {
            "state": state,
            "seconds": time.monotonic() - self.request.since,
            "left": 0.0 if self.request.program is not None else COMPILE_QUEUE.left(self.request),
            "reason": self.request.reason,
        }

    def close(self) -> None:
        """Cancel the request."""
        self._closed = True
        if self.request is not None:
            COMPILE_QUEUE.leave(self.request)
            self.request = None
