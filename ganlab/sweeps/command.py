"""`ganlab sweep`: a map of many runs from a shell, on this machine or on a Dask cluster."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ganlab.reading import read_text
from ganlab.registry import SpecError

if TYPE_CHECKING:  # imports of torch are deferred until the command is executed
    from ganlab import Spec
    from ganlab.sweeps import Sweep


def add(commands: Any) -> None:
    """Add the command and its options."""
    get = commands.add_parser("sweep", help="train a map of many runs; prints verdicts as JSON")
    words = "a TOML file with the tables base, axes and sweep (see the documentation)"
    get.add_argument("file", nargs="?", metavar="FILE.toml", help=words)
    words = "a published map, such as r1-dirac; another word lists their names"
    get.add_argument("--preset", metavar="NAME", help=words)
    words = "field=value,value,... or field=low..high:steps[:log]; may be repeated"
    get.add_argument("--axis", action="append", default=[], metavar="AXIS", help=words)
    get.add_argument("--spec", help="the base: a JSON file as written by Spec.to_json()")
    words = "a field of the base and its value, as in an address; may be repeated"
    get.add_argument("--base", action="append", default=[], metavar="FIELD=VALUE", help=words)
    get.add_argument("--seeds", type=int, help="runs per cell (8)")
    get.add_argument("--iterations", type=int, help="iterations of each run (2000)")
    get.add_argument("--checks", type=int, help="how often each run is measured (20)")
    words = "end a run at its first check with a JSD below this, in nats (0: never)"
    get.add_argument("--stop-below", type=float, metavar="JSD", help=words)
    words = "the folder of the results; an interrupted sweep goes on there"
    get.add_argument("--out", metavar="FOLDER", help=words)
    get.add_argument("--csv", action="store_true", help="write results.csv beside results.parquet")
    get.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786")
    get.add_argument("--eager", action="store_true", help="compile nothing")
    get.add_argument("--dry-run", action="store_true", help="only say how much there is to do")
    get.add_argument("--quiet", action="store_true", help="no progress on the terminal")
    # For the worker of a page's map: it trains as the requests in its folder say.
    get.add_argument("--job", metavar="FOLDER", help=argparse.SUPPRESS)
    get.set_defaults(do=_sweep)


def _sweep(options: argparse.Namespace, rest: list[str]) -> int:
    if rest:
        raise SpecError("argument", rest[0], "an option in `ganlab sweep --help`")
    if options.job:
        from ganlab.sweeps.job import work

        return 2 if work(options.job).state == "failed" else 0
    from ganlab.sweeps.border import agreement, border_of
    from ganlab.sweeps.executors import executor_of
    from ganlab.sweeps.results import Folder
    from ganlab.sweeps.run import run
    from ganlab.sweeps.summary import summary_of

    sweep = _read(options)
    if options.dry_run:
        print(_words(sweep))
        return 0
    if not options.out:
        raise SpecError("--out", None, "a folder for the results, or use --dry-run")
    folder = Folder(options.out, sweep)
    with executor_of(options.dask) as executor:
        told = _Progress(len(sweep.blocks), options.quiet)
        compiled = False if options.eager else None
        try:
            for finished in run(sweep, executor, folder, compiled, tell=told.say):
                told.add(finished.done, len(sweep.blocks[finished.block].runs))
        except KeyboardInterrupt:
            told.say(f"the same command goes on from here: {folder.path} keeps finished blocks")
            raise
        finally:
            told.end()
    counts = folder.write(options.csv)
    place = str(folder.path / "results.parquet")
    out = {"runs": counts.total(), "results": place, "verdicts": dict(sorted(counts.items()))}
    if border_of(sweep) is not None:
        found = agreement(sweep, summary_of(folder).majority())
        out["closed form"] = found and found._asdict()
    json.dump(out, sys.stdout)
    print()
    return 0


def _read(options: argparse.Namespace) -> Sweep:
    from ganlab import Spec
    from ganlab.sweeps import Sweep, axis

    given = {n: getattr(options, n) for n in ("seeds", "iterations", "checks", "stop_below")}
    given = {name: value for name, value in given.items() if value is not None}
    bases = {"FILE.toml": options.file, "--preset": options.preset, "--spec": options.spec}
    named = [name for name, value in bases.items() if value]
    if len(named) > 1:
        raise SpecError(named[1], bases[named[1]], f"not used beside {named[0]}")
    sweep = None
    if options.file:
        sweep = Sweep.from_toml(read_text(options.file))
    elif options.preset:
        from ganlab.sweeps.presets import MAP_PRESETS

        sweep = MAP_PRESETS[options.preset].sweep
    base = Spec.from_json(read_text(options.spec)) if options.spec else Spec()
    base = sweep.base if sweep else base
    base = _changed(base, options.base)
    axes = {a.field: a for a in sweep.axes} if sweep else {}
    for text in options.axis:
        found = axis.parse(base, text)
        axes[found.field] = found  # instead of the file's or the preset's
    if not axes:
        raise SpecError("axis", "none", "a file, or at least one --axis field=value,value,...")
    if sweep:
        return sweep.replace(base=base, axes=tuple(axes.values()), **given)
    return Sweep(base, tuple(axes.values()), **given)


def _changed(base: Spec, texts: Sequence[str]) -> Spec:
    """The base with the fields of --base."""
    from ganlab import Spec

    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SpecError("--base", text, "FIELD=VALUE, such as target=ring")
        if name == "target":  # first: it decides which other fields there are
            base = base.changed({name: value})
        else:
            pairs.append((name, value))
    return Spec.from_query(pairs, base=base)


def _words(sweep: Sweep) -> str:
    """How much there is to do."""
    from ganlab.sweeps.run import minutes, structures, to_compile

    cells, runs = len(sweep.allowed), sum(len(b.runs) for b in sweep.blocks)
    lines = [
        f"{' × '.join(map(str, sweep.shape))} cells, {sweep.size - cells} of them not allowed",
        f"{runs:,} runs of {sweep.iterations:,} iterations in {len(sweep.blocks):,} blocks",
        f"{len(structures(sweep))} structures, {len(to_compile(sweep))} worth compiling "
        "(half a minute each)",
        f"about {minutes(sweep):.3g} minutes of one core",
    ]
    lines += [f"not allowed: {c.why}" for c in sweep.cells if c.spec is None][:3]
    return "\n".join(lines)


class _Progress:
    """A bar on the terminal, and what is said beside it."""

    def __init__(self, blocks: int, quiet: bool):
        self._blocks, self._quiet = blocks, quiet
        self._began, self._finished, self._runs, self._shown = time.monotonic(), 0, 0, False

    def add(self, done: int, runs: int) -> None:
        """Show that another block of this many runs is finished, the `done`-th."""
        self._finished, self._runs = self._finished + 1, self._runs + runs
        if self._quiet:
            return
        seconds = time.monotonic() - self._began
        left = seconds / self._finished * (self._blocks - done)
        bar = "█" * (30 * done // self._blocks)
        rate = f"{self._runs / seconds:.1f} runs/s, {left:.0f} s left "
        text = f"\r{bar:30} {done} of {self._blocks} blocks, {rate}"
        print(text, end="", file=sys.stderr, flush=True)
        self._shown = True

    def say(self, words: str) -> None:
        """Say something in a line of its own."""
        self.end()
        print(f"ganlab: {words}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """End the line of the bar."""
        if self._shown:
            print(file=sys.stderr)
        self._shown = False
