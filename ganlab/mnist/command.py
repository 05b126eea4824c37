"""`ganlab mnist`: MNIST training without a browser, which is also the page's trainer."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganlab.reading import read_text
from ganlab.registry import SpecError

if TYPE_CHECKING:  # imports of torch are deferred until the command is executed
    from ganlab.mnist.folder import Folder
    from ganlab.mnist.records import Status


def add(commands: Any) -> None:
    """Add the command and its options."""
    get = commands.add_parser("mnist", help="train on images of digits; prints scores as JSON")
    start = get.add_mutually_exclusive_group()
    start.add_argument("--recipe", default="quick", help="quick, paper, quick-labels, paper-labels")
    start.add_argument("--spec", help="a JSON file as written by Spec.to_json()")
    start.add_argument("--resume", metavar="FOLDER", help="resume a run, or `last`")
    start.add_argument("--list", action="store_true", help="list the runs, the newest first")
    get.add_argument("--epochs", type=float, help="total epochs (default: the recipe's)")
    get.add_argument("--device", help="auto, cuda, mps or cpu")
    get.add_argument("--seed", type=int, help="the seed of a new run")
    images = get.add_mutually_exclusive_group()
    images.add_argument("--data", metavar="FOLDER", help="the folder with MNIST (or a similar set)")
    images.add_argument("--download", action="store_true", help="fetch MNIST, 11 MB, if missing")
    images.add_argument("--drawn", action="store_true", help="digits drawn by ganlab, not MNIST")
    get.add_argument("--out", metavar="FOLDER", help="folder of a new run (default: in the cache)")
    get.add_argument("--checkpoint", type=float, help="seconds between checkpoints (30)")
    get.add_argument("--measure", type=float, help="epochs between scores (only at the end)")
    # For the page's trainer: the requests in the run's folder decide, and may change at any time.
    get.add_argument("--as-asked", action="store_true", help=argparse.SUPPRESS)
    get.add_argument("--quiet", action="store_true", help="no progress on the terminal")
    get.set_defaults(do=_mnist)


def _mnist(options: argparse.Namespace, rest: list[str]) -> int:
    if rest:
        raise SpecError("argument", rest[0], "an option in `ganlab mnist --help`")
    # Spinning threads are 3 to 25 times slower (measured) on a machine that does other work as
    # well. OpenMP reads this setting when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from ganlab.mnist.coverage import in_words
    from ganlab.mnist.folder import Folder

    if options.list:
        for folder in Folder.all():
            status = folder.status
            print(f"{folder.path}  {status.state}, epoch {status.epoch:.1f} of {status.epochs}")
        return 0
    folder = _resumed(options) if options.resume else _created(options)
    from ganlab.mnist.trainer import Trainer

    say = None if options.quiet else _Line()
    if say:
        _tell(f"run in {folder.path}")
    status = Trainer(folder, say, signals=True).work()
    if say:
        say.end()
    if status.message:
        _tell(status.message)
    scores, real = folder.scores, folder.real
    if say and scores and (found := scores[-1].coverage):
        _tell(f"epoch {scores[-1].epoch:.4g}: {in_words(found)}")
    report = {
        "folder": str(folder.path),
        "state": status.state,
        "epoch": round(status.epoch, 3),
        "iteration": status.iteration,
        "seconds": round(status.seconds, 1),
        "device": status.device_name,
        "source": status.source,
        "score": dataclasses.asdict(scores[-1]) if scores else None,
        "real": dataclasses.asdict(real) if real else None,
    }
    json.dump(report, sys.stdout)
    print()
    return {"failed": 2, "diverged": 3}.get(status.state, 0)


def _tell(words: str) -> None:
    """Print to standard error, unless that fails, as for a log on a full disk."""
    with contextlib.suppress(OSError):
        print(words, file=sys.stderr, flush=True)


def _resumed(options: argparse.Namespace) -> Folder:
    from ganlab.mnist.folder import Folder

    if options.resume == "last":
        folder = next(Folder.all(), None)
        if folder is None:
            raise SpecError("resume", "last", "the folder of a run: there are no runs yet")
    else:
        folder = Folder(options.resume)
    plan = folder.plan  # raises SpecError if there is none
    for name in ("seed", "drawn", "download", "out"):
        if getattr(options, name) not in (None, False):
            raise SpecError(f"--{name}", getattr(options, name), "absent with --resume")
    if options.as_asked:
        return folder
    changes = {n: getattr(options, n) for n in ("device", "checkpoint", "measure")}
    changes = {name: value for name, value in changes.items() if value is not None}
    if options.data:
        changes["data"] = _absolute(options.data)
    if changes:
        folder.replan(dataclasses.replace(plan, **changes))
    # The last request applies, even if it has fewer epochs than planned.
    asked = folder.wanted.epochs if folder.changed("wanted.json") else plan.epochs
    folder.want(state="training", epochs=asked if options.epochs is None else options.epochs)
    return folder


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _created(options: argparse.Namespace) -> Folder:
    from ganlab.digits import data
    from ganlab.mnist.folder import Folder
    from ganlab.mnist.recipes import RECIPES
    from ganlab.mnist.records import Plan
    from ganlab.spec import Spec

    recipe = RECIPES[options.recipe]
    spec = recipe.spec
    if options.spec:
        spec = Spec.from_json(read_text(options.spec))
    if spec.domain.drawn:
        raise SpecError("target", spec.target, "mnist or drawn_digits: see `ganlab train`")
    if options.seed is not None:
        spec = spec.replace(seed=options.seed)
    if options.drawn:
        spec = spec.replace(target="drawn_digits")
    if options.download:
        data.load(download=True, progress=None if options.quiet else _download)
    if spec.target == "mnist" and data.find(options.data) is None:
        if options.data:
            data.load(options.data)  # raises MissingData, which says what is missing
        _tell(
            "MNIST was not found (see --data and --download): training on digits drawn by ganlab, "
            "which are not MNIST."
        )
        spec = spec.replace(target="drawn_digits")
    numbers = {n: getattr(options, n) for n in ("checkpoint", "measure")}
    plan = Plan(
        spec,
        epochs=recipe.epochs if options.epochs is None else options.epochs,
        device=options.device or "auto",
        data=_absolute(options.data) if options.data else "",
        **{name: number for name, number in numbers.items() if number is not None},
    )
    return Folder.create(plan, options.out)


def _download(fraction: float, name: str) -> None:
    print(f"\r{name}: {fraction:.0%} of MNIST", end="", file=sys.stderr, flush=True)


class _Line:
    """One line on the terminal that is overwritten with each status."""

    def __init__(self) -> None:
        self._width = 0

    def __call__(self, status: Status) -> None:
        words = [f"{status.state}: epoch {status.epoch:.2f} of {status.epochs}"]
        if status.images_per_second:
            words.append(f"{status.images_per_second:,.0f} images/s")
        if status.seconds_left is not None:
            minutes, seconds = divmod(round(status.seconds_left), 60)
            words.append(f"{minutes}:{seconds:02d} left")
        if status.measuring is not None:
            words.append(f"{status.message} {status.measuring:.0%}")
        if status.device_name:
            words.append(f"{status.source} on {status.device_name}")
        text = ", ".join(words)
        print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def end(self) -> None:
        """End the line."""
        print(file=sys.stderr)
