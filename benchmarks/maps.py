"""The claims of the published maps over seeds: on how many of them they hold.

It computes the `counts` of presets. A claim about a closed form is decided on the whole map
instead, because its runs are deterministic.
"""

from __future__ import annotations

import argparse
import time

from ganlab.presets.counts import Counts
from ganlab.sweeps.border import agreement, border_of
from ganlab.sweeps.presets import MAP_PRESETS, successes
from ganlab.sweeps.results import tidy
from ganlab.sweeps.summary import Summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="presets of maps (default: all)")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=40_000, help="the first seed")
    words = "compile every structure, also where it is not worth it on an idle machine"
    parser.add_argument("--compile", action="store_true", help=words)
    options = parser.parse_args()
    for name in options.names or MAP_PRESETS:
        preset, started = MAP_PRESETS[name], time.monotonic()
        closed = border_of(preset.sweep) is not None
        sweep = preset.sweep if closed else preset.coarsely(options.seeds, options.first)
        found = sweep.run(compiled=True if options.compile else None)
        table = tidy(sweep, (finished.table for finished in found))
        minutes = (time.monotonic() - started) / 60
        if closed:
            summary = Summary(sweep)
            summary.add(table)
            print(f"{name:20} {agreement(sweep, summary.majority())}  {minutes:.1f} min")
            continue
        won = successes(preset, sweep, table)
        lost = [options.first + i for i, ok in enumerate(won) if not ok]
        count = Counts(sum(won), options.first, options.first + options.seeds - 1)
        words = f"  not on {lost}" if lost else ""
        print(f"{name:20} {count}  {minutes:.1f} min{words}", flush=True)


if __name__ == "__main__":
    main()
