"""The command line: `ganlab app`, `train`, `export`, `sweep`, `mnist`, `warm`, `toggles`, ..."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ganlab import __version__
from ganlab.environment import check_environment
from ganlab.headers import EMBED
from ganlab.limits import CLASS, LIMITS, STUDENTS, students, variable
from ganlab.mnist import command
from ganlab.reading import read_text
from ganlab.registry import SpecError
from ganlab.rights import TOKEN
from ganlab.sweeps import command as sweeps


def _refuse(rest: list[str], allowed: str) -> None:
    if rest:
        raise SpecError("argument", rest[0], allowed)


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process as Ctrl-C does: compilers end, and their files are removed."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _app(options: argparse.Namespace, rest: list[str]) -> int:
    chosen = {n: text for n in LIMITS if (text := getattr(options, n)) is not None}
    for name, text in chosen.items():
        LIMITS[name].parse(text)
    os.environ.update({variable(n): text for n, text in chosen.items()})
    if options.lessons is not None:
        os.environ["GANLAB_LESSONS"] = os.path.abspath(options.lessons)
    if options.embed is not None:
        os.environ[EMBED] = options.embed
    if options.students is not None:
        os.environ[CLASS] = options.students
    check_environment()
    from ganlab.server import HEADLESS, QUIET, serve

    a_class = students() is not None
    ours = [f"--{QUIET}=true"] if options.quiet or a_class else []
    if a_class:  # otherwise Streamlit opens a browser, or asks for an e-mail address
        ours.append(f"--{HEADLESS}=true")
    return serve([*ours, *rest], greeting=a_class and not options.quiet)


@_stopped_by_sigterm()
def _train(options: argparse.Namespace, rest: list[str]) -> int:
    import torch

    from ganlab import Recording, Run, RunFile, Spec, output

    _refuse(rest, "one of --spec, --load, --iterations, --compile, --out, --every")
    outs = output.check_outs(options.out)
    torch.set_num_threads(1)
    if options.iterations < 0:
        raise SpecError("iterations", options.iterations, "an integer >= 0")
    if options.every is not None and options.every < 1:
        raise SpecError("--every", options.every, "an integer >= 1")
    if options.load:
        file = output.opened(options.load)
    else:
        spec = Spec.from_json(read_text(options.spec) if options.spec else "{}")
        file = RunFile((Run(spec),))
    (run,) = file.runs
    run.spec.in_a_lab()
    if run.recorder is None and any(output.kind_of(path) == "file" for path in outs):
        Recording(run)
    if options.compile:
        try:
            run.compile()
        except RuntimeError as error:
            print(f"ganlab: training eagerly: {error}", file=sys.stderr)
    every = options.every or max(1, math.ceil(options.iterations / output.ROWS))
    curves = output.Curves(run) if output.needs_curves(outs) else None
    output.advance(run, options.iterations, curves, every)
    moved = output.write_all(run, outs, curves, file)
    for path, place in moved:
        print(f"ganlab: cannot write {path}: it is in {place}", file=sys.stderr)
    shot = run.snapshot(picture=False)
    numbers = {name: float(value[0]) for name, value in shot.metrics.items()}
    # JSON has neither NaN nor infinity.
    metrics = {name: m if math.isfinite(m) else None for name, m in numbers.items()}
    json.dump({"iteration": run.iteration, **metrics}, sys.stdout)
    print()
    if run.diverged[0] is not None:
        print(run.diverged[0], file=sys.stderr)
        return 3
    return 1 if moved else 0


@_stopped_by_sigterm()
def _export(options: argparse.Namespace, rest: list[str]) -> int:
    import torch

    from ganlab import output

    _refuse(rest, "a run, --out, --every, --from, --to, --seconds, --fps, --theme, --width")
    outs = output.check_outs(options.out)
    if not outs:
        raise SpecError("--out", None, "at least one file")
    if options.every is not None and options.every < 1:
        raise SpecError("--every", options.every, "an integer >= 1")
    fields = ("theme", "width", "first", "last", "seconds", "fps")
    drawn = output.Drawn(**{name: getattr(options, name) for name in fields})
    torch.set_num_threads(1)
    file = output.opened(options.run)
    (run,) = file.runs
    if any(output.kind_of(path) != "picture" for path in outs):
        run.spec.in_a_lab()
    curves = None
    if output.needs_curves(outs):
        every = options.every or max(1, math.ceil(run.iteration / output.ROWS))
        again, curves = output.replayed(run, every)
        run = again if run.recorder is None else run
    moved = output.write_all(run, outs, curves, file, drawn)
    for path, place in moved:
        print(f"ganlab: cannot write {path}: it is in {place}", file=sys.stderr)
    return 1 if moved else 0


@_stopped_by_sigterm()
def _warm(options: argparse.Namespace, rest: list[str]) -> int:
    from ganlab import Spec
    from ganlab.engine.native.compile_queue import CompileQueue
    from ganlab.engine.structure import Structure
    from ganlab.paths import kept
    from ganlab.presets import to_compile

    specs = [Spec.from_json(read_text(p)) for p in [*options.spec, *rest]]
    structures = list(dict.fromkeys(Structure.of(s) for s in specs or to_compile()))
    failed, queue = 0, CompileQueue()
    for number, structure in enumerate(structures, 1):
        request = queue.ask(structure)
        request.wait()
        how = f"compiled in {request.seconds:.0f} s" if request.seconds else "found"
        if request.state == "failed":
            how, failed = f"failed: {request.reason}", failed + 1
        sizes = " ".join("-".join(map(str, s)) for s in (structure.g_sizes, structure.d_sizes))
        print(
            f"{number}/{len(structures)} {sizes} {structure.optimizer} {structure.loss}: {how}",
            flush=True,
        )
    print(f"in {kept()}")
    return 1 if failed else 0


def _cards(options: argparse.Namespace, rest: list[str]) -> int:
    from ganlab.live import cards
    from ganlab.presets import PRESETS

    for preset in PRESETS.entries.values():
        chosen = preset.name in options.names if options.names else not cards.is_current(preset)
        if chosen and not preset.published:
            print(f"{preset.name}: {cards.write(preset):,} bytes", flush=True)
    return 0


def _words(options: argparse.Namespace, rest: list[str]) -> int:
    from ganlab.languages import ENGLISH, LANGUAGES
    from ganlab.languages.extract import update

    _refuse(rest, "nothing: this command has no options")
    for language in LANGUAGES:
        if language != ENGLISH:
            missing = update(language)
            print(f"{language}: {len(missing)} texts without a translation")
            for text in missing:
                print(f"  {text!r}")
    return 0


def _toggles(options: argparse.Namespace, rest: list[str]) -> int:
    _refuse(rest, "left out: this command has no arguments")
    from ganlab.reference import markdown

    print(markdown(), end="")
    return 0


def _measures(options: argparse.Namespace, rest: list[str]) -> int:
    _refuse(rest, "left out: this command has no arguments")
    from ganlab.reference import measures

    print(measures(), end="")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Execute one command. Returns 0: done, 1: partly failed, 2: bad input, 3: the run diverged.

    128 and the signal's number if a signal stopped it.
    """
    parser = argparse.ArgumentParser(prog="ganlab", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    app = commands.add_parser("app", help="open the lab; further options go to `streamlit run`")
    app.add_argument(
        "--lessons",
        metavar="FOLDER",
        help="a folder with your own lessons (*.toml), shown beside those of ganlab; or "
        "$GANLAB_LESSONS",
    )
    app.add_argument(
        "--embed",
        metavar="ORIGINS",
        help=f"origins that may embed the lab: https://moodle.example.org, or *; or ${EMBED}",
    )
    app.add_argument(
        "--class",
        metavar="STUDENTS",
        nargs="?",
        const=str(STUDENTS),
        dest="students",
        help=f"for a class of {STUDENTS}, or as many as are named: limits fit for it, the address "
        f"with a QR code, and how many students this machine can carry; or ${CLASS}",
    )
    words = f"print warnings and errors only, not the operator's token (see ${TOKEN})"
    app.add_argument("--quiet", action="store_true", help=words)
    bounds = app.add_argument_group("limits of the server (each also an environment variable)")
    for name, param in LIMITS.items():
        words = f"{param.title}: {param.doc} Default {param.default:g}, or ${variable(name)}."
        bounds.add_argument(f"--{name.replace('_', '-')}", metavar="N", dest=name, help=words)
    app.set_defaults(do=_app)
    train = commands.add_parser("train", help="train without a browser; prints metrics as JSON")
    start = train.add_mutually_exclusive_group()
    start.add_argument("--spec", help="a JSON file as written by Spec.to_json()")
    start.add_argument("--load", help="continue a run from a file written with --out")
    train.add_argument("--iterations", type=int, default=1000, help="iterations of Algorithm 1")
    taken = commands.add_parser("export", help="write files of a saved run, by their suffixes")
    taken.add_argument(
        "run", metavar="RUN.ganlab", help="a file written by `train --out` or by a page, or .npz"
    )
    taken.set_defaults(do=_export)
    look = taken.add_argument_group("pictures and films")
    look.add_argument("--theme", default="light", help="light or dark")
    look.add_argument("--width", type=int, default=1280, metavar="PX", help="default 1280")
    words = "the first and the last iteration of a film (default: all)"
    look.add_argument("--from", type=int, dest="first", metavar="N", help=words)
    look.add_argument("--to", type=int, dest="last", metavar="N", help=words)
    look.add_argument("--seconds", type=float, default=10, help="of a film, default 10")
    look.add_argument("--fps", type=int, metavar="N", help="default 30, in a GIF 20")
    for one in (train, taken):
        words = (
            "a file to write, may be repeated: .ganlab the run with its curves and moments, .npz "
            "the run as it is, .csv or .parquet its curves, .py a "
        )
        words += (
            "plain PyTorch script, .ipynb a notebook, .json its Spec, .html a web page that plays "
        )
        words += "it without a server, .data.npz samples, fields and parameters, .png or .svg a "
        words += "picture, .mp4, .webm or .gif a film"
        one.add_argument("--out", action="append", default=[], metavar="FILE", help=words)
        words = "iterations between two rows of curves (default: 200 rows)"
        one.add_argument("--every", type=int, metavar="N", help=words)
    train.set_defaults(do=_train)
    train.add_argument(
        "--compile", action="store_true", help="about eight times faster, after half a minute"
    )
    warm = commands.add_parser("warm", help="compile the programs that the pages need")
    warm.add_argument("--spec", action="append", default=[], help="only this Spec (JSON file)")
    warm.set_defaults(do=_warm)
    sweeps.add(commands)
    command.add(commands)
    cards = commands.add_parser("cards", help="make the moving pictures of the gallery's cards")
    cards.add_argument("names", nargs="*", help="presets; by default those without a current one")
    cards.set_defaults(do=_cards)
    catalogues = commands.add_parser("words", help="bring the catalogues of languages up to date")
    catalogues.set_defaults(do=_words)
    toggles = commands.add_parser("toggles", help="every variant with its equation, as Markdown")
    toggles.set_defaults(do=_toggles)
    measures = commands.add_parser("measures", help="every number and curve, as Markdown")
    measures.set_defaults(do=_measures)
    options, rest = parser.parse_known_args(arguments)
    try:
        return int(options.do(options, rest))
    except KeyboardInterrupt:
        print("ganlab: stopped", file=sys.stderr)
        return 128 + signal.SIGINT
    except MemoryError:
        print("ganlab: out of memory: lower the batch or the widths", file=sys.stderr)
        return 2
    except (SpecError, OSError, RuntimeError) as error:
        print(f"ganlab: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
