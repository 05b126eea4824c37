"""The live view as a widget for notebooks, by anywidget (`pip install "ganlab[jupyter]"`)."""

from __future__ import annotations

import weakref
from typing import Any, cast

import anywidget
import traitlets

from ganlab import bundle
from ganlab.engine import Run
from ganlab.languages import _
from ganlab.live.notebook import Shown
from ganlab.live.start import What
from ganlab.registry import SpecError

_THEMES = ("", "light", "dark")
_HEIGHTS = 320, 2000  # CSS pixels
_STILL = _("A live view of ganlab: run the cell to start it.")
_by_cell: dict[str, tuple[str, list[weakref.ref[LiveView]]]] = {}


class LiveView(anywidget.AnyWidget):
    """A live view in a notebook: the picture of runs that train in the kernel meanwhile.

    what: a Spec, a Run (which continues), an Experiment, a Preset, or a list of one to four Specs
    or Runs, which are shown side by side. playing: whether the runs move as soon as they are
    displayed. theme: "light" or "dark"; by default that of the notebook. height: CSS pixels; by
    default it follows the width.

    The runs make updates while the view is displayed, also while other cells are executed.
    Executing its cell again, `close()` and the end of the kernel end it.
    Raises `SpecError` for anything else, and for runs that exceed the limits of a live view.
    """

    kind = traitlets.Unicode().tag(sync=True)
    theme = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    key = traitlets.Unicode().tag(sync=True)  # the model's own id
    _shown: Shown | None = None  # None: it was refused

    def __init__(
        self,
        what: What,
        *,
        playing: bool = True,
        theme: str = "",
        height: int = 0,
    ):
        if theme not in _THEMES:
            raise SpecError("theme", theme, _('"light", "dark", or "": that of the notebook'))
        whole = isinstance(height, int) and not isinstance(height, bool)
        if not whole or not (height == 0 or _HEIGHTS[0] <= height <= _HEIGHTS[1]):
            raise SpecError(
                "height", height, "{} to {} pixels, or 0: by the width".format(*_HEIGHTS)
            )
        self._shown = shown = Shown(what, self._tell, playing)
        experiment = shown.session.experiment
        several = "compare" if len(experiment.specs) > 1 else "many"
        kind = several if len(experiment.rows(0)) * len(experiment.specs) > 1 else "live"
        super().__init__(kind=kind, theme=theme, height=height)
        self.key = self.model_id
        self.on_msg(lambda _, content, buffers: shown.receive(content))
        _answer_where_asked(self.comm)
        _replace_those_of_this_cell(self)

    @property
    def _esm(self) -> str:
        return bundle.module("notebook.js")

    def _tell(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.send(content, buffers)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        made = super()._repr_mimebundle_(**kwargs)
        if made is not None:
            made[0]["text/plain"] = _STILL
        return made

    @property
    def _view(self) -> Shown:
        assert self._shown is not None
        return self._shown

    # -- for the next cell -----------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """A copy of the (first) run as it is now: `view.run.snapshot().metrics`.

        It has the view's recording, so that `view.run.at(100)` is quick, and may be advanced while
        the view continues. Raises RuntimeError if the run has failed.
        """
        return self.runs[0]

    @property
    def runs(self) -> tuple[Run, ...]:
        """Copies of all runs as they are now; see `run`."""
        return self._view.runs

    def pause(self) -> None:
        """Pause the runs, and return when they stand still."""
        self._view.command("pause")

    def play(self) -> None:
        """Let the runs move."""
        self._view.command("play")

    def change(self, **fields: Any) -> None:
        """Change fields of all runs, which start again if the fields cannot change in a run.

        Raises `SpecError`.
        """
        self._view.change(**fields)

    def fork(self, **changes: Any) -> LiveView:
        """Another view: the shown moment of the first run beside the same with these changes.

        Raises `SpecError` unless the fields may change during a run.
        """
        shown = self._view.moments[0]
        return LiveView([shown.fork(), shown.fork(**changes)], playing=False)

    def close(self) -> None:
        """End the runs; the last picture stays, and `run` remains as it was."""
        if self._shown is not None:
            self._shown.close()

    def _leave(self) -> None:
        """Also remove the view from the notebook."""
        self.close()
        super().close()


def _answer_where_asked(comm: Any) -> None:
    """Let the views' messages be handled while a cell is executed, if the notebook can do that.

    JupyterLab sends the messages of widgets to a subshell, which has a thread of its own. But
    ipykernel 7.4 hands them to the thread that has sent the widget's last message, which it takes
    for the main one, where they would wait for the end of the cell.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default


def _replace_those_of_this_cell(view: LiveView) -> None:
    """End the views that an earlier execution of this cell has made."""
    cell, execution = _cell()
    if not cell:
        return
    before, views = _by_cell.get(cell, ("", []))
    if before != execution:
        for old in views:
            if (made := old()) is not None:
                made._leave()
        views = []
    _by_cell[cell] = execution, [*views, weakref.ref(view)]


def _cell() -> tuple[str, str]:
    """The ids of the cell that is executed, and of this execution; "" outside of a notebook."""
    try:
        from IPython import get_ipython

        parent = cast(Any, get_ipython()).get_parent()
        return str(parent["metadata"].get("cellId") or ""), str(parent["header"]["msg_id"])
    except (ImportError, AttributeError, KeyError, TypeError):
        return "", ""
