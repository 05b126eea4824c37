"""Every preset's claim over seeds: how often it holds, with an interval, and the cost of a seed.

It computes the `counts` of presets. All seeds of a preset are trained as one batch.
"""

from __future__ import annotations

import argparse
import time

import torch

from ganlab.presets import PRESETS
from ganlab.presets.counts import Counts
from ganlab.presets.preset import successes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="presets (default: all except the published ones)")
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=20_000, help="the first seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = options.names or [n for n in PRESETS if not PRESETS[n].published]
    seeds = range(options.first, options.first + options.seeds)
    print("seconds: of one core, for one seed of all the preset's Specs", flush=True)
    for name in names:
        started = time.process_time()
        won = successes(PRESETS[name], seeds)
        seconds = (time.process_time() - started) / len(seeds)
        lost = [s for s, ok in zip(seeds, won, strict=True) if not ok]
        count = Counts(sum(won), seeds[0], seeds[-1])
        print(f"{name:28} {count}  {seconds:.1f} s", end="")
        print(f"  not on {lost}" if lost else "", flush=True)


if __name__ == "__main__":
    main()
