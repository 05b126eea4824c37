"""How often each preset's claim holds: counted over seeds by `benchmarks/phenomena.py`.

Settings and thresholds were chosen on seeds below 200; what is counted here was not tuned on. What
failed more than one time in ten on seeds 10000 to 10049 was retuned and counted from 20000 on; what
was retuned later, or had been counted over ten seeds only, was counted from 30000 on. Of
`light-tails` that was 44 times of 50: it was retuned, below 200 again, and counted from 31000 on.
"""

from __future__ import annotations

from typing import NamedTuple

from ganlab.metrics import wilson


class Counts(NamedTuple):
    """A claim held on `held` of the seeds `first` to `last`."""

    held: int
    first: int
    last: int

    @property
    def of(self) -> int:
        """How many seeds were tried."""
        return self.last - self.first + 1

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the rate (Wilson)."""
        return wilson(self.held, self.of)

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"{self.held} of {self.of} seeds (95 %: {100 * low:.0f} to {100 * high:.0f} %; "
            f"seeds {self.first}–{self.last})"
        )


COUNTS: dict[str, Counts] = {
    "k": Counts(50, 10_000, 10_049),
    "saturation": Counts(49, 10_000, 10_049),
    "jsd-flat": Counts(50, 10_000, 10_049),
    "instance-noise": Counts(50, 10_000, 10_049),
    "uneven": Counts(94, 30_000, 30_099),
    "two-sided-smoothing": Counts(50, 10_000, 10_049),
    "light-tails": Counts(48, 31_000, 31_049),
    "consensus": Counts(50, 10_000, 10_049),
    "negative-momentum": Counts(49, 10_000, 10_049),
    "r1": Counts(50, 10_000, 10_049),
    "rotation": Counts(50, 10_000, 10_049),
    "historical-averaging": Counts(50, 10_000, 10_049),
    "convergence": Counts(49, 10_000, 10_049),
    "minibatch-discrimination": Counts(49, 10_000, 10_049),
    "small-d": Counts(48, 30_000, 30_049),
    "wandering": Counts(50, 30_000, 30_049),
    "frozen-d": Counts(50, 20_000, 20_049),
    "packing": Counts(50, 20_000, 20_049),
    "rates": Counts(50, 20_000, 20_049),
    "hopping": Counts(50, 30_000, 30_049),
    "unrolling": Counts(48, 30_000, 30_049),
    "batch-norm": Counts(48, 30_000, 30_049),
    "collapse": Counts(50, 7000, 7049),
}
