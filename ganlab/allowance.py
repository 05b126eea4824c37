"""Rate limits by token buckets: a burst at once, then a constant rate per second."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

_MOST_KEYS = 10_000


class Allowance:
    """One token bucket.

    burst: the amount that may be used at once. rate: the amount per second after that.
    """

    def __init__(self, burst: float, rate: float):
        self.burst, self.rate = burst, rate
        self._left, self._then = burst, -1e9

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` is allowed; it counts as used from `now` on."""
        self._left = min(self.burst, self._left + self.rate * (now - self._then)) - cost
        self._then = now
        return max(0.0, -self._left / self.rate)

    def give_back(self, cost: float = 1.0) -> None:
        """Return an amount that was not used after all."""
        self._left += cost

    def full(self, now: float) -> bool:
        """Whether nothing was used lately."""
        return self._left + self.rate * (now - self._then) >= self.burst


class Admission:
    """A bucket for each key, such as an address; waits longer than `longest` are refused."""

    def __init__(self, burst: float, rate: float, longest: float):
        self.burst, self.rate, self.longest = burst, rate, longest
        self._buckets: OrderedDict[str, Allowance] = OrderedDict()

    async def admit(self, key: str) -> bool:
        """Wait until one more of `key` is allowed; False if that would take too long."""
        now = time.monotonic()
        bucket = self._buckets.pop(key, None) or Allowance(self.burst, self.rate)
        self._buckets[key] = bucket
        self._forget(now)
        wait = bucket.wait(now)
        if wait > self.longest:
            bucket.give_back()
            return False
        if wait:
            await asyncio.sleep(wait)
        return True

    def give_back(self, key: str) -> None:
        """Return what `admit` has used of `key`."""
        if key in self._buckets:
            self._buckets[key].give_back()

    def _forget(self, now: float) -> None:
        """Drop full buckets, the least recently used first."""
        while len(self._buckets) > 1:
            key, bucket = next(iter(self._buckets.items()))
            if not bucket.full(now) and len(self._buckets) <= _MOST_KEYS:
                return
            del self._buckets[key]
