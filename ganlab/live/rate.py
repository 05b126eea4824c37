"""The measured speed of a session's runs."""

from __future__ import annotations

_WINDOW_SECONDS = 0.5  # the shortest time over which iterations are counted


class Rate:
    """Iterations per second, counted from one moment to a later one."""

    def __init__(self) -> None:
        self._from: tuple[float, int] = (0.0, 0)
        self._rate = 0.0

    def again(self, now: float, iteration: int) -> None:
        """Count from this moment on."""
        self._from = (now, iteration)

    def at(self, now: float, iteration: int) -> float:
        """The rate of the last window that is complete."""
        then, iterations = self._from
        if now - then >= _WINDOW_SECONDS:
            self._rate = (iteration - iterations) / (now - then)
            self.again(now, iteration)
        return self._rate
