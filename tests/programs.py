"""Programs of a test: ("change", field, value), ("make", n), ("update", player) and the like."""

from __future__ import annotations

from ganlab import Run, SpecError


def play_out(run: Run, program) -> None:
    """Execute the program, skipping changes that are not allowed at their place."""
    for what, *rest in program:
        if what == "change":
            try:
                run.change(**{rest[0]: rest[1]})
            except SpecError:
                continue
        else:
            getattr(run, what)(*rest)
