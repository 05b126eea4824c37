"""Every preset's claim over seeds: how often it holds, and how long it takes to show."""

from __future__ import annotations

import argparse
import time

import torch

from ganlab import Run
from ganlab.presets import PRESETS
from ganlab.presets.preset import successes


def seconds_eager(preset) -> float:
    """Of one core, for training one seed of all its Specs, one after the other, eagerly."""
    total = 0.0
    for spec in preset.specs:
        run = Run(spec)
        run.advance(5)
        started = time.process_time()
        made = run.advance(max(10, preset.iterations // 20))
        total += (time.process_time() - started) / max(1, made) * preset.iterations
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="presets; all but the published ones if none")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = options.names or [n for n in PRESETS if not PRESETS[n].published]
    seeds = range(options.first, options.first + options.seeds)
    print(f"seeds {seeds[0]} to {seeds[-1]}; seconds: of one core, for one seed trained eagerly")
    for name in names:
        preset = PRESETS[name]
        won = successes(preset, seeds)
        lost = [s for s, ok in zip(seeds, won, strict=True) if not ok]
        seconds = seconds_eager(preset)
        print(f"{name:28} {sum(won):2} of {len(won)}  {seconds:5.1f} s  {preset.claim}", end="")
        print(f"  (not on {lost})" if lost else "", flush=True)


if __name__ == "__main__":
    main()
