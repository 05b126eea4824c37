"""The command line: `ganlab app` and `ganlab train`."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path

from ganlab import __version__
from ganlab.registry import SpecError


def _app(options: argparse.Namespace, rest: list[str]) -> int:
    script = Path(__file__).with_name("app.py")
    return subprocess.call([sys.executable, "-m", "streamlit", "run", str(script), *rest])


def _train(options: argparse.Namespace, rest: list[str]) -> int:
    import torch

    from ganlab import Run, Spec

    if rest:
        raise SpecError("argument", rest[0], "one of --spec, --load, --iterations, --out")
    torch.set_num_threads(1)
    if options.iterations < 0:
        raise SpecError("iterations", options.iterations, "a whole number from 0 up")
    if options.load:
        run = Run.load(options.load)
    else:
        text = Path(options.spec).read_text(errors="replace") if options.spec else "{}"
        run = Run(Spec.from_json(text))
    run.advance(options.iterations)
    if options.out:
        run.save(options.out)
    shot = run.snapshot(picture=False)
    metrics = {name: float(value[0]) for name, value in shot.metrics.items()}
    # JSON knows neither NaN nor infinity.
    metrics = {name: m if math.isfinite(m) else None for name, m in metrics.items()}
    json.dump({"iteration": run.iteration, **metrics}, sys.stdout)
    print()
    if run.diverged[0] is not None:
        print(run.diverged[0], file=sys.stderr)
        return 3
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 on success, 2 for bad input, 3 where the run diverged."""
    parser = argparse.ArgumentParser(prog="ganlab", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    app = commands.add_parser("app", help="open the lab; further options go to `streamlit run`")
    app.set_defaults(do=_app)
    train = commands.add_parser("train", help="train without a browser; prints metrics as JSON")
    start = train.add_mutually_exclusive_group()
    start.add_argument("--spec", help="a JSON file such as Spec.to_json() writes")
    start.add_argument("--load", help="go on from a file that --out wrote")
    train.add_argument("--iterations", type=int, default=1000, help="of Algorithm 1")
    train.add_argument("--out", help="write the run here (.npz)")
    train.set_defaults(do=_train)
    options, rest = parser.parse_known_args(arguments)
    try:
        return options.do(options, rest)
    except (SpecError, OSError) as error:
        print(f"ganlab: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
