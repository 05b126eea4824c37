"""Export of a run as text: a Python script with ganlab, its Spec as JSON; the names of files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from ganlab import variants
from ganlab.export.own_lines import kept
from ganlab.spec import PARAMS, Spec
from ganlab.targets import TARGETS

_LAST = (
    '    print(spec.seed, run.iteration, run.snapshot(picture=False).metrics["jsd"][0])',
    "    images = run.sample(100, seed=0)  # (100, 784), 1 is ink",
)
KINDS = ("python", "script", "notebook", "json", "csv", "parquet", "data", "run")
_ENDINGS = {
    "python": "py",
    "script": "torch.py",
    "notebook": "ipynb",
    "json": "json",
    "csv": "csv",
    "parquet": "parquet",
    "data": "data.npz",
    "run": "ganlab",
    "page": "html",
}
OF_EACH = ("script", "notebook", "data")  # one file for each run


def name(specs: Sequence[Spec], kind: str, runs: int = 1) -> str:
    """A file name: p_data, loss, k and seed of the first Spec, and a hash of all Specs.

    runs: the number of files of a kind in `OF_EACH`, which are put into one archive if several.
    """
    first = specs[0]
    whole = hashlib.sha256("\n".join(spec.to_json() for spec in specs).encode()).hexdigest()
    more = f"-{len(specs)}runs" if len(specs) > 1 else ""
    words = f"{first.target}-{first.loss}-k{first.k}-seed{first.seed}{more}-{whole[:8]}"
    suffix = f"{kind}.zip" if kind in OF_EACH and runs > 1 else _ENDINGS[kind]
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '-', words)}.{suffix}"


def call(spec: Spec) -> str:
    """A Spec as a Python expression without the fields that have their defaults."""
    given = {n: getattr(spec, n) for n, p in PARAMS.items() if getattr(spec, n) != p.default}
    inner = {p.name: p.default for p in TARGETS[spec.target].params}
    if changed := {n: v for n, v in spec.target_params.items() if v != inner[n]}:
        given = {"target": spec.target} | {"target_params": changed} | given
    return f"Spec({', '.join(f'{n}={value!r}' for n, value in given.items())})"


def python(specs: Sequence[Spec], iterations: int, events: Sequence[str] = ()) -> str:
    """A script that trains these Specs for `iterations` and prints their JSD.

    events: of each Spec, as text (see `ganlab.events`); () if there are none.
    """
    seeds = [spec.seed for spec in specs]
    modules = sorted({name for spec in specs for name in spec.outside})
    lines = [f"import {n}  # noqa: F401  adds variants" for n in modules if n != variants.MAIN]
    if variants.MAIN in modules:
        lines += ["# It uses variants that a script or a notebook added: add them here.", ""]
    lines += ["from ganlab import Run, Spec", *kept(specs), ""]
    if len(specs) == 1:
        lines += [f"specs = [{call(specs[0])}]"]
    elif all(spec == specs[0].replace(seed=spec.seed) for spec in specs):
        lines += [f"spec = {call(specs[0])}"]
        lines += [f"specs = [spec.replace(seed=seed) for seed in {seeds!r}]"]
    else:
        lines += ["specs = [", *(f"    {call(spec)}," for spec in specs), "]"]
    loop, run = "for spec in specs:", "Run(spec)"
    if any(events):
        run = "Run(spec, events=events)"
        lines += ["", "# Each event: the number of updates before it, then a field and its value,"]
        lines += ["# or an update of D or G out of turn."]
        if len(set(events)) == 1:
            lines += [f"events = {events[0]!r}"]
        else:
            lines += [f"events_of = {list(events)!r}"]
            loop = "for spec, events in zip(specs, events_of):"
    return "\n".join(
        [
            *lines,
            "",
            loop,
            f"    run = {run}",
            "    # run.compile()  # about eight times faster, after half a minute the first time",
            f"    run.advance({iterations})",
            _LAST[not specs[0].domain.drawn],
            "",
        ]
    )


def as_json(specs: Sequence[Spec]) -> str:
    """One Spec as `Spec.from_json` reads it, or a list of them."""
    items = [spec.to_dict() for spec in specs]
    return json.dumps(items[0] if len(items) == 1 else items, indent=1) + "\n"


def ending(kind: str) -> str:
    """The suffix of files of a kind, without its first dot."""
    return _ENDINGS[kind]
