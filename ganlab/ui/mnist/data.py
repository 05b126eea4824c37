"""The choice of training images: MNIST if it is there or fetched, else digits drawn by ganlab."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import streamlit as st

from ganlab.digits import data
from ganlab.digits.idx import DataError
from ganlab.languages import _, tr
from ganlab.ui.atomic import atomic
from ganlab.ui.plain import code, plain
from ganlab.ui.visitor import is_operator

# The names of these data in a Spec.
MNIST, DRAWN = "mnist", "drawn_digits"
# The number of their epochs that equals one epoch of MNIST's 50,000 training images.
EPOCHS = {MNIST: 1, DRAWN: 5}
_TITLES = {MNIST: "MNIST", DRAWN: _("drawn digits")}
_WHICH, _FOLDER = "mnist_which", "mnist_folder"
_KEPT = "_mnist_folder"  # the folder typed in, kept while the user visits other pages
_CHOSEN = "_mnist_which"
_WRONG = "_mnist_folder_wrong"
_LONGEST = 1000  # the longest path of a folder, in characters


class Download:
    """The server's one download, in a thread of its own; all pages show its progress."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.part, self.name, self.error = 0.0, "", ""

    @property
    def at_work(self) -> bool:
        """Whether a download is in progress."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the download unless one is in progress."""
        with self._lock:
            if self.at_work:
                return
            self.part, self.name, self.error = 0.0, "", ""
            self._thread = threading.Thread(target=self._fetch, name="ganlab-mnist", daemon=True)
            self._thread.start()

    def _fetch(self) -> None:
        try:
            data.load(download=True, progress=self._say)
        except Exception as error:  # of any kind: the page must show it
            self.error = getattr(error, "words", str(error)) or type(error).__name__

    def _say(self, part: float, name: str) -> None:
        self.part, self.name = part, name


DOWNLOAD = Download()


def images() -> tuple[str, str]:
    """The choice of images: (a target's name, MNIST's folder or "" for the default places)."""
    # Streamlit forgets a widget's value when the user visits another page.
    operator = is_operator()
    typed = st.session_state.setdefault(_FOLDER, st.session_state.get(_KEPT, "")).strip()
    typed = typed if operator else ""
    wrong = st.session_state.get(_WRONG) if typed else None
    folder = "" if wrong else typed
    found = data.find(folder or None)
    if found is not None:
        where = next(iter(found.values())).parent
        name = _called(found)
        place = tr("in {where}", where=code(where, 400)) if operator else tr("on this server")
        st.markdown(tr(":material/check_circle: **{name}** is {place}.", name=name, place=place))
        if folder and not _inside(where, folder):
            st.warning(
                tr(
                    "{folder} has no complete set of images: this one is used instead.",
                    folder=code(folder, 200),
                ),
                icon=":material/info:",
            )
    else:
        st.markdown(
            tr(
                ":material/info: **MNIST is not on this machine.** Until it is, this page "
                "trains on **digits drawn by ganlab itself, which are not MNIST**: good "
                "enough to watch, but do not compare the numbers with the paper's."
            )
        )
        _download()
    if operator:
        st.text_input(
            tr("Folder with MNIST"),
            key=_FOLDER,
            placeholder=tr("/path/to/mnist"),
            help=tr(
                "The four files of MNIST, gzipped or not, under their usual names, or "
                "Keras's mnist.npz. The folder of a torchvision data set works too, and so "
                "do Fashion-MNIST, KMNIST and EMNIST's digits: any 28 × 28 grey images with "
                "ten labels. The files are checked and read in place."
            ),
            on_change=lambda: atomic(_typed),
        )
    if wrong:
        st.error(
            tr("That folder cannot be used.  \n{wrong}", wrong=code(wrong, 600)),
            icon=":material/error:",
        )
    if found is None:
        return DRAWN, ""
    st.session_state.setdefault(_WHICH, st.session_state.get(_CHOSEN, MNIST))
    which = st.segmented_control(
        tr("Train on"),
        list(_TITLES),
        key=_WHICH,
        required=True,
        format_func=lambda t: name if t == MNIST else tr(_TITLES[t]),
    )
    st.session_state[_CHOSEN] = which
    # The trainer's working directory may differ from this server's.
    absolute = str(_place(folder)) if folder else ""
    return str(which), absolute if which == MNIST else ""


def check(target: str, folder: str) -> None:
    """Read MNIST if the run trains on it. Raises DataError if it cannot be used."""
    if target == MNIST:
        data.load(folder or None)


def _typed() -> None:
    """Read the folder that was typed in, so that its errors appear before training starts."""
    st.session_state[_KEPT] = folder = st.session_state[_FOLDER]
    st.session_state[_WRONG] = None
    try:
        if folder.strip() and is_operator():
            data.load(str(_place(folder.strip())))
    except DataError as error:
        st.session_state[_WRONG] = error.words


def _called(found: dict[str, Path]) -> str:
    """The name of a data set, as Markdown; "MNIST" only if the contents are MNIST's."""
    try:
        name = data.called(found)
    except (DataError, OSError):
        return tr("A set of images that cannot be read")
    return re.sub(r"([^\w\s.,-])", r"\\\1", name.replace("\n", " "))[:80]


def _inside(place: Path, folder: str) -> bool:
    return place.resolve().is_relative_to(_place(folder))


def _place(folder: str) -> Path:
    """The folder that the typed text names.

    Raises the same DataError for every text that names no folder. "~" is this server's own home
    directory; "~name" is refused, so that a visitor cannot test which accounts exist.
    """
    try:
        if "\0" in folder or len(folder) > _LONGEST:
            raise ValueError
        if folder.startswith("~"):
            if folder.split("/")[0] != "~":
                raise ValueError
            folder = str(Path.home()) + folder[1:]
        return Path(folder).resolve()
    except (ValueError, RuntimeError, OSError):
        raise DataError(
            tr("the folder"), plain(folder), tr("the path of a folder on this server")
        ) from None


def _download() -> None:
    if DOWNLOAD.at_work:
        st.fragment(_progress, run_every=0.5)()
        return
    st.button(
        tr("Download MNIST (11 MB)"),
        icon=":material/download:",
        key="mnist_download",
        on_click=DOWNLOAD.start,
    )
    if DOWNLOAD.error:
        text = code(DOWNLOAD.error, 600)
        st.error(tr("The download failed.  \n{text}", text=text), icon=":material/error:")


def _progress() -> None:
    if not DOWNLOAD.at_work:
        st.rerun()
    st.progress(min(DOWNLOAD.part, 1.0), tr("Downloading {name}", name=DOWNLOAD.name or "MNIST"))
