"""The texts and downloads of the MNIST page: pure functions of the contents of a run's folder."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import math
import re
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ganlab.jobs.records import AT_WORK
from ganlab.languages import _, tr
from ganlab.mnist.folder import Folder
from ganlab.mnist.recipes import RECIPES
from ganlab.mnist.records import Coverage, History, Preview, Score, Status, Wanted
from ganlab.spec import Spec
from ganlab.ui.jobs import STATES, duration

# Table 1 of the paper: log-likelihood on MNIST's test set and its standard error, in nats.
PAPER = (
    (_("Adversarial nets (the paper)"), 225, 2),
    (_("Deep GSN"), 214, 1.1),
    ("DBN", 138, 2),
    (_("Stacked CAE"), 121, 1.6),
)
REAL = (241.2, 2.1)  # the score of 10,000 training images of MNIST by the same measure, in nats
CENTROIDS = 250  # the score of 2,000 k-means centroids, in nats


def state_word(status: Status, wanted: Wanted) -> str:
    """The state, or the state that was requested and will follow."""
    if status.state in ("starting", "training", "measuring", "paused"):
        if wanted.state == "stopped":
            return tr("stopping…")
        if wanted.state == "paused" and status.state == "training":
            return tr("pausing…")
        if wanted.state == "training" and status.state == "paused":
            return tr("resuming…")
    return tr(STATES.get(status.state, status.state))


def recipe_of(spec: Spec) -> str:
    """The title of the recipe that a Spec follows, ignoring its seed and its images."""
    for recipe in RECIPES.entries.values():
        same = {"seed": recipe.spec.seed, "target": recipe.spec.target}
        if spec.replace(**same) == recipe.spec:
            return re.split("[:：]", tr(recipe.title))[0]
    return tr("Own Spec")


def nats(mean: float, se: float) -> str:
    """A score with its standard error."""
    return f"{mean:.0f} ± {se:.1f}".replace("-", "−").replace(".0", "")


def run_line(folder: Folder) -> str:
    """One line for the list of runs: state, epochs, score."""
    status = folder.status
    parts = [state_word(status, folder.wanted)]
    if status.state not in AT_WORK:  # the list is not redrawn while these numbers change
        parts.append(
            tr("{epoch:.4g} epoch{s}", epoch=status.epoch, s="" if status.epoch == 1 else "s")
        )
    if scores := folder.scores:
        parts.append(f"{nats(scores[-1].mean, scores[-1].se)} nats")
        if (found := scores[-1].coverage) and found.missed:
            parts.append(
                tr("{count} of {classes} classes", count=len(found.covered), classes=found.classes)
            )
    return " · ".join(parts)


def status_html(status: Status, wanted: Wanted, checkpoint: float | None) -> str:
    """Progress bar and numbers. checkpoint: seconds since the last one; None if there is none."""
    part = status.iteration / status.iterations if status.iterations else 0.0
    if status.state == "measuring" and status.measuring is not None:
        part = status.measuring
    numbers = []
    if status.iterations:
        numbers.append(
            tr("epoch <b>{epoch:.2f}</b> of {epochs}", epoch=status.epoch, epochs=status.epochs)
        )
        numbers.append(
            tr("iteration <b>{at:,}</b> of {all:,}", at=status.iteration, all=status.iterations)
        )
    at_work = status.state in AT_WORK
    if at_work and status.images_per_second:
        numbers.append(tr("{rate:,.0f} images/s", rate=status.images_per_second))
    if at_work and (left := duration(status.seconds_left)):
        numbers.append(tr("{left} left", left=left))
    if status.seconds >= 1:
        numbers.append(tr("trained {time}", time=duration(status.seconds)))
    about = []
    if status.device:
        name = status.device_name
        about.append(
            f"{status.device}: {name}" if name and name != status.device else status.device
        )
    if checkpoint is not None:
        about.append(tr("checkpoint {time} ago", time=duration(max(0.0, checkpoint))))
    words = [html.escape(" · ".join(about))]
    if status.state not in ("failed", "diverged", "stopped"):  # those have a box of their own
        words.insert(0, html.escape(tr(status.message)))
    words = [f"<span>{text}</span>" for text in words if text]
    if status.source:
        kind = "" if status.is_mnist else " ganlab-warm"
        words.insert(
            0, f'<span class="ganlab-source{kind}">{html.escape(tr(status.source))}</span>'
        )
    state = html.escape(state_word(status, wanted))
    label = html.escape(tr("Epochs done, in percent"))
    # Always two lines, so that the content below does not move.
    return (
        f'<div class="ganlab-status"><div class="ganlab-bar" role="progressbar" '
        f'aria-label="{label}" aria-valuenow="{100 * part:.0f}" '
        f'data-state="{html.escape(status.state)}">'
        f'<i style="width:{100 * min(part, 1):.2f}%"></i></div>'
        f'<p><b data-testid="mnist-state">{state}</b><span>{" · ".join(numbers)}</span></p>'
        f"<p>{''.join(words)}</p></div>"
    )


def table_1(scores: Sequence[Score], real: Score | None, is_mnist: bool) -> str:
    """Table 1 with this run's scores above it, as Markdown."""
    rows = [
        tr("| images of | log-likelihood, nats | classes | KL, nats | measured |"),
        "|:--|--:|--:|--:|:--|",
    ]
    for score in reversed(scores):
        how = f"σ {score.sigma:.2f}, n\u00a0{score.n:,}"
        rows.append(
            tr(
                "| :green[**G, epoch {epoch:.4g}**] | **{nats}** | {classes} | {how} |",
                epoch=score.epoch,
                nats=nats(score.mean, score.se),
                classes=_classes(score.coverage),
                how=how,
            )
        )
    if real is not None:
        how = f"σ {real.sigma:.2f}, n\u00a0{real.n:,}"
        rows.append(
            tr(
                "| **real images** | **{nats}** | {classes} | {how} |",
                nats=nats(real.mean, real.se),
                classes=_classes(real.coverage),
                how=how,
            )
        )
    for title, mean, se in PAPER:
        rows.append(f"| {tr(title)} | {mean} ± {se} | | | 2014 |")
    if real is None or not is_mnist:
        rows.append(
            tr(
                "| real images of MNIST | {real} ± {real2} | | | by ganlab |",
                real=REAL[0],
                real2=REAL[1],
            )
        )
    return "\n".join(rows)


def _classes(found: Coverage | None) -> str:
    """Two cells of the table: how many classes are covered, and the KL."""
    if found is None:
        return "|"
    count = tr("{count} of {classes}", count=len(found.covered), classes=found.classes)
    return f"{f':orange[**{count}**]' if found.missed else count} | {small(found.kl)}"


def small(value: float) -> str:
    """A KL divergence with few digits: 2.3, 0.092, 0.00045."""
    return f"{value:.2g}" if value >= 1e-4 else "0"


def coverage_html(found: Coverage) -> str:
    """The share of each class as bars, with a tick at the expected share."""
    full = 1.05 * max(*found.shares, *found.expected, 1e-9)
    bars, heard = [], []
    for i, (share, fair) in enumerate(zip(found.shares, found.expected, strict=True)):
        kind = ' class="ganlab-missed"' if i in found.missed else ""
        tick = f'<u style="bottom:{100 * fair / full:.1f}%"></u>' if fair else ""
        text = f"{100 * share:.1f}"
        bars.append(
            f"<span{kind}><em>{text}</em><b><i style='height:{100 * share / full:.1f}%'></i>{tick}"
            f"</b><small>{i}</small></span>"
        )
        heard.append(
            tr("class {i}: {text} %, expected {fair:.1f} %", i=i, text=text, fair=100 * fair)
        )
    label = html.escape("; ".join(heard))
    return f'<div class="ganlab-shares" role="img" aria-label="{label}">{"".join(bars)}</div>'


def history_csv(history: History) -> str:
    """The history's rows as CSV with a header."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n")
    write.writerow(History.NAMES)
    write.writerows(history.rows)
    return out.getvalue()


def samples_png(preview: Preview, scale: int = 2) -> bytes:
    """The samples as in Figure 2 of the paper, as a PNG with `scale` pixels for each pixel.

    Ten rows of ten, and right of each the training image nearest to its last sample.
    """
    side = round(preview.samples.shape[1] ** 0.5)
    rows = preview.samples.reshape(10, 10, side, side)
    images = np.concatenate([rows, preview.nearest.reshape(10, 1, side, side)], 1)
    spaced = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    ink = spaced.transpose(0, 2, 1, 3).reshape(10 * (side + 2), -1)
    ink = np.insert(ink, [10 * (side + 2)] * (side // 4), 0, axis=1)  # before the nearest ones
    return _png((255 - ink).repeat(scale, 0).repeat(scale, 1))


def _png(grey: NDArray[np.uint8]) -> bytes:
    """A picture (height, width), 0 is black, as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width = grey.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)  # 8 bits of grey
    rows = np.pad(grey, ((0, 0), (1, 0))).tobytes()  # each row is preceded by its filter, 0
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def all_json(folder: Folder) -> str:
    """Plan, status, scores and history in one JSON object; values that are not finite are null."""

    def clean(value: float) -> float | None:
        return value if math.isfinite(value) else None

    real = folder.real
    return json.dumps(
        {
            "run": folder.name,
            "plan": json.loads(folder.plan.to_json()),
            "status": dataclasses.asdict(folder.status),
            "real": dataclasses.asdict(real) if real else None,
            "scores": [dataclasses.asdict(score) for score in folder.scores],
            "history": {
                "names": History.NAMES,
                "rows": [[clean(v) for v in row] for row in folder.history.rows],
            },
        },
        indent=1,
    )
