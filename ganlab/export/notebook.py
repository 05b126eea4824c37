"""A run as a Jupyter notebook: with ganlab, in plain PyTorch, and both compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ganlab.events import Event, write
from ganlab.export.plain import script
from ganlab.export.text import python
from ganlab.spec import Spec
from ganlab.targets import TARGETS

_COMPARED = """\
for player, ours in (("G", run.state.g[0]), ("D", run.state.d[0])):
    print(player, "differs by at most", float((weights[player] - ours).abs().max()))"""
_TOLD = """\
Both make the same updates with the same random numbers. Their parameters differ by rounding alone,
which a long run may amplify: with `DTYPE = torch.float64` the plain script is more accurate."""


def notebook(spec: Spec, iterations: int, events: Sequence[Event] = ()) -> str:
    """The JSON of a notebook (nbformat 4.5) that trains a run with ganlab, and in plain PyTorch.

    Raises `SpecError` where `script` does.
    """
    cells = [
        _cell("markdown", f"# A GAN: {TARGETS[spec.target].title}\n\nThe run in ganlab:"),
        _cell("code", python([spec], iterations, [write(events)]).rstrip()),
        _cell("markdown", "## The same run in plain PyTorch\n\nThis cell does not use ganlab."),
        _cell("code", script(spec, iterations, events).rstrip()),
        _cell("markdown", f"## Compared\n\n{_TOLD}"),
        _cell("code", _COMPARED),
    ]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    out: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text}
    return out | ({"execution_count": None, "outputs": []} if kind == "code" else {})
