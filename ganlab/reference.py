"""Every variant there is, as one page of Markdown: what `docs/toggles.md` holds."""

from __future__ import annotations

from ganlab import words
from ganlab.latents import LATENTS
from ganlab.losses import LOSSES
from ganlab.networks import ACTIVATIONS, D_NORMS, INITS, NORMS, OUTPUTS
from ganlab.optim import OPTIMIZERS
from ganlab.registry import Entry, Param, Registry
from ganlab.spec import PARAMS
from ganlab.stabilisers import STABILISERS
from ganlab.targets import TARGETS
from ganlab.update_rules import RULES

_PARTS: tuple[tuple[str, Registry], ...] = (
    ("Losses", LOSSES),
    ("Stabilisers", STABILISERS),
    ("Update rules", RULES),
    ("Optimisers", OPTIMIZERS),
    ("Normalisation in D", D_NORMS),
    ("Normalisation in G", NORMS),
    ("Activations", ACTIVATIONS),
    ("G's output", OUTPUTS),
    ("Initial weights", INITS),
    ("Latents", LATENTS),
    ("Targets", TARGETS),
)


def _field(param: Param, prefix: str = "") -> str:
    live = "changes during a run" if param.live else "a new run"
    return f"`{prefix}{param.name}` = {param.format(param.default)} ({param.allowed}; {live})"


def _entry(entry: Entry, field: str) -> str:
    cite = f" *{entry.cite}.*" if entry.cite else ""
    chosen = [] if field == STABILISERS.field else [f"`{field}` = {entry.name}"]
    prefix = "t." if field == TARGETS.field else ""
    fields = [*chosen, *(_field(p, prefix) for p in entry.params)]
    return f"**{entry.title}**: ${entry.equation}$  \n{entry.doc}{cite}  \n{'; '.join(fields)}\n"


def markdown() -> str:
    """Equation, what to watch for, source and Spec fields of every entry of every registry."""
    live = ", ".join(f"`{name}`" for name, param in PARAMS.items() if param.live)
    out = [
        "# The toggles",
        "Made by `ganlab toggles > docs/toggles.md`. a(x) is D's logit, D(x) = σ(a(x)); f_D and "
        "f_G are the costs; a strength of 0 is off, bit for bit.",
        f"What can change during a run: {live}.",
    ]
    for title, registry in _PARTS:
        out += [f"## {title}", *(_entry(registry[name], registry.field) for name in registry)]
    return "\n\n".join(part.rstrip() for part in out) + "\n"


_MEASURED = (
    ("Curves and metrics", words.MEASURES),
    ("Panels of several", words.PANELS),
    ("Beside a curve", {**words.LINES, "cells": words.CELLS, "fair": words.FAIR,
                        "bands": words.BANDS}),
    ("In the picture", words.LAYERS),
    ("Above the picture", words.READOUTS),
    ("Many seeds", words.TILES),
    ("MNIST", words.MNIST),
)  # fmt: skip


def measures() -> str:
    """Every number and curve in one sentence with its unit, as Markdown: docs/measures.md."""
    out = [
        "# What is measured and shown",
        "Made by `ganlab measures > docs/measures.md`; on the page each stands behind its “?”. "
        "Names in code are those of `Snapshot.metrics`.",
    ]
    for title, table in _MEASURED:
        code = table is words.MEASURES
        rows = [
            f"- **{word.title}**{f' (`{name}`)' if code else ''}: {word.says}"
            f"{f' *{word.unit}*' if word.unit else ''}"
            for name, word in table.items()
        ]
        out += [f"## {title}", "\n".join(rows)]
    return "\n\n".join(out) + "\n"
