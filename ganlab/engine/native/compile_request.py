"""A request for a compiled program, which any number of callers may wait for."""

from __future__ import annotations

import threading
import time

from ganlab.engine.native.program import Program
from ganlab.engine.structure import Structure

NICE = 10  # compilers have a lower priority than training


class CompileRequest:
    """A request for a program: its state, and the program when it is ready."""

    def __init__(self, structure: Structure):
        self.structure = structure
        self.state = "waiting"
        self.program: Program | None = None
        self.reason = ""  # of a failure
        self.seconds = 0.0  # the time compiling took; 0 if the program was found on disk
        self.since = time.monotonic()
        self.begun = 0.0  # when its compiler was started, by the same clock
        self.waiting = 0  # the number of callers that wait for it
        self.gave_way = False  # whether it was stopped in favour of others
        self.nice = NICE  # of its compiler, in addition to this process's niceness
        self._done = threading.Event()

    def wait(self, seconds: float | None = None) -> Program | None:
        """Block until it is ready or failed; return the program, or None."""
        self._done.wait(seconds)
        return self.program

    def wait_until_done(self, seconds: float | None = None) -> bool:
        """Block until it is ready or failed; False if `seconds` passed before that."""
        return self._done.wait(seconds)

    def finish(self, state: str, program: Program | None = None, reason: str = "") -> None:
        """Set the outcome, and wake those that wait; called by the queue."""
        self.program, self.reason, self.state = program, reason, state
        self._done.set()
