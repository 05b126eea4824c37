"""The results of an MNIST run: Table 1, curves to export, downloads, and the run's deletion."""

from __future__ import annotations

import shutil
from pathlib import Path

import streamlit as st

from ganlab import export, figures, words
from ganlab.languages import tr
from ganlab.mnist.folder import QUEUE, Folder
from ganlab.mnist.records import Coverage, Status
from ganlab.registry import SpecError
from ganlab.ui import language
from ganlab.ui.atomic import atomic
from ganlab.ui.mnist import form
from ganlab.ui.mnist.place import RUNS
from ganlab.ui.mnist.view import PANELS, series
from ganlab.ui.mnist.words import (
    CENTROIDS,
    REAL,
    all_json,
    coverage_html,
    history_csv,
    samples_png,
    small,
    table_1,
)
from ganlab.ui.plain import code
from ganlab.ui.visitor import is_operator, may_change

_LINES, _BYTES = 30, 20_000  # lines of the log to show; bytes of it to read


def table(folder: Folder, status: Status) -> None:
    """Table 1 of the paper with this run's scores above it."""
    scores = folder.scores
    left, right = st.columns([3, 2], gap="large")
    with left, st.container(key="mnist_table"):
        st.markdown(table_1(scores, folder.real, status.is_mnist))
        if not scores:
            st.caption(
                tr("Not measured yet: choose “Measure now”, or wait for the end of training.")
            )
    with right:
        if scores and (found := scores[-1].coverage):
            _coverage(found)
        if scores and not status.is_mnist:
            st.warning(
                tr(
                    "This run was trained on {source}: do not compare its numbers with the "
                    "paper's, which are for MNIST.",
                    source=tr(status.source),
                ),
                icon=":material/warning:",
            )
        st.markdown(
            tr(
                "**Log-likelihood**: {says} The width σ of its kernel is chosen on "
                "validation images; ± is the standard error over n test images.\n\nThe real "
                "training images of MNIST score {real} ± {real2} nats.\n\n**A model can "
                "score well without being good**: 2,000 k-means centroids, blurred averages "
                "of digits, score {centroids} nats, more than real images. Look at the "
                "samples as well.",
                says=words.MNIST["likelihood"].says,
                real=REAL[0],
                real2=REAL[1],
                centroids=CENTROIDS,
            )
        )


def _coverage(found: Coverage) -> None:
    """The classes that the newest score's samples cover, and how evenly."""
    count = tr(
        "classes covered: {count} of {classes}", count=len(found.covered), classes=found.classes
    )
    kl = tr("KL {kl} (floor {floor})", kl=small(found.kl), floor=small(found.floor))
    about = (words.MNIST["coverage"], words.MNIST["class_kl"])
    st.markdown(
        f"**{':orange[' + count + ']' if found.missed else count}** :small[· {kl}]",
        help="\n\n".join(f"**{tr(w.title)}** ({tr(w.unit)}): {tr(w.says)}" for w in about),
    )
    st.html(coverage_html(found))
    st.caption(
        tr(
            "Percentage of {n:,} samples of G in each class. Dots: the share in the "
            "data. The classifier is right on {accuracy:.1f} % of held-out images.",
            n=found.n,
            accuracy=100 * found.accuracy,
        )
    )


def curves(folder: Folder, status: Status) -> None:
    """The curves as a Plotly figure to zoom, hover over and export."""
    dark = st.context.theme.type == "dark"
    figure = figures.curves(PANELS, series(folder), theme="dark" if dark else "light", height=430)
    figure.update_layout(width=None, autosize=True)
    st.plotly_chart(figure, theme=None, config=figures.CONFIG, key="mnist_curves")
    _downloads(folder, status)
    st.button(tr("Redraw"), icon=":material/refresh:", key="mnist_redraw", type="tertiary")


def files(folder: Folder, status: Status) -> None:
    """Downloads, the Spec, the log, and a button that deletes the run."""
    _downloads(folder, status)
    left, right = st.columns(2, gap="large")
    with left:
        if is_operator():
            st.caption(tr("All files of this run are in {path}.", path=code(folder.path, 400)))
        try:
            st.json(folder.plan.spec.to_dict(), expanded=1)
        except SpecError as error:
            st.text(str(error))
    if not may_change(folder):
        return
    with right:
        lines = log_tail(folder)
        st.caption(tr("The last lines that the trainer printed"))
        st.code(lines or tr("(nothing)"), language=None)
        _delete(folder)


def take_home(folder: Folder, status: Status) -> None:
    """The same downloads without buttons to see: the Export menu of the pictures presses them."""
    with st.container(key="mnist_take"):
        _downloads(folder, status, alone=True)


def _downloads(folder: Folder, status: Status, alone: bool = False) -> None:
    """A button for each file; alone: and nothing else."""
    with st.container(horizontal=True, gap="small"):
        _download("run.npz", tr("The checkpoint: `ganlab.Run.load` reads it."), folder.run)
        _download("preview.npz", tr("The pictures as NumPy arrays."), folder.preview_file)
        st.download_button(
            "samples.png",
            lambda: _samples(folder),
            f"{folder.name}-samples.png",
            "image/png",
            key="mnist_take_sheet",
            help=tr("The samples and the nearest training images, at 2×."),
            icon=":material/download:",
            on_click="ignore",
            disabled=not folder.preview_file.is_file(),
        )
        st.download_button(
            "history.csv",
            lambda: history_csv(folder.history),
            f"{folder.name}-history.csv",
            "text/csv",
            key="mnist_take_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "all.json",
            lambda: all_json(folder),
            f"{folder.name}.json",
            "application/json",
            key="mnist_take_all",
            help=tr("Plan, status, scores and history."),
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "history.parquet",
            lambda: export.parquet(folder.history.arrays()),
            f"{folder.name}-history.parquet",
            "application/vnd.apache.parquet",
            key="mnist_take_parquet",
            icon=":material/download:",
            on_click="ignore",
        )
        if not alone and status.state not in ("failed", "diverged"):  # else the log is shown above
            again(folder)
        try:
            text = folder.plan.spec.to_json()
        except SpecError:
            return
        st.download_button(
            "run.py",
            lambda: export.python([folder.plan.spec], status.iteration),
            export.name([folder.plan.spec], "python"),
            "text/x-python",
            key="mnist_take_python",
            help=tr("The same Spec as a Python script, for the same number of iterations."),
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "spec.json",
            text,
            f"{folder.name}-spec.json",
            "application/json",
            key="mnist_take_spec",
            icon=":material/download:",
            on_click="ignore",
        )


def _samples(folder: Folder) -> bytes:
    preview = folder.preview
    return b"" if preview is None else samples_png(preview)


def _download(name: str, note: str, path: Path) -> None:
    st.download_button(
        name,
        # Read on request: a checkpoint takes tens of megabytes.
        path.read_bytes,
        f"{path.parent.name}-{name}",
        "application/octet-stream",
        key=f"mnist_take_{path.stem}",
        help=note,
        icon=":material/download:",
        on_click="ignore",
        disabled=not path.is_file(),
    )


def _delete(folder: Folder) -> None:
    if folder.running:
        st.caption(tr("Stop this run before you delete it."))
        return
    with st.popover(
        tr("Delete this run"), icon=":material/delete:", key=f"mnist_delete_{folder.name}"
    ):
        st.markdown(tr("This deletes its checkpoint, pictures and scores. It cannot be undone."))
        st.button(
            tr("Delete for good"),
            type="primary",
            key="mnist_delete_yes",
            on_click=_gone,
            args=(folder,),
        )


def _gone(folder: Folder) -> None:
    def remove() -> None:
        if may_change(folder) and not folder.running:
            QUEUE.leave(folder)
            shutil.rmtree(folder.path, ignore_errors=True)
        if not folder.path.exists():
            st.query_params.from_dict(language.kept())

    atomic(remove)


def again(folder: Folder) -> None:
    """A button that copies this run's Spec to the form of a new run."""
    st.button(
        tr("Edit as a new run"),
        icon=":material/edit:",
        key="mnist_change",
        help=tr("Open the form for a new run, filled in with this run's Spec."),
        on_click=_again,
        args=(folder,),
    )


def _again(folder: Folder) -> None:
    try:
        plan = folder.plan
    except SpecError:
        return

    def take() -> None:
        form.take(plan)
        RUNS.show(None)

    atomic(take)


def log_tail(folder: Folder) -> str:
    """The last lines that the trainer printed; "" if there are none."""
    try:
        with open(folder.log, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LINES:])
