"""On how many seeds what each lesson claims happens.

    python benchmarks/lessons.py [--lesson NAME] [--seeds 50] [--first 90000]

The lessons' own runs have fixed seeds; a learner who presses "New seed" sees one of these.
"""

from __future__ import annotations

import argparse

from ganlab.lessons import lessons
from ganlab.lessons.rehearsal import rehearse
from ganlab.presets.counts import Counts


def main() -> None:
    """Print a table of the steps that can fail."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("--lesson", choices=list(lessons()), help="by default all")
    read.add_argument("--seeds", type=int, default=50)
    read.add_argument("--first", type=int, default=90_000)
    asked = read.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    print("| lesson | step | as told on |\n|---|---|---|")
    for name in [asked.lesson] if asked.lesson else lessons():
        found = [rehearse(lessons()[name], seed) for seed in seeds]
        for number, steps in enumerate(zip(*found, strict=True), 1):
            step = steps[0].step
            if step.until is None and not any(choice.when for choice in step.choices):
                continue
            held = sum(one.as_told for one in steps)
            counted = Counts(held, seeds[0], seeds[-1])
            print(f"| {name} | {number}. {step.title} | {counted} |", flush=True)


if __name__ == "__main__":
    main()
